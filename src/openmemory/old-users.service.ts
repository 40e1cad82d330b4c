import { Injectable } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import { MAX_LIMIT } from '../http/page.dto.js';
import { MemoryLister } from '../memories/memory-lister.js';
import type { Memory } from '../memories/memory.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { type UserEntry, type UserWithSummary, UsersService } from '../users/users.service.js';
import { OldMemoryList } from './old-memory-list.js';
import type { OldPage } from './old-page.js';
import { ownersNamed } from './whose.js';

/** Users as clients of OpenMemory know them: whoever is named exists, with or without memories. */
@Injectable()
export class OldUsersService {
  constructor(
    private readonly users: UsersService,
    private readonly lister: MemoryLister,
    private readonly lists: OldMemoryList,
  ) {}

  /** @throws ApiError 404, 403 TENANT_MISMATCH */
  async get(name: string): Promise<UserWithSummary> {
    return this.first(name, (userId) => this.users.get(userId));
  }

  /** Makes the summary anew. @throws ApiError 404, 403 TENANT_MISMATCH */
  async regenerate(name: string): Promise<UserWithSummary> {
    return this.first(name, (userId) => this.renew(userId));
  }

  /** The summaries of all users whom the caller may name. @returns how many there are */
  async regenerateAll(): Promise<{ updated: number; scope: 'self' | 'all' }> {
    const { userId } = TenantContext.scope();
    let updated = 0;
    for await (const user of this.everyone()) {
      const made = await unlessAbsent(() => this.users.regenerate(user.userId));
      if (made) updated += 1;
    }
    return { updated, scope: userId === undefined ? 'all' : 'self' };
  }

  /** Users of a page, in the order of their ids. */
  async list({ limit, offset }: OldPage): Promise<UserWithSummary[]> {
    const found: UserWithSummary[] = [];
    let passed = 0;
    if (limit === 0) return found;
    for await (const entry of this.everyone()) {
      passed += 1;
      if (passed <= offset) continue;
      const user = await unlessAbsent(() => this.users.get(entry.userId));
      if (user) found.push(user);
      if (found.length === limit) break;
    }
    return found;
  }

  /** The newest first. @throws ApiError 403 TENANT_MISMATCH */
  memoriesOf(name: string, page: OldPage): Promise<Memory[]> {
    return this.lists.list({ owners: ownersNamed(name) }, page);
  }

  /** @returns how many there were. @throws ApiError 403 TENANT_MISMATCH */
  async deleteMemoriesOf(name: string): Promise<number> {
    let deleted = 0;
    for (const user_id of ownersNamed(name)) deleted += await this.lister.deleteMatching({ user_id });
    return deleted;
  }

  private async *everyone(): AsyncGenerator<UserEntry> {
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await this.users.list({ cursor, limit: MAX_LIMIT });
      yield* items;
      cursor = nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** What belongs to nobody has no row to keep a summary in: it is made whenever somebody asks. */
  private renew(userId: string): Promise<UserWithSummary> {
    return userId === '' ? this.users.get(userId) : this.users.regenerate(userId);
  }

  /** Of the owners that a name stands for, the first there is. */
  private async first(
    name: string,
    read: (userId: string) => Promise<UserWithSummary>,
  ): Promise<UserWithSummary> {
    const owners = ownersNamed(name);
    for (const userId of owners.slice(0, -1)) {
      const user = await unlessAbsent(() => read(userId));
      if (user) return user;
    }
    return read(owners[owners.length - 1]);
  }
}

async function unlessAbsent<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ApiError && error.getStatus() === 404) return undefined;
    throw error;
  }
}
