import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { StatsDto, StatsQueryDto } from './stats.dto.js';
import { StatsService } from './stats.service.js';

@ApiTags('stats')
@Controller('v1/stats')
export class StatsController {
  constructor(private readonly stats: StatsService) {}

  /** Counts by sector, owner, collection and day, and what happened by type and day. */
  @Get()
  @RequirePermission('read')
  async read(@Query() query: StatsQueryDto): Promise<StatsDto> {
    const stats = await this.stats.read(query);
    return { ...stats, users: stats.users.map((user) => ({ ...user, user_id: user.user_id || null })) };
  }
}
