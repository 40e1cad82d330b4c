import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { bodyOf } from './harness/hostile-draft.js';
import { hostileJson } from './harness/hostile-values.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('memories-batch');
const HOUR = 3_600_000;

interface Row {
  index: number;
  status: 'created' | 'returned' | 'failed';
  id?: string;
  version?: number;
  error?: { code: string; message: string; errors?: { field: string; message: string }[] };
}

const resultsOf = (answer: Answer): Row[] => (answer.body as { results: Row[] }).results;
const statusesOf = (answer: Answer): string[] => resultsOf(answer).map(({ status }) => status);
const fieldsOf = ({ error }: Row): string[] => (error?.errors ?? []).map(({ field }) => field);

describe('POST /v1/memories/batch', () => {
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

  const batch = (client: Client, rows: readonly unknown[]) => client.post('/v1/memories/batch', rows);

  /** What a vault has stored, owner by owner in the order of arrival. */
  const stored = (vault: string) =>
    view.all<{ id: string; user_id: string; position: number; content: string }>(
      'SELECT * FROM memories WHERE vault_id = ? ORDER BY user_id, position',
      vault,
    );

  /** All that a client lists, page by page. */
  async function listed(client: Client, order: 'asc' | 'desc' = 'asc'): Promise<{ content: string }[]> {
    const items = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer = await client.get(
        `/v1/memories?limit=100&order=${order}${cursor && `&cursor=${cursor}`}`,
      );
      items.push(...page.body.items);
      cursor = page.body.next_cursor as string | null;
    }
    return items;
  }

  it('stores every row, and says so in the order of the rows', async () => {
    const client = service.as('plain', 'ana');
    const row = {
      id: 'a/b c?#%:@ü',
      session_id: 's 1',
      collection: 'travel',
      content: 'Yesterday we went to Lyon by train. 👩‍👩‍👧 שָׁלוֹם',
      sector: 'reflective',
      tags: ['x', 'ÿ'],
      metadata: { a: [1, { b: null }], constructor: 'x' },
      created_at: 1,
      expires_at: Date.now() + HOUR,
    };
    const answer = await batch(client, [row, { content: 'Second.' }]);
    expect(answer.status).toBe(200);
    const [first, second] = resultsOf(answer);
    expect(answer.body).toEqual({
      created: 2,
      failed: 0,
      results: [
        { index: 0, status: 'created', id: row.id, version: 1 },
        { index: 1, status: 'created', id: second.id, version: 1 },
      ],
    });
    const { sector, ...sent } = row;
    const { body } = await client.get(`/v1/memories/${encodeURIComponent(first.id!)}`);
    expect(body).toMatchObject({ ...sent, user_id: 'ana', primary_sector: sector, sectors: [sector] });
    const other = await client.get(`/v1/memories/${second.id}`);
    expect(other.body).toMatchObject({ content: 'Second.', user_id: 'ana', version: 1 });
    expect(second.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const found = await client.post('/v1/memories/search', { query: 'train to Lyon' });
    expect(found.body.results[0].id).toBe(row.id);
  });

  it('does nothing for no rows, not even make the vault', async () => {
    const answer = await batch(service.as('empty'), []);
    expect([answer.status, answer.text]).toEqual([200, '{"created":0,"failed":0,"results":[]}']);
    const invalid = await batch(service.as('empty'), [{}, null, { content: 'x', user_id: '' }]);
    expect([invalid.status, invalid.body.created, invalid.body.failed]).toEqual([200, 0, 3]);
    expect(view.counts('empty')).toMatchObject({ vaults: 0, memories: 0, scopes: 0 });
  });

  it('stores what is acceptable, and tells of each other row what is wrong with it', async () => {
    const rows: [row: unknown, code: string | undefined, field?: string][] = [
      [{ content: 'one' }, undefined],
      [{}, 'VALIDATION_FAILED', 'content'],
      [null, 'VALIDATION_FAILED', 'row'],
      ['text', 'VALIDATION_FAILED', 'row'],
      [[{ content: 'nested' }], 'VALIDATION_FAILED', 'row'],
      [{ content: 'x', vault_id: 'other' }, 'VALIDATION_FAILED', 'vault_id'],
      [{ content: 'a\u0000b' }, 'VALIDATION_FAILED', 'content'],
      [{ content: 'a\ud800b' }, 'VALIDATION_FAILED', 'content'],
      [{ content: 'x'.repeat(200_001) }, 'VALIDATION_FAILED', 'content'],
      [{ content: 'x', metadata: { a: 'x'.repeat(65_536) } }, 'VALIDATION_FAILED', 'metadata'],
      [{ content: 'x', expires_at: 1 }, 'VALIDATION_FAILED', 'expires_at'],
      [{ content: 'x', on_duplicate: 'replace' }, 'VALIDATION_FAILED', 'on_duplicate'],
      [{ content: 'x', user_id: 'ben' }, 'FORBIDDEN', 'user_id'],
      [{ content: 'two' }, undefined],
    ];
    const answer = await batch(
      service.as('mixed', 'ana'),
      rows.map(([row]) => row),
    );
    expect(answer.status).toBe(200);
    expect([answer.body.created, answer.body.failed]).toEqual([2, rows.length - 2]);
    for (const [index, [, code, field]] of rows.entries()) {
      const row = resultsOf(answer)[index];
      expect([index, row.index, row.error?.code]).toEqual([index, index, code]);
      expect(row.status).toBe(code ? 'failed' : 'created');
      if (code) expect([index, ...fieldsOf(row)]).toContain(field);
      if (code) expect([row.id, row.version]).toEqual([undefined, undefined]);
    }
    expect(stored('mixed').map(({ content, user_id }) => [content, user_id])).toEqual([
      ['one', 'ana'],
      ['two', 'ana'],
    ]);
  });

  it('takes an id once: the first row that asks for it', async () => {
    const client = service.as('ids', 'ana');
    await client.post('/v1/memories', { id: 'before', content: 'was there' });
    await service.as('ids-elsewhere', 'ana').post('/v1/memories', { id: 'elsewhere', content: 'x' });
    const answer = await batch(client, [
      { id: 'one', content: 'first' },
      { id: 'before', content: 'second' },
      { id: 'one', content: 'third' },
      { id: 'elsewhere', content: 'fourth' },
      { id: 'two', content: 'first' },
    ]);
    expect(statusesOf(answer)).toEqual(['created', 'failed', 'failed', 'created', 'created']);
    for (const index of [1, 2]) {
      expect(resultsOf(answer)[index].error).toEqual({
        code: 'ID_EXISTS',
        message: 'The vault already has a memory with this id.',
        errors: [{ field: 'id', message: 'is taken' }],
      });
    }
    const ben = await batch(service.as('ids', 'ben'), [
      { id: 'one', content: 'x' },
      { id: 'three', content: 'y' },
    ]);
    expect(resultsOf(ben)[0].error).toEqual(resultsOf(answer)[2].error);
    expect(statusesOf(ben)).toEqual(['failed', 'created']);
    expect((await client.get('/v1/memories/one')).body.content).toBe('first');
    // Across transactions too.
    const rows = Array.from({ length: 500 }, (_, i) => ({ id: `m${i % 450}`, content: `${i}` }));
    const many = await batch(service.as('ids-2'), rows);
    expect([many.body.created, many.body.failed]).toEqual([450, 50]);
    expect(statusesOf(many).indexOf('failed')).toBe(450);
  });

  it('gives an id that has expired to the row that asks for it', async () => {
    const client = service.as('expired', 'ana');
    const lapsing = { id: 'lapsing', content: 'soon gone', expires_at: Date.now() + 300 };
    expect((await client.post('/v1/memories', lapsing)).status).toBe(201);
    while (Date.now() <= lapsing.expires_at) await new Promise((resolve) => setTimeout(resolve, 20));
    const answer = await batch(client, [{ content: 'before' }, { id: 'lapsing', content: 'anew' }]);
    expect(statusesOf(answer)).toEqual(['created', 'created']);
    expect((await client.get('/v1/memories/lapsing')).body.content).toBe('anew');
  });

  it('returns what is stored already, or further up in the batch, where a row asks for that', async () => {
    const client = service.as('twice', 'ana');
    const first = await client.post('/v1/memories', { content: 'The same words.' });
    await client.patch(`/v1/memories/${first.body.id}`, { tags: ['changed'] });
    const ask = (content: string, more: object = {}) => ({ content, on_duplicate: 'return', ...more });
    const answer = await batch(client, [
      ask('The same words.'),
      ask('New words.', { id: 'new' }),
      ask('New words.'),
      { content: 'New words.', id: 'again' },
      ask('New words.', { id: 'new' }),
      ask('The same words!'),
    ]);
    expect(resultsOf(answer)).toMatchObject([
      { status: 'returned', id: first.body.id, version: 2 },
      { status: 'created', id: 'new' },
      { status: 'returned', id: 'new', version: 1 },
      { status: 'created', id: 'again' },
      { status: 'returned', id: 'new' },
      { status: 'created' },
    ]);
    expect([answer.body.created, answer.body.failed]).toEqual([3, 0]);

    const others = await batch(service.as('twice'), [
      ask('The same words.', { user_id: 'ben', id: 'bens' }),
      ask('The same words.', { user_id: 'ana' }),
      ask('The same words.', { id: 'nobodys' }),
      ask('The same words.', { user_id: 'ben' }),
    ]);
    expect(resultsOf(others).map(({ id }) => id)).toEqual(['bens', first.body.id, 'nobodys', 'bens']);
    expect(statusesOf(others)).toEqual(['created', 'returned', 'created', 'returned']);

    // Across transactions, and all of it a second time.
    const rows = Array.from({ length: 450 }, (_, i) => ask(`thought ${i % 300}`));
    const once = await batch(service.as('once', 'u'), rows);
    expect(once.body.created).toBe(300);
    const again = await batch(service.as('once', 'u'), rows);
    expect(again.body.created).toBe(0);
    expect(resultsOf(again).map(({ id }) => id)).toEqual(resultsOf(once).map(({ id }) => id));
  });

  it('keeps the order of 10,000 rows: in positions, and in lists where no time was given', async () => {
    const client = service.as('large', 'ana');
    const rows = Array.from({ length: 10_000 }, (_, i) => ({ content: `Memory ${i} of the large batch.` }));
    const answer = await batch(client, rows);
    expect([answer.status, answer.body.created, answer.body.failed]).toEqual([200, 10_000, 0]);
    const ids = resultsOf(answer).map(({ id }) => id);
    const contents = rows.map(({ content }) => content);
    expect(resultsOf(answer).map(({ index }) => index)).toEqual(rows.map((_, i) => i));
    expect(stored('large').map(({ id, position }) => [id, position])).toEqual(ids.map((id, i) => [id, i]));
    expect((await listed(client)).map(({ content }) => content)).toEqual(contents);
    const last = await client.get('/v1/memories?limit=100');
    expect(last.body.items.map(({ content }: { content: string }) => content)).toEqual(
      contents.toReversed().slice(0, 100),
    );
  });

  it('keeps the order of each owner, whatever ids are given', async () => {
    const random = new Random(seed);
    const owners = ['ana', 'ben', undefined];
    const rows = Array.from({ length: 500 }, (_, i) => ({
      content: `row ${i}`,
      ...(random.chance(0.5) && { id: `${random.below(1e9)}-${i}` }),
      ...(random.chance(0.8) && { user_id: random.pick(owners) }),
    }));
    expect((await batch(service.as('owners'), rows)).body.created).toBe(500);
    const contents = (user: string | undefined) =>
      rows.filter(({ user_id }) => user_id === user).map(({ content }) => content);
    for (const user of owners) {
      const own = stored('owners').filter(({ user_id }) => user_id === (user ?? ''));
      expect(own.map(({ content }) => content)).toEqual(contents(user));
      expect(own.map(({ position }) => position)).toEqual(own.map((_, i) => i));
    }
    expect((await listed(service.as('owners', 'ana'))).map(({ content }) => content)).toEqual(
      contents('ana'),
    );
    expect((await listed(service.as('owners'))).map(({ content }) => content)).toEqual(
      rows.map(({ content }) => content),
    );
  });

  it('does with each row what its creation by itself does', async () => {
    const random = new Random(seed + 1);
    const scopes: [name: string, user: string | undefined][] = [
      ['service', undefined],
      ['user', 'ana'],
    ];
    const NAMES = [
      'content',
      'id',
      'user_id',
      'tags',
      'metadata',
      'expires_at',
      'sector',
      'session_id',
      'odd',
    ];
    const row = () => {
      const fields = Object.fromEntries(
        ['content', ...NAMES.filter(() => random.chance(0.3))].map((name) => [name, {}]),
      );
      delete fields.odd;
      const name = random.pick(NAMES);
      const kept = random.chance(0.6);
      const value = kept ? random.pick(['"ana"', '"ben"']) : hostileJson(random);
      const body = bodyOf(fields, { name: kept ? random.pick(['id', 'content']) : name, value });
      return random.chance(0.3) ? body.replace(/}$/, ',"on_duplicate":"return"}') : body;
    };
    for (const [name, user] of scopes) {
      const rows = Array.from({ length: 300 }, row);
      const single = service.as(`single-${name}`, user);
      const expected = [];
      for (const text of rows) {
        const { status, body } = await single.post('/v1/memories', text);
        expected.push(
          status < 300
            ? { status: status === 201 ? 'created' : 'returned' }
            : { status: 'failed', error: { code: body.code, message: body.detail, errors: body.errors } },
        );
      }
      const lines = await service
        .as(`lines-${name}`, user)
        .post('/v1/memories/batch', rows.join('\n'), { 'content-type': 'application/x-ndjson' });
      const inRows = (text: string) => text.replaceAll('"body"', '"row"').replaceAll('The body', 'The row');
      const shown = resultsOf(lines).map(({ status, error }) => ({ status, error }));
      expect(JSON.parse(JSON.stringify(shown))).toEqual(JSON.parse(inRows(JSON.stringify(expected))));
      expect(new Set(expected.map(({ status }) => status)).size).toBe(3);
      const kept = (vault: string) =>
        view.all(
          `SELECT user_id, position, collection, session_id, content, primary_sector, sectors, tags, metadata,
             salience, expires_at FROM memories WHERE vault_id = ? ORDER BY user_id, position`,
          vault,
        );
      expect(kept(`lines-${name}`)).toEqual(kept(`single-${name}`));

      const grammatical = rows.filter(isJson);
      const array = await service
        .as(`array-${name}`, user)
        .post('/v1/memories/batch', `[${grammatical.join(',')}]`);
      expect(array.status).toBe(200);
      expect(statusesOf(array)).toEqual(
        expected.filter((_, i) => isJson(rows[i])).map(({ status }) => status),
      );
      expect(kept(`array-${name}`)).toEqual(kept(`single-${name}`));
    }
  });

  it('explains the first 1,000 failures, and counts the others', async () => {
    const rows = Array.from({ length: 2_100 }, (_, i) => (i % 2 ? { content: 1 } : { content: `${i}` }));
    const answer = await batch(service.as('wrong', 'u'), rows);
    expect([answer.body.created, answer.body.failed]).toEqual([1_050, 1_050]);
    const failed = resultsOf(answer).filter(({ status }) => status === 'failed');
    expect(failed.map(({ error }) => error?.code)).toEqual(new Array(1_050).fill('VALIDATION_FAILED'));
    expect(failed.map(({ error }) => error?.errors !== undefined)).toEqual(failed.map((_, i) => i < 1_000));
  });

  it('keeps strangers and readers out before it reads', async () => {
    const before = view.digest();
    const rows = [{ content: 'x' }];
    expect((await batch(service.anonymous(), rows)).status).toBe(401);
    expect((await batch(service.as('closed', 'u', ['read', 'delete']), rows)).status).toBe(403);
    expect(
      (await service.as('closed', 'u', ['read']).post('/v1/memories/batch', '[{"content":')).status,
    ).toBe(403);
    expect(view.digest()).toBe(before);
  });

  it('refuses all where vaults are not made by their use', async () => {
    const closed = await TestService.start({ VAULT_AUTO_CREATE: 'false' });
    const answer = await batch(closed.as('unknown', 'u'), [{}, { content: 'x' }]);
    expect([answer.status, answer.body.code]).toEqual([403, 'VAULT_UNKNOWN']);
    await closed.stop();
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
