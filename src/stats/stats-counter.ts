import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { PreparedUpdate } from '../tenancy/prepared-statements.js';
import { makeScope } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { type EventType, dayOf } from './event-types.js';
import { Stat } from './stat.entity.js';

/** How long counted reads may stay in memory: what a kill can lose. */
const FLUSH_MS = 30_000;
/** Vault and user pairs with counted reads at which they are written down without waiting longer. */
const MAX_PENDING = 1_000;

interface Pending {
  readonly vaultId: string;
  readonly userId: string;
  readonly type: EventType;
  readonly ts: number;
  readonly dims: string;
  count: number;
}

/**
 * Counts what happens in a vault: one row per owner, type and day, and whatever else it is counted by. A write is
 * counted in its own unit of work, so that neither exists without the other. A read stays a read: it is counted in
 * memory and written down later, in a unit of work of its own.
 */
@Injectable()
export class StatsCounter implements OnModuleDestroy {
  private readonly logger = new Logger('StatsCounter');
  private readonly raise: PreparedUpdate<Stat>;
  private readonly pending = new Map<string, Pending>();
  private timer: NodeJS.Timeout | undefined;
  private flushing = Promise.resolve();
  /** A flush that has not begun yet, and takes what is counted until then. */
  private next: Promise<void> | undefined;

  constructor(
    @InjectRepository(Stat) private readonly stats: Repository<Stat>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
  ) {
    this.raise = new PreparedUpdate(
      stats,
      { count: '"count" + :n' },
      'userId = :userId AND type = :type AND ts = :ts AND dims = :dims',
    );
  }

  /**
   * Counts in the running unit of work.
   * @param userId whose memories it happened to; empty for nobody's
   */
  async count(type: EventType, userId: string, n = 1): Promise<void> {
    await this.add({ type, userId, ts: dayOf(Date.now()), dims: '' }, n);
  }

  /** Counts a read by the running scope. */
  countRead(type: EventType): void {
    this.note(type, TenantContext.scope().userId ?? '', '');
  }

  /**
   * Counts, as a read is counted, what concerns the vault of the running scope and none of its users.
   * @param dims what it is counted by besides, as JSON
   */
  countOfVault(type: EventType, dims: string): void {
    this.note(type, '', dims);
  }

  /** What of the running scope has been counted in memory and is not written down yet. */
  unwritten(): readonly Readonly<Omit<Pending, 'vaultId'>>[] {
    const { vaultId, userId } = TenantContext.scope();
    return [...this.pending.values()].filter(
      (one) => one.vaultId === vaultId && (userId === undefined || one.userId === userId),
    );
  }

  /** Drops what was counted in memory of a user who is being erased, at the end of that. */
  forget(userId: string): void {
    this.drop((one) => one.userId === userId);
  }

  /** Drops what was counted in memory of the running scope's vault, by what it was counted by besides. */
  forgetDims(type: EventType, dims: readonly string[]): void {
    this.drop((one) => one.type === type && dims.includes(one.dims));
  }

  /** Writes down what was counted in memory. Never fails: what cannot be written now is tried again. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // One after the other: two at once would write the same counts.
    this.next ??= this.flushing.then(() => {
      this.next = undefined;
      return this.writeAll();
    });
    this.flushing = this.next;
    await this.next;
  }

  /** The database closes after this. */
  async onModuleDestroy(): Promise<void> {
    await this.flush();
    clearTimeout(this.timer);
  }

  private note(type: EventType, userId: string, dims: string): void {
    const { vaultId } = TenantContext.scope();
    const ts = dayOf(Date.now());
    const key = JSON.stringify([vaultId, userId, type, ts, dims]);
    const known = this.pending.get(key);
    if (known) known.count += 1;
    else this.pending.set(key, { vaultId, userId, type, ts, dims, count: 1 });
    if (this.pending.size >= MAX_PENDING) void this.flush();
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Of the running scope's vault. */
  private drop(isDropped: (one: Pending) => boolean): void {
    const { vaultId } = TenantContext.scope();
    for (const [key, one] of this.pending) {
      if (one.vaultId === vaultId && isDropped(one)) this.pending.delete(key);
    }
  }

  private async writeAll(): Promise<void> {
    const all = [...this.pending].map(([key, one]) => ({ key, ...one }));
    for (const vaultId of new Set(all.map((one) => one.vaultId))) {
      const taken = all.filter((one) => one.vaultId === vaultId);
      try {
        await this.write(vaultId, taken);
      } catch (error) {
        this.logger.warn(`Counts could not be written: ${(error as Error).name}`);
        // Tried again with the next ones, unless there are too many to keep.
        if (this.pending.size < MAX_PENDING) continue;
      }
      for (const { key, count } of taken) this.settle(key, count);
    }
  }

  /** Takes what was written off what was counted, to which more may have come meanwhile. */
  private settle(key: string, written: number): void {
    const one = this.pending.get(key);
    if (!one) return;
    one.count -= written;
    if (one.count === 0) this.pending.delete(key);
  }

  private async write(vaultId: string, counts: readonly (Pending & { key: string })[]): Promise<void> {
    await TenantContext.run(makeScope({ vaultId, permissions: [] }), () =>
      this.tenancy.transaction(async () => {
        // A closed vault gets no more rows. One that nobody has written to gets them: whether a user's searches
        // count must not depend on what others do. Reading makes no vault all the same.
        const vault = await this.vaults.find();
        if (vault && vault.status !== 'active') return;
        for (const { key, count, ...one } of counts) {
          // Else its user was erased meanwhile.
          if (this.pending.has(key)) await this.add(one, count);
        }
      }),
    );
  }

  private async add(
    { userId, type, ts, dims }: Omit<Pending, 'vaultId' | 'count'>,
    n: number,
  ): Promise<void> {
    if ((await this.raise.run({ userId, type, ts, dims, n })) > 0) return;
    await this.stats.insert({ userId, type, ts, dims, count: n });
  }
}
