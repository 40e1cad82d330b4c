import fc from 'fast-check';
import { MemoryDto } from '../../src/memories/memory-view.dto.js';
import { type UserEntry, type UserWithSummary, UsersService } from '../../src/users/users.service.js';

/** Requests about users, in plans of interference. */
export type UserOperation =
  | { readonly kind: 'users'; readonly limit: number; readonly from: 'start' | 'own' | 'others' }
  | {
      readonly kind: 'user' | 'user-memories' | 'user-summary' | 'regenerate' | 'reflect' | 'erase-user';
      readonly who: string;
    }
  | { readonly kind: 'put-user'; readonly who: string; readonly summary: string | null | undefined };

/** One of them as it is sent. */
export type UserRequest =
  | { readonly kind: 'users'; readonly limit: number; readonly cursor: string | undefined }
  | Exclude<UserOperation, { kind: 'users' }>;

/** Whom services write for, and everybody asks about. */
export const WHO = fc.constantFrom('ana', 'ben', 'cem/ &');

export const userOperation: fc.Arbitrary<UserOperation> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('users' as const),
      limit: fc.integer({ min: 1, max: 2 }),
      from: fc.constantFrom('start' as const, 'own' as const, 'others' as const),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'user' as const,
        'user' as const,
        'user-memories' as const,
        'user-summary' as const,
        'regenerate' as const,
        'reflect' as const,
        'reflect' as const,
        'erase-user' as const,
      ),
      who: WHO,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('put-user' as const),
      who: WHO,
      summary: fc.constantFrom('By hand.', null, undefined),
    }),
  },
);

/** As it goes over HTTP. */
export function httpOf(request: UserRequest): [method: string, path: string, body?: object] {
  if (request.kind === 'users') {
    const { limit, cursor } = request;
    return ['GET', `/v1/users?limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`];
  }
  const path = `/v1/users/${encodeURIComponent(request.who)}`;
  switch (request.kind) {
    case 'user':
      return ['GET', path];
    case 'user-memories':
      return ['GET', `${path}/memories?limit=3&count=true`];
    case 'user-summary':
      return ['GET', `${path}/summary`];
    case 'regenerate':
      return ['POST', `${path}/summary/regenerate`];
    case 'reflect':
      return ['POST', `${path}/reflect`];
    case 'erase-user':
      return ['DELETE', path];
    case 'put-user':
      return ['PUT', path, request.summary === undefined ? {} : { summary: request.summary }];
  }
}

/** What the service itself gives, without the times at which things were written. */
export async function askService(users: UsersService, request: UserRequest): Promise<unknown> {
  switch (request.kind) {
    case 'users': {
      const { items, nextCursor } = await users.list({ limit: request.limit, cursor: request.cursor });
      return { items: items.map(entryOf), next_cursor: nextCursor };
    }
    case 'user':
    case 'user-summary':
      return userOf(await users.get(request.who));
    case 'user-memories': {
      const { items, nextCursor, count } = await users.memoriesOf(request.who, { limit: 3, count: true });
      return { items: items.map((memory) => MemoryDto.of(memory)), next_cursor: nextCursor, count };
    }
    case 'regenerate':
      return userOf(await users.regenerate(request.who));
    case 'reflect': {
      const { memories, ...counts } = await users.reflect(request.who);
      return { ...counts, reflections: memories.map((memory) => MemoryDto.of(memory)) };
    }
    case 'erase-user':
      return users.erase(request.who);
    case 'put-user': {
      const { user, created } = await users.put(request.who, { summary: request.summary });
      return { ...userOf(user), created };
    }
  }
}

function entryOf({ userId, figures, row, hasSummary }: UserEntry) {
  return { userId, figures, hasSummary, reflections: row?.reflectionCount, manual: row?.summaryManual };
}

function userOf(user: UserWithSummary) {
  return { ...entryOf(user), summary: user.summary.text };
}
