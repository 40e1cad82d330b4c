import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { ApiError, unacceptable } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { refuseOtherUser } from '../memories/memory-filters.js';
import { MemoryLister, type MemoryPage } from '../memories/memory-lister.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { ScopeRow } from '../recall/scope.entity.js';
import { isUserId } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { type Reflections, ReflectionsService } from './reflections.service.js';
import { UserErasure } from './user-erasure.js';
import { type Figures, UserFigures } from './user-figures.js';
import { newUser } from './user-marks.js';
import { type Summary, UserSummaries } from './user-summaries.js';
import type { ListUserMemoriesDto, ListUsersDto, PutUserDto } from './user.dto.js';
import { User } from './user.entity.js';

/** A user, with what is known without reading the memories. */
export interface UserEntry {
  readonly userId: string;
  readonly figures: Figures;
  /** Null for one from before there were rows of users, who has memories and nothing else. */
  readonly row: User | null;
  readonly hasSummary: boolean;
}

export interface UserWithSummary extends UserEntry {
  readonly summary: Summary;
}

export interface UserPage {
  readonly items: UserEntry[];
  readonly nextCursor: string | null;
}

const LIST = { list: 'users' };

/**
 * The users of a vault: whoever has a row of their own, or memories. A user's token may name that user only, and
 * sees nobody else.
 */
@Injectable()
export class UsersService {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    private readonly figures: UserFigures,
    private readonly summaries: UserSummaries,
    private readonly reflections: ReflectionsService,
    private readonly erasure: UserErasure,
    private readonly lister: MemoryLister,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
  ) {}

  /** By id, in byte order. @throws ApiError 400 INVALID_CURSOR */
  async list({ cursor, limit = DEFAULT_LIMIT }: ListUsersDto): Promise<UserPage> {
    const after = cursor === undefined ? '' : decodeCursor(cursor, ['string'], LIST)[0];
    return this.tenancy.snapshot(async () => {
      // One more than asked for, to know whether there is a next page. "No owner" is '', and so never met.
      const page = { order: { userId: 'ASC' as const }, take: limit + 1 };
      const rows = await this.users.find({ where: { userId: MoreThan(after) }, ...page });
      const owners = await this.scopes.find({
        where: { userId: MoreThan(after), memoryCount: MoreThan(0) },
        ...page,
      });
      const known = new Map(rows.map((row) => [row.userId, row]));
      const userIds = [...new Set([...rows, ...owners].map(({ userId }) => userId))].sort(byBytes);
      const shown = userIds.slice(0, limit);
      const figures = await this.figures.of(shown);
      return {
        items: shown.map((userId) => this.entry(userId, known.get(userId) ?? null, figures.get(userId)!)),
        nextCursor: userIds.length > limit ? encodeCursor([shown[limit - 1]], LIST) : null,
      };
    });
  }

  /** @throws ApiError 404, 403 for another user */
  async get(userId: string): Promise<UserWithSummary> {
    refuseOtherUser(userId);
    return this.tenancy.snapshot(() => this.read(userId));
  }

  /**
   * Makes the user known, and sets the summary or gives it back.
   *
   * @returns the user, and whether nobody knew them before
   * @throws ApiError 403 for another user, 400 for a new one whose id is too long
   */
  async put(userId: string, { summary }: PutUserDto): Promise<{ user: UserWithSummary; created: boolean }> {
    refuseOtherUser(userId);
    const now = Date.now();
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      const before = await this.find(userId);
      if (!before && !isUserId(userId)) throw unusableId();
      if (!before?.row) await this.users.insert(newUser(userId, now));
      const manual = typeof summary === 'string';
      if (summary !== undefined) {
        const state = { summaryManual: manual, summaryStale: !manual, summaryAt: manual ? now : null };
        await this.users.update({ userId }, { summary, ...state, updatedAt: now });
      }
      return { user: await this.read(userId), created: before === null };
    });
  }

  /** Makes the summary anew and stores it; one written by hand stays. @throws ApiError 404, 403 for another user */
  async regenerate(userId: string): Promise<UserWithSummary> {
    refuseOtherUser(userId);
    return this.tenancy.transaction(async () => {
      const { row } = await this.require(userId);
      await this.vaults.ensureWritable();
      const user = row ?? newUser(userId, Date.now());
      if (!row) await this.users.insert(user);
      await this.summaries.make(user);
      const entry = await this.require(userId);
      return { ...entry, summary: { text: user.summary, at: user.summaryAt } };
    });
  }

  /** As the list of all memories, of one user. @throws ApiError 404, 400 INVALID_CURSOR, 403 for another user */
  async memoriesOf(userId: string, query: ListUserMemoriesDto): Promise<MemoryPage> {
    refuseOtherUser(userId);
    return this.tenancy.snapshot(async () => {
      await this.require(userId);
      return this.lister.list({ ...query, user_id: userId });
    });
  }

  /** @throws ApiError 404, 403 for another user */
  async reflect(userId: string): Promise<Reflections> {
    refuseOtherUser(userId);
    await this.tenancy.snapshot(() => this.require(userId));
    return this.reflections.reflect(userId);
  }

  /**
   * Erases everything of a user.
   *
   * @returns how many rows of each table
   * @throws ApiError 404 where there was nothing, 403 for another user
   */
  async erase(userId: string): Promise<Record<string, number>> {
    refuseOtherUser(userId);
    const erased = await this.erasure.erase(userId);
    if (Object.values(erased).every((rows) => rows === 0)) throw userNotFound();
    return erased;
  }

  private async read(userId: string): Promise<UserWithSummary> {
    const entry = await this.require(userId);
    return { ...entry, summary: await this.summaries.current(userId, entry.row, entry.figures) };
  }

  private async require(userId: string): Promise<UserEntry> {
    const entry = await this.find(userId);
    if (!entry) throw userNotFound();
    return entry;
  }

  private async find(userId: string): Promise<UserEntry | null> {
    const row = await this.users.findOneBy({ userId });
    const figures = (await this.figures.of([userId])).get(userId)!;
    return row || figures.count > 0 ? this.entry(userId, row, figures) : null;
  }

  private entry(userId: string, row: User | null, figures: Figures): UserEntry {
    return { userId, row, figures, hasSummary: this.summaries.exists(row, figures) };
  }
}

/** 404 for a user whom the vault does not know, whoever else may. */
function userNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no user with this id.');
}

function unusableId(): ApiError {
  return unacceptable([
    { field: 'user_id', message: 'must be 1 to 256 characters of well-formed text without U+0000' },
  ]);
}

/** As SQLite and PostgreSQL with COLLATE "C" order text. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
