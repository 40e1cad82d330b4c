import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { tamper } from './harness/stored-memories.js';
import { putVault } from './harness/vault-row.js';

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});

afterAll(async () => {
  view.close();
  await service.stop();
});

const pathOf = (userId: string, rest = '') => `/v1/users/${encodeURIComponent(userId)}${rest}`;
const put = (client: Client, userId: string, body: unknown) => client.send('PUT', pathOf(userId), body);
const add = (client: Client, fields: object) =>
  client.post('/v1/memories', { content: 'An owl.', ...fields });
const idsOf = ({ body }: Answer) => (body.items as { user_id: string }[]).map(({ user_id }) => user_id);

describe('a user', () => {
  it('is there from the first write on', async () => {
    const ana = service.as('first', 'ana');
    expect((await ana.get('/v1/users')).body).toEqual({ items: [], next_cursor: null });
    expect(await ana.get(pathOf('ana'))).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const before = Date.now();
    await add(ana, { created_at: 5_000 });
    await add(ana, { created_at: 1_000 });
    await add(ana, { created_at: 9_000 });
    const { status, body } = await ana.get(pathOf('ana'));
    expect(status).toBe(200);
    expect(body).toEqual({
      user_id: 'ana',
      count: 3,
      first_at: 1_000,
      last_at: 9_000,
      has_summary: true,
      reflection_count: 0,
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
      summary: expect.stringContaining('3 memories'),
      summary_manual: false,
      summary_at: expect.any(Number),
    });
    expect(body.created_at).toBeGreaterThanOrEqual(before);
    const { summary: _, summary_manual: __, summary_at: ___, ...entry } = body;
    expect((await ana.get('/v1/users')).body).toEqual({ items: [entry], next_cursor: null });
    expect((await service.as('first').get('/v1/users')).body.items).toEqual([entry]);
  });

  it('counts what lives: neither what is deleted, nor what has expired or was given away', async () => {
    const all = service.as('counts');
    const made: string[] = [];
    for (let n = 1; n <= 5; n += 1) made.push((await add(all, { user_id: 'ana', created_at: n })).body.id);
    await all.delete(`/v1/memories/${made[0]}`);
    await all.patch(`/v1/memories/${made[4]}`, { user_id: 'ben' });
    const soon = Date.now() + 50;
    await all.patch(`/v1/memories/${made[1]}`, { expires_at: soon });
    while (Date.now() <= soon) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await all.get(pathOf('ana'))).body).toMatchObject({ count: 2, first_at: 3, last_at: 4 });
    expect((await all.get(pathOf('ben'))).body).toMatchObject({ count: 1, first_at: 5, last_at: 5 });
    await all.delete('/v1/memories?user_id=ana');
    expect((await all.get(pathOf('ana'))).body).toMatchObject({
      count: 0,
      first_at: null,
      last_at: null,
      has_summary: false,
      summary: null,
    });
    expect(idsOf(await all.get('/v1/users'))).toEqual(['ana', 'ben']);
  });

  it('may be named before there are memories', async () => {
    const all = service.as('named');
    expect((await put(all, 'ana', {})).status).toBe(201);
    const again = await put(all, 'ana', { summary: 'Likes tea.' });
    expect(again).toMatchObject({
      status: 200,
      body: { summary: 'Likes tea.', summary_manual: true, count: 0 },
    });
    expect((await all.get(pathOf('ana'))).body).toEqual(again.body);
    await add(all, { user_id: 'ben' });
    expect((await put(all, 'ben', {})).status).toBe(200);
  });

  it('is nobody where memories have no owner', async () => {
    await putVault(service, 'nobodys', { shareUnowned: true });
    const all = service.as('nobodys');
    await add(all, {});
    expect((await all.get('/v1/users')).body.items).toEqual([]);
    const ana = service.as('nobodys', 'ana');
    expect((await ana.get('/v1/memories')).body.items).toHaveLength(1);
    expect((await ana.get('/v1/users')).body.items).toEqual([]);
    expect((await ana.get(pathOf('ana'))).status).toBe(404);
    await add(ana, {});
    expect((await ana.get(pathOf('ana'))).body.count).toBe(1);
    expect((await ana.get(pathOf('ana', '/memories'))).body.items).toHaveLength(1);
  });

  it('may be called almost anything', async () => {
    const names = [
      'a/b/../c',
      '/',
      '%2f',
      'ana@example.com?x=1&y#z',
      '👩‍👩‍👧 família',
      ' spaces and\ttabs\n',
      '\u0001\u001f\u007f',
      "'; DROP TABLE users; --",
      '"\\:vault_id',
      '__proto__',
      'constructor',
      'null',
      'é'.repeat(256),
      '京'.repeat(256),
      '\u0001'.repeat(256),
      '👩'.repeat(128),
    ];
    const all = service.as('names');
    for (const name of names) await add(all, { user_id: name, content: `Of ${JSON.stringify(name)}` });
    const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(idsOf(await all.get('/v1/users'))).toEqual(sorted);
    const walked: string[] = [];
    for (let cursor = ''; ;) {
      const page = await all.get(`/v1/users?limit=1${cursor}`);
      expect(page.status).toBe(200);
      walked.push(...idsOf(page));
      if (page.body.next_cursor === null) break;
      cursor = `&cursor=${page.body.next_cursor}`;
    }
    expect(walked).toEqual(sorted);
    for (const name of names) {
      expect((await all.get(pathOf(name))).body).toMatchObject({ user_id: name, count: 1 });
      expect((await all.get(pathOf(name, '/memories'))).body.items).toHaveLength(1);
      expect((await put(all, name, { summary: name })).body).toMatchObject({ summary: name });
      expect((await all.post(pathOf(name, '/summary/regenerate'), undefined)).body).toMatchObject({
        user_id: name,
        summary: name,
      });
      expect((await all.post(pathOf(name, '/reflect'), undefined)).body).toMatchObject({ examined: 1 });
    }
    for (const name of names) {
      expect((await all.delete(pathOf(name))).body).toMatchObject({ user_id: name, erased: { memories: 1 } });
    }
    expect(view.counts('names')).toMatchObject({ users: 0, memories: 0, scopes: 0, term_blocks: 0 });
  });

  it.each(['x'.repeat(257), '👩'.repeat(129), '%00', 'a%00', 'a%ed%a0%80', '%ff'])(
    'may not be called what is too long, or no text (%#)',
    async (name) => {
      const all = service.as('refused');
      const written = name.includes('%') ? name : encodeURIComponent(name);
      for (const [method, rest, body] of [
        ['GET', ''],
        ['PUT', '', {}],
        ['DELETE', ''],
        ['GET', '/memories'],
        ['GET', '/summary'],
        ['POST', '/summary/regenerate'],
        ['POST', '/reflect'],
      ] as [string, string, object?][]) {
        const { status } = await all.send(method, `/v1/users/${written}${rest}`, body);
        // Adopted databases have longer ones than can be given to anybody new.
        const mayBe = method !== 'PUT' && !name.includes('%');
        expect([method, rest, status]).toEqual([method, rest, mayBe ? 404 : 400]);
      }
      expect(view.counts('refused').users).toBe(0);
    },
  );

  it('who was stored before users had rows is there all the same', async () => {
    const all = service.as('legacy');
    for (const user_id of ['ana', 'ben', 'cem']) await add(all, { user_id, created_at: 7 });
    await tamper(service.databasePath, `DELETE FROM users WHERE vault_id = 'legacy' AND user_id <> 'ben'`);
    expect(idsOf(await all.get('/v1/users'))).toEqual(['ana', 'ben', 'cem']);
    const { body } = await all.get(pathOf('ana'));
    expect(body).toMatchObject({ count: 1, summary_manual: false, reflection_count: 0, created_at: 7 });
    expect(body.summary).toContain('1 memory');
    expect(view.counts('legacy').users).toBe(1);
    const made = await all.post(pathOf('ana', '/summary/regenerate'), undefined);
    expect(made.body.summary).toBe(body.summary);
    expect((await put(all, 'cem', { summary: 'By hand.' })).status).toBe(200);
    expect(view.counts('legacy').users).toBe(3);
    expect((await all.delete(pathOf('ana'))).body.erased).toMatchObject({ memories: 1, users: 1 });
  });
});

describe('whom a token may ask about', () => {
  const requests = (userId: string): [method: string, path: string, body?: unknown][] => [
    ['GET', pathOf(userId)],
    ['PUT', pathOf(userId), { summary: 'Mine.' }],
    ['GET', pathOf(userId, '/memories')],
    ['GET', pathOf(userId, '/summary')],
    ['POST', pathOf(userId, '/summary/regenerate')],
    ['POST', pathOf(userId, '/reflect')],
    ['DELETE', pathOf(userId)],
  ];

  it('one user: that user alone, whether or not there is another', async () => {
    const all = service.as('others');
    await add(all, { user_id: 'ben', content: 'canary of ben' });
    await add(all, { user_id: 'ana' });
    const before = view.digest();
    const ana = service.as('others', 'ana');
    expect(idsOf(await ana.get('/v1/users'))).toEqual(['ana']);
    for (const [i, [method, path, body]] of requests('ben').entries()) {
      const foreign = await ana.send(method, path, body, { 'x-request-id': 'same' });
      const [, pathOfNobody] = requests('nobody at all')[i];
      const absent = await ana.send(method, pathOfNobody, body, { 'x-request-id': 'same' });
      expect([foreign.status, foreign.body.code]).toEqual([403, 'FORBIDDEN']);
      expect(absent.text).toBe(foreign.text);
    }
    expect(view.digest()).toBe(before);
    for (const [method, path, body] of requests('ana')) {
      expect((await ana.send(method, path, body)).status).toBe(200);
    }
    expect((await all.get('/v1/users')).body.items).toMatchObject([{ user_id: 'ben', count: 1 }]);
  });

  it('one vault: users of the same name in two vaults are two', async () => {
    const [a, b] = [service.as('twin-a'), service.as('twin-b')];
    await add(a, { user_id: 'ana', content: 'Ana of a likes trains.' });
    for (let n = 0; n < 3; n += 1) await add(b, { user_id: 'ana', content: 'Ana of b likes boats.' });
    await put(b, 'only-b', {});
    expect((await a.get('/v1/users')).body.items).toMatchObject([{ user_id: 'ana', count: 1 }]);
    const { body } = await a.get(pathOf('ana'));
    expect(body.summary).toContain('trains');
    expect(body.summary).not.toContain('boats');
    expect((await a.post(pathOf('ana', '/reflect'), undefined)).body).toMatchObject({
      examined: 1,
      clusters: 0,
    });
    for (const [method, path, content] of requests('only-b').filter(([method]) => method !== 'PUT')) {
      expect((await a.send(method, path, content)).status).toBe(404);
    }
    const cursor = (await b.get('/v1/users?limit=1')).body.next_cursor as string;
    expect((await a.get(`/v1/users?limit=1&cursor=${cursor}`)).body.code).toBe('INVALID_CURSOR');
    const before = (await b.get(pathOf('ana'))).body;
    await put(a, 'ana', { summary: 'Of a.' });
    await a.delete(pathOf('ana'));
    expect((await b.get(pathOf('ana'))).body).toMatchObject({ count: before.count, summary: before.summary });
  });
});

describe('a request that comes again with its Idempotency-Key', () => {
  it('has its effect once, and its answer twice', async () => {
    const all = service.as('keyed');
    for (let n = 0; n < 3; n += 1)
      await add(all, { user_id: 'ana', content: 'The owl sat in the barn at night.' });
    for (const [method, rest, body] of [
      ['PUT', '', { summary: 'By hand.' }],
      ['POST', '/summary/regenerate'],
      ['POST', '/reflect'],
    ] as [string, string, object?][]) {
      const key = { 'idempotency-key': `${method}${rest}` };
      const once = await all.send(method, pathOf('ana', rest), body, key);
      const again = await all.send(method, pathOf('ana', rest), body, key);
      expect([once.status, again.status]).toEqual([200, 200]);
      expect(again.text).toBe(once.text);
    }
    expect((await all.get(pathOf('ana'))).body).toMatchObject({ reflection_count: 1, count: 4 });
    const gone = await all.delete(pathOf('ana'), { 'idempotency-key': 'erase' });
    expect(gone.body.erased).toMatchObject({ memories: 4, idempotency: 3 });
    expect((await all.delete(pathOf('ana'), { 'idempotency-key': 'erase' })).status).toBe(404);
    expect(view.counts('keyed').idempotency).toBe(0);
  });
});

describe('the memories of a user', () => {
  const list = (path: string) => service.as('shelves').get(path);

  beforeAll(async () => {
    const all = service.as('shelves');
    for (let n = 0; n < 25; n += 1) {
      const user_id = n % 5 === 4 ? 'ben' : 'ana';
      await add(all, {
        user_id,
        created_at: n,
        tags: [`t${n % 3}`],
        metadata: { n: n % 2 },
        session_id: `s${n % 2}`,
      });
    }
  });

  it.each([
    '',
    'limit=7',
    'order=asc&limit=3&count=true',
    'tag=t1',
    'session_id=s0&created_after=4',
    'metadata={"n":1}',
  ])('are those of the list of all with that user: %s', async (query) => {
    const own = await list(pathOf('ana', `/memories?${query}`));
    const among = await list(`/v1/memories?user_id=ana&${query}`);
    expect(own.status).toBe(200);
    expect(own.body).toEqual(among.body);
    expect(own.body.items.length).toBeGreaterThan(0);
  });

  it('come page by page', async () => {
    const seen: number[] = [];
    for (let cursor = ''; ;) {
      const { body } = await list(pathOf('ana', `/memories?limit=6${cursor}`));
      seen.push(...(body.items as { created_at: number }[]).map(({ created_at }) => created_at));
      if (body.next_cursor === null) break;
      expect((await list(pathOf('ben', `/memories?limit=6&cursor=${body.next_cursor}`))).status).toBe(400);
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => 24 - n).filter((n) => n % 5 !== 4));
  });

  it('are asked for in the path, not in the query', async () => {
    const { status, body } = await list(pathOf('ana', '/memories?user_id=ana'));
    expect([status, body.errors]).toEqual([400, [{ field: 'user_id', message: 'is not a known field' }]]);
    for (const wrong of ['limit=0', 'limit=101', 'limit=x', 'order=up', 'cursor=x', 'sector=none', 'x=1']) {
      expect((await list(pathOf('ana', `/memories?${wrong}`))).status).toBe(400);
    }
    expect((await list(pathOf('nobody', '/memories'))).status).toBe(404);
  });
});

describe('what is asked wrongly', () => {
  it.each([
    { summary: '' },
    { summary: 5 },
    { summary: ['x'] },
    { summary: 'x'.repeat(10_001) },
    { summary: 'a\u0000b' },
    { summary: '\ud800' },
    { summry: 'x' },
    { summary: 'x', user_id: 'ben' },
    [],
    'text',
  ])('is refused and changes nothing: PUT (%#)', async (...given) => {
    const [body] = given.length === 1 ? given : [[]];
    const all = service.as('wrong');
    expect((await put(all, 'ana', JSON.stringify(body))).status).toBe(400);
    expect(view.counts('wrong').users).toBe(0);
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=1.5',
    'cursor=',
    'cursor=x',
    `cursor=${'x'.repeat(5000)}`,
    'order=asc',
    'user_id=x',
  ])('is refused: GET /v1/users?%s', async (query) => {
    expect((await service.as('wrong').get(`/v1/users?${query}`)).status).toBe(400);
  });

  it('needs the permission', async () => {
    await add(service.as('may'), { user_id: 'ana' });
    const may = (...permissions: string[]) => service.as('may', 'ana', permissions);
    const asked: [string, string, string, unknown?][] = [
      ['read', 'GET', '/v1/users'],
      ['read', 'GET', pathOf('ana')],
      ['read', 'GET', pathOf('ana', '/memories')],
      ['read', 'GET', pathOf('ana', '/summary')],
      ['write', 'PUT', pathOf('ana'), {}],
      ['write', 'POST', pathOf('ana', '/summary/regenerate')],
      ['write', 'POST', pathOf('ana', '/reflect')],
      ['delete', 'DELETE', pathOf('ana')],
    ];
    for (const [needed, method, path, body] of asked) {
      const others = ['read', 'write', 'delete', 'admin', 'operator'].filter((one) => one !== needed);
      expect((await may(...others).send(method, path, body)).status).toBe(403);
      expect((await may(needed).send(method, path, body)).status).toBe(200);
    }
  });
});
