import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { RolloutDto, RolloutQueryDto } from './rollout.dto.js';
import { RolloutService } from './rollout.service.js';

@ApiTags('vaults')
@Controller('v1/vaults/:id/rollout')
export class RolloutController {
  constructor(private readonly rollout: RolloutService) {}

  /** For operators: where a vault stands in a roll-out, and what its next step would change. */
  @Get()
  @RequirePermission('operator')
  @ApiOkResponse({ type: RolloutDto })
  @ApiResponse({ status: 404, description: 'NOT_FOUND: no vault has this id' })
  async read(@Param('id') id: string, @Query() { days }: RolloutQueryDto): Promise<RolloutDto> {
    return RolloutDto.of(await this.rollout.report(id, days));
  }
}
