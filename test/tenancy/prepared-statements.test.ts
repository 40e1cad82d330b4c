import 'reflect-metadata';
import { type DataSource, In, Like, type Repository } from 'typeorm';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Memory } from '../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../src/memories/memory-version.entity.js';
import { TenancyViolationError } from '../../src/tenancy/errors.js';
import { PreparedInsert } from '../../src/tenancy/prepared-insert.js';
import { PreparedSelect, PreparedUpdate } from '../../src/tenancy/prepared-statements.js';
import { type Scope, makeScope } from '../../src/tenancy/scope.js';
import { NoTenantContextError, TenantContext } from '../../src/tenancy/tenant-context.js';
import { Waypoint } from '../../src/waypoints/waypoint.entity.js';
import { User } from '../../src/users/user.entity.js';
import { USERS, memoryId } from '../harness/tenant-rows.js';
import { makeDatabase } from '../harness/tenant-database.js';
import type { Owns } from '../harness/tenant-inspector.js';
import { TenantWorld, openTenants } from '../harness/tenants.js';
import { SETTINGS } from './settings.js';

const permissions = ['read', 'write', 'delete'] as const;
const SCOPES: readonly Scope[] = [
  ...SETTINGS.map(({ scope }) => scope),
  makeScope({ vaultId: 'A', userId: 'u2', permissions }),
  makeScope({ vaultId: 'A', permissions, includeExpired: true }),
  makeScope({ vaultId: 'B', userId: 'u1', permissions, includeExpired: true }),
  makeScope({ vaultId: 'B', userId: 'u1', permissions }),
  makeScope({ vaultId: 'C', permissions }),
];
const IDS = USERS.flatMap((user) => [1, 2, 3, 'expired'].map((n) => memoryId(user, n)));
const everything: Owns = () => true;

let template: string;
let world: TenantWorld;
let dataSource: DataSource;
let memories: Repository<Memory>;

beforeAll(async () => {
  template = await makeDatabase('seeded');
});

beforeEach(async () => {
  world = await TenantWorld.open(template, openTenants);
  dataSource = world.dataSource;
  memories = dataSource.getRepository(Memory);
});

afterEach(() => world.close());

const byId = () => new PreparedSelect(memories, 'm', (query) => query.where('m.id = :id').limit(1));
const rewrite = () => new PreparedUpdate(memories, { content: ':content' }, 'id = :id');

function newMemory(values: Partial<Memory>): Memory {
  return {
    vaultId: 'A',
    id: 'new',
    userId: 'u1',
    collection: null,
    sessionId: null,
    position: 500,
    content: 'new',
    primarySector: 'semantic',
    sectors: '[]',
    tags: '[]',
    metadata: '{}',
    contentHash: 'hash',
    salience: 0.5,
    decayLambda: 0.1,
    lastSeenAt: 1,
    version: 1,
    createdAt: 1,
    updatedAt: 1,
    expiresAt: null,
    ...values,
  };
}

/** Runs `fn`, which must throw and change nothing. */
async function expectRefused(scope: Scope, fn: () => Promise<unknown>, error: unknown): Promise<void> {
  const before = world.digest(everything);
  await expect(TenantContext.run(scope, fn)).rejects.toThrow(error as typeof Error);
  expect(world.digest(everything)).toEqual(before);
}

describe('a prepared selection', () => {
  it('finds what the repository finds, in every scope and whichever came before', async () => {
    const prepared = byId();
    let found = 0;
    for (const scope of [...SCOPES, ...SCOPES.toReversed()]) {
      await TenantContext.run(scope, async () => {
        for (const id of IDS) {
          const expected = await memories.findOneBy({ id });
          expect(await prepared.one({ id }), `${scope.vaultId}/${scope.userId} ${id}`).toStrictEqual(
            expected,
          );
          found += expected ? 1 : 0;
        }
      });
    }
    expect(found).toBeGreaterThan(2 * SCOPES.length);
  });

  it('reads columns as the entity has them', async () => {
    const users = dataSource.getRepository(User);
    const prepared = new PreparedSelect(users, 'u', (query) => query.where('u.userId = :userId'));
    await TenantContext.run(SCOPES[0], async () => {
      const user = await prepared.one({ userId: 'u1' });
      expect(user).toStrictEqual(await users.findOneBy({ userId: 'u1' }));
      expect(user?.summaryManual).toBe(true);
    });
  });

  it('has no way out of its condition', async () => {
    const open = new PreparedSelect(memories, 'm', (query) => query.where('m.id = :id) OR (1 = 1'));
    const other = new PreparedSelect(memories, 'm', (query) =>
      query.where("m.id IN (SELECT id FROM memories WHERE user_id = 'u2')"),
    );
    for (const { scope } of SETTINGS) {
      await expectRefused(scope, () => open.one({ id: 'x' }), TenancyViolationError);
      await expectRefused(scope, () => other.one({}), TenancyViolationError);
    }
  });

  it('takes no values but those of its run', async () => {
    const prepared = new PreparedSelect(memories, 'm', (query) => query.where('m.id = :id', { id: 'x' }));
    await expectRefused(SCOPES[0], () => prepared.one({ id: 'x' }), TenancyViolationError);
  });

  it('needs a context', async () => {
    const prepared = byId();
    await TenantContext.run(SCOPES[0], () => prepared.one({ id: 'x' }));
    await expect(prepared.one({ id: 'x' })).rejects.toThrow(NoTenantContextError);
  });
});

describe('a prepared selection of many', () => {
  it('finds what the repository finds, by lists and through joins, in every scope', async () => {
    const waypoints = dataSource.getRepository(Waypoint);
    const listed = new PreparedSelect(memories, 'm', (query) =>
      query.where('m.id IN (:...ids)').orderBy('m.id', 'ASC'),
    );
    const joined = new PreparedSelect(waypoints, 'w', (query) =>
      query.innerJoin('w.src', 's').where('w.dstId IN (:...ids)').orderBy('w.srcId', 'ASC'),
    );
    let found = 0;
    for (const scope of [...SCOPES, ...SCOPES.toReversed()]) {
      await TenantContext.run(scope, async () => {
        for (const ids of [IDS, IDS.slice(0, 1), IDS.slice(2, 5)]) {
          const expected = await memories.find({ where: { id: In(ids) }, order: { id: 'ASC' } });
          expect(await listed.all({ ids })).toStrictEqual(expected);
          const plain = waypoints.createQueryBuilder('w').innerJoin('w.src', 's');
          const edges = await plain.where('w.dstId IN (:...ids)', { ids }).orderBy('w.srcId').getMany();
          expect(await joined.all({ ids })).toStrictEqual(edges);
          found += expected.length + edges.length;
        }
      });
    }
    expect(found).toBeGreaterThan(4 * SCOPES.length);
  });
});

describe('a prepared change', () => {
  it.each(SETTINGS)('reaches only what the scope may change, between $name', async ({ scope, writes }) => {
    const prepared = rewrite();
    const { foreign } = world.digest(writes);
    let changed = 0;
    await TenantContext.run(scope, async () => {
      for (const id of [...IDS, ...IDS]) changed += await prepared.run({ id, content: 'changed' });
    });
    expect(changed).toBeGreaterThan(0);
    expect(world.digest(writes).foreign).toBe(foreign);
  });

  it('goes with the unit of work that it is part of', async () => {
    const before = world.digest(everything);
    const run = () =>
      dataSource.transaction(async () => {
        expect(await rewrite().run({ id: memoryId('u1', 1), content: 'changed' })).toBe(1);
        throw new Error('undone');
      });
    await expect(TenantContext.run(SCOPES[0], run)).rejects.toThrow('undone');
    expect(world.digest(everything)).toEqual(before);
  });

  it('has no way out of its condition', async () => {
    const open = new PreparedUpdate(memories, { content: ':content' }, 'id = :id) OR (1 = 1');
    const stolen = new PreparedUpdate(
      memories,
      { content: '(SELECT max(content) FROM memories)' },
      'id = :id',
    );
    const smuggled = new PreparedUpdate(memories, { content: ":content, user_id = 'u2'" }, 'id = :id');
    const id = memoryId('u1', 1);
    for (const { scope } of SETTINGS.slice(1)) {
      await expectRefused(scope, () => open.run({ id, content: 'x' }), TenancyViolationError);
      await expectRefused(scope, () => stolen.run({ id }), TenancyViolationError);
      await expectRefused(scope, () => smuggled.run({ id, content: 'x' }), TenancyViolationError);
    }
  });

  it('cannot be made for an owner, a key or a reference', () => {
    const versions = dataSource.getRepository(MemoryVersion);
    for (const property of ['vaultId', 'userId', 'id'] as const) {
      const make = () => new PreparedUpdate(memories, { [property]: ':value' }, 'id = :id');
      expect(make).toThrow(TenancyViolationError);
    }
    const refer = () => new PreparedUpdate(versions, { memoryId: ':value' }, 'version = :version');
    expect(refer).toThrow(TenancyViolationError);
  });
});

describe('a prepared insertion', () => {
  it('writes the row as the repository does', async () => {
    const prepared = new PreparedInsert(memories);
    for (const { scope } of SETTINGS) {
      await TenantContext.run(scope, async () => {
        await prepared.run(newMemory({ id: 'prepared', position: 500, expiresAt: 8e12 }));
        await memories.insert(newMemory({ id: 'plain', position: 501, expiresAt: 8e12 }));
        const [one, other] = [
          await memories.findOneBy({ id: 'prepared' }),
          await memories.findOneBy({ id: 'plain' }),
        ];
        expect({ ...one, id: '', position: 0 }).toEqual({ ...other, id: '', position: 0 });
        expect(one?.userId).toBe('u1');
      });
      await world.restore();
      memories = world.dataSource.getRepository(Memory);
    }
  });

  it('refuses another vault, and in a user scope another user or none', async () => {
    const prepared = new PreparedInsert(memories);
    for (const scope of SCOPES.filter(({ vaultId }) => vaultId === 'A')) {
      await expectRefused(scope, () => prepared.run(newMemory({ vaultId: 'B' })), TenancyViolationError);
      if (scope.userId === undefined) continue;
      for (const userId of ['u3', '']) {
        await expectRefused(scope, () => prepared.run(newMemory({ userId })), TenancyViolationError);
      }
    }
  });

  it('writes many rows as it writes one, in every number of them', async () => {
    const prepared = new PreparedInsert(memories);
    const single = new PreparedInsert(memories);
    for (const { scope } of SETTINGS) {
      await TenantContext.run(scope, async () => {
        for (const count of [0, 1, 2, 19, 20, 21, 45]) {
          const rows = (kind: string, from: number) =>
            Array.from({ length: count }, (_, i) =>
              newMemory({
                id: `${kind}-${count}-${i}`,
                content: `${i}`,
                position: from + i,
                expiresAt: i ? null : 8e12,
              }),
            );
          await prepared.runMany(rows('many', 10_000 * (count + 1)));
          for (const row of rows('single', 10_000 * (count + 1) + 5_000)) await single.run(row);
        }
        const written = async (kind: string) => {
          const found = await memories.find({ where: { id: Like(`${kind}-%`) }, order: { position: 'ASC' } });
          return found.map((row) => ({
            ...row,
            id: row.id.replace(kind, ''),
            position: row.position % 5_000,
          }));
        };
        expect(await written('many')).toHaveLength(108);
        expect(await written('many')).toEqual(await written('single'));
      });
      await world.restore();
      memories = world.dataSource.getRepository(Memory);
    }
  });

  it('refuses many rows for one that is not the scope’s, wherever it stands', async () => {
    const prepared = new PreparedInsert(memories);
    for (const scope of SCOPES.filter(({ vaultId }) => vaultId === 'A')) {
      for (const at of [0, 7, 19]) {
        const rows = (wrong: Partial<Memory>) =>
          Array.from({ length: 20 }, (_, i) =>
            newMemory({ id: `n${i}`, position: 500 + i, ...(i === at && wrong) }),
          );
        await expectRefused(scope, () => prepared.runMany(rows({ vaultId: 'B' })), TenancyViolationError);
        if (scope.userId === undefined) continue;
        await expectRefused(scope, () => prepared.runMany(rows({ userId: 'u3' })), TenancyViolationError);
      }
    }
  });

  it('refuses a row that lacks a value', async () => {
    const lacking = newMemory({ content: undefined });
    await expectRefused(SCOPES[0], () => new PreparedInsert(memories).run(lacking), TypeError);
  });

  it('refers to rows of the scope’s own user only, there or not, expired or not', async () => {
    const prepared = new PreparedInsert(dataSource.getRepository(Waypoint));
    const joining = (userId: string, srcId: string, dstId: string): Waypoint => ({
      ...{ vaultId: 'A', srcId, dstId, type: 'joining', userId, weight: 1, metadata: '{}' },
      ...{ createdAt: 1, updatedAt: 1 },
    });
    const [own, other, expired] = [memoryId('u1', 1), memoryId('u1', 2), memoryId('u1', 'expired')];
    const user = makeScope({ vaultId: 'A', userId: 'u1', permissions, shareUnowned: true });
    for (const foreign of [memoryId('u2', 1), memoryId('', 1), 'nowhere']) {
      for (const ends of [
        [own, foreign],
        [foreign, own],
      ] as const) {
        await expectRefused(user, () => prepared.run(joining('u1', ...ends)), TenancyViolationError);
        const among = [joining('u1', own, other), joining('u1', ...ends)];
        await expectRefused(user, () => prepared.runMany(among), TenancyViolationError);
      }
    }
    const service = makeScope({ vaultId: 'A', permissions });
    await expectRefused(service, () => prepared.run(joining('', own, memoryId('u1', 3))), Error);
    await TenantContext.run(user, async () => {
      await prepared.run(joining('u1', own, other));
      await prepared.run(joining('u1', other, expired));
    });
    await TenantContext.run(service, () => prepared.run(joining('', memoryId('u2', 1), memoryId('', 1))));
    const made = () => dataSource.getRepository(Waypoint).countBy({ type: 'joining' });
    expect([await TenantContext.run(user, made), await TenantContext.run(service, made)]).toEqual([3, 3]);
  });
});
