import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { type Client, TestService } from './harness/app.js';
import { ADOPTED_VAULT, MARCH_2025, adoptedRows } from './harness/adopted-rows.js';
import { AWKWARD, AWKWARD_ROWS, METADATA, type StoredAwkward, USERS } from './harness/awkward-rows.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';

let path: string;
let service: TestService;
let view: DatabaseView;
let all: Client;
let ana: Client;

/** Times that JavaScript cannot hold: more of them than are erased at a time. */
const UNNAMEABLE = 401;
const others = Array.from({ length: UNNAMEABLE }, (_, i): [string, Record<string, unknown>] => [
  'stats',
  { user_id: 'ana', type: 'add', ts: 2n ** 62n + BigInt(i), dims: `{"id":${i}}`, count: 1 },
]);
const fact = (id: string, valid_from: number): [string, Record<string, unknown>] => [
  'facts',
  {
    ...{ id, user_id: 'ana', subject: '\u0000', predicate: '', object: '"', valid_from, valid_to: null },
    ...{ confidence: Infinity, metadata: METADATA[2], last_updated: -1, collection: '' },
  },
];
others.push(fact('', Number.MIN_SAFE_INTEGER), fact('f\n', 8.64e15 + 1));

beforeAll(async () => {
  path = await adoptedRows({ ...AWKWARD_ROWS, others });
  await reindexDatabase({ database: { kind: 'sqlite', path } });
  service = await TestService.start({}, path);
  view = new DatabaseView(path);
  all = service.as(ADOPTED_VAULT);
  ana = service.as(ADOPTED_VAULT, 'ana');
});

afterAll(async () => {
  view.close();
  await service.stop();
});

const pathOf = (id: string) => `/v1/memories/${encodeURIComponent(id)}`;
const CHANGEABLE = AWKWARD.filter(
  ({ id, userId }) => userId === 'ana' && /^[^\0]+$/.test(id) && id.length < 10_000,
);
const TEXTS = ['content', 'primary_sector', 'sectors', 'tags', 'metadata'] as const;
const NUMBERS = ['salience', 'decay_lambda', 'last_seen_at', 'created_at'] as const;

type Stored = Record<(typeof TEXTS)[number], string> & Record<(typeof NUMBERS)[number], number>;

/** A memory as the database holds it, its texts as bytes. */
function stored(id: string): Stored {
  const texts = TEXTS.map((name) => `hex(${name}) AS ${name}`);
  return view.all<Stored>(`SELECT ${[...texts, ...NUMBERS].join(', ')} FROM memories WHERE id = ?`, id)[0];
}

/** Its latest former state, in the same manner. */
function former(id: string): Pick<Stored, (typeof TEXTS)[number]> {
  const texts = TEXTS.map((name) => `hex(${name}) AS ${name}`).join(', ');
  const sql = `SELECT ${texts} FROM memory_versions WHERE memory_id = ? ORDER BY replaced_at DESC, version DESC LIMIT 1`;
  return view.all<Stored>(sql, id)[0];
}

const hexOf = (text: string) => Buffer.from(text).toString('hex').toUpperCase();

const textsOf = (row: Stored) => Object.fromEntries(TEXTS.map((name) => [name, row[name]]));

/** Changes a memory under its ETag, and looks at what was written: only what was asked for. */
async function change(client: Client, { id }: StoredAwkward, fields: object, written: Partial<Stored>) {
  const before = stored(id);
  const etag = (await client.get(pathOf(id))).headers.get('etag')!;
  const answer = await client.patch(pathOf(id), fields, { 'if-match': etag });
  expect([id, answer.status]).toEqual([id, 200]);
  expect(answer.headers.get('etag')).not.toBe(etag);
  expect((await client.patch(pathOf(id), fields, { 'if-match': etag })).status).toBe(412);
  expect(stored(id)).toEqual({ ...before, ...written });
  expect(former(id)).toEqual(textsOf(before));
  expect((await client.get(pathOf(id))).text).toBe(answer.text);
  return answer;
}

describe('a change of an adopted memory', () => {
  it('that is not about its metadata, its tags or its content leaves them byte for byte', async () => {
    for (const [i, row] of CHANGEABLE.entries()) {
      const client = i % 2 === 0 ? ana : all;
      const before = await client.get(pathOf(row.id));
      const moved = await change(client, row, { collection: 'moved' }, {});
      const { answeredMetadata = String(row.metadata ?? '{}') } = row;
      expect(moved.text).toContain(`"metadata":${answeredMetadata},"salience"`);
      expect(moved.body.tags).toEqual(before.body.tags);
      const history = await client.get(`${pathOf(row.id)}/history`);
      expect(history.text).toContain(`"metadata":${answeredMetadata},"updated_at"`);
      // A session of its own: it gets another place in the index.
      if (i % 4 === 0) await change(client, row, { session_id: `s${i % 3}` }, {});
    }
  });

  it('of the tags leaves the metadata, and the other way round', async () => {
    for (const row of CHANGEABLE) {
      await change(ana, row, { tags: ['t'] }, { tags: hexOf('["t"]') });
      await change(ana, row, { metadata: { a: 1 } }, { metadata: hexOf('{"a":1}') });
    }
  });

  it('of the content leaves both, and reinforcing all of it', async () => {
    const rows = CHANGEABLE.slice(0, METADATA.length);
    for (const [i, row] of rows.entries()) {
      const { tags, metadata } = stored(row.id);
      expect(
        (await all.patch(pathOf(row.id), { content: `The owl ${row.word}`, sector: 'episodic' })).status,
      ).toBe(200);
      expect(stored(row.id)).toMatchObject({ content: hexOf(`The owl ${row.word}`), tags, metadata });
      const before = stored(row.id);
      const amount = i % 2 === 0 ? undefined : { amount: 1 };
      expect((await ana.post(`${pathOf(row.id)}/reinforce`, amount ?? {})).status).toBe(200);
      expect(textsOf(stored(row.id))).toEqual(textsOf(before));
    }
    for (const row of CHANGEABLE)
      expect((await ana.post(`${pathOf(row.id)}/reinforce`, {})).status).toBe(200);
  });

  it('of the owner takes it along as it is', async () => {
    const row = AWKWARD.find(({ metadata, userId }) => metadata === METADATA[3] && userId === 'ana')!;
    await all.patch(pathOf(row.id), { metadata: {} });
    for (const user_id of ['ben', null, 'ana']) {
      await change(all, row, { user_id }, {});
      expect((await all.post('/v1/memories/search', { query: row.word })).body.results[0].id).toBe(row.id);
    }
  });

  it('leaves an index that says the same as the rows', () => {
    expect(auditIndex(path)).toEqual({ memories: AWKWARD.length, ...SOUND });
  });
});

describe('an answer that is kept for retries', () => {
  it('comes again to the letter', async () => {
    const metadata = '{"n":9007199254740993,"n":1.0,"body":"\\"body\\":","deep":[[ ]]}';
    const fresh = await adoptedRows({ memories: [{ id: 'kept', content: 'Kept.', metadata }] });
    const other = await TestService.start({}, fresh);
    const client = other.as(ADOPTED_VAULT);
    const key = { 'idempotency-key': 'k' };
    const first = await client.patch('/v1/memories/kept', { tags: ['"body":{}'] }, key);
    expect(first.text).toContain(`"metadata":${metadata},`);
    const again = await client.patch('/v1/memories/kept', { tags: ['"body":{}'] }, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    for (const name of ['etag', 'content-type'])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    const gone = await client.delete('/v1/memories/kept', key);
    expect([gone.status, (await client.delete('/v1/memories/kept', key)).status]).toEqual([204, 204]);
    await other.stop();
  });
});

describe('reflecting on adopted memories', () => {
  it('makes of equal ones what they say, whenever they were made', async () => {
    const content = 'The night train to the lake leaves at nine, and the window seats are on the left.';
    const times = [-8.64e15 - 1, Number.MAX_SAFE_INTEGER, MARCH_2025];
    const rows = times.map((createdAt, i) => ({
      id: `r${i}`,
      userId: 'ana',
      content,
      createdAt,
      metadata: METADATA[0],
    }));
    const fresh = await adoptedRows({ memories: rows });
    await reindexDatabase({ database: { kind: 'sqlite', path: fresh } });
    const other = await TestService.start({}, fresh);
    const { status, body } = await other.as(ADOPTED_VAULT, 'ana').post('/v1/users/ana/reflect', {});
    expect([status, body.clusters, body.reflections]).toEqual([
      200,
      1,
      [expect.objectContaining({ version: 1 })],
    ]);
    expect(body.reflections[0].content).toMatch(
      /^Said 3 times from -27\d{4}-\d\d-\d\d to 28\d{4}-\d\d-\d\d: The night/,
    );
    expect(auditIndex(fresh)).toEqual({ memories: 4, ...SOUND });
    await other.stop();
  });
});

describe('erasing the user of adopted rows', () => {
  it.each(['ana', 'nobody has memories', ...USERS])('leaves nothing of %j', async (userId) => {
    const owned = view.tables().filter((table) => {
      return view.all('SELECT 1 FROM pragma_table_info(?) WHERE name = ?', table, 'user_id').length > 0;
    });
    const rows = (table: string) =>
      view.all<{ n: number }>(`SELECT count(*) AS n FROM "${table}" WHERE user_id = ?`, userId)[0].n;
    expect(owned.some((table) => rows(table) > 0)).toBe(true);
    const { status, body } = await all.delete(`/v1/users/${encodeURIComponent(userId)}`);
    expect([status, body.user_id]).toEqual([200, userId]);
    expect(owned.filter((table) => rows(table) > 0)).toEqual([]);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('leaves the rest as it was', () => {
    const [{ n }] = view.all<{ n: number }>('SELECT count(*) AS n FROM memories');
    expect(n).toBe(AWKWARD.filter(({ userId }) => userId === '').length);
  });
});
