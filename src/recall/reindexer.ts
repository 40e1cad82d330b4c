import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, MoreThan, Not, type Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { IndexRebuild, type RebuildOptions } from './index-rebuild.js';
import { ScopeRow } from './scope.entity.js';
import { TOKENISER_VERSION } from './terms.js';

/**
 * Which owners' indexes are rebuilt.
 *
 * - `stale`: those whose index says itself that it is not what today's rules make.
 * - `doubtful`: also those with another number of memories than their index has, or with no index at all.
 * - `all`: every one, and in each every block.
 */
export type Which = 'stale' | 'doubtful' | 'all';

export interface VaultOptions extends Omit<RebuildOptions, 'force'> {
  readonly which: Which;
}

/** Owners looked at in one go. */
const PAGE = 200;

/** Rebuilds the recall index of vaults and owners, each in its vault's own context. */
@Injectable()
export class Reindexer {
  constructor(
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly rebuild: IndexRebuild,
  ) {}

  /** @throws Error when one owner's cannot be made sound */
  async vault(vaultId: string, { which, ...options }: VaultOptions): Promise<void> {
    await inVault(vaultId, async () => {
      for await (const { userId, wanted, positions } of this.owners(which, options.pause)) {
        if (wanted) await this.rebuild.run(userId, { ...options, force: which === 'all' });
        else options.onProgress?.(positions, 0);
      }
    });
  }

  /** Rebuilds the index of one owner that was found damaged. */
  async owner(vaultId: string, userId: string, options?: RebuildOptions): Promise<void> {
    await inVault(vaultId, async () => {
      await this.rebuild.markStale(userId);
      await this.rebuild.run(userId, options);
    });
  }

  private async *owners(which: Which, pause: RebuildOptions['pause']) {
    const among = which === 'stale' ? { indexVersion: Not(TOKENISER_VERSION) } : {};
    for (let after: string | undefined, more = true; more;) {
      await pause?.();
      const page: ScopeRow[] = await this.scopes.find({
        where: after === undefined ? among : { ...among, userId: MoreThan(after) },
        order: { userId: 'ASC' },
        take: PAGE,
      });
      const stored = which === 'doubtful' ? await this.countMemories(page) : undefined;
      for (const { userId, indexVersion, memoryCount, nextPosition } of page) {
        const differs = stored !== undefined && (stored.get(userId) ?? 0) !== memoryCount;
        const wanted = which === 'all' || indexVersion !== TOKENISER_VERSION || differs;
        yield { userId, wanted, positions: nextPosition };
      }
      after = page.at(-1)?.userId;
      more = page.length === PAGE;
    }
    if (which !== 'stale') yield* this.ownersWithoutIndex(pause);
  }

  private async countMemories(scopes: readonly ScopeRow[]): Promise<Map<string, number>> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.userId', 'userId')
      .addSelect('COUNT(*)', 'count')
      .where({ userId: In(scopes.map(({ userId }) => userId)) })
      .groupBy('m.userId')
      .getRawMany<{ userId: string; count: number }>();
    return new Map(rows.map(({ userId, count }) => [userId, Number(count)]));
  }

  private async *ownersWithoutIndex(pause: RebuildOptions['pause']) {
    for (let after: string | undefined, more = true; more;) {
      await pause?.();
      const page = await this.memories
        .createQueryBuilder('m')
        .select('m.userId', 'userId')
        .where(after === undefined ? {} : { userId: MoreThan(after) })
        .groupBy('m.userId')
        .orderBy('m.userId', 'ASC')
        .limit(PAGE)
        .getRawMany<{ userId: string }>();
      const owners = page.map(({ userId }) => userId);
      const indexed = await this.scopes.findBy({ userId: In(owners) });
      const known = new Set(indexed.map(({ userId }) => userId));
      for (const userId of owners) if (!known.has(userId)) yield { userId, wanted: true, positions: 0 };
      after = owners.at(-1);
      more = page.length === PAGE;
    }
  }
}

/** Runs `work` for the whole of a vault, expired rows included: until they are swept, their places are taken. */
function inVault<T>(vaultId: string, work: () => Promise<T>): Promise<T> {
  return TenantContext.run(makeScope({ vaultId, permissions: [], includeExpired: true }), work);
}
