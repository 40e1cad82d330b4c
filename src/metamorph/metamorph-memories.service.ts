import { Injectable } from '@nestjs/common';
import { MemoriesService } from '../memories/memories.service.js';
import { type MemoryPage, MemoryLister } from '../memories/memory-lister.js';
import type { ListMemoriesDto } from '../memories/memory-query.dto.js';
import type { Memory } from '../memories/memory.entity.js';
import { salienceAt } from '../memories/salience.js';
import { Tenancy } from '../tenancy/tenancy.js';
import type { CreateMetamorphMemoryDto, ListMetamorphMemoriesDto } from './metamorph.dto.js';
import { sectorOf } from './metamorph-types.js';

const DEFAULT_METAMORPH_LIMIT = 10;
/** Memories looked at, at a time, for their importance. */
const PAGE = 200;

/** Memories as Metamorph asks for them. */
@Injectable()
export class MetamorphMemoriesService {
  constructor(
    private readonly memories: MemoriesService,
    private readonly lister: MemoryLister,
    private readonly tenancy: Tenancy,
  ) {}

  /** The newest first, and how many there are in all. */
  async list({
    type,
    sessionId,
    minImportance = 0,
    limit = DEFAULT_METAMORPH_LIMIT,
  }: ListMetamorphMemoriesDto): Promise<{ items: Memory[]; total: number }> {
    const filters = { session_id: sessionId, sector: type && sectorOf(type) };
    if (minImportance === 0) {
      const { items, count = 0 } = await this.lister.list({ ...filters, limit, count: true });
      return { items, total: count };
    }
    return this.tenancy.snapshot(() => this.important({ ...filters, limit: PAGE }, minImportance, limit));
  }

  /** Salience fades as time passes, so no column can answer for it. */
  private async important(
    query: ListMemoriesDto,
    least: number,
    limit: number,
  ): Promise<{ items: Memory[]; total: number }> {
    const now = Date.now();
    const items: Memory[] = [];
    let total = 0;
    let cursor: string | undefined;
    do {
      const page: MemoryPage = await this.lister.list({ ...query, cursor });
      for (const memory of page.items) {
        if (salienceAt(memory, now) < least) continue;
        total += 1;
        if (items.length < limit) items.push(memory);
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return { items, total };
  }

  async create({
    content,
    type = 'semantic',
    importance,
    sessionId,
    metadata,
  }: CreateMetamorphMemoryDto): Promise<Memory> {
    const given = { content, metadata, session_id: sessionId, salience: importance };
    const { memory } = await this.memories.create({ ...given, sector: sectorOf(type) });
    return memory;
  }

  /** @throws ApiError 404, 403 for a user where it is nobody's */
  delete(id: string): Promise<void> {
    return this.memories.delete(id);
  }
}
