import { Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { Unkeyed } from '../operations/idempotency.interceptor.js';
import type { UserWithSummary } from '../users/users.service.js';
import { listedMemory } from './old-memory.js';
import { type OldPageQuery, PAGE_NAMES, pageOf } from './old-page.js';
import { OldQuery, OldRoutes } from './old-routes.decorators.js';
import { OldUsersService } from './old-users.service.js';

const MAX_USERS = 1_000;

/** Users in the shape that clients of OpenMemory know; those of Cairn's own API are `/v1/users`. */
@OldRoutes('users')
export class OldUsersController {
  constructor(private readonly users: OldUsersService) {}

  /** As OpenMemory's command line expects it; its server never had it. */
  @Get()
  @RequirePermission('read')
  async list(@OldQuery(...PAGE_NAMES) query: OldPageQuery) {
    const users = await this.users.list(pageOf(query, MAX_USERS));
    return {
      users: users.map((user) => {
        const { summary, reflection_count } = summaryOf(user);
        return {
          ...{ user_id: user.userId, memory_count: user.figures.count },
          ...{ reflection_count, summary },
        };
      }),
    };
  }

  @Post('summaries/regenerate-all')
  @HttpCode(200)
  @RequirePermission('write')
  @Unkeyed()
  async regenerateAll() {
    return { ok: true, ...(await this.users.regenerateAll()) };
  }

  @Get(':user_id/summary')
  @RequirePermission('read')
  async summary(@Param('user_id') name: string) {
    const user = await this.users.get(name);
    const { summary, reflection_count } = summaryOf(user);
    const updated_at = user.summary.at ?? user.row?.updatedAt ?? user.figures.lastAt ?? 0;
    return { user_id: name, summary, reflection_count, updated_at };
  }

  @Post(':user_id/summary/regenerate')
  @HttpCode(200)
  @RequirePermission('write')
  async regenerate(@Param('user_id') name: string) {
    return { ok: true, user_id: name, ...summaryOf(await this.users.regenerate(name)) };
  }

  @Get(':user_id/memories')
  @RequirePermission('read')
  async memories(@Param('user_id') name: string, @OldQuery(...PAGE_NAMES) query: OldPageQuery) {
    const memories = await this.users.memoriesOf(name, pageOf(query));
    const now = Date.now();
    return {
      user_id: name,
      items: memories.map((memory) => {
        const { user_id: _, ...item } = listedMemory(memory, now);
        return item;
      }),
    };
  }

  @Delete(':user_id/memories')
  @RequirePermission('delete')
  @Unkeyed()
  async deleteMemories(@Param('user_id') name: string) {
    return { ok: true, deleted: await this.users.deleteMemoriesOf(name) };
  }
}

/** A summary that there is none of is an empty text. */
function summaryOf({ summary, row }: UserWithSummary) {
  return { summary: summary.text ?? '', reflection_count: row?.reflectionCount ?? 0 };
}
