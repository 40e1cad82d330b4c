import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { type Result, idsOf, resultsOf, search } from './harness/searching.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ WAYPOINTS_AUTOMATIC: 'false' });
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  await service.stop();
});

async function store(client: Client, id: string, content: string, more: object = {}): Promise<void> {
  const { status, text } = await client.post('/v1/memories', { id, content, ...more });
  if (status !== 201) throw new Error(text);
}

async function supersede(
  client: Client,
  src_id: string,
  dst_id: string,
  type = 'superseded_by',
): Promise<void> {
  const { status, text } = await client.post('/v1/waypoints', { src_id, dst_id, type });
  if (status !== 201) throw new Error(text);
}

const found = async (client: Client, filters: object = {}, limit = 20) =>
  idsOf(await search(client, 'where does ana live', { filters, limit }));

describe('a memory that a newer one has taken the place of', () => {
  it('is not found any more, unless it is asked for, and is again when the newer one goes', async () => {
    const client = service.as('superseded');
    await store(client, 'old', 'Ana lives in Lisbon');
    await store(client, 'new', 'Ana lives in Porto');
    await store(client, 'other', 'Ben lives in Porto');
    const before = await search(client, 'where does ana live');
    expect(idsOf(before)).toContain('old');
    await supersede(client, 'old', 'other', 'contradicts');
    expect(await found(client)).toContain('old');
    await supersede(client, 'old', 'new');
    // The others keep their scores: what is hidden still counts in the statistics.
    const after: Result[] = await search(client, 'where does ana live');
    expect(after.map(({ id, score }) => [id, score])).toEqual(
      before.filter(({ id }) => id !== 'old').map(({ id, score }) => [id, score]),
    );
    expect(await found(client, { include_superseded: false })).not.toContain('old');
    expect(await found(client, { include_superseded: true })).toEqual(idsOf(before));
    const list = await client.get('/v1/memories');
    expect((list.body as { items: Result[] }).items.map(({ id }) => id)).toContain('old');
    expect((await client.get('/v1/memories/old')).status).toBe(200);
    await client.delete('/v1/memories/new');
    expect(await found(client)).toContain('old');
  });

  it('leaves its place in the answer to the next', async () => {
    const client = service.as('superseded-many');
    for (let i = 0; i < 60; i += 1) await store(client, `m${i}`, `Ana lives in town ${'number '.repeat(i)}`);
    const all = await found(client, {}, 60);
    expect(all).toHaveLength(60);
    const hidden = all.filter((_, i) => i % 3 === 0 && i > 0);
    for (const id of hidden) await supersede(client, id, all[0]);
    const left = all.filter((id) => !hidden.includes(id));
    for (const limit of [1, 2, 15, 39, 40])
      expect(await found(client, {}, limit)).toEqual(left.slice(0, limit));
    expect(await found(client, { created_after: 1 }, 30)).toEqual(left.slice(0, 30));
    expect(await found(client, { include_superseded: true }, 60)).toEqual(all);
  });

  it('is hidden from nobody by what another user or vault does', async () => {
    const [ana, ben] = [service.as('superseded-two', 'ana'), service.as('superseded-two', 'ben')];
    const [vault, elsewhere] = [service.as('superseded-two'), service.as('superseded-three')];
    for (const client of [ana, elsewhere]) {
      await store(client, 'old', 'Ana lives in Lisbon');
      await store(client, 'new', 'Ana lives in Porto');
    }
    await store(ben, 'of-ben', 'Ana lives in Rome');
    await supersede(elsewhere, 'old', 'new');
    expect(await found(ana)).toEqual(expect.arrayContaining(['old', 'new']));
    expect(
      (await ben.post('/v1/waypoints', { src_id: 'old', dst_id: 'of-ben', type: 'superseded_by' })).status,
    ).toBe(404);
    expect(
      (await vault.post('/v1/waypoints', { src_id: 'old', dst_id: 'of-ben', type: 'superseded_by' })).status,
    ).toBe(409);
    expect(await found(ana)).toContain('old');
    await supersede(ana, 'old', 'new');
    expect([await found(ana), await found(vault)].flat()).not.toContain('old');
    expect(await found(vault)).toEqual(expect.arrayContaining(['new', 'of-ben']));
  });

  it('stays away from the context of a prompt too, also as a neighbour', async () => {
    const client = service.as('superseded-context');
    const session = { session_id: 's' };
    await store(client, 'before', 'Something about fish', session);
    await store(client, 'asked', 'Ana lives in Lisbon', session);
    await store(client, 'after', 'Something about birds', session);
    const context = async (filters: object = {}) => {
      const answer = await client.post('/v1/memories/context', {
        query: 'ana lives',
        max_tokens: 500,
        filters,
      });
      return (answer.body as { memories: Result[] }).memories.map(({ id }) => id).sort();
    };
    expect(await context()).toEqual(['after', 'asked', 'before']);
    await supersede(client, 'before', 'after');
    expect(await context()).toEqual(['after', 'asked']);
    expect(await context({ include_superseded: true })).toEqual(['after', 'asked', 'before']);
    await supersede(client, 'asked', 'after');
    // That one is found by the words beside it.
    expect(await context()).toEqual(['after']);
  });

  it('is back when the newer one has expired', async () => {
    const client = service.as('superseded-expired');
    await store(client, 'old', 'Ana lives in Lisbon');
    await store(client, 'new', 'Ana lives in Porto', { expires_at: Date.now() + 1_500 });
    await supersede(client, 'old', 'new');
    expect(await found(client)).toEqual(['new']);
    for (let tries = 0; tries < 100 && !(await found(client)).includes('old'); tries += 1)
      await new Promise((done) => setTimeout(done, 100));
    expect(await found(client)).toEqual(['old']);
  });

  it('is asked for by true or false alone', async () => {
    const client = service.as('superseded-typed');
    for (const include_superseded of ['true', 1, null, {}]) {
      const answer = await client.post('/v1/memories/search', {
        query: 'x',
        filters: { include_superseded },
      });
      expect(answer.status).toBe(400);
    }
    expect(
      resultsOf(
        await client.post('/v1/memories/search', { query: 'x', filters: { include_superseded: true } }),
      ),
    ).toEqual([]);
  });
});
