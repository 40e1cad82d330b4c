import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { type OwnVault, OwnVaultService } from './own-vault.service.js';
import { ChangeVaultDto, OwnVaultDto } from './vault.dto.js';

@ApiTags('vault')
@Controller('v1/vault')
export class OwnVaultController {
  constructor(private readonly vault: OwnVaultService) {}

  /** The caller's vault: settings and usage. */
  @Get()
  @RequirePermission('read')
  @ApiOkResponse({ type: OwnVaultDto })
  async read(): Promise<OwnVaultDto> {
    return view(await this.vault.read());
  }

  /** Changes the vault's settings. */
  @Patch()
  @RequirePermission('admin')
  @ApiOkResponse({ type: OwnVaultDto })
  async change(@Body() body: ChangeVaultDto): Promise<OwnVaultDto> {
    return view(await this.vault.change(body));
  }
}

function view({ vaultId, name, shareUnowned, createdAt, usage }: OwnVault): OwnVaultDto {
  return { vault_id: vaultId, name, share_unowned: shareUnowned, created_at: createdAt, usage };
}
