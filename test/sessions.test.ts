import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
/** Clients of a vault of their own: its service, two users. */
function house(): { all: Client; ana: Client; ben: Client; vault: string } {
  const vault = `sessions-${(vaults += 1)}`;
  return { all: service.as(vault), ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben'), vault };
}

async function add(client: Client, content: string, more: object = {}): Promise<Answer> {
  const answer = await client.post('/v1/memories', { content, ...more });
  expect(answer.status).toBe(201);
  return answer;
}

/** Every page of a list. */
async function walk(
  client: Client,
  path: string,
  meanwhile?: () => Promise<unknown>,
): Promise<Answer['body'][]> {
  const found: Answer['body'][] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await client.get(`${path}${path.includes('?') ? '&' : '?'}limit=100${cursor}`);
    expect(status).toBe(200);
    found.push(...body.items);
    if (body.next_cursor === null) return found;
    cursor = `&cursor=${body.next_cursor}`;
    await meanwhile?.();
  }
}

describe('sessions', () => {
  it('are counted and dated by their living memories', async () => {
    const { ana, all } = house();
    await add(ana, 'one', { session_id: 's/1 ü', created_at: 2_000 });
    const two = await add(ana, 'two', { session_id: 's/1 ü', created_at: 1_000 });
    // Time enough for the requests until then, on however busy a machine.
    const expires_at = Date.now() + 3_000;
    await add(ana, 'three', { session_id: 's/1 ü', created_at: 3_000, expires_at });
    await add(ana, 'none');
    const row = { id: 's/1 ü', user_id: 'ana', count: 3, first_at: 1_000, last_at: 3_000 };
    expect((await ana.get('/v1/sessions')).body).toEqual({ items: [row], next_cursor: null });
    await new Promise((resolve) => setTimeout(resolve, expires_at - Date.now() + 50));
    expect((await all.get('/v1/sessions')).body.items).toEqual([{ ...row, count: 2, last_at: 2_000 }]);
    await ana.delete(`/v1/memories/${two.body.id}`);
    expect((await ana.get('/v1/sessions')).body.items).toEqual([
      { ...row, count: 1, first_at: 2_000, last_at: 2_000 },
    ]);
  });

  it('of two users or two vaults with one name are apart', async () => {
    const { ana, ben, all } = house();
    const other = house();
    await add(ana, 'of ana', { session_id: 'same' });
    await add(ben, 'of ben', { session_id: 'same' });
    await add(all, 'of nobody', { session_id: 'same' });
    await add(other.ana, 'elsewhere', { session_id: 'same' });
    expect((await ana.get('/v1/sessions')).body.items).toMatchObject([{ user_id: 'ana', count: 1 }]);
    expect((await all.get('/v1/sessions')).body.items).toMatchObject([
      { user_id: null, count: 1 },
      { user_id: 'ana', count: 1 },
      { user_id: 'ben', count: 1 },
    ]);
    expect((await all.get('/v1/sessions?user_id=ben')).body.items).toMatchObject([{ user_id: 'ben' }]);
    expect((await ana.get('/v1/sessions?user_id=ben')).status).toBe(403);

    const texts = (answer: Answer) => answer.body.items.map(({ content }: { content: string }) => content);
    expect(texts(await ana.get('/v1/sessions/same/memories'))).toEqual(['of ana']);
    expect(texts(await all.get('/v1/sessions/same/memories')).sort()).toEqual([
      'of ana',
      'of ben',
      'of nobody',
    ]);

    expect((await ana.delete('/v1/sessions/same')).body).toEqual({ deleted: 1 });
    expect((await ana.delete('/v1/sessions/same')).status).toBe(404);
    expect((await all.delete('/v1/sessions/same?user_id=ben')).body).toEqual({ deleted: 1 });
    expect((await all.delete('/v1/sessions/same')).body).toEqual({ deleted: 1 });
    expect((await other.ana.get('/v1/sessions')).body.items).toHaveLength(1);
  });

  it('give their memories in order, page by page', async () => {
    const { ana } = house();
    for (let i = 0; i < 25; i += 1) {
      await add(ana, `turn ${i}`, { session_id: 'talk', created_at: 1_000 + ((i * 7) % 25) });
    }
    const first = await ana.get('/v1/sessions/talk/memories?limit=10');
    const second = await ana.get(`/v1/sessions/talk/memories?limit=20&cursor=${first.body.next_cursor}`);
    const times = [...first.body.items, ...second.body.items].map(({ created_at }) => created_at);
    expect(times).toEqual(Array.from({ length: 25 }, (_, i) => 1_000 + i));
    expect(second.body.next_cursor).toBeNull();
  });

  it('that nobody knows are not found, and bad requests change nothing', async () => {
    const { ana, ben } = house();
    await add(ana, 'kept', { session_id: 'mine' });
    const absent = await ben.get('/v1/sessions/absent/memories');
    const foreign = await ben.get('/v1/sessions/mine/memories');
    expect([absent.status, foreign.status]).toEqual([404, 404]);
    const { instance: _, request_id: __, ...said } = absent.body;
    expect(foreign.body).toMatchObject(said);
    expect((await ben.delete('/v1/sessions/mine')).status).toBe(404);
    expect((await ana.delete('/v1/sessions/mine?user_id=ben')).status).toBe(403);
    expect((await ana.get('/v1/sessions?limit=0')).status).toBe(400);
    expect((await ana.get('/v1/sessions?cursor=x')).status).toBe(400);
    expect((await ana.get('/v1/sessions?tag=x')).status).toBe(400);
    expect((await ana.get('/v1/sessions')).body.items).toHaveLength(1);
  });

  it('keep the cursor of one list out of another', async () => {
    const { ana, all } = house();
    for (const session_id of ['a', 'b', 'c']) await add(ana, 'x', { session_id });
    const { next_cursor } = (await ana.get('/v1/sessions?limit=1')).body;
    expect((await all.get(`/v1/sessions?cursor=${next_cursor}`)).status).toBe(400);
    expect((await ana.get(`/v1/memories?cursor=${next_cursor}`)).status).toBe(400);
    expect((await ana.get(`/v1/sessions?user_id=ana&cursor=${next_cursor}`)).status).toBe(400);
  });

  it('10,000 of them are walked while others come and go', async () => {
    const { all, ana, ben } = house();
    const rows = Array.from({ length: 10_000 }, (_, i) => ({
      content: `w${i}`,
      user_id: 'ana',
      session_id: `s${(i * 7_919) % 10_000}`,
    }));
    const { body } = await all.post('/v1/memories/batch', rows);
    expect(body.created).toBe(10_000);
    let turn = 0;
    const found = await walk(all, '/v1/sessions', async () => {
      turn += 1;
      await add(ana, 'new', { session_id: `new-${(turn * 37) % 101}` });
      await add(ben, 'new', { session_id: `s${turn}` });
      await ben.delete(`/v1/sessions/s${turn - 1}`);
    });
    const keys = found.map(({ user_id, id }) => `${user_id}/${id}`);
    expect(new Set(keys).size).toBe(keys.length);
    const there = keys.filter((key) => /^ana\/s\d+$/.test(key));
    expect(there).toHaveLength(10_000);
  });
});
