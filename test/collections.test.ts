import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
function house(): { all: Client; ana: Client; ben: Client } {
  const vault = `collections-${(vaults += 1)}`;
  return { all: service.as(vault), ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben') };
}

const add = async (client: Client, collection: string, more: object = {}) => {
  const { status, body } = await client.post('/v1/memories', { content: 'x', collection, ...more });
  expect(status).toBe(201);
  return body.id as string;
};

const listed = async (client: Client, query = '') =>
  (await client.get(`/v1/collections${query}`)).body.items.map(
    ({ name, count }: { name: string; count: number }) => [name, count],
  );

describe('collections', () => {
  it('are described, changed, listed with counts and deleted when empty', async () => {
    const { all } = house();
    const made = await all.post('/v1/collections', {
      name: 'trips/2026 ✈',
      description: 'Where we went',
      metadata: { colour: 'blue' },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'trips/2026 ✈',
      description: 'Where we went',
      metadata: { colour: 'blue' },
      count: 0,
    });
    const path = `/v1/collections/${encodeURIComponent('trips/2026 ✈')}`;
    expect((await all.get(path)).body).toEqual(made.body);
    expect((await all.post('/v1/collections', { name: 'trips/2026 ✈' })).status).toBe(409);

    const id = await add(all, 'trips/2026 ✈');
    expect((await all.get(path)).body.count).toBe(1);
    const changed = await all.patch(path, { description: null });
    expect(changed.body).toMatchObject({ description: null, metadata: { colour: 'blue' }, count: 1 });

    const refused = await all.delete(path);
    expect([refused.status, refused.body.code]).toEqual([409, 'COLLECTION_NOT_EMPTY']);
    await all.delete(`/v1/memories/${id}`);
    expect((await all.delete(path)).status).toBe(204);
    expect((await all.get(path)).status).toBe(404);
    expect((await all.delete(path)).status).toBe(404);
  });

  it('that only memories name are there too, and can be described later', async () => {
    const { all } = house();
    await add(all, 'b');
    await add(all, 'b');
    await all.post('/v1/collections', { name: 'a' });
    await add(all, 'c', { expires_at: Date.now() + 100 });
    expect(await listed(all)).toEqual([
      ['a', 0],
      ['b', 2],
      ['c', 1],
    ]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await listed(all)).toEqual([
      ['a', 0],
      ['b', 2],
    ]);
    const described = await all.patch('/v1/collections/b', { description: 'second' });
    expect(described.body).toMatchObject({ name: 'b', description: 'second', count: 2 });
    expect(described.body.created_at).toBeGreaterThan(0);
    expect((await all.patch('/v1/collections/c', { description: 'gone' })).status).toBe(404);
  });

  it('show a user what is described and what their own memories name', async () => {
    const { all, ana, ben } = house();
    await all.post('/v1/collections', { name: 'shared' });
    await add(ana, 'of ana');
    await add(ana, 'shared');
    expect(await listed(ana)).toEqual([
      ['of ana', 1],
      ['shared', 1],
    ]);
    expect(await listed(ben)).toEqual([['shared', 0]]);
    const absent = await ben.get('/v1/collections/absent');
    const foreign = await ben.get('/v1/collections/of%20ana');
    expect([foreign.status, foreign.body.detail]).toEqual([404, absent.body.detail]);
    for (const refused of [
      await ana.post('/v1/collections', { name: 'mine' }),
      await ana.patch('/v1/collections/shared', { description: 'mine' }),
      await ana.delete('/v1/collections/shared'),
    ]) {
      expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
    }
    expect(await listed(house().all)).toEqual([]);
  });

  it('filter lists and searches', async () => {
    const { all } = house();
    await add(all, 'one', { content: 'owl in the barn' });
    await add(all, 'two', { content: 'owl on the roof' });
    const { body } = await all.get('/v1/memories?collection=two');
    expect(body.items).toMatchObject([{ content: 'owl on the roof' }]);
    const found = await all.post('/v1/memories/search', { query: 'owl', filters: { collection: 'one' } });
    expect(found.body.results).toMatchObject([{ content: 'owl in the barn' }]);
  });

  it('are paged in byte order, in whichever way they are there', async () => {
    const { all } = house();
    const names = ['Z', 'a', 'é', 'z', '京', '😀', '\u{ffff}'.normalize() + 'x'];
    for (const [i, name] of names.entries()) {
      if (i % 2 === 0) await add(all, name);
      else expect((await all.post('/v1/collections', { name })).status).toBe(201);
    }
    const found: string[] = [];
    for (let query = '?limit=1'; ;) {
      const { body } = await all.get(`/v1/collections${query}`);
      found.push(...body.items.map(({ name }: { name: string }) => name));
      if (body.next_cursor === null) break;
      query = `?limit=1&cursor=${body.next_cursor}`;
    }
    expect(found).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });

  it('refuse what is no collection', async () => {
    const { all } = house();
    for (const body of [
      {},
      { name: '' },
      { name: 7 },
      { name: 'x', metadata: [] },
      { name: 'x', description: '\u0000' },
      { name: 'x', vault_id: 'other' },
    ]) {
      expect((await all.post('/v1/collections', body)).status).toBe(400);
    }
    await all.post('/v1/collections', { name: 'x' });
    expect((await all.patch('/v1/collections/x', {})).status).toBe(400);
    expect((await all.get('/v1/collections?cursor=x')).status).toBe(400);
    expect(await listed(all)).toEqual([['x', 0]]);
  });
});
