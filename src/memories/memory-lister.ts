import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { ExpirySweep } from './expiry-sweep.js';
import { type PageKey, decodeMemoryCursor, encodeMemoryCursor } from './memory-cursor.js';
import { Memory } from './memory.entity.js';
import { filtersOf, isEmpty, jsonCheck, refuseOtherUser, whereColumns } from './memory-filters.js';
import { type DeleteMemoriesDto, type ListMemoriesDto, type MemoryFiltersDto } from './memory-query.dto.js';
import { MemoryRemover } from './memory-remover.js';

type Order = 'ASC' | 'DESC';

export interface MemoryPage {
  readonly items: Memory[];
  readonly nextCursor: string | null;
  readonly count: number | undefined;
}

/** Rows looked at, or deleted, at a time. */
const CHUNK = 200;

/** Lists of memories by filters: pages, counts, and deletion of all that match. */
@Injectable()
export class MemoryLister {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly remover: MemoryRemover,
    private readonly sweep: ExpirySweep,
    private readonly tenancy: Tenancy,
  ) {}

  /** @throws ApiError 400 INVALID_CURSOR, 403 for another user */
  async list(query: ListMemoriesDto): Promise<MemoryPage> {
    refuseOtherUser(query.user_id);
    const filters = filtersOf(query);
    const order: Order = query.order === 'asc' ? 'ASC' : 'DESC';
    const limit = query.limit ?? DEFAULT_LIMIT;
    const bound = { ...filters, order };
    const after = query.cursor === undefined ? undefined : decodeMemoryCursor(query.cursor, bound);
    return this.tenancy.snapshot(async () => {
      const items: Memory[] = [];
      // One more than asked for, to know whether there is a next page.
      for await (const memory of this.matching(filters, order, limit + 1, after)) {
        items.push(memory);
        if (items.length > limit) break;
      }
      const last = items.length > limit ? items[limit - 1] : undefined;
      return {
        items: items.slice(0, limit),
        nextCursor: last ? encodeMemoryCursor(last, bound) : null,
        count: query.count ? await this.count(filters) : undefined,
      };
    });
  }

  /**
   * Deletes every memory that matches, some hundred at a time so that others' writes get their turn.
   *
   * @throws ApiError 400 FILTER_REQUIRED without a filter
   */
  async deleteMatching(query: DeleteMemoriesDto): Promise<number> {
    refuseOtherUser(query.user_id);
    const given = filtersOf(query);
    if (isEmpty(given)) {
      throw new ApiError(
        400,
        'FILTER_REQUIRED',
        'Name at least one filter: this route does not delete everything.',
      );
    }
    // A user reads what belongs to nobody, where the vault shares it, but deletes only what is theirs.
    const filters = { ...given, user_id: query.user_id ?? TenantContext.scope().userId };
    if (query.dry_run) return this.tenancy.snapshot(() => this.count(filters));
    let deleted = 0;
    let after: PageKey | undefined;
    for (;;) {
      const chunk = await this.tenancy.transaction(async () => {
        const found: Memory[] = [];
        for await (const memory of this.matching(filters, 'ASC', CHUNK, after)) {
          found.push(memory);
          if (found.length === CHUNK) break;
        }
        if (found.length > 0) {
          await this.remover.remove(found, 'delete');
          this.sweep.afterWrite();
        }
        return found;
      });
      deleted += chunk.length;
      if (chunk.length < CHUNK) return deleted;
      after = chunk[chunk.length - 1];
      await nextTurn();
    }
  }

  private async count(filters: MemoryFiltersDto): Promise<number> {
    if (!jsonCheck(filters)) return whereColumns(this.memories.createQueryBuilder('m'), filters).getCount();
    let count = 0;
    for await (const _ of this.matching(filters, 'ASC', CHUNK, undefined)) count += 1;
    return count;
  }

  /** Memories by time and id, from after a key on; `atATime` rows are read at once. */
  private async *matching(
    filters: MemoryFiltersDto,
    order: Order,
    atATime: number,
    after: PageKey | undefined,
  ): AsyncGenerator<Memory> {
    const check = jsonCheck(filters);
    const take = check ? CHUNK : atATime;
    const beyond = order === 'ASC' ? '>' : '<';
    for (let key = after; ;) {
      const query = whereColumns(this.memories.createQueryBuilder('m'), filters);
      if (key) query.andWhere(`(m.createdAt, m.id) ${beyond} (:createdAt, :id)`, { ...key });
      const rows = await query.orderBy('m.createdAt', order).addOrderBy('m.id', order).limit(take).getMany();
      for (const row of rows) if (!check || check(row)) yield row;
      if (rows.length < take) return;
      const { createdAt, id } = rows[rows.length - 1];
      key = { createdAt, id };
      // SQLite answers at once: without this, a long look would keep every other request waiting.
      await nextTurn();
    }
  }
}
