import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { CONFIG, type Config } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { invalidToken } from '../auth/refusals.js';
import { makeScope } from '../tenancy/scope.js';
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

/** The vault's own row: whether it may be used, and its making at the first write. */
@Injectable()
export class VaultsService {
  private readonly remembered = new Map<string, Remembered>();

  constructor(
    @InjectRepository(Vault) private readonly vaults: Repository<Vault>,
    @Inject(CONFIG) private readonly config: Config,
    private readonly tenancy: Tenancy,
  ) {}

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
    const { vaultId } = TenantContext.scope();
    const known = this.remembered.get(vaultId);
    if (known?.status === 'active' && known.until > Date.now()) return;
    const vault = await this.vaults.findOneBy({ vaultId });
    if (vault && vault.status !== 'active') throw invalidToken();
    if (!vault) await this.create(vaultId);
    const shareUnowned = vault?.shareUnowned ?? false;
    this.tenancy.afterCommit(() => this.remember(vaultId, { status: 'active', shareUnowned }));
  }

  private async create(vaultId: string): Promise<void> {
    if (!this.config.vaults.autoCreate) {
      throw new ApiError(
        403,
        'VAULT_UNKNOWN',
        'This vault does not exist, and vaults are not created by use.',
      );
    }
    const now = Date.now();
    await this.vaults.insert({
      vaultId,
      name: vaultId,
      status: 'active',
      shareUnowned: false,
      createdAt: now,
      updatedAt: now,
      erasedAt: null,
    });
  }

  private remember(vaultId: string, state: VaultState): VaultState {
    if (this.remembered.size >= REMEMBERED_VAULTS) this.remembered.clear();
    this.remembered.set(vaultId, { ...state, until: Date.now() + REMEMBERED_MS });
    return state;
  }
}
