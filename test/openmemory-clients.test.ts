import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { recordFigure } from './harness/figures.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
const house = () => `clients-${(vaults += 1)}`;

const JSON_TYPE = { 'content-type': 'application/json' };
const idsOf = (list: { id: string }[]) => list.map(({ id }) => id);

async function add(client: Client, input: object): Promise<string> {
  const { status, body } = await client.post('/memory/add', input);
  expect([status, body.deduplicated]).toEqual([200, undefined]);
  return body.id;
}

describe('where OpenMemory was wrong', () => {
  it('keeps a hundred distinct short facts', async () => {
    const client = service.as(house(), 'ana');
    const facts = Array.from(
      { length: 100 },
      (_, i) =>
        `Alice paid invoice ${1100 + i} on 2025-03-${String((i % 28) + 1).padStart(2, '0')} for ${i} euros`,
    );
    const ids = new Set<string>();
    for (const content of facts) ids.add(await add(client, { content }));
    const { items } = (await client.get('/memory/all?l=1000')).body;
    const kept = facts.filter((content) =>
      items.some((item: { content: string }) => item.content === content),
    );
    recordFigure('openmemory.facts', kept.length);
    expect([ids.size, items.length, kept.length]).toEqual([100, 100, 100]);
    for (const i of [0, 57, 99]) {
      const { matches } = (await client.post('/memory/query', { query: `invoice ${1100 + i}`, k: 1 })).body;
      expect(matches[0].content).toBe(facts[i]);
    }
  });

  it('takes for a duplicate only what says exactly the same, of the same user', async () => {
    const client = service.as(house());
    const input = { content: 'Ana likes tea', tags: ['drink'], metadata: { n: 1 }, user_id: 'ana' };
    const id = await add(client, input);
    const same = async (other: object) => (await client.post('/memory/add', { ...input, ...other })).body;
    const known = { id, primary_sector: 'semantic', sectors: ['semantic'], deduplicated: true };
    expect(await same({})).toEqual(known);
    expect(await same({ tags: undefined, metadata: null })).toEqual(known);
    const others = [
      { content: 'Ana likes tea.' },
      { content: 'ana likes tea' },
      { tags: ['drink', 'hot'] },
      { metadata: { n: 2 } },
      { user_id: 'ben' },
      { project_id: 'p1' },
    ];
    for (const other of others) {
      const made = await same(other);
      expect([other, made.deduplicated, made.id === id]).toEqual([other, undefined, false]);
      expect([other, await same(other)]).toMatchObject([other, { id: made.id, deduplicated: true }]);
    }
    expect((await client.get('/memory/all')).body.items).toHaveLength(1 + others.length);
    expect((await client.get(`/memory/${id}`)).body).toMatchObject({ ...input, version: 1 });
  });

  it('gives a long text back whole, at once and for ever', async () => {
    const client = service.as(house());
    const content = 'The Nile flows north through many lands. '.repeat(4_000) + 'Its last word is delta.';
    const id = await add(client, { content });
    expect((await client.get(`/memory/${id}`)).body.content).toBe(content);
    const { matches } = (await client.post('/memory/query', { query: 'delta' })).body;
    expect(matches).toMatchObject([{ id, content }]);
  });

  it('reinforces, and forgets no edit and no deletion in what it finds', async () => {
    const client = service.as(house());
    const id = await add(client, { content: 'The capital of Peru is Lima' });
    const salience = async () => (await client.get(`/memory/${id}`)).body.salience;
    const before = await salience();
    expect((await client.post('/memory/reinforce', { id, boost: 0.2 })).body).toEqual({ ok: true });
    const after = await salience();
    expect(after).toBeGreaterThan(before);
    await client.post('/memory/reinforce', { id });
    expect(await salience()).toBeGreaterThan(after);
    await client.post('/memory/reinforce', { id, boost: 100 });
    expect(await salience()).toBe(1);

    const find = async (query: string) => (await client.post('/memory/query', { query })).body.matches;
    expect(await find('Lima')).toHaveLength(1);
    await client.patch(`/memory/${id}`, { content: 'The capital of Chile is Santiago' });
    expect([await find('Lima'), idsOf(await find('Santiago'))]).toEqual([[], [id]]);
    await client.delete(`/memory/${id}`);
    expect(await find('Santiago')).toEqual([]);
  });

  it('has summaries that follow the memories', async () => {
    const client = service.as(house());
    await add(client, { content: 'Ana bought a violin in Vienna', user_id: 'ana' });
    const summary = async () => (await client.get('/users/ana/summary')).body;
    const first = await summary();
    expect(first).toMatchObject({ user_id: 'ana', reflection_count: 0 });
    expect(first.summary).toContain('1 memor');
    await add(client, { content: 'Ana sold the violin in Vienna', user_id: 'ana' });
    const made = (await client.post('/users/ana/summary/regenerate', {})).body;
    expect(made).toMatchObject({ ok: true, user_id: 'ana' });
    expect(made.summary).toContain('2 memories');
    expect((await summary()).summary).toBe(made.summary);
    expect((await client.post('/users/summaries/regenerate-all', {})).body).toEqual({
      ...{ ok: true, updated: 1, scope: 'all' },
    });
    const missing = await client.get('/users/ben/summary');
    expect([missing.status, missing.body]).toEqual([404, { error: 'user not found' }]);
  });

  it('cuts the page after the sector was looked at', async () => {
    const client = service.as(house());
    const wanted = [];
    for (let i = 0; i < 12; i += 1) {
      const sector = i % 4 === 0 ? 'procedural' : 'semantic';
      const id = await add(client, { content: `Number ${i}`, metadata: { sector } });
      if (sector === 'procedural') wanted.unshift(id);
    }
    const page = async (query: string) => idsOf((await client.get(`/memory/all?${query}`)).body.items);
    expect(await page('sector=procedural&l=2')).toEqual(wanted.slice(0, 2));
    expect(await page('sector=procedural&l=2&u=2')).toEqual(wanted.slice(2));
    const { body } = await client.get('/sectors');
    expect(body.stats).toEqual([
      { sector: 'procedural', count: 3, avg_salience: 0.4 },
      { sector: 'semantic', count: 9, avg_salience: 0.4 },
    ]);
  });
});

describe('what clients do that no specification says', () => {
  it('send null for what they leave out, and fields that nobody knows', async () => {
    const client = service.as(house());
    const nothing = { tags: null, metadata: null, user_id: null, project_id: null };
    const id = await add(client, { content: 'An owl', ...nothing, client: 'sdk/1.2', options: { a: [1] } });
    const query = { query: 'owl', k: null, filters: null, startTime: null, user_id: null, verbose: true };
    expect(idsOf((await client.post('/memory/query', query)).body.matches)).toEqual([id]);
    const filters = { user_id: null, sector: null, min_score: null, tags: null, other: ['x'] };
    expect(idsOf((await client.post('/memory/query', { query: 'owl', filters })).body.matches)).toEqual([id]);
    expect((await client.post('/memory/reinforce', { id, boost: null })).body).toEqual({ ok: true });
    const patched = await client.patch(`/memory/${id}`, { content: null, tags: ['t'], metadata: null });
    expect(patched.body).toEqual({ id, updated: true });
    expect((await client.get(`/memory/${id}?verbose=1&x=`)).body).toMatchObject({
      ...{ content: 'An owl', tags: ['t'], metadata: {}, user_id: null },
    });
    const missing = await client.post('/memory/add', { content: null });
    expect([missing.status, missing.body]).toEqual([
      400,
      { error: 'invalid_input', details: ['content: must not be null'] },
    ]);
  });

  it('say that JSON comes, and send none', async () => {
    const client = service.as(house(), 'ana');
    const id = await add(client, { content: 'An owl' });
    expect((await client.get('/memory/all', JSON_TYPE)).status).toBe(200);
    expect((await client.get(`/memory/${id}`, JSON_TYPE)).status).toBe(200);
    for (const path of ['/users/ana/summary/regenerate', '/users/summaries/regenerate-all']) {
      expect((await client.send('POST', path, undefined, JSON_TYPE)).status).toBe(200);
    }
    const nothing = await client.send('POST', '/memory/add', undefined, JSON_TYPE);
    expect([nothing.status, nothing.body.details]).toEqual([400, ['content: required']]);
    expect((await client.send('PATCH', `/memory/${id}`, undefined, JSON_TYPE)).body.updated).toBe(false);
    expect((await client.delete(`/memory/${id}`, JSON_TYPE)).body).toEqual({ ok: true });
    expect((await client.delete('/users/ana/memories', JSON_TYPE)).body).toEqual({ ok: true, deleted: 0 });
    // On Cairn's own routes too.
    const own = await client.post('/v1/memories', { content: 'Another owl' });
    expect((await client.delete(`/v1/memories/${own.body.id}`, JSON_TYPE)).status).toBe(204);
    expect((await client.get('/v1/memories', JSON_TYPE)).status).toBe(200);
  });

  it('send other bodies than JSON, and are told what is missing', async () => {
    const client = service.as(house());
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson', 'a/b']) {
      const { status, body } = await client.send('POST', '/memory/add', '{"content":"x"}', {
        'content-type': type,
      });
      expect([type, status, body.details]).toEqual([type, 400, ['content: required']]);
    }
    const list = await client.post('/memory/add', [1]);
    expect(list.body).toEqual({ error: 'invalid_input', details: ['body: expected object, got array'] });
    expect((await client.send('POST', '/memory/add', '{"content":')).body).toEqual({ error: 'invalid_json' });
    expect((await client.post('/memories', {})).body).toEqual({ err: 'content' });
  });

  it.each(['Jörg Müller', "o'brien", 'a "b" c', 'a/b?c=d&e#f', '日本 語', '100%', 'a+b', 'constructor'])(
    'call a user %s',
    async (name) => {
      const client = service.as(house());
      const id = await add(client, { content: 'An owl', user_id: name });
      await add(client, { content: 'A cat', user_id: 'somebody else' });
      const path = `/users/${encodeURIComponent(name)}`;
      expect((await client.get(`${path}/memories?l=5`)).body).toMatchObject({
        user_id: name,
        items: [{ id }],
      });
      expect((await client.get(`${path}/summary`)).body.user_id).toBe(name);
      const query = new URLSearchParams({ user_id: name });
      expect((await client.get(`/memory/all?${query}`)).body.items).toMatchObject([{ id, user_id: name }]);
      expect((await client.get(`/memory/${id}?${query}`)).status).toBe(200);
      expect((await client.get(`/memory/${id}?user_id=somebody+else`)).body).toEqual({ err: 'nf' });
      const filters = { user_id: name };
      expect((await client.post('/memory/query', { query: 'owl cat', filters })).body.matches).toMatchObject([
        { id },
      ]);
      const { users } = (await client.get('/users')).body;
      expect(users).toContainEqual({
        ...{ user_id: name, memory_count: 1, reflection_count: 0, summary: expect.any(String) },
      });
      expect((await client.delete(`${path}/memories`)).body).toEqual({ ok: true, deleted: 1 });
      expect((await client.get('/memory/all')).body.items).toHaveLength(1);
    },
  );

  it('turn pages in either spelling', async () => {
    const client = service.as(house());
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.unshift(await add(client, { content: `Page ${i}`, user_id: 'ana' }));
    for (const path of ['/memory/all', '/users/ana/memories']) {
      for (const [limit, offset] of [
        ['l', 'u'],
        ['limit', 'offset'],
      ]) {
        const seen: string[] = [];
        for (let at = 0; at < 9; at += 3) {
          seen.push(...idsOf((await client.get(`${path}?${limit}=3&${offset}=${at}`)).body.items));
        }
        expect([path, limit, seen]).toEqual([path, limit, ids]);
      }
      for (const query of ['l=99999', 'l=-1', 'l=x', 'u=-1', 'limit=1.5', 'offset=99999999999999999']) {
        const { status, body } = await client.get(`${path}?${query}`);
        expect([query, status, body]).toEqual([query, 400, { error: 'invalid_pagination' }]);
      }
      expect((await client.get(`${path}?l=0`)).body.items).toEqual([]);
      expect((await client.get(`${path}?l=&u=`)).body.items).toHaveLength(7);
    }
    expect(idsOf((await client.get('/memory/history?limit=2&offset=1')).body.history)).toEqual(
      ids.slice(1, 3),
    );
  });

  it('ask for a thousand matches, for a project, for a time and for salience', async () => {
    const client = service.as(house());
    const rows = Array.from({ length: 400 }, (_, i) => ({ content: `An owl called ${i}` }));
    await client.post('/v1/memories/batch', rows);
    const ask = async (more: object) =>
      (await client.post('/memory/query', { query: 'owl', ...more })).body.matches;
    expect(await ask({ k: 1000 })).toHaveLength(400);
    expect(await ask({})).toHaveLength(8);
    expect((await client.post('/memory/query', { query: 'owl', k: 1001 })).body.details).toEqual([
      'k: > 1000',
    ]);

    const id = await add(client, { content: 'A snowy owl', project_id: 'alpha', tags: ['x'] });
    await add(client, { content: 'A snowy owl', project_id: 'beta' });
    expect(idsOf(await ask({ filters: { project_id: 'alpha' } }))).toEqual([id]);
    expect(idsOf(await ask({ project_id: 'alpha' }))).toEqual([id]);
    const { items } = (await client.get('/memory/all?project_id=alpha')).body;
    expect(items).toMatchObject([{ id, project_id: 'alpha' }]);
    expect((await client.get(`/v1/memories/${id}`)).body.collection).toBe('alpha');
    expect((await client.get(`/memory/${id}?project_id=beta`)).status).toBe(404);

    const now = Date.now();
    expect(await ask({ endTime: now - 60_000 })).toEqual([]);
    expect(await ask({ filters: { startTime: now + 60_000.5, endTime: 1e300 } })).toEqual([]);
    expect(await ask({ k: 1000, startTime: -1e300, endTime: now + 1 })).toHaveLength(402);

    await client.post('/memory/reinforce', { id, boost: 0.9 });
    const [strong, ...others] = await ask({ k: 1000, filters: { min_score: 0.9 } });
    expect([strong.id, strong.path, others]).toEqual([id, [id], []]);
    expect(idsOf(await ask({ filters: { min_salience: 0.9 } }))).toEqual([id]);
    expect(idsOf(await ask({ filters: { tags: ['x'] } }))).toEqual([id]);
    expect(await ask({ filters: { sectors: ['procedural', 'emotional'] } })).toEqual([]);
    for (const { score } of await ask({ k: 1000 })) expect(score >= 0 && score <= 1).toBe(true);
  });

  it('search as the Python server let them, and by the Vercel route', async () => {
    const client = service.as(house(), 'ana');
    const id = (await client.post('/memories', { content: 'A snowy owl', tags: ['v'] })).body.id;
    const { results, memories } = (await client.post('/memory/search', { query: 'owl', limit: 3 })).body;
    expect([idsOf(results), idsOf(memories)]).toEqual([[id], [id]]);
    const { body } = await client.post('/query', { query: 'owl', k: 2 });
    expect(body).toMatchObject({ query: 'owl', user_id: 'ana', k: 2, matches: [{ id }] });
    expect(body.result).toBe(`- (${body.matches[0].score.toFixed(2)}) A snowy owl`);
  });

  it('name a user by whom they write, and by whom they ask', async () => {
    const client = service.as(house());
    const id = await add(client, { content: 'Of Ana', user_id: 'ana' });
    for (const [method, path, body] of [
      ['PATCH', `/memory/${id}`, { content: 'x', user_id: 'ben' }],
      ['DELETE', `/memory/${id}?user_id=ben`],
      ['DELETE', `/memory/${id}`, { user_id: 'ben' }],
      ['DELETE', `/memory/${id}?user_id=ana`, { user_id: 'ben' }],
      ['POST', '/memory/reinforce', { id, user_id: 'ben' }],
    ] as const) {
      const answer = await client.send(method, path, body);
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 404, { err: 'nf' }]);
    }
    expect((await client.get(`/memory/${id}`)).body).toMatchObject({ content: 'Of Ana', user_id: 'ana' });
    expect((await client.send('DELETE', `/memory/${id}`, { user_id: 'ana' })).body).toEqual({ ok: true });
  });

  it('are told in the old words what is wrong', async () => {
    const client = service.as(house());
    const wrong = {
      ...{ content: 5, tags: [1, 'x'.repeat(257)], metadata: [], user_id: 'x'.repeat(257) },
      project_id: 'a\u0000b',
    };
    expect((await client.post('/memory/add', wrong)).body).toEqual({
      error: 'invalid_input',
      details: [
        'content: expected string, got number',
        'tags[0]: expected string, got number',
        'tags[1]: length > 256',
        'metadata: expected object, got array',
        'user_id: length > 256',
        'project_id: must be well-formed Unicode text without U+0000',
      ],
    });
    const query = { query: 'x', k: 1.5, filters: { sector: 'none', min_score: 2, startTime: 'now' } };
    expect((await client.post('/memory/query', query)).body.details).toEqual([
      'k: expected integer, got number',
      'filters.sector: must be one of episodic, semantic, procedural, emotional, reflective',
      'filters.min_score: > 1',
      'filters.startTime: expected number, got string',
    ]);
    const many = await client.post('/memory/add', { content: 'x', tags: Array(65).fill('t') });
    expect(many.body.details).toEqual(['tags: array length > 64']);
    const exact = await client.send(
      'POST',
      '/memory/add',
      '{"content":"x","metadata":{"n":9007199254740993}}',
    );
    expect([exact.status, exact.body.error]).toEqual([400, 'invalid_input']);
    expect(exact.body.details[0]).toMatch(/^metadata\.n: is an integer beyond/);
  });
});

describe('the key of an OpenMemory server', () => {
  const key = 'the one key of a server';
  const self = createHash('sha256').update(key).digest('hex').slice(0, 16);

  it('means itself by the name of its former tenant, in the vault that this has become', async () => {
    const own = await TestService.start({ OM_API_KEY: key });
    // As an upgrade leaves it.
    const former = own.as(`om-${self}`, self);
    const kept = await add(former, { content: 'From before the upgrade' });
    const client = own.anonymous({ 'x-api-key': key });
    const id = await add(client, { content: 'An owl', user_id: self });
    const other = await add(client, { content: 'A cat', user_id: 'ana' });
    expect((await client.get(`/memory/${id}`)).body.user_id).toBe(self);
    for (const query of ['', `?user_id=${self}`]) {
      expect(idsOf((await client.get(`/memory/all${query}`)).body.items)).toEqual([other, id, kept]);
    }
    expect(idsOf((await client.get(`/users/${self}/memories`)).body.items)).toEqual([id, kept]);
    expect((await client.get(`/users/${self}/summary`)).body).toMatchObject({ user_id: self });
    expect((await client.post(`/users/${self}/summary/regenerate`, {})).body.ok).toBe(true);
    expect((await client.post('/query', { query: 'owl' })).body).toMatchObject({ user_id: self });
    expect((await client.post('/memory/add', { content: 'An owl' })).body.deduplicated).toBe(true);
    expect((await client.delete(`/users/${self}/memories`)).body).toEqual({ ok: true, deleted: 2 });
    expect(idsOf((await client.get('/memory/all')).body.items)).toEqual([other]);
    // To others it is a name like any other.
    const users = (await own.as('elsewhere').get(`/users/${self}/memories`)).body;
    expect(users).toEqual({ user_id: self, items: [] });
    await own.stop();
  });
});

describe('the paths themselves', () => {
  it('answer OPTIONS with nothing, and let no page of elsewhere in', async () => {
    for (const path of ['/memory/add', '/users/ana/memories', '/lgm/store']) {
      const answer = await service
        .anonymous()
        .send('OPTIONS', path, undefined, { origin: 'http://a.example' });
      expect([path, answer.status, answer.text]).toEqual([path, 200, '']);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('need a credential before they say that they are for later', async () => {
    for (const [method, path] of [
      ['GET', '/api/temporal/fact?subject=a'],
      ['POST', '/lgm/store'],
      ['POST', '/dynamics/salience/calculate'],
      ['POST', '/api/compression/compress'],
      ['GET', '/sources'],
      ['POST', '/sources/webhook/github'],
      ['POST', '/memory/ingest/url'],
    ]) {
      const [closed, open] = [service.anonymous(), service.as(house(), 'ana', [])];
      const refused = await closed.send(method, path, undefined, { authorization: 'Bearer wrong' });
      expect([path, refused.status, refused.body]).toEqual([path, 403, { error: 'invalid_api_key' }]);
      expect(refused.headers.get('www-authenticate')).toBeNull();
      const missing = await closed.send(method, path);
      expect([path, missing.status]).toEqual([path, 401]);
      expect(missing.body).toEqual({ error: 'authentication_required', message: 'API key required' });
      expect(await open.send(method, path)).toMatchObject({
        status: 501,
        body: { error: 'not_implemented' },
      });
    }
  });

  it('are not there where OpenMemory’s were not', async () => {
    const client = service.as(house());
    for (const path of ['/memory', '/memory/a/b', '/api/system/health', '/users/ana', '/lgm', '/sectors/x']) {
      const { status, text } = await client.get(path);
      expect([path, status, text]).toEqual([path, 404, '404: Not Found']);
    }
    const other = await client.send('PUT', '/memory/add');
    expect([other.status, other.body.error]).toEqual([405, 'method_not_allowed']);
    // Names that only begin like theirs are Cairn's.
    expect((await client.get('/memoryx')).headers.get('content-type')).toContain('problem+json');
  });
});
