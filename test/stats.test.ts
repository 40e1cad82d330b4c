import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StatsCounter } from '../src/stats/stats-counter.js';
import { type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
const house = () => {
  const vault = `stats-${(vaults += 1)}`;
  return { vault, all: service.as(vault), ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben') };
};

const today = () => new Date().toISOString().slice(0, 10);

async function events(client: Client): Promise<Record<string, number>> {
  const { status, body } = await client.get('/v1/stats');
  expect(status).toBe(200);
  for (const { day } of body.events) expect(day).toBe(today());
  return Object.fromEntries(
    body.events.map(({ type, count }: { type: string; count: number }) => [type, count]),
  );
}

const storedRows = (vault: string) => {
  const view = new DatabaseView(service.databasePath);
  const rows = view.all<{ user_id: string; type: string; count: number; ts: number; dims: string }>(
    'SELECT user_id, type, count, ts, dims FROM stats WHERE vault_id = ? ORDER BY user_id, type',
    vault,
  );
  view.close();
  return rows;
};

describe('GET /v1/stats', () => {
  it('counts what is there by sector, owner, collection and day', async () => {
    const { all } = house();
    const day = Date.UTC(2026, 2, 1);
    const add = (more: object) => all.post('/v1/memories', { content: 'x', ...more });
    await add({ user_id: 'ana', sector: 'semantic', collection: 'c', created_at: day });
    await add({ user_id: 'ana', sector: 'episodic', created_at: day + 86_399_999 });
    await add({ user_id: 'ben', sector: 'semantic', created_at: day + 86_400_000 });
    await add({ sector: 'procedural', created_at: day - 1 });
    await add({ sector: 'procedural', created_at: day, expires_at: Date.now() + 100 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { body } = await all.get(`/v1/stats?from=${day}&to=${day + 86_400_000}`);
    expect(body).toMatchObject({
      memories: 4,
      sectors: [
        { sector: 'semantic', count: 2 },
        { sector: 'episodic', count: 1 },
        { sector: 'procedural', count: 1 },
      ],
      users: [
        { user_id: 'ana', count: 2 },
        { user_id: null, count: 1 },
        { user_id: 'ben', count: 1 },
      ],
      collections: [
        { collection: null, count: 3 },
        { collection: 'c', count: 1 },
      ],
      days: [
        { day: '2026-03-01', count: 2 },
        { day: '2026-03-02', count: 1 },
      ],
      events: [],
    });
  });

  it('counts what happens, a row an owner, type and day', async () => {
    const { vault, all, ana } = house();
    const { body } = await ana.post('/v1/memories', { content: 'one' });
    await ana.post('/v1/memories/batch', [{ content: 'two' }, { content: 'three' }, { content: '' }]);
    await ana.patch(`/v1/memories/${body.id}`, { content: 'first' });
    await ana.post(`/v1/memories/${body.id}/reinforce`, {});
    await ana.delete(`/v1/memories/${body.id}`);
    await all.post('/v1/memories', { content: 'of nobody' });
    await all.delete('/v1/memories?user_id=ana');
    expect(await events(ana)).toEqual({ add: 3, update: 1, reinforce: 1, delete: 3 });
    expect(await events(all)).toEqual({ add: 4, update: 1, reinforce: 1, delete: 3 });
    expect(storedRows(vault)).toEqual(
      [
        ['', 'add', 1],
        ['ana', 'add', 3],
        ['ana', 'delete', 3],
        ['ana', 'reinforce', 1],
        ['ana', 'update', 1],
      ].map(([user_id, type, count]) => ({
        user_id,
        type,
        count,
        ts: Date.parse(today()),
        dims: '',
      })),
    );
  });

  it('counts searches in memory, and writes them down in a unit of work of their own', async () => {
    const { vault, all, ana } = house();
    await ana.post('/v1/memories', { content: 'an owl' });
    for (let i = 0; i < 5; i += 1) await ana.post('/v1/memories/search', { query: 'owl' });
    await all.post('/v1/memories/search', { query: 'owl' });
    expect(await events(ana)).toEqual({ add: 1, search: 5 });
    expect(await events(all)).toEqual({ add: 1, search: 6 });
    expect(storedRows(vault).map(({ type }) => type)).toEqual(['add']);
    await service.app.get(StatsCounter).flush();
    expect(storedRows(vault)).toMatchObject([
      { user_id: '', type: 'search', count: 1 },
      { user_id: 'ana', type: 'add', count: 1 },
      { user_id: 'ana', type: 'search', count: 5 },
    ]);
    expect(await events(all)).toEqual({ add: 1, search: 6 });
    await ana.post('/v1/memories/search', { query: 'owl' });
    expect(await events(all)).toEqual({ add: 1, search: 7 });
  });

  it('keeps what cannot be written down for later, and what comes meanwhile', async () => {
    const { vault, ana } = house();
    await ana.post('/v1/memories', { content: 'an owl' });
    await ana.post('/v1/memories/search', { query: 'owl' });
    const counter = service.app.get(StatsCounter);
    vi.spyOn(counter as unknown as { write(): Promise<void> }, 'write').mockRejectedValueOnce(
      new Error('busy'),
    );
    await counter.flush();
    vi.restoreAllMocks();
    const flushing = counter.flush();
    await ana.post('/v1/memories/search', { query: 'owl' });
    await flushing;
    await counter.flush();
    expect(storedRows(vault)).toMatchObject([{ type: 'add' }, { type: 'search', count: 2 }]);
  });

  it('writes everything down once, however often it is told to at a time', async () => {
    const { vault, ana } = house();
    const counter = service.app.get(StatsCounter);
    for (let round = 1; round <= 5; round += 1) {
      await ana.post('/v1/memories/search', { query: 'owl' });
      const first = counter.flush();
      // While one writes, others wait.
      await Promise.resolve();
      await Promise.all([first, counter.flush(), counter.flush(), counter.flush()]);
      expect(storedRows(vault)).toMatchObject([{ type: 'search', count: round }]);
    }
  });

  it('makes no vault by counting reads', async () => {
    const { vault, ana } = house();
    await ana.post('/v1/memories/search', { query: 'owl' });
    await service.app.get(StatsCounter).flush();
    expect(storedRows(vault)).toMatchObject([{ user_id: 'ana', type: 'search', count: 1 }]);
    const view = new DatabaseView(service.databasePath);
    expect(view.all('SELECT 1 FROM vaults WHERE vault_id = ?', vault)).toEqual([]);
    view.close();
  });

  it('counts nothing of a write that fails', async () => {
    const { ana } = house();
    await ana.post('/v1/memories', { id: 'taken', content: 'x' });
    expect((await ana.post('/v1/memories', { id: 'taken', content: 'x' })).status).toBe(409);
    expect((await ana.patch('/v1/memories/absent', { content: 'x' })).status).toBe(404);
    expect(await events(ana)).toEqual({ add: 1 });
  });

  it('is one’s own: of a user, of a vault', async () => {
    const { ana, ben } = house();
    const other = house();
    await ben.post('/v1/memories', { content: 'an owl', collection: 'of ben' });
    await other.ana.post('/v1/memories', { content: 'an owl' });
    await ben.post('/v1/memories/search', { query: 'owl' });
    expect((await ana.get('/v1/stats')).body).toEqual({
      memories: 0,
      sectors: [],
      users: [],
      collections: [],
      days: [],
      events: [],
    });
  });

  it('refuses days that are none', async () => {
    const { ana } = house();
    for (const query of [
      'from=2&to=1&x=1',
      'from=-1',
      'to=x',
      `from=0&to=${400 * 86_400_000}`,
      'from=200000000&to=0',
    ]) {
      expect([query, (await ana.get(`/v1/stats?${query}`)).status]).toEqual([query, 400]);
    }
    expect((await ana.get('/v1/stats?to=864000000000000')).status).toBe(200);
  });
});
