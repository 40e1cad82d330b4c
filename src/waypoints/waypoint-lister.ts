import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { Memory } from '../memories/memory.entity.js';
import { refuseOtherUser } from '../memories/memory-filters.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { padded } from '../tenancy/padded-list.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { endIsSeen, ofEnd } from './seen-ends.js';
import type { ListWaypointsDto } from './waypoint.dto.js';
import { Waypoint } from './waypoint.entity.js';

type Order = 'ASC' | 'DESC';
type Filters = Omit<ListWaypointsDto, 'order' | 'limit' | 'cursor' | 'count'>;

/** A waypoint's place in the list: when the memory it starts from was created, and its own key. */
interface PageKey {
  readonly createdAt: number;
  readonly srcId: string;
  readonly dstId: string;
  readonly type: string;
}

interface Listed {
  readonly waypoint: Waypoint;
  /** When the memory it starts from was created, ms since 1970. */
  readonly createdAt: number;
}

export interface WaypointPage {
  readonly items: Waypoint[];
  readonly nextCursor: string | null;
  readonly count: number | undefined;
}

/**
 * Memories whose waypoints are looked up at a time: first enough for a page, then more. For 512, SQLite would rather
 * go through all of a user's memories and ask of each whether it is an end of a waypoint from one of them.
 */
const FIRST_CHUNK = 64;
const CHUNK = 128;

/**
 * Lists of waypoints by filters: pages and counts. A waypoint whose end has expired, or is not the scope's to
 * see, is none.
 *
 * A list that is not about certain memories goes along the memories it may see, and so costs what they are,
 * whatever others in the vault have: no index leads from a user to the user's waypoints.
 */
@Injectable()
export class WaypointLister {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
    private readonly tenancy: Tenancy,
  ) {}

  /** @throws ApiError 400 INVALID_CURSOR, 403 for another user */
  async list({
    order: given,
    limit = DEFAULT_LIMIT,
    cursor,
    count,
    ...filters
  }: ListWaypointsDto): Promise<WaypointPage> {
    refuseOtherUser(filters.user_id);
    const order: Order = given === 'asc' ? 'ASC' : 'DESC';
    const bound = { list: 'waypoints', ...filters, order };
    const after = cursor === undefined ? undefined : keyOf(cursor, bound);
    return this.tenancy.snapshot(async () => {
      // One more than asked for, to know whether there is a next page.
      const items = await this.page(filters, order, limit + 1, after);
      const last = items.length > limit ? items[limit - 1] : undefined;
      return {
        items: items.slice(0, limit).map(({ waypoint }) => waypoint),
        nextCursor: last ? encodeCursor(keyParts(last), bound) : null,
        count: count ? await this.count(filters) : undefined,
      };
    });
  }

  private async page(
    filters: Filters,
    order: Order,
    limit: number,
    after: PageKey | undefined,
  ): Promise<Listed[]> {
    const select = () => this.select(filters, order, after);
    if (isAboutMemories(filters)) return listed(select().limit(limit));
    const items: Listed[] = [];
    for await (const ids of this.sources(filters.user_id, order, after)) {
      const some = select().andWhere(AMONG, { ids });
      items.push(...(await listed(some.limit(limit - items.length))));
      if (items.length === limit) break;
    }
    return items;
  }

  private async count(filters: Filters): Promise<number> {
    if (isAboutMemories(filters)) return countOf(this.matching(filters));
    let count = 0;
    for await (const ids of this.sources(filters.user_id, 'ASC')) {
      count += await countOf(this.matching(filters).andWhere(AMONG, { ids }));
    }
    return count;
  }

  /** The ids of all memories, by time and id, from a place in the list on, a chunk at a time. */
  private async *sources(userId: string | undefined, order: Order, from?: PageKey): AsyncGenerator<string[]> {
    let key = from && { createdAt: from.createdAt, id: from.srcId };
    let beyond = order === 'ASC' ? '>=' : '<=';
    for (let take = FIRST_CHUNK; ; take = CHUNK) {
      const query = this.memories.createQueryBuilder('m').select(['m.vaultId', 'm.id', 'm.createdAt']);
      if (userId !== undefined) query.andWhere('m.userId = :userId', { userId });
      if (key) query.andWhere(`(m.createdAt, m.id) ${beyond} (:createdAt, :id)`, { ...key });
      const rows = await query.orderBy('m.createdAt', order).addOrderBy('m.id', order).limit(take).getMany();
      if (rows.length > 0) yield padded(rows.map(({ id }) => id));
      if (rows.length < take) return;
      const { createdAt, id } = rows[rows.length - 1];
      key = { createdAt, id };
      beyond = order === 'ASC' ? '>' : '<';
      // SQLite answers at once: without this, a long look would keep every other request waiting.
      await nextTurn();
    }
  }

  private select(filters: Filters, order: Order, after: PageKey | undefined): SelectQueryBuilder<Waypoint> {
    const query = this.matching(filters);
    const createdAt = ofEnd(query, 'srcId', 'createdAt');
    query.addSelect(createdAt, CREATED_AT);
    const beyond = order === 'ASC' ? '>' : '<';
    if (after) {
      const key = '(:afterCreatedAt, :afterSrcId, :afterDstId, :afterType)';
      query.andWhere(`(${createdAt}, w.srcId, w.dstId, w.type) ${beyond} ${key}`, {
        afterCreatedAt: after.createdAt,
        afterSrcId: after.srcId,
        afterDstId: after.dstId,
        afterType: after.type,
      });
    }
    for (const column of [CREATED_AT, 'w.srcId', 'w.dstId', 'w.type']) query.addOrderBy(column, order);
    return query;
  }

  private matching(filters: Filters): SelectQueryBuilder<Waypoint> {
    const { memory_id, direction = 'both', src_id, dst_id, user_id, type, min_weight } = filters;
    const query = this.waypoints.createQueryBuilder('w');
    query.where(endIsSeen(query, 'srcId')).andWhere(endIsSeen(query, 'dstId'));
    if (memory_id !== undefined) query.andWhere(TOUCHING[direction], { memory_id });
    if (src_id !== undefined) query.andWhere('w.srcId = :src_id', { src_id });
    if (dst_id !== undefined) query.andWhere('w.dstId = :dst_id', { dst_id });
    if (user_id !== undefined) query.andWhere('w.userId = :user_id', { user_id });
    if (type !== undefined) query.andWhere('w.type = :type', { type });
    // Databases that were adopted hold weights below 0, which count as 0.
    if (min_weight) query.andWhere('w.weight >= :min_weight', { min_weight });
    return query;
  }
}

const AMONG = 'w.srcId IN (:...ids)';
/** What the rows of a page call the time that they are ordered by. */
const CREATED_AT = 'src_created_at';

const TOUCHING = {
  out: 'w.srcId = :memory_id',
  in: 'w.dstId = :memory_id',
  both: '(w.srcId = :memory_id OR w.dstId = :memory_id)',
} as const;

/** Whether an index leads to all that match. */
function isAboutMemories({ memory_id, src_id, dst_id }: Filters): boolean {
  return memory_id !== undefined || src_id !== undefined || dst_id !== undefined;
}

async function listed(query: SelectQueryBuilder<Waypoint>): Promise<Listed[]> {
  const { entities, raw } = await query.getRawAndEntities<Record<typeof CREATED_AT, number | string>>();
  return entities.map((waypoint, i) => ({ waypoint, createdAt: Number(raw[i][CREATED_AT]) }));
}

async function countOf(query: SelectQueryBuilder<Waypoint>): Promise<number> {
  const row = await query.select('COUNT(*)', 'count').getRawOne<{ count: number | string }>();
  return Number(row?.count);
}

function keyParts({ createdAt, waypoint: { srcId, dstId, type } }: Listed): [number, string, string, string] {
  return [createdAt, srcId, dstId, type];
}

function keyOf(cursor: string, bound: object): PageKey {
  const [createdAt, srcId, dstId, type] = decodeCursor(
    cursor,
    ['integer', 'string', 'string', 'string'],
    bound,
  );
  return { createdAt, srcId, dstId, type };
}
