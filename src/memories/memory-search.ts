import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { rank } from '../recall/bm25.js';
import type { Hit } from '../recall/ranking.js';
import { RecallIndex } from '../recall/recall-index.js';
import { relevance } from '../recall/relevance.js';
import { terms } from '../recall/terms.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Memory } from './memory.entity.js';
import { jsonCheck, refuseOtherUser, whereColumns } from './memory-filters.js';
import { DEFAULT_LIMIT, type SearchDto, type SearchFiltersDto } from './memory-query.dto.js';

export interface Found {
  readonly memory: Memory;
  /** 0 to 1. */
  readonly score: number;
}

/** Hits whose memories are fetched at a time where filters may turn some away. */
const CHUNK = 200;

/** Search by words, best first. Statistics are those of the owners searched; filters never change them. */
@Injectable()
export class MemorySearch {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly index: RecallIndex,
    private readonly tenancy: Tenancy,
  ) {}

  /** @throws ApiError 403 for another user */
  async search({ query, limit = DEFAULT_LIMIT, filters = {} }: SearchDto): Promise<Found[]> {
    refuseOtherUser(filters.user_id);
    const words = terms(query);
    if (words.length === 0) return [];
    return this.tenancy.snapshot(async () => {
      const blocks = await this.index.read(ownersSearched(filters.user_id));
      const owners: string[] = [];
      const ranking = rank(
        blocks.map(({ userId, firstPosition, data }) => {
          if (owners.at(-1) !== userId) owners.push(userId);
          return { scope: owners.length - 1, firstPosition, data };
        }),
        words,
        Date.now(),
      );
      return this.best(ranking, owners, limit, filters);
    });
  }

  private async best(
    ranking: { take(count: number): Hit[] },
    owners: readonly string[],
    limit: number,
    filters: SearchFiltersDto,
  ): Promise<Found[]> {
    const { min_score, ...conditions } = filters;
    const filtered = Object.values(conditions).some((value) => value !== undefined);
    const found: Found[] = [];
    for (;;) {
      const hits = ranking.take(filtered ? CHUNK : limit - found.length);
      if (hits.length === 0) return found;
      const memories = await this.fetch(hits, owners, filters);
      for (const hit of hits) {
        const score = relevance(hit.score);
        if (min_score !== undefined && score < min_score) return found;
        const memory = memories.get(keyOf(owners[hit.scope], hit.position));
        if (memory) found.push({ memory, score });
        if (found.length === limit) return found;
      }
      // SQLite answers at once: without this, a long look would keep every other request waiting.
      await nextTurn();
    }
  }

  /** The memories of these hits that pass the filters, by owner and position. */
  private async fetch(
    hits: readonly Hit[],
    owners: readonly string[],
    filters: SearchFiltersDto,
  ): Promise<Map<string, Memory>> {
    // As pairs, not as an OR of owners, for which SQLite would read the whole vault.
    const parameters: Record<string, string | number> = {};
    const pairs = hits.map(({ scope, position }, i) => {
      parameters[`owner${i}`] = owners[scope];
      parameters[`position${i}`] = position;
      return `(:owner${i}, :position${i})`;
    });
    const query = this.memories
      .createQueryBuilder('m')
      .where(`(m.userId, m.position) IN (VALUES ${pairs.join(', ')})`, parameters);
    const check = jsonCheck(filters);
    const rows = await whereColumns(query, filters).getMany();
    const passed = check ? rows.filter(check) : rows;
    return new Map(passed.map((memory) => [keyOf(memory.userId, memory.position), memory]));
  }
}

function keyOf(userId: string, position: number): string {
  return `${position}:${userId}`;
}

/** Undefined: every owner in the vault. */
function ownersSearched(named: string | undefined): string[] | undefined {
  const { userId, shareUnowned } = TenantContext.scope();
  if (userId !== undefined) return shareUnowned && named === undefined ? [userId, ''] : [userId];
  return named === undefined ? undefined : [named];
}
