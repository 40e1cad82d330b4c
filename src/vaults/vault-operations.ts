import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DirectoryEntry } from '../database/vault-directory.js';
import { ApiError } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { RowEraser } from '../operations/row-eraser.js';
import { makeScope } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';
import type { CreateVaultDto, ListVaultsDto } from './vault.dto.js';
import type { Vault } from './vault.entity.js';
import { isVaultId } from './vault-id.js';
import { VaultsService } from './vaults.service.js';

export interface VaultPage {
  readonly items: DirectoryEntry[];
  readonly nextCursor: string | null;
}

export interface ErasureReceipt {
  readonly vaultId: string;
  readonly erasedAt: number;
  /** Rows of each table: deleted, and left (none; the tombstone apart). */
  readonly deleted: Record<string, number>;
  readonly left: Record<string, number>;
}

/** What stays of an erased vault, so that it cannot be made again. */
const TOMBSTONE_TABLE = 'vaults';

/**
 * What operators do with vaults. The directory is looked at by a statement of its own; everything else happens
 * in the context of the one vault concerned.
 */
@Injectable()
export class VaultOperations {
  constructor(
    @InjectDataSource() private readonly dataSource: TenantDataSource,
    private readonly vaults: VaultsService,
    private readonly eraser: RowEraser,
    private readonly tenancy: Tenancy,
  ) {}

  /** By id, in byte order. @throws ApiError 400 INVALID_CURSOR, 501 DIRECTORY_UNAVAILABLE */
  async list({ status, cursor, limit = DEFAULT_LIMIT }: ListVaultsDto): Promise<VaultPage> {
    const bound = { list: 'vaults', status };
    const after = cursor === undefined ? '' : decodeCursor(cursor, ['string'], bound)[0];
    // One more than asked for, to know whether there is a next page.
    const found = await this.dataSource.vaultDirectory({ after, limit: limit + 1, status });
    if (!found) {
      throw new ApiError(
        501,
        'DIRECTORY_UNAVAILABLE',
        'The service has no role that sees all vaults: DATABASE_OPERATOR_URL names it.',
      );
    }
    const items = found.slice(0, limit);
    const last = found.length > limit ? items[limit - 1] : undefined;
    return { items, nextCursor: last ? encodeCursor([last.vaultId], bound) : null };
  }

  /** @throws ApiError 404 */
  get(vaultId: string): Promise<Vault> {
    return this.look(vaultId, async (vault) => vault);
  }

  /** Runs `fn` on one snapshot of a vault, in that vault's own context. @throws ApiError 404 */
  look<T>(vaultId: string, fn: (vault: Vault) => Promise<T>): Promise<T> {
    return this.within(vaultId, () => this.tenancy.snapshot(async () => fn(await this.find())));
  }

  /** @throws ApiError 409 VAULT_EXISTS, also for one that was erased */
  create({ vault_id, name = vault_id, share_unowned = false }: CreateVaultDto): Promise<Vault> {
    return this.within(vault_id, () =>
      this.tenancy.transaction(async () => {
        if (await this.vaults.find()) {
          throw new ApiError(409, 'VAULT_EXISTS', 'There is, or was, a vault with this id.', {
            errors: [{ field: 'vault_id', message: 'is taken' }],
          });
        }
        return this.vaults.create(name, share_unowned);
      }),
    );
  }

  /** From then on its tokens are refused. @throws ApiError 404, 409 for a vault that is being erased */
  suspend(vaultId: string): Promise<Vault> {
    return this.turn(vaultId, 'suspended');
  }

  /** @throws ApiError 404, 409 for a vault that is being erased */
  resume(vaultId: string): Promise<Vault> {
    return this.turn(vaultId, 'active');
  }

  /**
   * Deletes everything in a vault for good. Its tokens are refused from the beginning; what stays is a row that
   * keeps the id from being used again. Cut off in its midst, it goes on where it is asked for again.
   *
   * @throws ApiError 404; Error when rows are left, which is verified against the database's own catalog
   */
  erase(vaultId: string): Promise<ErasureReceipt> {
    return this.within(vaultId, async () => {
      const vault = await this.tenancy.transaction(async () => {
        const found = await this.find();
        return found.status === 'erased' ? found : this.vaults.change({ status: 'erasing' });
      });
      const deleted = await this.eraser.erase([TOMBSTONE_TABLE]);
      const { [TOMBSTONE_TABLE]: _, ...left } = await this.dataSource.vaultRows();
      if (Object.values(left).some((rows) => rows > 0)) throw new Error('Rows are left of an erased vault');
      if (vault.status === 'erased') return { vaultId, erasedAt: vault.erasedAt!, deleted, left };
      const erasedAt = Date.now();
      await this.tenancy.transaction(() =>
        this.vaults.change({ status: 'erased', name: vaultId, shareUnowned: false, erasedAt }),
      );
      return { vaultId, erasedAt, deleted, left };
    });
  }

  private turn(vaultId: string, status: 'active' | 'suspended'): Promise<Vault> {
    return this.within(vaultId, () =>
      this.tenancy.transaction(async () => {
        const vault = await this.find();
        if (vault.status === 'erasing' || vault.status === 'erased') {
          throw new ApiError(409, 'VAULT_ERASED', 'The vault is erased, or is being erased.');
        }
        return vault.status === status ? vault : this.vaults.change({ status });
      }),
    );
  }

  /** The running scope's vault. @throws ApiError 404 */
  private async find(): Promise<Vault> {
    const vault = await this.vaults.find();
    if (!vault) throw vaultNotFound();
    return vault;
  }

  private within<T>(vaultId: string, fn: () => Promise<T>): Promise<T> {
    if (!isVaultId(vaultId)) throw vaultNotFound();
    return TenantContext.run(makeScope({ vaultId, permissions: [], includeExpired: true }), fn);
  }
}

function vaultNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no vault with this id.');
}
