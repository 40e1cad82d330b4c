import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { type OldPage, invalidPagination } from './old-page.js';

/** Rows read at a time. */
const CHUNK = 200;
/** Characters of contents and metadata that one answer may hold. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

export interface OldListFilters {
  /** Undefined: all that the caller sees. */
  readonly owners?: readonly string[] | undefined;
  readonly collection?: string | undefined;
  /** The primary one. */
  readonly sector?: string | undefined;
}

/** Lists by number, as clients of OpenMemory turn pages; Cairn's own lists have cursors. */
@Injectable()
export class OldMemoryList {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly tenancy: Tenancy,
  ) {}

  /** The newest first. Filters come before the page is cut. @throws ApiError 400 for more than an answer can hold */
  list(filters: OldListFilters, { limit, offset }: OldPage): Promise<Memory[]> {
    return this.tenancy.snapshot(async () => {
      const items: Memory[] = [];
      let characters = 0;
      while (items.length < limit) {
        const take = Math.min(CHUNK, limit - items.length);
        const rows = await this.read(filters, take, offset + items.length);
        items.push(...rows);
        for (const { content, metadata } of rows) characters += content.length + metadata.length;
        if (rows.length < take) break;
        if (characters > MAX_CHARACTERS) throw invalidPagination('This is more than one answer can hold.');
        // SQLite answers at once: without this, a long list would keep every other request waiting.
        await nextTurn();
      }
      return items;
    });
  }

  private read(
    { owners, collection, sector }: OldListFilters,
    take: number,
    skip: number,
  ): Promise<Memory[]> {
    const query = this.memories.createQueryBuilder('m');
    if (owners) query.andWhere('m.userId IN (:...owners)', { owners });
    if (collection !== undefined) query.andWhere('m.collection = :collection', { collection });
    if (sector !== undefined) query.andWhere('m.primarySector = :sector', { sector });
    return query.orderBy('m.createdAt', 'DESC').addOrderBy('m.id', 'DESC').limit(take).offset(skip).getMany();
  }
}
