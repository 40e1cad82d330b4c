import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
let vaults = 0;
const house = () => `metamorph-${(vaults += 1)}`;

const namesIn = async (client: Client) =>
  (await client.get('/api/sessions')).body.sessions.map(({ name }: { name: string }) => name);

/** What an import of Metamorph's database makes of a session. */
const importedSession = (id: string, group: string, name: string, at: number) => ({
  ...{ id: `session:${id}`, content: name, session_id: group, created_at: at },
  metadata: { metamorph: { kind: 'session' } },
});

describe('sessions as clients of Metamorph know them', () => {
  it('are made, listed, described and deleted, each vault its own', async () => {
    const vault = house();
    const [a, b] = [service.as(vault), service.as(house())];
    expect((await a.get('/api/sessions')).body).toEqual({ sessions: [], vaultId: vault });
    const made = await a.post('/api/sessions', { name: 'My First Session' });
    expect(made.status).toBe(201);
    const { id, createdAt } = made.body;
    expect(createdAt).toMatch(ISO);
    const session = { id, name: 'My First Session', createdAt, lastAccessed: createdAt };
    expect(made.body).toEqual(session);
    expect((await a.get('/api/sessions')).body).toEqual({ sessions: [session], vaultId: vault });
    expect((await a.get(`/api/sessions/${id}`)).body).toEqual({ ...session, messageCount: 0 });

    expect((await b.get('/api/sessions')).body.sessions).toEqual([]);
    for (const answer of [await b.get(`/api/sessions/${id}`), await b.delete(`/api/sessions/${id}`)]) {
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ error: 'There is no session with this id.', code: 'NOT_FOUND' });
    }

    const deleted = await a.delete(`/api/sessions/${id}`);
    expect([deleted.status, deleted.body.success]).toEqual([200, true]);
    expect(deleted.body.deletedAt).toMatch(ISO);
    expect((await a.get(`/api/sessions/${id}`)).status).toBe(404);
    expect((await a.delete(`/api/sessions/${id}`)).status).toBe(404);
  });

  it('count the memories that name them, and go with them', async () => {
    const client = service.as(house());
    const { id } = (await client.post('/api/sessions', {})).body;
    await client.post('/v1/memories', { content: 'one', session_id: id, created_at: 4_000_000_000_000 });
    await client.post('/api/memories', { content: 'two', sessionId: id });
    await client.post('/api/memories', { content: 'of another', sessionId: 'other' });
    const { body } = await client.get(`/api/sessions/${id}`);
    expect([body.name, body.messageCount, body.lastAccessed]).toEqual([null, 2, '2096-10-02T07:06:40.000Z']);
    expect((await client.get('/v1/sessions')).body.items).toHaveLength(2);
    await client.delete(`/api/sessions/${id}`);
    expect((await client.get('/v1/memories')).body.items).toMatchObject([{ content: 'of another' }]);
    expect((await client.get('/api/sessions')).body.sessions).toMatchObject([{ id: 'other', name: null }]);
  });

  it('come with their names where they were imported, the latest used first', async () => {
    const client = service.as(house());
    await client.post('/v1/memories', importedSession('s1', 'c1', 'Old talk', 1_000));
    await client.post('/v1/memories', importedSession('s2', 'c1', 'Older talk', 500));
    await client.post('/v1/memories', { content: 'said', session_id: 'c1', created_at: 2_000 });
    await client.post('/v1/memories', importedSession('s3', 's3', 'Lonely talk', 5_000));
    await client.post('/v1/memories', { content: 'alone', session_id: 'c9', created_at: 3_000 });
    await client.post('/v1/memories', { id: 'session:no', content: 'not one', created_at: 1 });
    const { sessions } = (await client.get('/api/sessions')).body;
    expect(sessions.map(({ id, name }: { id: string; name: string }) => [id, name])).toEqual([
      ['s3', 'Lonely talk'],
      ['c9', null],
      ...[
        ['s1', 'Old talk'],
        ['s2', 'Older talk'],
      ].sort(),
    ]);
    expect((await client.get('/api/sessions/s1')).body.messageCount).toBe(1);
    expect((await client.get('/api/sessions/no')).status).toBe(404);
    // Of two that share a conversation only the one goes.
    await client.delete('/api/sessions/s2');
    expect((await client.get('/v1/sessions/c1/memories')).body.items).toHaveLength(2);
    await client.delete('/api/sessions/s1');
    expect((await client.get('/v1/sessions/c1/memories')).status).toBe(404);
    expect(await namesIn(client)).toEqual(['Lonely talk', null]);
  });

  it('belong to users, who see their own', async () => {
    const vault = house();
    const [all, ana, ben] = [service.as(vault), service.as(vault, 'ana'), service.as(vault, 'ben')];
    const { id } = (await ana.post('/api/sessions', { name: 'of Ana' })).body;
    await ben.post('/api/sessions', { name: 'of Ben' });
    await all.post('/api/sessions', { name: 'of nobody' });
    expect(await namesIn(ana)).toEqual(['of Ana']);
    expect((await namesIn(all)).sort()).toEqual(['of Ana', 'of Ben', 'of nobody']);
    expect((await ben.get(`/api/sessions/${id}`)).status).toBe(404);
    expect((await ben.delete(`/api/sessions/${id}`)).status).toBe(404);
    await all.delete('/v1/users/ana');
    expect((await namesIn(all)).sort()).toEqual(['of Ben', 'of nobody']);
  });

  it('shares what is nobody’s for reading only', async () => {
    const vault = house();
    const all = service.as(vault, undefined, ['read', 'write', 'delete', 'vault', 'admin']);
    const { id } = (await all.post('/api/sessions', { name: 'shared' })).body;
    await all.post('/v1/memories', { content: 'in it', session_id: id });
    await all.patch('/v1/vault', { share_unowned: true });
    const ana = service.as(vault, 'ana');
    expect((await ana.get(`/api/sessions/${id}`)).body.messageCount).toBe(1);
    expect((await ana.delete(`/api/sessions/${id}`)).status).toBe(403);
    expect((await all.get(`/api/sessions/${id}`)).body).toMatchObject({ name: 'shared', messageCount: 1 });
  });
});

describe('memories as clients of Metamorph know them', () => {
  it('are made, listed by type and importance, counted and deleted', async () => {
    const vault = house();
    const [client, other] = [service.as(vault), service.as(house())];
    const given = { content: 'Important to remember', importance: 0.8, metadata: { source: 'user-input' } };
    const made = await client.post('/api/memories', { type: 'semantic', ...given });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      ...{ id: made.body.id, type: 'semantic', ...given },
      createdAt: expect.stringMatching(ISO),
    });
    await client.post('/api/memories', { content: 'who I am', type: 'identity', importance: 0.2 });
    for (let i = 0; i < 12; i += 1) {
      await client.post('/api/memories', { content: `event ${i}`, type: 'episodic', importance: 0.1 });
    }
    const all = (await client.get('/api/memories')).body;
    expect([all.memories.length, all.total, all.vaultId]).toEqual([10, 14, vault]);
    expect((await client.get('/api/memories?type=identity')).body).toMatchObject({
      memories: [{ content: 'who I am', type: 'identity', importance: 0.2 }],
      total: 1,
    });
    const important = (await client.get('/api/memories?minImportance=0.15&limit=1')).body;
    expect([important.memories.length, important.total]).toEqual([1, 2]);
    expect((await client.get(`/v1/memories/${made.body.id}`)).body).toMatchObject({
      ...{ primary_sector: 'semantic', salience: 0.8, metadata: { source: 'user-input' } },
    });

    expect((await other.get('/api/memories')).body).toMatchObject({ memories: [], total: 0 });
    expect((await other.delete(`/api/memories/${made.body.id}`)).status).toBe(404);
    expect((await client.delete(`/api/memories/${made.body.id}`)).body.success).toBe(true);
    expect((await client.delete(`/api/memories/${made.body.id}`)).body.code).toBe('NOT_FOUND');
  });

  it('are refused in Metamorph’s words', async () => {
    const client = service.as(house());
    const refused = await client.post('/api/memories', { content: '', type: 'other', importance: 2 });
    expect(refused.status).toBe(400);
    expect(refused.headers.get('content-type')).toContain('application/json');
    expect(Object.keys(refused.body)).toEqual(['error', 'code', 'details']);
    expect(refused.body.code).toBe('VALIDATION_FAILED');
    for (const field of ['content', 'type', 'importance']) expect(refused.body.details).toContain(field);
    const stranger = await fetch(`${service.baseUrl}/api/memories`);
    expect([stranger.status, await stranger.json()]).toEqual([
      401,
      { error: expect.any(String), code: 'MISSING_TOKEN' },
    ]);
    const reader = service.as(house(), undefined, ['read', 'vault']);
    expect((await reader.post('/api/sessions', {})).body.code).toBe('FORBIDDEN');
    expect((await client.get('/api/sessions?limit=0')).status).toBe(400);
    expect((await client.patch('/api/sessions', {})).body.code).toBe('METHOD_NOT_ALLOWED');
  });
});
