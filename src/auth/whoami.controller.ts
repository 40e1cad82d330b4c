import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '../tenancy/tenant-context.js';
import { PERMISSIONS } from './permissions.js';
import { Authenticated } from './route-access.decorators.js';
import { WhoamiResponse } from './whoami.dto.js';

@ApiTags('auth')
@Controller('v1/whoami')
export class WhoamiController {
  @Get()
  @Authenticated()
  @ApiOperation({ summary: 'Who the service takes the caller for' })
  @ApiOkResponse({ type: WhoamiResponse })
  whoami(): WhoamiResponse {
    const { vaultId, userId, permissions } = TenantContext.scope();
    return {
      vault_id: vaultId,
      user_id: userId ?? null,
      permissions: PERMISSIONS.filter((permission) => permissions.has(permission)),
      service: userId === undefined,
    };
  }
}
