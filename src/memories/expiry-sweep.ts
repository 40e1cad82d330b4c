import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LessThanOrEqual, type Repository } from 'typeorm';
import { makeScope } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { Memory } from './memory.entity.js';
import { MemoryRemover } from './memory-remover.js';

/** A vault is swept this often at most. */
const INTERVAL_MS = 60_000;
/** Rows removed in one sweep; what is left waits for the next. */
const ROWS_A_SWEEP = 500;
/** Rows removed before requests get their turn. */
const ROWS_A_TURN = 50;
const REMEMBERED_VAULTS = 10_000;

/**
 * Removes expired memories from the database. Nobody sees them any more, so this is about space alone: it
 * follows a vault's writes, in that vault's own context and a unit of work of its own, and neither keeps a
 * request waiting nor makes one fail.
 */
@Injectable()
export class ExpirySweep implements OnModuleDestroy {
  private readonly logger = new Logger('ExpirySweep');
  private readonly lastBegun = new Map<string, number>();
  private readonly running = new Set<Promise<void>>();
  private stopping = false;

  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly remover: MemoryRemover,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
  ) {}

  /** To be called in every unit of work that writes: when it has committed, the vault may be swept. */
  afterWrite(): void {
    const { vaultId } = TenantContext.scope();
    this.tenancy.afterCommit(() => this.begin(vaultId));
  }

  /** The database closes after this: waits for the sweeps under way, which stop at their next step. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.running);
  }

  private begin(vaultId: string): void {
    const now = Date.now();
    const last = this.lastBegun.get(vaultId);
    // Either way round: a clock that was set back must not keep a vault from being swept.
    if (this.stopping || (last !== undefined && Math.abs(now - last) < INTERVAL_MS)) return;
    if (this.lastBegun.size >= REMEMBERED_VAULTS) this.lastBegun.clear();
    this.lastBegun.set(vaultId, now);
    const sweep = this.sweep(vaultId)
      .catch((error: unknown) => this.logger.warn(`Not done: ${(error as Error).name}`))
      .finally(() => this.running.delete(sweep));
    this.running.add(sweep);
  }

  private async sweep(vaultId: string): Promise<void> {
    const scope = makeScope({ vaultId, permissions: [], includeExpired: true });
    await TenantContext.run(scope, async () => {
      // The request that wrote is answered first.
      await nextTurn();
      // Most vaults have nothing to remove, and so need no turn as a writer.
      if ((await this.expired(1)).length === 0) return;
      await this.tenancy.transaction(async () => {
        // A vault that is closed meanwhile is left to whoever closed it.
        if ((await this.vaults.find())?.status !== 'active') return;
        const expired = await this.expired(ROWS_A_SWEEP);
        for (let at = 0; at < expired.length && !this.stopping; at += ROWS_A_TURN) {
          await this.remover.remove(expired.slice(at, at + ROWS_A_TURN), 'expire');
          await nextTurn();
        }
      });
    });
  }

  private expired(limit: number): Promise<Memory[]> {
    return this.memories.find({
      select: { vaultId: true, id: true, userId: true, position: true },
      where: { expiresAt: LessThanOrEqual(Date.now()) },
      order: { expiresAt: 'ASC' },
      take: limit,
    });
  }
}
