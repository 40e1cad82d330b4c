import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoriesService } from '../src/memories/memories.service.js';
import { MemoryLister } from '../src/memories/memory-lister.js';
import { MemorySearch } from '../src/memories/memory-search.js';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('memories-list');

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  view.close();
  await service.stop();
});

const idsOf = (answer: Answer): string[] => answer.body.items.map(({ id }: { id: string }) => id);

type Params = Record<string, string | number | boolean | undefined>;

function path(params: Params): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `/v1/memories?${new URLSearchParams(given)}`;
}

async function storeAll(client: Client, bodies: readonly object[]): Promise<void> {
  for (const body of bodies) {
    const { status, text } = await client.post('/v1/memories', { content: 'x', ...body });
    if (status !== 201) throw new Error(text);
  }
}

/** Every page from the first on, `between` run after each. */
async function walk(client: Client, params: Params, between = async (_page: number) => {}) {
  const ids: string[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page += 1) {
    const answer = await client.get(path({ ...params, cursor }));
    if (answer.status !== 200) throw new Error(answer.text);
    ids.push(...idsOf(answer));
    if (answer.body.next_cursor === null) return ids;
    cursor = answer.body.next_cursor as string;
    await between(page);
  }
}

interface Row {
  id: string;
  user_id?: string;
  session_id?: string;
  collection?: string;
  sector?: string;
  tags?: string[];
  metadata?: Record<string, unknown>;
  created_at: number;
}

describe('GET /v1/memories', () => {
  const maybe = <T>(...values: T[]) => fc.constantFrom(undefined, ...values);
  const row = fc.record({
    user_id: maybe('ana', 'ben'),
    session_id: maybe('s1', 's2'),
    collection: maybe('c1', 'c2'),
    sector: fc.constantFrom('semantic', 'episodic', 'emotional'),
    tags: fc.subarray(['t1', 't2', 't3']),
    metadata: fc.record({ k: maybe<unknown>(1, '1', null, [1], { a: 1 }, true), l: maybe(2) }),
    created_at: fc.integer({ min: 1000, max: 1009 }),
  });
  const query = fc.record({
    user_id: maybe('ana', 'cem'),
    session_id: maybe('s1', 's9'),
    collection: maybe('c1'),
    sector: maybe('semantic', 'emotional', 'procedural'),
    tag: maybe('t1', 't2'),
    metadata: maybe(
      '{"k":1}',
      '{"k":"1","l":2}',
      '{"k":null}',
      '{"k":[1]}',
      '{"k":{"a":1}}',
      '{}',
      '{"m":1}',
    ),
    created_after: maybe(1003, 1009),
    created_before: maybe(1006),
    order: maybe('asc', 'desc'),
    limit: maybe(1, 3, 7, 100),
  });

  const matches = (memory: Row, q: Params): boolean => {
    const wanted = q.metadata === undefined ? {} : JSON.parse(String(q.metadata));
    const own = JSON.parse(JSON.stringify(memory.metadata ?? {}));
    return (
      (q.user_id === undefined || memory.user_id === q.user_id) &&
      (q.session_id === undefined || memory.session_id === q.session_id) &&
      (q.collection === undefined || memory.collection === q.collection) &&
      (q.sector === undefined || memory.sector === q.sector) &&
      (q.tag === undefined || (memory.tags ?? []).includes(String(q.tag))) &&
      (q.created_after === undefined || memory.created_at >= Number(q.created_after)) &&
      (q.created_before === undefined || memory.created_at < Number(q.created_before)) &&
      Object.entries(wanted).every(([key, value]) => JSON.stringify(own[key]) === JSON.stringify(value))
    );
  };

  it('gives what matches every filter, in order, in pages, and counts it', async () => {
    const client = service.as('filters');
    // JSON has no undefined, so a field left out here is left out of the request.
    const rows: Row[] = fc
      .sample(row, { seed, numRuns: 150 })
      .map((one, i) => ({ ...JSON.parse(JSON.stringify(one)), id: `m${i}` }) as Row);
    await storeAll(client, rows);
    await fc.assert(
      fc.asyncProperty(query, async (given) => {
        const q: Params = given;
        const expected = rows
          .filter((memory) => matches(memory, q))
          .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
          .map(({ id }) => id);
        if (q.order !== 'asc') expected.reverse();
        const first = await client.get(path({ ...q, count: true }));
        expect(first.body.count).toBe(expected.length);
        expect(idsOf(first)).toEqual(expected.slice(0, Number(q.limit ?? 20)));
        expect(await walk(client, q)).toEqual(expected);
        const deleted = await client.delete(
          path({ ...q, order: undefined, limit: undefined, dry_run: true }),
        );
        const filters = ['user_id', 'session_id', 'collection', 'sector', 'tag', 'created_after'];
        const isFiltered =
          [...filters, 'created_before'].some((name) => q[name] !== undefined) ||
          (q.metadata !== undefined && q.metadata !== '{}');
        if (isFiltered) expect(deleted.body).toEqual({ deleted: expected.length, dry_run: true });
        else expect([deleted.status, deleted.body.code]).toEqual([400, 'FILTER_REQUIRED']);
      }),
      { seed, numRuns: 120 },
    );
  });

  it('keeps limits: 20 when none is given, 1 to 100', async () => {
    const client = service.as('limits', 'u');
    await storeAll(
      client,
      Array.from({ length: 101 }, (_, i) => ({ id: `m${i}`, created_at: i })),
    );
    expect(idsOf(await client.get('/v1/memories'))).toHaveLength(20);
    expect(idsOf(await client.get('/v1/memories?limit=1'))).toEqual(['m100']);
    const hundred = await client.get('/v1/memories?limit=100');
    expect(idsOf(hundred)).toHaveLength(100);
    const rest = await client.get(path({ limit: 100, cursor: hundred.body.next_cursor }));
    expect([idsOf(rest), rest.body.next_cursor]).toEqual([['m0'], null]);
    expect((await client.get('/v1/memories')).body.count).toBeUndefined();
  });

  it('walks 1,000 memories exactly once each while others come and go', async () => {
    const client = service.as('walk', 'u');
    const times = fc.sample(fc.integer({ min: 100_000, max: 100_200 }), { seed, numRuns: 1000 });
    const standing = times.map((created_at, i) => ({ id: `s${i}`, created_at }));
    const passing = times.slice(0, 200).map((created_at, i) => ({ id: `p${i}`, created_at }));
    await storeAll(client, [...standing, ...passing]);
    for (const order of ['asc', 'desc'] as const) {
      let made = 0;
      const random = fc.sample(fc.nat(200), { seed: seed + 1, numRuns: 400 });
      const seen = await walk(client, { order, limit: 30 }, async (page) => {
        await Promise.all(
          Array.from({ length: 4 }, async (_, i) => {
            const created_at = 100_000 + random[(page * 4 + i) % random.length];
            await storeAll(client, [{ id: `n-${order}-${made++}`, created_at }]);
            await client.delete(`/v1/memories/p${(page * 4 + i) % 200}`);
          }),
        );
      });
      expect(new Set(seen).size).toBe(seen.length);
      const expected = [...standing].sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
      if (order === 'desc') expected.reverse();
      expect(seen.filter((id) => id.startsWith('s'))).toEqual(expected.map(({ id }) => id));
    }
  });

  it('refuses a cursor of another vault, user, filter or order, as it refuses garbage', async () => {
    const rows = Array.from({ length: 4 }, (_, i) => ({ id: `m${i}`, created_at: i, tags: ['t'] }));
    const [ana, ben] = [service.as('cursors', 'ana'), service.as('cursors', 'ben')];
    const elsewhere = service.as('cursors-2', 'ana');
    const all = service.as('cursors');
    await storeAll(ana, rows);
    await storeAll(
      ben,
      rows.map((memory) => ({ ...memory, id: `b${memory.id}` })),
    );
    await storeAll(elsewhere, rows);
    const query = { limit: 2, tag: 't', order: 'asc' };
    const cursor = (await ana.get(path(query))).body.next_cursor as string;
    expect(idsOf(await ana.get(path({ ...query, cursor })))).toEqual(['m2', 'm3']);
    // A page may have another size, and a count, than the one before.
    const sameList = { ...query, limit: 1, count: true, cursor };
    expect((await ana.get(path(sameList))).body).toMatchObject({ count: 4 });

    const id = { 'x-request-id': 'r' };
    const garbage = await ana.get(path({ ...query, cursor: 'garbage' }), id);
    expect([garbage.status, garbage.body.code]).toEqual([400, 'INVALID_CURSOR']);
    const forged = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    const [createdAt, last, binding] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    for (const [client, params] of [
      [ben, { ...query, cursor }],
      [elsewhere, { ...query, cursor }],
      [all, { ...query, cursor }],
      [ana, { ...query, order: 'desc', cursor }],
      [ana, { ...query, order: undefined, cursor }],
      [ana, { ...query, tag: undefined, cursor }],
      [ana, { ...query, tag: 'other', cursor }],
      [ana, { ...query, user_id: 'ana', cursor }],
      [ana, { ...query, created_after: 0, cursor }],
      [ana, { ...query, metadata: '{}', cursor }],
      [ana, { ...query, cursor: `${cursor.slice(0, -2)}AA` }],
      [ana, { ...query, cursor: forged(createdAt, last) }],
      [ana, { ...query, cursor: forged(`${createdAt}`, last, binding) }],
      [ana, { ...query, cursor: forged(createdAt, 1, binding) }],
      [ana, { ...query, cursor: forged(1e300, last, binding) }],
      [ana, { ...query, cursor: forged({ __proto__: 1 }, [last], binding) }],
    ] as const) {
      expect((await client.get(path(params), id)).text).toBe(garbage.text);
    }
  });

  it('lets others have their turn while it looks through many memories', async () => {
    const scope = makeScope({ vaultId: 'turns', userId: 'u', permissions: [] });
    await TenantContext.run(scope, async () => {
      const memories = service.app.get(MemoriesService);
      for (let i = 0; i < 1_001; i += 1) await memories.create({ content: 'An owl.', tags: [`t${i % 2}`] });
      let turns = 0;
      const tick = () => {
        turns += 1;
        ticking = setImmediate(tick);
      };
      let ticking = setImmediate(tick);
      const { count } = await service.app.get(MemoryLister).list({ tag: 't0', limit: 1, count: true });
      expect([count, turns >= 5]).toEqual([501, true]);
      turns = 0;
      const filters = { metadata: { absent: true } };
      expect(await service.app.get(MemorySearch).search({ query: 'owl', filters })).toEqual([]);
      expect(turns).toBeGreaterThanOrEqual(5);
      clearImmediate(ticking);
    });
  });

  it.each<[string, string]>([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1e1', 'limit'],
    ['limit=', 'limit'],
    ['limit=10&limit=20', 'limit'],
    ['order=newest', 'order'],
    ['order=', 'order'],
    ['count=yes', 'count'],
    ['count=1', 'count'],
    ['created_after=yesterday', 'created_after'],
    ['created_after=-1', 'created_after'],
    ['created_before=1.5', 'created_before'],
    ['created_before=99999999999999999', 'created_before'],
    ['sector=unknown', 'sector'],
    ['user_id=', 'user_id'],
    ['session_id=%00', 'session_id'],
    ['collection=%FF', 'collection'],
    ['metadata=x', 'metadata'],
    ['metadata=[]', 'metadata'],
    ['metadata=null', 'metadata'],
    ['metadata=%7B%22n%22%3A9007199254740993%7D', 'metadata.n'],
    [`metadata=${encodeURIComponent('{"a":'.repeat(40) + '1' + '}'.repeat(40))}`, 'metadata'],
    ['cursor=', 'cursor'],
    ['vault_id=other', 'vault_id'],
    ['tags=x', 'tags'],
    ['__proto__=x', '__proto__'],
    ['constructor=x', 'constructor'],
  ])('refuses ?%s by name', async (search, field) => {
    const client = service.as('queries');
    const isList = /^(limit|order|count|cursor)/.test(search);
    for (const method of isList ? ['GET'] : ['GET', 'DELETE']) {
      const answer = await client.send(method, `/v1/memories?${search}`);
      expect([method, answer.status]).toEqual([method, 400]);
      expect(answer.body.errors[0].field).toBe(field);
    }
  });
});

describe('DELETE /v1/memories', () => {
  const ids = async (client: Client) => (await walk(client, { limit: 100, order: 'asc' })).join(' ');

  it('deletes exactly what matches, and in a dry run nothing', async () => {
    const [ana, ben, all] = [service.as('purge', 'ana'), service.as('purge', 'ben'), service.as('purge')];
    const row = (i: number) => ({ id: `a${i}`, created_at: i, tags: [`t${i % 2}`], session_id: `s${i % 3}` });
    await storeAll(ana, [0, 1, 2, 3, 4, 5].map(row));
    await storeAll(
      ben,
      [0, 1, 2].map((i) => ({ ...row(i), id: `b${i}` })),
    );
    await storeAll(
      all,
      [0, 1].map((i) => ({ ...row(i), id: `n${i}` })),
    );
    await ana.patch('/v1/memories/a1', { metadata: { k: 1 } });

    const before = view.digest();
    expect((await ana.delete('/v1/memories?tag=t1&dry_run=true')).body).toEqual({
      deleted: 3,
      dry_run: true,
    });
    expect((await all.delete('/v1/memories?tag=t1&dry_run=true')).body).toEqual({
      deleted: 5,
      dry_run: true,
    });
    expect(view.digest()).toBe(before);

    const purged = await ana.delete('/v1/memories?tag=t1&session_id=s1&dry_run=false');
    expect(purged.body).toEqual({ deleted: 1, dry_run: false });
    expect(await ids(ana)).toBe('a0 a2 a3 a4 a5');
    expect((await ana.delete(path({ created_after: 2, created_before: 5 }))).body.deleted).toBe(3);
    expect(await ids(ana)).toBe('a0 a5');
    expect(await ids(ben)).toBe('b0 b1 b2');
    expect((await all.delete('/v1/memories?user_id=ben')).body.deleted).toBe(3);
    expect(await ids(all)).toBe('a0 n0 n1 a5');
    expect((await all.delete('/v1/memories?tag=t0')).body.deleted).toBe(2);
    expect(await ids(all)).toBe('n1 a5');
    expect(view.counts('purge')).toMatchObject({ memories: 2, memory_versions: 0 });
  });

  it.each([
    ['', 'no filter'],
    ['?dry_run=true', 'a dry run of no filter'],
    ['?dry_run=false', 'no filter but dry_run'],
    ['?metadata={}', 'metadata that everything has'],
    ['?metadata=%20%7B%20%7D&dry_run=false', 'the same, spelt otherwise'],
  ])('%s is refused: %s', async (search) => {
    const client = service.as('keep', 'u');
    await storeAll(client, [{}]);
    const before = view.digest();
    const answer = await client.delete(`/v1/memories${search}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'FILTER_REQUIRED']);
    expect(view.digest()).toBe(before);
  });

  it('deletes more than one portion, while others write', async () => {
    const client = service.as('bulk', 'u');
    const rows = Array.from({ length: 450 }, (_, i) => ({
      tags: [i % 9 === 0 ? 'keep' : 'drop'],
      created_at: i,
    }));
    await storeAll(client, rows);
    const [purged] = await Promise.all([
      client.delete('/v1/memories?tag=drop'),
      storeAll(
        client,
        Array.from({ length: 40 }, () => ({ tags: ['new'] })),
      ),
    ]);
    expect(purged.body.deleted).toBe(400);
    expect((await client.get('/v1/memories?count=true')).body.count).toBe(90);
  });
});
