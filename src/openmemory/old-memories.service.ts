import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { MAX_TIME } from '../http/field.validators.js';
import type { SearchFiltersDto } from '../memories/memory-query.dto.js';
import { MemoriesService, memoryNotFound } from '../memories/memories.service.js';
import { hashOf } from '../memories/memory-change.js';
import { MemoryReinforcement } from '../memories/memory-reinforcement.js';
import { type Found, MemorySearch } from '../memories/memory-search.js';
import type { PatchMemoryDto } from '../memories/memory.dto.js';
import { Memory } from '../memories/memory.entity.js';
import { salienceAt } from '../memories/salience.js';
import type { Stored } from '../memories/memory-creator.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { Values } from './input.js';
import type { ADD, PATCH, QUERY } from './inputs.js';
import { type Whose, collectionOf, isNamed, namedUser } from './whose.js';

const DEFAULT_K = 8;
/** Memories of one owner with the very same text that a new one is compared with. */
const MOST_ALIKE = 100;

type OldQuery = Pick<Values<typeof QUERY>, 'query' | 'k'> & Partial<Values<typeof QUERY>>;

/** Memories as clients of OpenMemory store, find, change and delete them. */
@Injectable()
export class OldMemoriesService {
  constructor(
    @InjectRepository(Memory) private readonly rows: Repository<Memory>,
    private readonly memories: MemoriesService,
    private readonly finder: MemorySearch,
    private readonly reinforcement: MemoryReinforcement,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * Stores a memory, unless the same owner has one that says exactly the same. One that differs in what else the
   * request says of it is another: nothing that was sent is lost.
   */
  async add(input: Values<typeof ADD>): Promise<Stored> {
    const { content, tags, metadata } = input;
    const user_id = namedUser(input.user_id);
    const collection = collectionOf(input);
    return this.tenancy.transaction(async () => {
      const known = await this.equalTo(input, user_id ?? TenantContext.scope().userId ?? '');
      if (known) return { memory: known, created: false };
      return this.memories.create({ content, tags, metadata, user_id, collection });
    });
  }

  private async equalTo(input: Values<typeof ADD>, userId: string): Promise<Memory | undefined> {
    const { content } = input;
    const alike = await this.rows.find({
      where: { userId, contentHash: hashOf(content), content },
      order: { position: 'ASC' },
      take: MOST_ALIKE,
    });
    const collection = collectionOf(input);
    const told = Object.entries({ tags: input.tags, metadata: input.metadata })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, JSON.stringify(value)] as ['tags' | 'metadata', string]);
    return alike.find(
      (memory) =>
        told.every(([name, value]) => memory[name] === value) &&
        (collection === undefined || memory.collection === collection),
    );
  }

  /** The best first. `min_score` is the least salience, as OpenMemory has it. */
  search({ query, k = DEFAULT_K, filters, ...top }: OldQuery): Promise<Found[]> {
    const { sector, sectors, tags } = filters ?? {};
    const least = filters?.min_salience ?? filters?.min_score;
    const whose: Whose = {
      user_id: filters?.user_id || top.user_id,
      project_id: filters?.project_id || top.project_id,
    };
    // Both are looked at, so that neither can hide another's name behind the other.
    namedUser(top.user_id);
    const now = Date.now();
    const conditions: SearchFiltersDto = {
      user_id: namedUser(whose.user_id),
      collection: collectionOf(whose),
      sectors: sector ? [sector] : sectors,
      tags,
      created_after: timeOf(filters?.startTime ?? top.startTime, Math.ceil),
      created_before: timeOf(filters?.endTime ?? top.endTime, (time) => Math.floor(time) + 1),
    };
    const accepts = least === undefined ? undefined : (memory: Memory) => salienceAt(memory, now) >= least;
    return this.finder.search({ query, limit: k, filters: conditions }, accepts);
  }

  /** @throws ApiError 404 */
  async get(id: string, whose: Whose): Promise<Memory> {
    namedUser(whose.user_id);
    const memory = await this.memories.get(id);
    if (!isNamed(memory, whose)) throw memoryNotFound();
    return memory;
  }

  /**
   * What is given takes the place of what was there. @returns whether anything was given
   * @throws ApiError 404, 403 for a user where it is nobody's
   */
  async patch(id: string, { content, tags, metadata, ...whose }: Values<typeof PATCH>): Promise<boolean> {
    const change: PatchMemoryDto = { content, tags, metadata };
    const changes = Object.values(change).some((value) => value !== undefined);
    await this.own(id, whose, async () => {
      if (changes) await this.memories.patch(id, change);
    });
    return changes;
  }

  /** @throws ApiError 404, 403 for a user where it is nobody's */
  async delete(id: string, whose: Whose): Promise<void> {
    await this.own(id, whose, () => this.memories.delete(id));
  }

  /**
   * @param boost how much of what is missing to the full strength is gained; above 1, all of it
   * @throws ApiError 404, 403 for a user where it is nobody's
   */
  async reinforce(id: string, boost: number | undefined, whose: Whose): Promise<void> {
    await this.own(id, whose, async () => {
      if (boost !== 0) await this.reinforcement.reinforce(id, boost && Math.min(1, boost));
    });
  }

  /** Runs `change` on a memory that the request may be about, in one unit of work with the look at it. */
  private own(id: string, whose: Whose, change: () => Promise<unknown>): Promise<void> {
    namedUser(whose.user_id);
    return this.tenancy.transaction(async () => {
      if (!isNamed(await this.memories.getOwn(id), whose)) throw memoryNotFound();
      await change();
    });
  }
}

function timeOf(time: number | undefined, round: (time: number) => number): number | undefined {
  return time === undefined ? undefined : Math.min(Math.max(round(time), -MAX_TIME), MAX_TIME);
}
