import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** What can be said of a user's memories without reading them. */
export interface Figures {
  /** Living memories. */
  readonly count: number;
  /** `created_at` of the earliest and the latest, ms since 1970; null where there is none. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
}

const NONE: Figures = { count: 0, firstAt: null, lastAt: null };

/**
 * Counts and times of users' memories. The work follows the number of users asked for and what has expired
 * since the last sweep, not how many memories they have: the recall index counts them, without knowing the time.
 */
@Injectable()
export class UserFigures {
  constructor(
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
  ) {}

  /** Belongs in a unit of work, so that its parts agree. @param userIds the caller's to ask for */
  async of(userIds: readonly string[]): Promise<Map<string, Figures>> {
    const figures = new Map(userIds.map((userId) => [userId, NONE]));
    if (userIds.length === 0) return figures;
    const end = (order: 'ASC' | 'DESC') => (query: SelectQueryBuilder<Memory>) =>
      query
        .select('m.createdAt')
        .from(Memory, 'm')
        .where('m.userId = s.userId')
        .orderBy('m.createdAt', order)
        .limit(1);
    const rows = await this.scopes
      .createQueryBuilder('s')
      .select('s.userId', 'userId')
      .addSelect('s.memoryCount', 'stored')
      .addSelect(end('ASC'), 'firstAt')
      .addSelect(end('DESC'), 'lastAt')
      .where('s.userId IN (:...userIds)', { userIds: [...userIds] })
      .getRawMany<Record<'userId' | 'stored' | 'firstAt' | 'lastAt', string | null>>();
    const expired = await this.expired(userIds);
    for (const { userId, stored, firstAt, lastAt } of rows) {
      figures.set(userId!, {
        // PostgreSQL's driver hands out sums and 64-bit columns as text.
        count: Number(stored) - (expired.get(userId!) ?? 0),
        firstAt: firstAt === null ? null : Number(firstAt),
        lastAt: lastAt === null ? null : Number(lastAt),
      });
    }
    return figures;
  }

  /** How much has expired, and is not swept away yet, of those of whom anything has. */
  private async expired(userIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await TenantContext.asVault(() =>
      this.memories
        .createQueryBuilder('expired')
        .select('expired.userId', 'userId')
        .addSelect('COUNT(*)', 'n')
        .where('expired.userId IN (:...userIds) AND expired.expiresAt <= :now')
        .setParameters({ userIds: [...userIds], now: Date.now() })
        .groupBy('expired.userId')
        .getRawMany<{ userId: string; n: string }>(),
    );
    return new Map(rows.map(({ userId, n }) => [userId, Number(n)]));
  }

  /** Whether a memory of the user has expired after `since` (ms since 1970) and is not swept away yet. */
  async expiredSince(userId: string, since: number): Promise<boolean> {
    return TenantContext.asVault(() =>
      this.memories
        .createQueryBuilder('m')
        .where('m.userId = :userId AND m.expiresAt > :since AND m.expiresAt <= :now')
        .setParameters({ userId, since, now: Date.now() })
        .getExists(),
    );
  }
}
