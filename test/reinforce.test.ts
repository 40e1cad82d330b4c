import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PERMISSIONS } from '../src/auth/permissions.js';
import { MemoryReinforcement } from '../src/memories/memory-reinforcement.js';
import { readSlot } from '../src/recall/term-block.js';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { type Client, TestService } from './harness/app.js';
import { later } from './harness/clock.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { tamper } from './harness/stored-memories.js';
import { memoryRows } from './harness/memory-rows.js';
import { putVault } from './harness/vault-row.js';

const DAY = 86_400_000;

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  view.close();
  await service.stop();
});

/** A salience as answers have it. */
const shown = (salience: number) => Math.round(salience * 1e6) / 1e6;

const reinforce = (client: Client, id: string, body?: unknown, headers?: Record<string, string>) =>
  client.post(`/v1/memories/${id}/reinforce`, body, headers);

/** Whether the index takes the memory for reinforced. */
function isFlagged(vault: string, id: string): boolean | undefined {
  const [block] = view.all<{ data: Buffer; first_position: number; position: number }>(
    `SELECT b.data, b.first_position, m.position FROM memories m JOIN term_blocks b
       ON b.vault_id = m.vault_id AND b.user_id = m.user_id AND b.first_position <= m.position
     WHERE m.vault_id = ? AND m.id = ? ORDER BY b.first_position DESC`,
    vault,
    id,
  );
  return readSlot(block.data, block.position - block.first_position)?.reinforced;
}

describe('POST /v1/memories/{id}/reinforce', () => {
  it('raises the salience by the part given of what is missing to 1, from now on', async () => {
    const client = service.as('raise', 'u');
    const created_at = Date.now() - 5 * DAY;
    const { body: stored } = await client.post('/v1/memories', { id: 'm', content: 'An owl.', created_at });
    const before = Date.now();
    const { status, body, headers } = await reinforce(client, 'm');
    expect(status).toBe(200);
    expect(body.salience).toBe(0.46);
    expect(body.last_seen_at).toBeGreaterThanOrEqual(before);
    expect(body.last_seen_at).toBeLessThanOrEqual(Date.now());
    const { salience, last_seen_at } = body;
    expect(body).toEqual({ ...stored, salience, last_seen_at });
    expect(headers.get('etag')).toBe('"1"');
    expect((await client.get('/v1/memories/m')).body).toEqual(body);
    expect((await client.get('/v1/memories/m/history')).body.items).toEqual([]);
    expect((await reinforce(client, 'm', { amount: 0.5 })).body.salience).toBe(0.73);
    expect((await reinforce(client, 'm', {})).body.salience).toBe(0.757);
    expect((await reinforce(client, 'm', { amount: 1 })).body.salience).toBe(1);
    expect((await reinforce(client, 'm')).body.salience).toBe(1);
  });

  it('starts from what has faded since, and fades again', async () => {
    await service.as('fade', 'u').post('/v1/memories', { id: 'm', content: 'An owl.', sector: 'episodic' });
    expect((await reinforce(service.as('fade', 'u'), 'm', { amount: 0.5 })).body.salience).toBe(0.7);
    later(10 * DAY);
    const faded = 0.7 * Math.exp(-0.15);
    const client = service.as('fade', 'u');
    expect((await client.get('/v1/memories/m')).body.salience).toBe(shown(faded));
    expect((await reinforce(client, 'm')).body.salience).toBe(shown(faded + 0.1 * (1 - faded)));
    later(2000 * DAY);
    expect((await service.as('fade', 'u').get('/v1/memories/m')).body.salience).toBeLessThan(0.001);
    expect((await reinforce(service.as('fade', 'u'), 'm')).body.salience).toBe(0.46);
  });

  it('counts every one of a hundred at the same time', async () => {
    const client = service.as('crowd', 'u');
    await client.post('/v1/memories', { id: 'm', content: 'An owl.' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => reinforce(client, 'm', { amount: 0.01 })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const expected = Array.from({ length: 100 }, (_, i) => 1 - 0.6 * 0.99 ** (i + 1));
    const seen = answers.map(({ body }) => body.salience as number).sort((a, b) => a - b);
    for (const [i, salience] of seen.entries()) expect(salience).toBe(shown(expected[i]));
    expect((await client.get('/v1/memories/m')).body.salience).toBe(seen[99]);
  });

  it('counts every one of those that come in one turn of the event loop', async () => {
    await service.as('turn', 'u').post('/v1/memories', { id: 'm', content: 'An owl.' });
    const scope = makeScope({ vaultId: 'turn', userId: 'u', permissions: PERMISSIONS });
    const reinforcement = service.app.get(MemoryReinforcement);
    await Promise.all(
      Array.from({ length: 20 }, () => TenantContext.run(scope, () => reinforcement.reinforce('m', 0.01))),
    );
    const { body } = await service.as('turn', 'u').get('/v1/memories/m');
    expect(body.salience).toBe(shown(1 - 0.6 * 0.99 ** 20));
  });

  it('counts once what is sent again with its Idempotency-Key', async () => {
    const client = service.as('again', 'u');
    await client.post('/v1/memories', { id: 'm', content: 'An owl.' });
    const headers = { 'idempotency-key': 'one' };
    const first = await reinforce(client, 'm', { amount: 0.5 }, headers);
    const second = await reinforce(client, 'm', { amount: 0.5 }, headers);
    expect([first.status, first.body.salience]).toEqual([200, 0.7]);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect((await client.get('/v1/memories/m')).body.salience).toBe(0.7);
  });

  it('marks the memory in the index, and only then; a change of the memory keeps the mark', async () => {
    const client = service.as('marks', 'u');
    for (const id of ['a', 'b', 'c']) await client.post('/v1/memories', { id, content: 'An owl by day.' });
    expect(['a', 'b', 'c'].map((id) => isFlagged('marks', id))).toEqual([false, false, false]);
    await reinforce(client, 'b');
    expect(['a', 'b', 'c'].map((id) => isFlagged('marks', id))).toEqual([false, true, false]);
    await client.patch('/v1/memories/b', { content: 'An owl at night.', sector: 'emotional' });
    await client.patch('/v1/memories/c', { content: 'An owl at dusk.', sector: 'emotional' });
    expect(['a', 'b', 'c'].map((id) => isFlagged('marks', id))).toEqual([false, true, false]);
    await client.patch('/v1/memories/b', { session_id: 's' });
    expect(isFlagged('marks', 'b')).toBe(true);
  });

  it('decides between equals in a search, by a little, for a while', async () => {
    const store = (id: string) =>
      service.as('equals', 'u').post('/v1/memories', { id, content: 'An owl in the barn.', session_id: id });
    for (const id of ['a', 'b', 'c']) await store(id);
    const search = async (): Promise<{ id: string; score: number }[]> =>
      (await service.as('equals', 'u').post('/v1/memories/search', { query: 'owl' })).body.results;
    const before = await search();
    expect(before.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    await reinforce(service.as('equals', 'u'), 'c', { amount: 0.5 });
    const after = await search();
    expect(after.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    expect(after[0].score).toBeGreaterThan(before[2].score);
    expect(after[0].score).toBeLessThan(1.05 * before[2].score);
    expect(after.slice(1).map(({ score }) => score)).toEqual(before.slice(0, 2).map(({ score }) => score));
    later(1000 * DAY);
    const faded = await search();
    expect(faded.map(({ id, score }) => [id, score])).toEqual(before.map(({ id, score }) => [id, score]));
  });

  it('has the conditions of a change: If-Match, own memories only, the living only', async () => {
    const [ana, ben, all] = [service.as('rules', 'ana'), service.as('rules', 'ben'), service.as('rules')];
    await putVault(service, 'rules', { shareUnowned: true });
    await ana.post('/v1/memories', { id: 'a', content: 'An owl.' });
    await all.post('/v1/memories', { id: 'n', content: 'An owl of nobody.' });
    await all.post('/v1/memories', {
      id: 'x',
      content: 'An owl.',
      user_id: 'ana',
      expires_at: Date.now() + DAY,
    });
    await service.as('elsewhere', 'ana').post('/v1/memories', { id: 'e', content: 'An owl.' });
    const before = memoryRows(view, 'rules');
    expect(await codes(reinforce(ana, 'a', {}, { 'if-match': '"2"' }))).toEqual([412, 'VERSION_MISMATCH']);
    expect(await codes(reinforce(ana, 'a', {}, { 'if-match': 'x' }))).toEqual([400, 'INVALID_HEADER']);
    expect(await codes(reinforce(ana, 'n'))).toEqual([403, 'FORBIDDEN']);
    const shapes = async (client: Client, id: string) => {
      const { status, text, headers } = await reinforce(client, id, {}, { 'x-request-id': 'r' });
      return { status, text, headers: [...headers].filter(([name]) => name !== 'date') };
    };
    const absent = await shapes(ben, 'absent');
    expect(absent.status).toBe(404);
    expect(await shapes(ben, 'a')).toEqual(absent);
    expect(await shapes(ben, 'e')).toEqual(absent);
    later(2 * DAY);
    expect(await codes(reinforce(service.as('rules', 'ana'), 'x'))).toEqual([404, 'NOT_FOUND']);
    vi.restoreAllMocks();
    expect(await codes(reinforce(service.as('rules', 'ana', ['read', 'delete']), 'a'))).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(memoryRows(view, 'rules')).toBe(before);
    expect((await reinforce(ana, 'a', {}, { 'if-match': '"1"' })).status).toBe(200);
    expect((await reinforce(all, 'n')).status).toBe(200);
    expect((await reinforce(all, 'a', {}, { 'if-match': '*' })).status).toBe(200);
  });

  it.each([0, -0.1, 1.0000001, 2, 1e308, '0.1', null, true, [], {}, [0.1]])(
    'refuses the amount %j',
    async (amount) => {
      const client = service.as('amounts', 'u');
      await client.post('/v1/memories', { id: 'm', content: 'An owl.', on_duplicate: 'return' });
      const before = memoryRows(view, 'amounts');
      const { status, body } = await reinforce(client, 'm', { amount });
      expect([status, body.code, body.errors[0].field]).toEqual([400, 'VALIDATION_FAILED', 'amount']);
      expect(memoryRows(view, 'amounts')).toBe(before);
    },
  );

  it('refuses other fields, and takes the least and the greatest amount', async () => {
    const client = service.as('amounts', 'v');
    await client.post('/v1/memories', { id: 'v', content: 'An owl.' });
    expect((await reinforce(client, 'v', { boost: 0.1 })).body.errors[0].field).toBe('boost');
    expect((await reinforce(client, 'v', { amount: 5e-324 })).body.salience).toBe(0.4);
    expect((await reinforce(client, 'v', { amount: 1 })).body.salience).toBe(1);
  });

  it('makes no vault', async () => {
    expect((await reinforce(service.as('nowhere', 'u'), 'm')).status).toBe(404);
    expect(view.all("SELECT 1 FROM vaults WHERE vault_id = 'nowhere'")).toEqual([]);
  });

  it('gets along with values that an adopted row may hold', async () => {
    const client = service.as('adopted', 'u');
    await client.post('/v1/memories', { id: 'm', content: 'An owl.' });
    for (const [salience, lambda, sectors] of [
      [-3, 1e308, 'null'],
      [1e-320, 0, '["x"]'],
      [7, -1, '[]'],
    ] as const) {
      await tamper(
        service.databasePath,
        "UPDATE memories SET salience = ?, decay_lambda = ?, sectors = ?, last_seen_at = 5 WHERE vault_id = 'adopted'",
        ...[salience, lambda, sectors],
      );
      const { body } = await client.get('/v1/memories/m');
      expect(body.salience).toBe(salience > 1 ? 1 : 0);
      const after = await reinforce(client, 'm');
      expect(after.body.salience).toBe(salience > 1 ? 1 : 0.46);
      expect(isFlagged('adopted', 'm')).toBe(true);
    }
  });
});

async function codes(answer: ReturnType<Client['post']>) {
  const { status, body } = await answer;
  return [status, body.code];
}
