import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { Memory } from '../memories/memory.entity.js';
import { refuseOtherUser } from '../memories/memory-filters.js';
import { type MemoryPage, MemoryLister } from '../memories/memory-lister.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import type { ListSessionsDto, SessionMemoriesDto } from './session.dto.js';

/** The memories of one owner that name the same session. */
export interface SessionSummary {
  readonly id: string;
  /** Empty: no owner. */
  readonly userId: string;
  readonly count: number;
  /** ms since 1970, of the earliest and the latest memory */
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface SessionPage {
  readonly items: SessionSummary[];
  readonly nextCursor: string | null;
}

/**
 * Sessions are what their memories say: a session is there as long as one of its memories is, and its figures
 * are counted when they are asked for, so nothing can fall behind an edit, a move or an expiry.
 */
@Injectable()
export class SessionsService {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly lister: MemoryLister,
  ) {}

  /** Sessions by owner and id, in byte order. @throws ApiError 400 INVALID_CURSOR, 403 for another user */
  async list({ user_id, cursor, limit = DEFAULT_LIMIT }: ListSessionsDto): Promise<SessionPage> {
    refuseOtherUser(user_id);
    const bound = { list: 'sessions', user_id };
    const query = this.summaries();
    if (user_id !== undefined) query.andWhere('m.userId = :user_id', { user_id });
    if (cursor !== undefined) {
      const [owner, id] = decodeCursor(cursor, ['string', 'string'], bound);
      query.andWhere('(m.userId, m.sessionId) > (:owner, :id)', { owner, id });
    }
    // One more than asked for, to know whether there is a next page.
    const found = await summariesOf(
      query
        .orderBy('m.userId', 'ASC')
        .addOrderBy('m.sessionId', 'ASC')
        .limit(limit + 1),
    );
    const items = found.slice(0, limit);
    const last = found.length > limit ? items[limit - 1] : undefined;
    return { items, nextCursor: last ? encodeCursor([last.userId, last.id], bound) : null };
  }

  /** Those whose latest memory is the latest first. */
  latest(limit: number): Promise<SessionSummary[]> {
    const query = this.summaries().orderBy('MAX(m.createdAt)', 'DESC');
    return summariesOf(query.addOrderBy('m.userId', 'ASC').addOrderBy('m.sessionId', 'ASC').limit(limit));
  }

  /** @param userId whose, empty for nobody's; without it the first owner's */
  async find(id: string, userId?: string): Promise<SessionSummary | undefined> {
    const query = this.summaries().andWhere('m.sessionId = :id', { id });
    if (userId !== undefined) query.andWhere('m.userId = :userId', { userId });
    const [found] = await summariesOf(query.orderBy('m.userId', 'ASC').limit(1));
    return found;
  }

  /** One row for each session. */
  private summaries(): SelectQueryBuilder<Memory> {
    return this.memories
      .createQueryBuilder('m')
      .select('m.userId', 'userId')
      .addSelect('m.sessionId', 'id')
      .addSelect('COUNT(*)', 'count')
      .addSelect('MIN(m.createdAt)', 'firstAt')
      .addSelect('MAX(m.createdAt)', 'lastAt')
      .where('m.sessionId IS NOT NULL')
      .groupBy('m.userId')
      .addGroupBy('m.sessionId');
  }

  /** The memories of a session from the first to the last. @throws ApiError 404, 400 INVALID_CURSOR, 403 */
  async memoriesOf(id: string, { user_id, limit, cursor }: SessionMemoriesDto): Promise<MemoryPage> {
    const page = await this.lister.list({ session_id: id, user_id, limit, cursor, order: 'asc' });
    if (page.items.length === 0 && cursor === undefined) throw sessionNotFound();
    return page;
  }

  /** Deletes a session's memories. @returns how many there were. @throws ApiError 404, 403 */
  async delete(id: string, userId: string | undefined): Promise<number> {
    const deleted = await this.lister.deleteMatching({ session_id: id, user_id: userId });
    if (deleted === 0) throw sessionNotFound();
    return deleted;
  }
}

async function summariesOf(query: SelectQueryBuilder<Memory>): Promise<SessionSummary[]> {
  const rows = await query.getRawMany<Record<keyof SessionSummary, string>>();
  return rows.map(({ id, userId, count, firstAt, lastAt }) => ({
    id,
    userId,
    // PostgreSQL's driver hands out sums and 64-bit columns as text.
    count: Number(count),
    firstAt: Number(firstAt),
    lastAt: Number(lastAt),
  }));
}

/** 404 for a session that does not exist, or is someone else's: all look alike. */
export function sessionNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no session with this id.');
}
