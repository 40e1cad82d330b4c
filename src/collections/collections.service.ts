import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { forbidden } from '../auth/refusals.js';
import { ApiError } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { Memory } from '../memories/memory.entity.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import type { CreateCollectionDto, DescribeCollectionDto, ListCollectionsDto } from './collection.dto.js';
import { Collection } from './collection.entity.js';

/** A name that memories may carry, with how many living ones do. */
export interface CountedCollection {
  readonly name: string;
  readonly count: number;
  /** Null: nobody described it; memories name it. */
  readonly described: Collection | null;
}

export interface CollectionPage {
  readonly items: CountedCollection[];
  readonly nextCursor: string | null;
}

const LIST = { list: 'collections' };

/**
 * Named shelves of a vault. A collection is there when it was described or when a memory that the caller may
 * see names it. Describing and deleting one concerns the whole vault, so users' tokens may not: one user would
 * see the other's collections come and go.
 */
@Injectable()
export class CollectionsService {
  constructor(
    @InjectRepository(Collection) private readonly collections: Repository<Collection>,
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
  ) {}

  /** By name, in byte order. @throws ApiError 400 INVALID_CURSOR */
  async list({ cursor, limit = DEFAULT_LIMIT }: ListCollectionsDto): Promise<CollectionPage> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ['string'], LIST)[0];
    return this.tenancy.snapshot(async () => {
      // One more than asked for, to know whether there is a next page.
      const take = limit + 1;
      const described = await this.collections.find({
        where: after === undefined ? {} : { name: MoreThan(after) },
        order: { name: 'ASC' },
        take,
      });
      const byName = new Map(described.map((collection) => [collection.name, collection]));
      const counts = await this.counts(after, take);
      const names = [...new Set([...byName.keys(), ...counts.keys()])].sort(byBytes);
      const items = names.slice(0, limit).map((name) => ({
        name,
        count: counts.get(name) ?? 0,
        described: byName.get(name) ?? null,
      }));
      const last = names.length > limit ? items[limit - 1] : undefined;
      return { items, nextCursor: last ? encodeCursor([last.name], LIST) : null };
    });
  }

  /** @throws ApiError 404 */
  async get(name: string): Promise<CountedCollection> {
    return this.tenancy.snapshot(() => this.find(name));
  }

  /** @throws ApiError 409 COLLECTION_EXISTS, 403 for a user's token */
  async create({ name, description = null, metadata = {} }: CreateCollectionDto): Promise<CountedCollection> {
    refuseUsers();
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      if (await this.collections.findOneBy({ name })) {
        throw new ApiError(409, 'COLLECTION_EXISTS', 'The vault has described a collection of this name.', {
          errors: [{ field: 'name', message: 'is taken' }],
        });
      }
      await this.insert(name, { description, metadata });
      return this.find(name);
    });
  }

  /** Describes a collection, also one that only memories know yet. @throws ApiError 404, 403, 400 for no field */
  async describe(name: string, change: DescribeCollectionDto): Promise<CountedCollection> {
    if (change.description === undefined && change.metadata === undefined) {
      throw new ApiError(400, 'VALIDATION_FAILED', 'The request changes nothing: name at least one field.');
    }
    return this.tenancy.transaction(async () => {
      const { described } = await this.find(name);
      refuseUsers();
      await this.vaults.ensureWritable();
      if (described) {
        const { description = described.description } = change;
        const metadata = change.metadata ? JSON.stringify(change.metadata) : described.metadata;
        await this.collections.update({ name }, { description, metadata, updatedAt: Date.now() });
      } else {
        await this.insert(name, change);
      }
      return this.find(name);
    });
  }

  /** @throws ApiError 404, 409 COLLECTION_NOT_EMPTY, 403 for a user's token */
  async delete(name: string): Promise<void> {
    await this.tenancy.transaction(async () => {
      const { count } = await this.find(name);
      refuseUsers();
      if (count > 0) {
        throw new ApiError(
          409,
          'COLLECTION_NOT_EMPTY',
          `The collection holds ${count} memories: delete or move them first.`,
        );
      }
      await this.collections.delete({ name });
    });
  }

  private async find(name: string): Promise<CountedCollection> {
    const described = await this.collections.findOneBy({ name });
    const count = await this.memories.countBy({ collection: name });
    if (!described && count === 0) {
      throw new ApiError(404, 'NOT_FOUND', 'There is no collection of this name.');
    }
    return { name, count, described };
  }

  private async insert(name: string, { description = null, metadata = {} }: DescribeCollectionDto) {
    const now = Date.now();
    const texts = { description, metadata: JSON.stringify(metadata) };
    await this.collections.insert({ name, ...texts, createdAt: now, updatedAt: now });
  }

  /** How many memories carry each of the next names. */
  private async counts(after: string | undefined, take: number): Promise<Map<string, number>> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.collection', 'name')
      .addSelect('COUNT(*)', 'count')
      .where(after === undefined ? 'm.collection IS NOT NULL' : 'm.collection > :after', { after })
      .groupBy('m.collection')
      .orderBy('m.collection', 'ASC')
      .limit(take)
      .getRawMany<{ name: string; count: string | number }>();
    return new Map(rows.map(({ name, count }) => [name, Number(count)]));
  }
}

/** @throws ApiError 403 */
function refuseUsers(): void {
  if (TenantContext.scope().userId !== undefined) throw forbidden('vault');
}

/** The databases' order of text: by the bytes of UTF-8. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
}
