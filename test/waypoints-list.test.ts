import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeScope } from '../src/tenancy/scope.js';
import { Tenancy } from '../src/tenancy/tenancy.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { WaypointsService } from '../src/waypoints/waypoints.service.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { extent } from './harness/extent.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { statementsDuring } from './harness/statement-spy.js';
import { putVault } from './harness/vault-row.js';

const seed = randomSeed('waypoints-list');
/** Waypoints that are there during a whole walk; there are a tenth as many that go meanwhile. */
const WALKED = extent('WALKED_WAYPOINTS', { sqlite: 10_000, postgres: 1_000 });

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ WAYPOINTS_AUTOMATIC: 'false', USER_SUMMARIES: 'false' });
});

afterAll(() => service.stop());

type Params = Record<string, string | number | boolean | undefined>;

function path(params: Params, under = ''): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `/v1/waypoints${under}?${new URLSearchParams(given)}`;
}

async function ok(answer: Promise<Answer>): Promise<Answer> {
  const done = await answer;
  if (done.status >= 300) throw new Error(done.text);
  return done;
}

interface Key {
  src_id: string;
  dst_id: string;
  type: string;
}

const nameOf = ({ src_id, dst_id, type }: Key) => JSON.stringify([src_id, dst_id, type]);
const namesOf = (answer: Answer): string[] => answer.body.items.map(nameOf);

/** Every page from the first on, `between` run after each. */
async function walk(client: Client, params: Params, between = async (_page: number) => {}) {
  const names: string[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page += 1) {
    const answer = await ok(client.get(path({ ...params, cursor })));
    names.push(...namesOf(answer));
    if (answer.body.next_cursor === null) return names;
    cursor = answer.body.next_cursor as string;
    await between(page);
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe('GET /v1/waypoints', () => {
  const IDS = ['m', 'M', 'é', '\ue000', '𝄞', 'a/b?'];
  /** Two at the same time, so that the ids decide. */
  const createdAt = (id: string) => 1000 + (IDS.indexOf(id.replace(/^b/, '')) >> 1);
  const maybe = <T>(...values: T[]) => fc.constantFrom(undefined, ...values);
  const ownId = fc.constantFrom(...IDS);
  const waypoint = fc
    .record({
      src_id: ownId,
      dst_id: ownId,
      type: fc.constantFrom('related', 'x', 'ä'),
      weight: fc.constantFrom(0, 0.3, 0.5, 1),
      user: fc.constantFrom('ana', 'ben'),
    })
    .filter(({ src_id, dst_id }) => src_id !== dst_id)
    .map((one) =>
      one.user === 'ben' ? { ...one, src_id: `b${one.src_id}`, dst_id: `b${one.dst_id}` } : one,
    );
  const query = fc.record({
    memory_id: maybe(...IDS, 'bm', 'absent'),
    direction: maybe('in', 'out', 'both'),
    src_id: fc.option(ownId, { nil: undefined, freq: 1 }),
    dst_id: fc.option(ownId, { nil: undefined, freq: 1 }),
    type: maybe('related', 'ä', 'none'),
    min_weight: maybe(0, 0.4, 1),
    user_id: maybe('ana', 'ben', 'cem'),
    order: maybe('asc', 'desc'),
    limit: maybe(1, 3, 100),
  });

  it('gives what matches every filter, in order, in pages, and counts it', async () => {
    const all = service.as('filters');
    const rows = fc
      .sample(fc.uniqueArray(waypoint, { selector: nameOf, minLength: 60, maxLength: 60 }), {
        seed,
        numRuns: 1,
      })
      .flat();
    for (const prefix of ['', 'b']) {
      for (const id of IDS.map((one) => prefix + one)) {
        const fields = { id, created_at: createdAt(id), user_id: prefix ? 'ben' : 'ana' };
        await ok(all.post('/v1/memories', { content: 'x', ...fields }));
      }
    }
    for (const { user: _, ...body } of rows) await ok(all.post('/v1/waypoints', body));
    let found = 0;
    await fc.assert(
      fc.asyncProperty(query, fc.constantFrom('ana', undefined), async (q, user) => {
        const client = service.as('filters', user);
        const owner = user ?? q.user_id;
        const expected = rows
          .filter(
            ({ src_id, dst_id, type, weight, user: whose }) =>
              (owner === undefined || whose === owner) &&
              (q.src_id === undefined || src_id === q.src_id) &&
              (q.dst_id === undefined || dst_id === q.dst_id) &&
              (q.type === undefined || type === q.type) &&
              (q.min_weight === undefined || weight >= q.min_weight) &&
              (q.memory_id === undefined ||
                (q.direction !== 'in' && src_id === q.memory_id) ||
                (q.direction !== 'out' && dst_id === q.memory_id)),
          )
          .sort(
            (a, b) =>
              createdAt(a.src_id) - createdAt(b.src_id) ||
              byBytes(a.src_id, b.src_id) ||
              byBytes(a.dst_id, b.dst_id) ||
              byBytes(a.type, b.type),
          )
          .map(nameOf);
        if (q.order !== 'asc') expected.reverse();
        const first = await client.get(path({ ...q, count: true }));
        if (user !== undefined && q.user_id !== undefined && q.user_id !== user) {
          expect(first.status).toBe(403);
          return;
        }
        found += expected.length;
        expect(first.body.count).toBe(expected.length);
        expect(namesOf(first)).toEqual(expected.slice(0, q.limit ?? 20));
        expect(await walk(client, q)).toEqual(expected);
      }),
      { seed, numRuns: 150 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('keeps limits: 20 when none is given, 1 to 100', async () => {
    const client = service.as('limits', 'u');
    for (const id of ['a', 'b']) await ok(client.post('/v1/memories', { id, content: 'x' }));
    for (let i = 100; i < 201; i += 1) {
      await ok(client.post('/v1/waypoints', { src_id: 'a', dst_id: 'b', type: `t${i}` }));
    }
    expect((await client.get('/v1/waypoints')).body.items).toHaveLength(20);
    expect(namesOf(await client.get('/v1/waypoints?limit=1'))).toEqual(['["a","b","t200"]']);
    const hundred = await client.get(path({ limit: 100 }));
    expect(hundred.body.items).toHaveLength(100);
    const rest = await client.get(path({ limit: 100, cursor: hundred.body.next_cursor }));
    expect([namesOf(rest), rest.body.next_cursor]).toEqual([['["a","b","t100"]'], null]);
  });

  it('walks thousands of waypoints exactly once each while others come and go', async () => {
    const random = new Random(seed);
    const client = service.as('walk', 'u');
    const tenancy = service.app.get(Tenancy);
    const waypoints = service.app.get(WaypointsService);
    const memories = Array.from({ length: 1_500 }, (_, i) => ({
      id: `m${i}`,
      content: 'x',
      created_at: 100_000 + random.below(500),
    }));
    for (let at = 0; at < memories.length; at += 500) {
      await ok(client.post('/v1/memories/batch', memories.slice(at, at + 500)));
    }
    const times = new Map(memories.map(({ id, created_at }) => [id, created_at]));
    const standing = new Map<string, Key>();
    const passing: Key[] = [];
    await TenantContext.run(makeScope({ vaultId: 'walk', userId: 'u', permissions: [] }), () =>
      tenancy.transaction(async () => {
        while (standing.size < WALKED || passing.length < WALKED / 10) {
          // Some of them have very many.
          const src_id = `m${random.chance(0.3) ? random.below(3) : random.below(memories.length)}`;
          const [dst_id, type] = [`m${random.below(memories.length)}`, `t${random.below(3)}`];
          const key = { src_id, dst_id, type };
          if (src_id === dst_id || standing.has(nameOf(key))) continue;
          const isPassing = passing.length < WALKED / 10 && random.chance(0.2);
          if (isPassing && passing.some((one) => nameOf(one) === nameOf(key))) continue;
          if (!isPassing && passing.some((one) => nameOf(one) === nameOf(key))) continue;
          await waypoints.put({ srcId: src_id, dstId: dst_id, type, weight: 1, metadata: {} });
          if (isPassing) passing.push(key);
          else standing.set(nameOf(key), key);
        }
      }),
    );
    expect((await client.get(path({ count: true, limit: 1 }))).body.count).toBe(
      standing.size + passing.length,
    );
    const expected = [...standing.values()]
      .sort(
        (a, b) =>
          times.get(a.src_id)! - times.get(b.src_id)! ||
          byBytes(a.src_id, b.src_id) ||
          byBytes(a.dst_id, b.dst_id) ||
          byBytes(a.type, b.type),
      )
      .map(nameOf);
    let made = 0;
    for (const order of ['asc', 'desc'] as const) {
      if (order === 'desc') expected.reverse();
      const seen = await walk(client, { order, limit: 100 }, async () => {
        const gone = passing.pop();
        const [src_id, dst_id] = [`m${random.below(1_500)}`, `m${random.below(1_500)}`];
        const id = `new${(made += 1)}`;
        await Promise.all([
          gone && ok(client.delete(path({ ...gone }))),
          src_id !== dst_id && ok(client.post('/v1/waypoints', { src_id, dst_id, type: `new${made}` })),
          ok(client.post('/v1/memories', { id, content: 'x', created_at: 100_000 + random.below(500) })).then(
            () => ok(client.post('/v1/waypoints', { src_id: id, dst_id: 'm1' })),
          ),
        ]);
      });
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.filter((name) => standing.has(name))).toEqual(expected);
    }
  });

  it('refuses a cursor of another vault, user, filter, order or list, as it refuses garbage', async () => {
    const [ana, elsewhere] = [service.as('cursors', 'ana'), service.as('cursors-2', 'ana')];
    const [ben, all] = [service.as('cursors', 'ben'), service.as('cursors')];
    for (const [client, prefix] of [
      [ana, ''],
      [elsewhere, ''],
      [ben, 'b'],
    ] as const) {
      for (const id of ['a', 'b', 'c']) {
        await ok(client.post('/v1/memories', { id: prefix + id, content: 'x', created_at: 5 }));
      }
      for (const dst of ['b', 'c']) {
        await ok(client.post('/v1/waypoints', { src_id: `${prefix}a`, dst_id: prefix + dst }));
      }
    }
    const query = { limit: 1, src_id: 'a', order: 'asc' };
    const cursor = (await ana.get(path(query))).body.next_cursor as string;
    expect(namesOf(await ana.get(path({ ...query, cursor })))).toEqual(['["a","c","related"]']);
    expect((await ana.get(path({ ...query, limit: 5, count: true, cursor }))).body.count).toBe(2);
    const same = { 'x-request-id': 'r' };
    const garbage = await ana.get(path({ ...query, cursor: 'garbage' }), same);
    expect([garbage.status, garbage.body.code]).toEqual([400, 'INVALID_CURSOR']);
    const parts = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const forged = (...given: unknown[]) => Buffer.from(JSON.stringify(given)).toString('base64url');
    const ofMemories = (await ana.get('/v1/memories?limit=1&order=asc')).body.next_cursor as string;
    for (const [client, params] of [
      [ben, { ...query, cursor }],
      [elsewhere, { ...query, cursor }],
      [all, { ...query, cursor }],
      [ana, { ...query, order: 'desc', cursor }],
      [ana, { ...query, src_id: undefined, cursor }],
      [ana, { ...query, src_id: 'b', cursor }],
      [ana, { ...query, memory_id: 'a', cursor }],
      [ana, { ...query, type: 'related', cursor }],
      [ana, { ...query, min_weight: 0, cursor }],
      [ana, { ...query, user_id: 'ana', cursor }],
      [ana, { limit: 1, order: 'asc', cursor: ofMemories }],
      [ana, { ...query, cursor: forged(...parts.slice(0, -1)) }],
      [ana, { ...query, cursor: forged('5', ...parts.slice(1)) }],
      [ana, { ...query, cursor: forged(parts[0], parts[1], parts[2], 1, parts[4]) }],
    ] as const) {
      expect((await client.get(path(params), same)).text).toBe(garbage.text);
    }
  });
});

// How PostgreSQL finds rows depends on how many there are.
describe.skipIf(onPostgres)('the statements about waypoints', () => {
  it('find rows by an index beyond the vault, and a user’s memories by the user', async () => {
    await putVault(service, 'plans', { shareUnowned: true });
    // Enough for a longest list: the planner takes other ways to many ids than to few.
    const ids = Array.from({ length: 200 }, (_, i) => `m${i}`);
    const all = service.as('plans');
    for (const vault of [all, service.as('plans-unshared')]) {
      const memories = ids.map((id) => ({ id, content: id, user_id: 'u' }));
      await ok(vault.post('/v1/memories/batch', memories));
      for (const [i, id] of ids.entries()) {
        await ok(vault.post('/v1/waypoints', { src_id: id, dst_id: ids[(i + 1) % ids.length] }));
        await ok(vault.post('/v1/waypoints', { src_id: 'm0', dst_id: ids[Math.max(1, i)], type: 'star' }));
      }
    }
    const database = new Database(service.databasePath, { readonly: true });
    const plans = new Set<string>();
    for (const client of [all, service.as('plans', 'u'), service.as('plans-unshared', 'u')]) {
      const texts = await statementsDuring(async () => {
        const filters: Params[] = [{}, { user_id: 'u' }, { src_id: 'm0' }, { dst_id: 'm1', type: 'star' }];
        filters.push({ memory_id: 'm0' }, { memory_id: 'm0', direction: 'in', min_weight: 0.5 });
        filters.push({ src_id: 'm0', dst_id: 'm1' }, { memory_id: 'm0', dst_id: 'm2' });
        for (const filter of filters) {
          for (const order of ['asc', 'desc']) {
            const { body } = await client.get(path({ ...filter, order, count: true, limit: 1 }));
            if (body.next_cursor)
              await client.get(path({ ...filter, order, limit: 1, cursor: body.next_cursor }));
          }
        }
        for (const type of [undefined, 'related', 'star']) {
          for (const direction of ['in', 'out', 'both']) {
            for (const depth of [1, 2, 3]) {
              await client.get(path({ memory_id: 'm1', depth, direction, type, limit: 100 }, '/neighbours'));
            }
            for (const mode of ['shortest', 'strongest']) {
              await client.get(path({ from: 'm40', to: 'm1', mode, direction, type }, '/path'));
            }
          }
        }
        await client.post('/v1/waypoints', { src_id: 'm0', dst_id: 'm1', weight: 0.5 });
        await client.delete(path({ src_id: 'm0', dst_id: 'm1' }));
      });
      for (const text of new Set(texts)) {
        if (!/^(SELECT|UPDATE|DELETE)/.test(text) || !text.includes('vault_id')) continue;
        const values = Array<string>((text.match(/\?/g) ?? []).length).fill('x');
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...values) as { detail: string }[];
        for (const { detail } of plan) plans.add(detail);
      }
    }
    database.close();
    // How a table is entered: `SEARCH w USING PRIMARY KEY (vault_id=? AND src_id=?)`.
    const entries = [...plans].filter((detail) =>
      /^(SEARCH|SCAN) (w|s|d|m|far|waypoints|memories)\b/.test(detail),
    );
    expect(entries.length).toBeGreaterThan(8);
    const wide = entries.filter((detail) => !/\(vault_id=\? AND (src_id|dst_id|id|user_id)=\?/.test(detail));
    // A service's list of all goes along all memories by time.
    expect(wide.filter((detail) => !/ m USING .*ix_memories_created /.test(detail))).toEqual([]);
    const byUser = entries.filter((detail) => /\(vault_id=\? AND user_id=\?\)/.test(detail));
    expect(byUser.filter((detail) => !/ m USING .*ix_memories_owner_created /.test(detail))).toEqual([]);
  });
});
