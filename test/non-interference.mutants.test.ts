import type { Type } from '@nestjs/common';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../src/http/api-error.js';
import { Memory } from '../src/memories/memory.entity.js';
import { MemoriesService } from '../src/memories/memories.service.js';
import { MemoryCreator } from '../src/memories/memory-creator.js';
import { MemoryLister } from '../src/memories/memory-lister.js';
import { OldMemoriesService } from '../src/openmemory/old-memories.service.js';
import { OldMemoryList } from '../src/openmemory/old-memory-list.js';
import { IndexRows } from '../src/recall/index-rows.js';
import { type Scope, makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { UserErasure } from '../src/users/user-erasure.js';
import { UsersService } from '../src/users/users.service.js';
import { WaypointLister } from '../src/waypoints/waypoint-lister.js';
import { WaypointWalker } from '../src/waypoints/waypoint-walker.js';
import { WaypointsService } from '../src/waypoints/waypoints.service.js';
import { TestService } from './harness/app.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { ServiceCaller } from './harness/interference-callers.js';
import {
  PATIENT,
  type Pair,
  TWO_NAMESAKES,
  TWO_USERS,
  TWO_VAULTS,
  noDifference,
} from './harness/interference-pairs.js';
import {
  type Step,
  planOfEqualTexts,
  planOfLists,
  planOfUsers,
  planOfWaypoints,
} from './harness/interference-plan.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('non-interference.mutants');
let service: TestService;

beforeAll(async () => {
  service = await TestService.start(PATIENT);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  await service.stop();
});

describe('taking away one scoping is noticed', () => {
  /** Has the code at one place see another scope than its own. */
  function scopeSeenBy(place: RegExp, change: (scope: Scope) => Scope): void {
    const scope = TenantContext.scope.bind(TenantContext);
    vi.spyOn(TenantContext, 'scope').mockImplementation(() => {
      const own = scope();
      return place.test(new Error().stack ?? '') ? change(own) : own;
    });
  }

  const ANYWHERE = /./;
  const wholeVault = (scope: Scope) => makeScope({ ...scope, userId: undefined });
  /** The two vaults of a run become one. */
  const oneVault = (scope: Scope) => ({ ...scope, vaultId: scope.vaultId.replace(/^other/, 'mixed') });

  /** Replaces a method of one service, private ones included. */
  function replace(
    type: Type,
    name: string,
    by: (original: (...given: unknown[]) => unknown, ...given: unknown[]) => unknown,
  ): void {
    const target = service.app.get<Record<string, (...given: unknown[]) => unknown>>(type);
    const original = target[name].bind(target);
    vi.spyOn(target, name).mockImplementation((...given) => by(original, ...given));
  }

  const mutants: Record<string, [fc.Arbitrary<Pair>, mutate: () => void, plans?: fc.Arbitrary<Step[]>]> = {
    'the vault, everywhere': [TWO_VAULTS, () => scopeSeenBy(ANYWHERE, oneVault)],
    'the user, everywhere': [TWO_USERS, () => scopeSeenBy(ANYWHERE, wholeVault)],
    'the owner of the blocks a search counts': [
      TWO_USERS,
      () => replace(IndexRows, 'blocksOf', (blocksOf) => TenantContext.asVault(() => blocksOf(undefined))),
    ],
    'the vault of a cursor': [TWO_NAMESAKES, () => scopeSeenBy(/http.cursor/, oneVault), planOfLists],
    'the user of a cursor': [TWO_USERS, () => scopeSeenBy(/http.cursor/, wholeVault), planOfLists],
    'the vault of an id that is taken': [
      TWO_VAULTS,
      () =>
        replace(MemoriesService, 'create', async (create, input) => {
          const { id } = input as { id?: string };
          const here = TenantContext.scope();
          const there = makeScope({ ...here, vaultId: here.vaultId.replace(/^mixed/, 'other') });
          const memories = service.app.get(MemoriesService);
          const exists = (scope: Scope) =>
            TenantContext.run(scope, () => memories.get(id!)).then(
              () => true,
              () => false,
            );
          if (id && here.vaultId !== there.vaultId && (await exists(there))) {
            throw new ApiError(409, 'ID_EXISTS', 'The vault already has a memory with this id.');
          }
          return create(input);
        }),
    ],
    'the owner of what an old client says twice': [
      TWO_USERS,
      () =>
        replace(OldMemoriesService, 'equalTo', (_, input) => {
          const memories = service.app.get(DataSource).getRepository(Memory);
          const { content } = input as { content: string };
          return TenantContext.asVault(() => memories.findOneBy({ content }));
        }),
      planOfEqualTexts,
    ],
    'the owner of an old list': [
      TWO_USERS,
      () => replace(OldMemoryList, 'read', (read, ...given) => TenantContext.asVault(() => read(...given))),
    ],
    'the owner of equal content': [
      TWO_USERS,
      () =>
        replace(MemoryCreator, 'findEqual', (_, wanted) => {
          const memories = service.app.get(DataSource).getRepository(Memory);
          const { content } = wanted as Memory;
          return TenantContext.asVault(() => memories.findOneBy({ content }));
        }),
      planOfEqualTexts,
    ],
    'the owner of what is deleted by filter': [
      TWO_USERS,
      () =>
        replace(MemoryLister, 'deleteMatching', (purge, query) => TenantContext.asVault(() => purge(query))),
    ],
    'the owner of what is counted': [
      TWO_USERS,
      () => replace(MemoryLister, 'count', (count, filters) => TenantContext.asVault(() => count(filters))),
    ],
    'whose users are listed': [
      TWO_USERS,
      () => replace(UsersService, 'list', (list, query) => TenantContext.asVault(() => list(query))),
      planOfUsers,
    ],
    'who may be asked about': [
      TWO_USERS,
      () => replace(UsersService, 'get', (get, userId) => TenantContext.asVault(() => get(userId))),
      planOfUsers,
    ],
    'who is erased': [
      TWO_USERS,
      () =>
        replace(UserErasure, 'erase', async (erase) => {
          await TenantContext.asVault(() => erase('ana'));
          return erase('ben');
        }),
      planOfUsers,
    ],
    'whose waypoints are listed': [
      TWO_USERS,
      () => replace(WaypointLister, 'list', (list, query) => TenantContext.asVault(() => list(query))),
      planOfWaypoints,
    ],
    'whose memories are joined': [
      TWO_USERS,
      () => replace(WaypointsService, 'put', (put, input) => TenantContext.asVault(() => put(input))),
      planOfWaypoints,
    ],
    'whose memories are walked': [
      TWO_USERS,
      () => replace(WaypointWalker, 'neighbours', (walk, query) => TenantContext.asVault(() => walk(query))),
      planOfWaypoints,
    ],
    'the likeness of foreign and absent': [
      TWO_USERS,
      () =>
        replace(MemoriesService, 'get', async (get, id) => {
          const exists = await TenantContext.asVault(async () => get(id)).catch(() => undefined);
          return Promise.resolve(get(id)).catch((error: unknown) => {
            throw exists ? new ApiError(403, 'FORBIDDEN', 'Not yours.') : error;
          });
        }),
    ],
  };

  it.each(Object.entries(mutants))('%s', async (_, [pair, mutate, plans]) => {
    mutate();
    const result = await fc.check(noDifference(service, ServiceCaller, pair, plans), {
      seed,
      numRuns: 600,
      endOnFailure: true,
    });
    expect(result.failed).toBe(true);
  });
});
