import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { CreateVaultDto, ErasureReceiptDto, ListVaultsDto, VaultDto, VaultListDto } from './vault.dto.js';
import { VaultOperations } from './vault-operations.js';

const NotFound = () => ApiResponse({ status: 404, description: 'NOT_FOUND: no vault has this id' });
const Erased = () => ApiResponse({ status: 409, description: 'VAULT_ERASED: it is, or is being, erased' });

/** For operators: the directory of vaults. */
@ApiTags('vaults')
@Controller('v1/vaults')
export class VaultsController {
  constructor(private readonly vaults: VaultOperations) {}

  /** Lists vaults by id, with counters. */
  @Get()
  @RequirePermission('operator')
  async list(@Query() query: ListVaultsDto): Promise<VaultListDto> {
    const { items, nextCursor } = await this.vaults.list(query);
    return {
      items: items.map((entry) => ({
        ...VaultDto.of(entry),
        memories: entry.memories,
        owners: entry.owners,
      })),
      next_cursor: nextCursor,
    };
  }

  @Post()
  @RequirePermission('operator')
  @ApiResponse({ status: 201, type: VaultDto })
  @ApiResponse({ status: 409, description: 'VAULT_EXISTS: there is, or was, a vault with this id' })
  async create(@Body() body: CreateVaultDto): Promise<VaultDto> {
    return VaultDto.of(await this.vaults.create(body));
  }

  @Get(':id')
  @RequirePermission('operator')
  @ApiOkResponse({ type: VaultDto })
  @NotFound()
  async get(@Param('id') id: string): Promise<VaultDto> {
    return VaultDto.of(await this.vaults.get(id));
  }

  /** Refuses the vault's tokens until it is resumed: here at once, in other processes within 5 seconds. */
  @Post(':id/suspend')
  @HttpCode(200)
  @RequirePermission('operator')
  @ApiOkResponse({ type: VaultDto })
  @NotFound()
  @Erased()
  async suspend(@Param('id') id: string): Promise<VaultDto> {
    return VaultDto.of(await this.vaults.suspend(id));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @RequirePermission('operator')
  @ApiOkResponse({ type: VaultDto })
  @NotFound()
  @Erased()
  async resume(@Param('id') id: string): Promise<VaultDto> {
    return VaultDto.of(await this.vaults.resume(id));
  }

  /** Erases everything in a vault, for good, and says what was deleted. The id cannot be used again. */
  @Delete(':id')
  @RequirePermission('operator')
  @ApiOkResponse({ type: ErasureReceiptDto })
  @NotFound()
  async erase(@Param('id') id: string): Promise<ErasureReceiptDto> {
    const { vaultId, erasedAt, deleted, left } = await this.vaults.erase(id);
    return { vault_id: vaultId, status: 'erased', erased_at: erasedAt, deleted, left };
  }
}
