import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonParts } from '../src/http/json-parts.js';
import { slotOf } from '../src/recall/indexed.js';
import { appendSlot, emptyBlock, readSlot, sameSlot } from '../src/recall/term-block.js';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { type Client, TestService } from './harness/app.js';
import { ADOPTED_VAULT, adoptedRows } from './harness/adopted-rows.js';
import { AWKWARD, AWKWARD_ROWS, METADATA, NAMES, type StoredAwkward, USERS } from './harness/awkward-rows.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { walkPages } from './harness/walk-pages.js';

let path: string;
let service: TestService;
let all: Client;
let ana: Client;
/** The answers to lists, item by item as they were written, by id. */
let listed: Map<string, string>;

beforeAll(async () => {
  path = await adoptedRows(AWKWARD_ROWS);
  expect(await reindexDatabase({ database: { kind: 'sqlite', path } })).toEqual({
    memories: AWKWARD.length,
    vaults: 1,
  });
  service = await TestService.start({}, path);
  all = service.as(ADOPTED_VAULT);
  ana = service.as(ADOPTED_VAULT, 'ana');
  const items = await walkPages(all, '/v1/memories?limit=7');
  listed = new Map(items.map((item) => [(JSON.parse(item) as { id: string }).id, item]));
});

afterAll(() => service.stop());

/** Whose rows a client sees: the vault shares what is nobody's. */
const isSeenByAna = ({ userId }: StoredAwkward) => userId === 'ana' || userId === '';
/** An empty id is no part of a path, U+0000 is refused in one, and Node takes 16 KiB of a header. */
const hasPath = ({ id }: StoredAwkward) => id !== '' && !id.includes('\u0000') && id.length < 10_000;
const pathOf = (id: string) => `/v1/memories/${encodeURIComponent(id)}`;

describe('an index of adopted rows', () => {
  it('holds every one of them, and says the same as they do', () => {
    expect(auditIndex(path)).toEqual({ memories: AWKWARD.length, ...SOUND });
  });

  it('takes times that are none', () => {
    for (const createdAt of [1e18, -1e18, 2 ** 63, Infinity, -Infinity, NaN, 1.5]) {
      const memory = {
        content: 'Ana: yesterday, two months ago',
        metadata: '{}',
        sessionId: null,
        expiresAt: null,
      };
      const slot = slotOf({ ...memory, createdAt, reinforced: false });
      expect(sameSlot(readSlot(appendSlot(emptyBlock(), slot), 0)!, slot)).toBe(true);
    }
  });
});

describe('an adopted memory', () => {
  it('is answered to the letter', () => {
    for (const row of AWKWARD) {
      const { id, content, metadata = '{}', answeredMetadata = String(metadata), answeredTags = [] } = row;
      const parts = jsonParts(listed.get(id)!);
      expect(listed.get(id)).toContain(`,"metadata":${answeredMetadata},"salience":`);
      expect(parts).toContain(`"tags":${JSON.stringify(answeredTags)}`);
      expect(parts).toContain(`"content":${JSON.stringify(content.toString())}`);
      expect(parts).toContain(`"user_id":${JSON.stringify(row.userId || null)}`);
      expect(parts).toContain(`"collection":${JSON.stringify(row.collection ?? null)}`);
      expect(parts).toContain(`"session_id":${JSON.stringify(row.sessionId ?? null)}`);
      if (row.createdAt !== undefined) expect(parts).toContain(`"created_at":${row.createdAt}`);
      expect(parts).toContain(`"version":${row.version ?? 1}`);
      expect(parts).toContain(`"primary_sector":${JSON.stringify(row.primarySector ?? 'semantic')}`);
      const salience = Number(parts.find((part) => part.startsWith('"salience":'))!.slice(11));
      expect(salience).toBeGreaterThanOrEqual(0);
      expect(salience).toBeLessThanOrEqual(1);
    }
  });

  it('is answered the same wherever it comes up', async () => {
    for (const row of AWKWARD) {
      const item = listed.get(row.id)!;
      const inside = item.slice(0, -1);
      for (const client of isSeenByAna(row) ? [all, ana] : [all]) {
        const found = await client.post('/v1/memories/search', { query: row.word, explain: true });
        expect([row.word, found.text.includes(inside)]).toEqual([row.word, true]);
        const context = await client.post('/v1/memories/context', { query: row.word, max_tokens: 4_000 });
        expect(context.status).toBe(200);
        // What is larger than the budget is left out.
        const isShort = row.content.length < 2_000;
        expect([row.word, context.text.includes(inside)]).toEqual([row.word, isShort]);
        if (!hasPath(row)) continue;
        const one = await client.get(pathOf(row.id));
        expect(one.text).toBe(item);
        const etag = one.headers.get('etag')!;
        expect((await client.get(pathOf(row.id), { 'if-none-match': etag })).status).toBe(304);
        expect((await client.get(`${pathOf(row.id)}/history`)).body).toEqual({ items: [] });
        const around = await client.get(
          `/v1/waypoints/neighbours?depth=5&memory_id=${encodeURIComponent(row.id)}`,
        );
        expect(around.status).toBe(200);
        for (const neighbour of jsonParts(jsonParts(around.text)[0].slice('"items":'.length))) {
          const memory = jsonParts(neighbour)[0].slice('"memory":'.length);
          expect(memory).toBe(listed.get((JSON.parse(memory) as { id: string }).id));
        }
      }
      if (!isSeenByAna(row) && hasPath(row)) expect((await ana.get(pathOf(row.id))).status).toBe(404);
    }
  });

  it('that no path can name is refused by it', async () => {
    expect((await all.get('/v1/memories/')).status).toBe(404);
    expect((await all.get(pathOf('x'.repeat(20_000)))).status).toBe(431);
    expect((await all.get(pathOf('x'.repeat(13_000)))).status).toBe(414);
  });
});

describe('lists of adopted rows', () => {
  it.each([1, 3, 100])('of memories are walked to the end, %i at a time', async (limit) => {
    for (const order of ['asc', 'desc']) {
      for (const [client, rows] of [
        [all, AWKWARD],
        [ana, AWKWARD.filter(isSeenByAna)],
      ] as const) {
        const items = await walkPages(client, `/v1/memories?limit=${limit}&order=${order}`);
        expect(items.sort()).toEqual(rows.map(({ id }) => listed.get(id)!).sort());
      }
    }
  });

  it('of users, sessions, collections and waypoints are walked to the end', async () => {
    const users = await walkPages(all, '/v1/users?limit=1');
    const ids = users.map((user) => (JSON.parse(user) as { user_id: string }).user_id);
    expect(ids).toEqual([...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(new Set(ids)).toEqual(new Set(['ana', 'nobody has memories', ...USERS]));
    const sessions = await walkPages(all, '/v1/sessions?limit=1');
    expect(sessions.map((session) => (JSON.parse(session) as { id: string }).id).sort()).toEqual(
      [...NAMES].sort(),
    );
    for (const client of [all, ana]) {
      const collections = await walkPages(client, '/v1/collections?limit=1');
      expect(collections).toHaveLength(NAMES.length + METADATA.length);
      for (const [i, metadata] of METADATA.entries()) {
        const written = collections.find((text) => text.startsWith(`{"name":"described ${i}"`))!;
        expect(written).toContain(`,"metadata":${metadata},"count":0,`);
        expect((await client.get(`/v1/collections/described%20${i}`)).text).toBe(written);
      }
      for (const order of ['asc', 'desc']) {
        const waypoints = await walkPages(client, `/v1/waypoints?limit=1&order=${order}`);
        expect(new Set(waypoints)).toHaveLength(AWKWARD_ROWS.waypoints!.length);
        for (const metadata of METADATA) {
          expect(waypoints.some((text) => text.includes(`,"metadata":${metadata},"created_at":`))).toBe(true);
        }
        for (const { weight } of waypoints.map((text) => JSON.parse(text) as { weight: number })) {
          expect(weight).toBeGreaterThanOrEqual(0);
          expect(weight).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it('of one user, session or collection hold what belongs there, however it is named', async () => {
    for (const userId of ['ana', ...USERS]) {
      const own = AWKWARD.filter((row) => row.userId === userId).map(({ id }) => listed.get(id)!);
      const written = encodeURIComponent(userId);
      for (const list of [`/v1/users/${written}/memories?`, `/v1/memories?user_id=${written}&`]) {
        expect((await walkPages(all, `${list}limit=50`)).sort()).toEqual([...own].sort());
      }
    }
    for (const name of NAMES) {
      const written = encodeURIComponent(name);
      const inCollection = AWKWARD.filter(({ collection }) => collection === name);
      const inSession = AWKWARD.filter(({ sessionId }) => sessionId === name);
      for (const [query, [row]] of [
        [`collection=${written}`, inCollection],
        [`session_id=${written}`, inSession],
      ] as const) {
        expect(await walkPages(ana, `/v1/memories?${query}`)).toEqual([listed.get(row.id)]);
      }
      const filters = { collection: name, created_before: 8.64e15 };
      const found = await ana.post('/v1/memories/search', { query: inCollection[0].word, filters });
      expect(found.body.results).toHaveLength(1);
      if (name === '') continue;
      expect((await ana.get(`/v1/sessions/${written}/memories`)).body.items).toHaveLength(1);
      expect((await ana.get(`/v1/collections/${written}`)).body).toMatchObject({ name, count: 1 });
    }
  });

  it('are filtered by what the rows say', async () => {
    const count = async (query: object) => {
      const search = new URLSearchParams(query as Record<string, string>);
      return (await ana.get(`/v1/memories?${search}&count=true`)).body.count as number;
    };
    expect(await count({ metadata: '{"zero":0,"one":1,"hundred":100}' })).toBe(1);
    expect(await count({ metadata: '{"b":3}' })).toBe(1);
    expect(await count({ metadata: '{"lone":"\\ud800"}' })).toBe(1);
    expect(await count({ metadata: '{"deep":[[[[]]]]}' })).toBe(0);
    expect(await count({ metadata: '{"vault_id":"other"}' })).toBe(1);
    for (const tag of ['solo', '', '1.0', '9007199254740993', '{"b" : [1, "]"]}', '__proto__']) {
      expect([tag, await count({ tag })]).toEqual([tag, tag === '' ? 2 : 1]);
    }
  });
});

describe('what is made of adopted rows', () => {
  it('says how the users are', async () => {
    for (const userId of ['ana', 'nobody has memories', ...USERS]) {
      const own = AWKWARD.filter((row) => row.userId === userId).length;
      const { status, body } = await all.get(`/v1/users/${encodeURIComponent(userId)}`);
      expect([status, body.user_id, body.count]).toEqual([200, userId, own]);
      if (own > 0) expect(body.summary).toMatch(/^\d+ memor(y|ies) (on|from) -?\d{4,}-\d\d-\d\d/);
    }
    expect((await ana.get('/v1/users/ana/summary')).body.summary).toMatch(
      /from -283\d{3}-\d\d-\d\d to 287\d{3}-/,
    );
  });

  it('counts them', async () => {
    const { body } = await all.get('/v1/stats?from=1740787200000&to=1740787200000');
    expect(body.memories).toBe(AWKWARD.length);
    expect(body.users).toHaveLength(USERS.length + 2);
    expect(body.days).toEqual([{ day: '2025-03-01', count: expect.any(Number) as number }]);
    expect((await ana.get('/v1/stats?from=0&to=31536000000')).body.days).toEqual([
      { day: '1970-01-01', count: 2 },
    ]);
  });
});
