import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { invalidToken } from '../auth/refusals.js';
import { makeScope } from '../tenancy/scope.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Vault, type VaultStatus } from './vault.entity.js';

export interface VaultState {
  /** `unknown`: nothing was ever written to it. */
  readonly status: VaultStatus | 'unknown';
  readonly shareUnowned: boolean;
}

interface Remembered extends VaultState {
  readonly until: number;
}

/** How long another process's change to a vault may go unnoticed here. */
const REMEMBERED_MS = 5_000;
const REMEMBERED_VAULTS = 10_000;

/** The vault's own row: whether it may be used, its making at the first write, its changes. */
@Injectable()
export class VaultsService {
  private readonly remembered = new Map<string, Remembered>();
  private readonly own: PreparedSelect<Vault>;

  constructor(
    @InjectRepository(Vault) private readonly vaults: Repository<Vault>,
    @Inject(CONFIG) private readonly config: Config,
    private readonly tenancy: Tenancy,
  ) {
    this.own = new PreparedSelect(vaults, 'v', (query) => query.limit(1));
  }

  /** The state of a vault, at most 5 s old. Needs no scope: the guard asks before there is one. */
  async state(vaultId: string): Promise<VaultState> {
    const known = this.remembered.get(vaultId);
    if (known && known.until > Date.now()) return known;
    const vault = await TenantContext.run(makeScope({ vaultId, permissions: [] }), () =>
      this.vaults.findOneBy({ vaultId }),
    );
    return this.remember(vaultId, {
      status: vault?.status ?? 'unknown',
      shareUnowned: vault?.shareUnowned ?? false,
    });
  }

  /**
   * To be called first in every unit of work that writes: makes the vault's row if this is its first write.
   *
   * @throws ApiError 403 VAULT_UNKNOWN where vaults are not made by themselves; 401 for a vault that is
   *   suspended or erased, as the guard answers from then on
   */
  async ensureWritable(): Promise<void> {
    // Of the unit of work itself, not remembered: what another process has closed gets no more rows.
    const vault = await this.tenancy.keptOrRead('vaults', '', () => this.own.one({}));
    if (vault && vault.status !== 'active') throw invalidToken();
    if (vault) return;
    if (!this.config.vaults.autoCreate) {
      throw new ApiError(
        403,
        'VAULT_UNKNOWN',
        'This vault does not exist, and vaults are not created by use.',
      );
    }
    await this.create(TenantContext.scope().vaultId, false);
  }

  /** Makes the running scope's vault, in the running unit of work. @param name shown to operators */
  async create(name: string, shareUnowned: boolean): Promise<Vault> {
    const { vaultId } = TenantContext.scope();
    const now = Date.now();
    const vault: Vault = {
      vaultId,
      name,
      status: 'active',
      shareUnowned,
      createdAt: now,
      updatedAt: now,
      erasedAt: null,
    };
    await this.vaults.insert(vault);
    this.tenancy.afterCommit(() => this.remember(vaultId, vault));
    return vault;
  }

  /** Changes the running scope's vault, in the running unit of work; it has to be there. */
  async change(
    changes: Partial<Pick<Vault, 'name' | 'status' | 'shareUnowned' | 'erasedAt'>>,
  ): Promise<Vault> {
    const { vaultId } = TenantContext.scope();
    await this.vaults.update({ vaultId }, { ...changes, updatedAt: Date.now() });
    const vault = await this.vaults.findOneByOrFail({ vaultId });
    this.tenancy.afterCommit(() => this.remember(vaultId, vault));
    return vault;
  }

  /** The running scope's vault; null when nothing was ever written to it. */
  find(): Promise<Vault | null> {
    return this.own.one({});
  }

  private remember(vaultId: string, { status, shareUnowned }: VaultState): VaultState {
    if (this.remembered.size >= REMEMBERED_VAULTS) this.remembered.clear();
    const remembered = { status, shareUnowned, until: Date.now() + REMEMBERED_MS };
    this.remembered.set(vaultId, remembered);
    return remembered;
  }
}
