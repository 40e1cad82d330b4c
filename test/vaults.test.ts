import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';

let service: TestService;
let operator: Client;

beforeAll(async () => {
  service = await TestService.start();
  operator = service.as('operations', undefined, ['operator', 'vault']);
});

afterAll(() => service.stop());

let vaults = 0;
const newVault = () => `vaults-${(vaults += 1)}`;

const CANARY = 'canaryofthevault';

/** Something in as many tables as the routes reach. */
async function fill(vault: string, memories: number): Promise<void> {
  const all = service.as(vault, undefined, ['read', 'write', 'delete', 'vault', 'admin']);
  const rows = Array.from({ length: memories }, (_, i) => ({
    content: `${CANARY} number ${i}`,
    user_id: i % 3 === 0 ? undefined : `${CANARY}-${i % 7}`,
    session_id: `${CANARY}-${i % 11}`,
    tags: [CANARY],
    metadata: { [CANARY]: CANARY },
  }));
  expect((await all.post('/v1/memories/batch', rows)).body.created).toBe(memories);
  const { body } = await all.get('/v1/memories?limit=3');
  await all.patch(`/v1/memories/${body.items[0].id}`, { content: `${CANARY} changed` });
  await all.post('/v1/collections', { name: CANARY, description: CANARY });
  await all.post('/v1/waypoints', { src_id: body.items[0].id, dst_id: body.items[1].id, type: CANARY });
  await all.post('/v1/memories', { content: `${CANARY} expires`, expires_at: Date.now() + 50 });
  await all.post('/v1/memories/search', { query: CANARY });
}

describe('a vault of one’s own', () => {
  it('says its settings and how much of it the caller may see', async () => {
    const vault = newVault();
    const all = service.as(vault);
    const empty = { vault_id: vault, name: vault, share_unowned: false, created_at: null };
    const nothing = { memories: 0, users: 0, sessions: 0, waypoints: 0 };
    expect((await all.get('/v1/vault')).body).toEqual({ ...empty, usage: nothing });
    await all.post('/v1/memories', { content: 'of nobody' });
    await all.post('/v1/memories', { content: 'of ana', user_id: 'ana', session_id: 's' });
    await all.post('/v1/memories', { content: 'of ben', user_id: 'ben', session_id: 's' });
    const usage = (await all.get('/v1/vault')).body.usage;
    expect(usage).toMatchObject({ memories: 3, users: 2, sessions: 2 });
    const own = (await service.as(vault, 'ana').get('/v1/vault')).body.usage;
    expect(own).toMatchObject({ memories: 1, users: 1, sessions: 1 });
  });

  it('is changed by its administrators alone, and at once', async () => {
    const vault = newVault();
    const admin = service.as(vault, undefined, ['read', 'write', 'admin', 'vault']);
    await admin.post('/v1/memories', { content: 'of nobody' });
    const ana = service.as(vault, 'ana');
    expect((await ana.get('/v1/memories')).body.items).toHaveLength(0);
    expect((await ana.patch('/v1/vault', { share_unowned: true })).status).toBe(403);
    const changed = await admin.patch('/v1/vault', { share_unowned: true, name: 'Shared house' });
    expect(changed.body).toMatchObject({ share_unowned: true, name: 'Shared house', vault_id: vault });
    expect((await ana.get('/v1/memories')).body.items).toHaveLength(1);
    await admin.patch('/v1/vault', { share_unowned: false });
    expect((await ana.get('/v1/memories')).body.items).toHaveLength(0);
    for (const body of [
      {},
      { name: '' },
      { share_unowned: 'yes' },
      { status: 'erased' },
      { vault_id: 'x' },
    ]) {
      expect((await admin.patch('/v1/vault', body)).status).toBe(400);
    }
  });
});

describe('the operator’s directory', () => {
  it('is closed to everyone else', async () => {
    const vault = newVault();
    const all = service.as(vault, undefined, ['read', 'write', 'delete', 'admin', 'vault']);
    await all.post('/v1/memories', { content: 'x' });
    for (const answer of [
      await all.get('/v1/vaults'),
      await all.post('/v1/vaults', { vault_id: newVault() }),
      await all.get(`/v1/vaults/${vault}`),
      await all.post(`/v1/vaults/${vault}/suspend`, undefined),
      await all.post(`/v1/vaults/${vault}/resume`, undefined),
      await all.delete(`/v1/vaults/${vault}`),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'FORBIDDEN']);
    }
    expect((await all.get('/v1/memories')).body.items).toHaveLength(1);
  });

  it('opens nothing that a vault holds', async () => {
    const onlyOperator = service.as('operations', 'olga', ['operator']);
    expect((await onlyOperator.get('/v1/memories')).status).toBe(403);
    expect((await onlyOperator.get('/v1/vaults')).status).toBe(200);
  });

  it('creates vaults and lists them with counters, page by page', async () => {
    const made = ['p:1', 'P-2', 'p_3'].map((name) => `${newVault()}${name}`);
    for (const vault_id of made) {
      const answer = await operator.post('/v1/vaults', { vault_id, name: `Name of ${vault_id}` });
      expect(answer.status).toBe(201);
      expect(answer.body).toMatchObject({ vault_id, status: 'active', share_unowned: false });
      expect((await operator.post('/v1/vaults', { vault_id })).body.code).toBe('VAULT_EXISTS');
    }
    await service.as(made[1], 'ana').post('/v1/memories', { content: 'x' });
    const found: { vault_id: string; memories: number }[] = [];
    for (let query = '?limit=2'; ;) {
      const { body } = await operator.get(`/v1/vaults${query}`);
      found.push(...body.items);
      if (body.next_cursor === null) break;
      query = `?limit=2&cursor=${body.next_cursor}`;
    }
    const ids = found.map(({ vault_id }) => vault_id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toEqual(expect.arrayContaining(made));
    expect(found.find(({ vault_id }) => vault_id === made[1])).toMatchObject({ memories: 1, owners: 1 });
    expect((await operator.get(`/v1/vaults/${made[0]}`)).body).toMatchObject({ name: `Name of ${made[0]}` });
  });

  it('refuses what is no vault', async () => {
    for (const body of [
      {},
      { vault_id: '' },
      { vault_id: '../x' },
      { vault_id: 'é' },
      { vault_id: 'x', id: 1 },
    ]) {
      expect((await operator.post('/v1/vaults', body)).status).toBe(400);
    }
    for (const id of ['absent', '..%2Fx', '%F0%9F%98%80', 'x'.repeat(200)]) {
      expect((await operator.get(`/v1/vaults/${id}`)).status).toBe(404);
      expect((await operator.delete(`/v1/vaults/${id}`)).status).toBe(404);
      expect((await operator.post(`/v1/vaults/${id}/suspend`, undefined)).status).toBe(404);
    }
    expect((await operator.get('/v1/vaults?status=open')).status).toBe(400);
    expect((await operator.get('/v1/vaults?cursor=x')).status).toBe(400);
  });

  it('suspends: tokens are refused, and good again after', async () => {
    const vault = newVault();
    const ana = service.as(vault, 'ana');
    await ana.post('/v1/memories', { content: 'kept' });
    expect((await operator.post(`/v1/vaults/${vault}/suspend`, undefined)).body.status).toBe('suspended');
    for (const answer of [await ana.get('/v1/memories'), await ana.post('/v1/memories', { content: 'x' })]) {
      expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_TOKEN']);
    }
    expect((await operator.get('/v1/vaults?status=suspended')).body.items).toMatchObject([
      { vault_id: vault, memories: 1 },
    ]);
    await operator.post(`/v1/vaults/${vault}/resume`, undefined);
    expect((await ana.get('/v1/memories')).body.items).toMatchObject([{ content: 'kept' }]);
  });
});

describe('erasing a vault', () => {
  it('leaves no row and no trace in any table, and nothing of another vault changes', async () => {
    const vault = newVault();
    const other = newVault();
    await fill(vault, 1_200);
    await fill(other, 30);
    const view = new DatabaseView(service.databasePath);
    const tables = view.tables().filter((name) => view.columns(name).includes('vault_id'));
    const rowsOf = (id: string) =>
      Object.fromEntries(
        tables.map((name) => [name, view.all(`SELECT * FROM "${name}" WHERE vault_id = ?`, id)]),
      );
    const before = rowsOf(vault);
    const othersBefore = rowsOf(other);
    const used = Object.entries(before).filter(([, rows]) => rows.length > 0);
    expect(used.length).toBeGreaterThan(6);

    const receipt = await operator.delete(`/v1/vaults/${vault}`);
    expect(receipt.status).toBe(200);
    expect(receipt.body).toMatchObject({ vault_id: vault, status: 'erased' });
    for (const [name, rows] of used) {
      if (name !== 'vaults') expect([name, receipt.body.deleted[name]]).toEqual([name, rows.length]);
    }
    expect(new Set(Object.values(receipt.body.left))).toEqual(new Set([0]));
    expect(Object.keys(receipt.body.left).length).toBe(tables.length - 1);

    const { vaults: tombstone, ...after } = rowsOf(vault);
    expect(Object.values(after).flat()).toEqual([]);
    expect(tombstone).toMatchObject([{ status: 'erased' }]);
    for (const name of view.tables()) {
      const rows = view
        .all<object>(`SELECT * FROM "${name}"`)
        .filter((row) => !('vault_id' in row && row.vault_id === other));
      const text = JSON.stringify(rows, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
      );
      expect([name, text.includes(CANARY)]).toEqual([name, false]);
    }
    expect(rowsOf(other)).toEqual(othersBefore);
    view.close();
  });

  it('keeps the id from being used again, and can be repeated', async () => {
    const vault = newVault();
    const ana = service.as(vault, 'ana');
    await ana.post('/v1/memories', { content: 'x' });
    const first = await operator.delete(`/v1/vaults/${vault}`);
    expect((await ana.get('/v1/memories')).status).toBe(401);
    expect((await ana.post('/v1/memories', { content: 'again' })).status).toBe(401);
    expect((await operator.post('/v1/vaults', { vault_id: vault })).status).toBe(409);
    expect((await operator.post(`/v1/vaults/${vault}/resume`, undefined)).body.code).toBe('VAULT_ERASED');
    const second = await operator.delete(`/v1/vaults/${vault}`);
    expect(second.body).toMatchObject({ status: 'erased', erased_at: first.body.erased_at });
    expect((await operator.get(`/v1/vaults/${vault}`)).body.status).toBe('erased');
  });

  it('is not outrun by writers', async () => {
    const vault = newVault();
    const all = service.as(vault);
    await fill(vault, 600);
    const answers: number[] = [];
    let stop = false;
    const writers = Array.from({ length: 4 }, async () => {
      while (!stop) answers.push((await all.post('/v1/memories', { content: 'late' })).status);
    });
    const receipt = await operator.delete(`/v1/vaults/${vault}`);
    stop = true;
    await Promise.all(writers);
    expect(receipt.status).toBe(200);
    expect(new Set(answers)).toEqual(new Set([...new Set(answers)].filter((s) => s === 201 || s === 401)));
    expect(answers.at(-1)).toBe(401);
    const view = new DatabaseView(service.databasePath);
    expect(view.all('SELECT 1 FROM memories WHERE vault_id = ?', vault)).toEqual([]);
    view.close();
  });
});
