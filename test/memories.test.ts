import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';

const HOUR = 3_600_000;

/** The fields that a refusal names. */
const fieldsOf = (answer: Answer): string[] =>
  (answer.body.errors ?? []).map(({ field }: { field: string }) => field);

describe('POST /v1/memories and GET /v1/memories/{id}', () => {
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

  it('keeps every field as it was sent', async () => {
    const client = service.as('fields');
    const body = {
      id: 'a/b c?#%:@ü',
      user_id: 'Ána  ',
      session_id: 's 1',
      collection: 'travel',
      content: 'Yesterday we went to Lyon by train.',
      sector: 'reflective',
      tags: ['x', 'x', 'ÿ'],
      metadata: { a: [1, { b: null }], ok: true },
      created_at: 1,
      expires_at: Date.now() + HOUR,
    };
    const before = Date.now();
    const stored = await client.post('/v1/memories', body);
    expect(stored.status).toBe(201);
    expect(stored.headers.get('etag')).toBe('"1"');
    const { sector, ...sent } = body;
    const { updated_at, ...rest } = stored.body;
    expect(rest).toEqual({
      ...sent,
      primary_sector: sector,
      sectors: [sector],
      // Faded since 1970.
      salience: 0,
      version: 1,
      last_seen_at: 1,
    });
    expect(updated_at).toBeGreaterThanOrEqual(before);
    const read = await client.get(`/v1/memories/${encodeURIComponent(body.id)}`);
    expect(read.status).toBe(200);
    expect(read.headers.get('etag')).toBe('"1"');
    expect(read.text).toBe(stored.text);
  });

  it('fills in what is left out', async () => {
    const before = Date.now();
    const { body } = await service
      .as('defaults', 'ana')
      .post('/v1/memories', { content: 'Paris is a city.' });
    expect(body).toMatchObject({
      user_id: 'ana',
      session_id: null,
      collection: null,
      primary_sector: 'semantic',
      sectors: ['semantic'],
      tags: [],
      metadata: {},
      expires_at: null,
      version: 1,
    });
    expect(body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(parseInt(body.id.replaceAll('-', '').slice(0, 12), 16)).toBe(body.created_at);
    expect(body.created_at).toBeGreaterThanOrEqual(before);
    expect([body.updated_at, body.last_seen_at]).toEqual([body.created_at, body.created_at]);
    const unowned = await service.as('defaults').post('/v1/memories', { content: 'Nobody owns this.' });
    expect(unowned.body.user_id).toBeNull();
  });

  it.each([
    ['emoji with joiners', '👩‍👩‍👧‍👦 🏳️‍🌈 🇫🇷 👍🏽'],
    ['right to left, with marks', 'שָׁלוֹם \u202Eمرحبا\u202C\u200F'],
    ['not normalised', 'é e\u0301 ﬁ Å ｶﾞ'],
    ['white space only', ' \t\r\n\u00a0\u2003\ufeff '],
    ['line ends', 'a\r\nb\nc\rd\u2028e\u2029f\r\n'],
    ['control characters', '\u0001\u0008\u000b\u001b[31m\u007f\u0085'],
    ['quotes', `"'\`;--\\ \\u0000 %00 ' OR 1=1 $1 :id ? {{x}} \${y}`],
    ['beyond the first plane', '𝕳𝖊𝖑𝖑𝖔 \u{10ffff} \uffff'],
    ['one character', '.'],
    ['200,000 characters', 'ab c\n'.repeat(40_000)],
    ['200,000 characters of four bytes', '🜁'.repeat(200_000)],
  ])('gives content back byte for byte: %s', async (_, content) => {
    const client = service.as('bytes', 'u');
    const stored = await client.post('/v1/memories', { content });
    expect(stored.status).toBe(201);
    expect(stored.body.content === content).toBe(true);
    expect((await client.get(`/v1/memories/${stored.body.id}`)).body.content === content).toBe(true);
    const [row] = view.all<{ content: string }>(
      'SELECT content FROM memories WHERE vault_id = ? AND id = ?',
      'bytes',
      stored.body.id,
    );
    expect(row.content === content).toBe(true);
  });

  it.each<[string, string]>([
    [
      'names of Object.prototype',
      '{"constructor":1,"toString":"x","hasOwnProperty":null,"valueOf":{},"__defineGetter__":[]}',
    ],
    [
      'our own names',
      '{"vault_id":"other","user_id":"other","userId":1,"id":2,"vaultId":[],"permissions":["operator"]}',
    ],
    ['nested ones', '{"a":{"constructor":{"name":"x"},"toJSON":"y","then":{"then":1}}}'],
    ['odd ones', '{"":0,"a.b":1,"$where":"1","%":[],"\\n":"\\u0000","👍":"\\ud800","1":1,"then":"x"}'],
    [
      'numbers',
      '{"f":0.1,"g":-1.5e-300,"h":1.7976931348623157e308,"i":9007199254740991,"j":-9007199254740991,"k":5e-324}',
    ],
    ['values', '{"n":null,"t":true,"f":false,"e":[],"o":{},"s":"","a":[[[]],{"x":[null]}]}'],
  ])('gives metadata back as it was sent: %s', async (_, json) => {
    const client = service.as('metadata', 'u');
    const stored = await client.post('/v1/memories', `{"content":"x","metadata":${json}}`);
    expect(stored.status).toBe(201);
    const expected = JSON.stringify(JSON.parse(json));
    expect(JSON.stringify(stored.body.metadata)).toBe(expected);
    const read = await client.get(`/v1/memories/${stored.body.id}`);
    expect(JSON.stringify(read.body.metadata)).toBe(expected);
    expect(read.body.user_id).toBe('u');
    const [row] = view.all<{ metadata: string }>(
      'SELECT metadata FROM memories WHERE id = ?',
      stored.body.id,
    );
    expect(row.metadata).toBe(expected);
  });

  it('reads a negative zero in metadata as the zero that JSON makes of it', async () => {
    const client = service.as('metadata', 'u');
    const stored = await client.post('/v1/memories', '{"content":"x","metadata":{"z":-0}}');
    expect(JSON.stringify(stored.body.metadata)).toBe('{"z":0}');
    const found = await client.get('/v1/memories?metadata=%7B%22z%22%3A-0%7D');
    expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual([stored.body.id]);
  });

  it.each<[string, unknown, string]>([
    ['no content', {}, 'content'],
    ['empty content', { content: '' }, 'content'],
    ['content beyond 200,000 characters', { content: 'x'.repeat(200_001) }, 'content'],
    ['content of another type', { content: ['x'] }, 'content'],
    ['content with U+0000', { content: 'a\u0000b' }, 'content'],
    ['content with a lone surrogate', '{"content":"a\\ud800b"}', 'content'],
    ['a null', { content: 'x', id: null }, 'id'],
    ['an empty id', { content: 'x', id: '' }, 'id'],
    ['an id of 256 characters', { content: 'x', id: 'x'.repeat(256) }, 'id'],
    ['an id with a line end', { content: 'x', id: 'a\nb' }, 'id'],
    ['an empty user', { content: 'x', user_id: '' }, 'user_id'],
    ['a user of 257 characters', { content: 'x', user_id: 'x'.repeat(257) }, 'user_id'],
    ['a number for a session', { content: 'x', session_id: 1 }, 'session_id'],
    ['an object for a collection', { content: 'x', collection: {} }, 'collection'],
    ['an unknown sector', { content: 'x', sector: 'constructor' }, 'sector'],
    ['tags that are no list', { content: 'x', tags: 'a' }, 'tags'],
    ['a tag that is no text', { content: 'x', tags: ['a', 1] }, 'tags'],
    ['65 tags', { content: 'x', tags: new Array(65).fill('a') }, 'tags'],
    ['metadata that is a list', { content: 'x', metadata: [] }, 'metadata'],
    ['metadata beyond its size', { content: 'x', metadata: { a: 'x'.repeat(65_536) } }, 'metadata'],
    ['an integer beyond 2^53', '{"content":"x","metadata":{"a":9007199254740993}}', 'metadata.a'],
    ['a time that is no integer', { content: 'x', created_at: 1.5 }, 'created_at'],
    ['a time before 1970', { content: 'x', created_at: -1 }, 'created_at'],
    ['a time as text', { content: 'x', expires_at: '2030-01-01' }, 'expires_at'],
    ['an expiry that has passed', { content: 'x', expires_at: Date.now() }, 'expires_at'],
    ['an unknown field', { content: 'x', vault_id: 'other' }, 'vault_id'],
    ['another unknown field', { content: 'x', contentHash: 'y' }, 'contentHash'],
    ['an unknown choice', { content: 'x', on_duplicate: 'replace' }, 'on_duplicate'],
  ])('refuses %s, naming the field, and stores nothing', async (_, body, field) => {
    const before = view.digest();
    const answer = await service.as('refusals').post('/v1/memories', body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('VALIDATION_FAILED');
    expect(fieldsOf(answer)).toContain(field);
    expect(view.digest()).toBe(before);
  });

  it('answers 409 for an id that the vault has, the same whoever owns it', async () => {
    const ana = service.as('ids', 'ana');
    const ben = service.as('ids', 'ben');
    const first = await ana.post('/v1/memories', { id: 'one', content: 'first' });
    const before = view.digest();
    const answers = await Promise.all([
      ana.post('/v1/memories', { id: 'one', content: 'second' }, { 'x-request-id': 'same' }),
      ben.post('/v1/memories', { id: 'one', content: 'second' }, { 'x-request-id': 'same' }),
      service.as('ids').post('/v1/memories', { id: 'one', content: 'x' }, { 'x-request-id': 'same' }),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('ID_EXISTS');
      expect(fieldsOf(answer)).toEqual(['id']);
      expect(answer.text).toBe(answers[0].text);
    }
    expect(view.digest()).toBe(before);
    expect((await ana.get('/v1/memories/one')).text).toBe(first.text);
    const elsewhere = await service.as('ids-2', 'ana').post('/v1/memories', { id: 'one', content: 'third' });
    expect(elsewhere.status).toBe(201);
  });

  it('gives one of many the id that all ask for at once', async () => {
    const clients = Array.from({ length: 20 }, (_, i) => service.as('race', `u${i % 5}`));
    const answers = await Promise.all(
      clients.map((client, i) => client.post('/v1/memories', { id: 'same', content: `writer ${i}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...new Array(19).fill(409)]);
    expect(view.counts('race')).toMatchObject({ memories: 1, vaults: 1 });
  });

  it('stores equal content again, unless on_duplicate says to return what is there', async () => {
    const ana = service.as('twice', 'ana');
    const post = (client: Client, body: object) =>
      client.post('/v1/memories', { content: 'The same words.', ...body });
    const first = await post(ana, { id: 'b' });
    expect((await post(ana, { id: 'a' })).status).toBe(201);
    const before = view.digest();
    const again = await post(ana, { on_duplicate: 'return', tags: ['ignored'] });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([200, first.text, '"1"']);
    // An id that is taken matters only where something would be stored.
    expect((await post(ana, { id: 'a', on_duplicate: 'return' })).text).toBe(first.text);
    expect(view.digest()).toBe(before);

    expect((await post(ana, { content: 'The same words!', on_duplicate: 'return' })).status).toBe(201);
    expect((await post(ana, { on_duplicate: 'store' })).status).toBe(201);
    const ben = service.as('twice', 'ben');
    expect((await post(ben, { on_duplicate: 'return' })).body).toMatchObject({ user_id: 'ben' });
    const nobody = service.as('twice');
    expect((await post(nobody, { on_duplicate: 'return' })).status).toBe(201);
    expect((await post(nobody, { on_duplicate: 'return' })).status).toBe(200);
    expect((await post(nobody, { on_duplicate: 'return', user_id: 'ana' })).text).toBe(first.text);
    expect(view.counts('twice').memories).toBe(6);
  });

  it('stores equal content once when many say on_duplicate at once', async () => {
    const client = service.as('stampede', 'u');
    const answers = await Promise.all(
      Array.from({ length: 16 }, () =>
        client.post('/v1/memories', { content: 'One thought.', on_duplicate: 'return' }),
      ),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it('tells a known version by If-None-Match', async () => {
    const client = service.as('etag', 'u');
    await client.post('/v1/memories', { id: 'm', content: 'x' });
    for (const known of ['"1"', 'W/"1"', '*', '"7", "1"']) {
      const answer = await client.get('/v1/memories/m', { 'if-none-match': known });
      expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', '"1"']);
    }
    for (const other of ['"2"', '1', '', '"']) {
      expect((await client.get('/v1/memories/m', { 'if-none-match': other })).status).toBe(200);
    }
    expect((await client.get('/v1/memories/absent', { 'if-none-match': '*' })).status).toBe(404);
  });
});
