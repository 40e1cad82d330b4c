import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';

const HOUR = 3_600_000;

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

async function store(client: Client, body: object) {
  const { status, body: memory } = await client.post('/v1/memories', { created_at: 1000, ...body });
  expect(status).toBe(201);
  return memory;
}

async function found(client: Client, query: string): Promise<string[]> {
  const { body } = await client.post('/v1/memories/search', { query });
  return body.results.map(({ id }: { id: string }) => id);
}

describe('PATCH /v1/memories/{id}', () => {
  const full = {
    content: 'First text about apples.',
    session_id: 's1',
    collection: 'c1',
    sector: 'procedural',
    tags: ['t1'],
    metadata: { k: 1 },
  };

  it.each<[string, object, object]>([
    ['collection', { collection: 'c2' }, { collection: 'c2' }],
    ['collection, to none', { collection: null }, { collection: null }],
    ['session', { session_id: 's2' }, { session_id: 's2' }],
    ['session, to none', { session_id: null }, { session_id: null }],
    ['sector', { sector: 'emotional' }, { primary_sector: 'emotional', sectors: ['emotional'] }],
    ['tags', { tags: ['t2', 't3'] }, { tags: ['t2', 't3'] }],
    ['tags, to none', { tags: [] }, { tags: [] }],
    ['metadata', { metadata: { constructor: 2 } }, { metadata: { constructor: 2 } }],
    ['metadata, to none', { metadata: {} }, { metadata: {} }],
    [
      'content, whose sectors are read anew',
      { content: 'I feel so happy and excited, I love it!' },
      { content: 'I feel so happy and excited, I love it!', primary_sector: 'emotional' },
    ],
    [
      'content and sector',
      { content: 'I feel so happy!', sector: 'semantic' },
      { content: 'I feel so happy!', primary_sector: 'semantic', sectors: ['semantic'] },
    ],
    ['expiry', { expires_at: 4_102_444_800_000 }, { expires_at: 4_102_444_800_000 }],
  ])('changes the %s and nothing else, and keeps the former state', async (name, change, expected) => {
    const client = service.as(`patch ${name}`.replace(/\W/g, '-'), 'u');
    const before = await store(client, full);
    const patched = await client.patch(`/v1/memories/${before.id}`, change);
    expect(patched.status).toBe(200);
    expect(patched.headers.get('etag')).toBe('"2"');
    const { updated_at, sectors, ...rest } = patched.body;
    const { updated_at: _, sectors: formerSectors, ...former } = before;
    expect(rest).toEqual({ ...former, version: 2, ...expected, sectors: undefined });
    expect(sectors[0]).toBe(patched.body.primary_sector);
    expect(updated_at).toBeGreaterThanOrEqual(before.updated_at);
    expect((await client.get(`/v1/memories/${before.id}`)).text).toBe(patched.text);
    const history = await client.get(`/v1/memories/${before.id}/history`);
    expect(history.body.items).toEqual([
      {
        version: 1,
        content: before.content,
        primary_sector: before.primary_sector,
        sectors: formerSectors,
        tags: before.tags,
        metadata: before.metadata,
        updated_at: before.updated_at,
        replaced_at: updated_at,
      },
    ]);
  });

  it('clears an expiry with null', async () => {
    const client = service.as('patch-expiry', 'u');
    const { id } = await store(client, { content: 'x', expires_at: Date.now() + HOUR });
    expect((await client.patch(`/v1/memories/${id}`, { expires_at: null })).body.expires_at).toBeNull();
  });

  it('is found by its new words only', async () => {
    const client = service.as('patch-words', 'u');
    const { id } = await store(client, { content: 'The bicycle is in the garage.', session_id: 's1' });
    await store(client, { content: 'The lorry is in the garage.', session_id: 's2' });
    await client.patch(`/v1/memories/${id}`, { content: 'A sailing boat lies in the harbour.' });
    expect(await found(client, 'bicycle')).toEqual([]);
    expect(await found(client, 'harbour')).toEqual([id]);
  });

  it('keeps every former state, the latest first', async () => {
    const client = service.as('history', 'u');
    const { id } = await store(client, { content: 'version 1' });
    for (let i = 2; i <= 6; i += 1) await client.patch(`/v1/memories/${id}`, { content: `version ${i}` });
    const { items } = (await client.get(`/v1/memories/${id}/history`)).body;
    expect(items.map(({ content }: { content: string }) => content)).toEqual([
      'version 5',
      'version 4',
      'version 3',
      'version 2',
      'version 1',
    ]);
    expect(items.map(({ version }: { version: number }) => version)).toEqual([5, 4, 3, 2, 1]);
  });

  it('does as If-Match says', async () => {
    const client = service.as('if-match', 'u');
    const { id } = await store(client, { content: 'x' });
    const patch = (etag: string) =>
      client.patch(`/v1/memories/${id}`, { tags: [etag.slice(0, 9)] }, { 'if-match': etag });
    for (const [etag, status] of [
      ['"1"', 200],
      ['"1"', 412],
      ['"1", "2"', 200],
      ['W/"3"', 412],
      ['*', 200],
      ['"x"', 412],
      ['"99999999999999999999"', 412],
      ['4', 400],
      ['"4" "5"', 400],
    ] as const) {
      const before = view.digest();
      const answer = await patch(etag);
      expect([etag, answer.status]).toEqual([etag, status]);
      if (status === 200) continue;
      expect(answer.body.code).toBe(status === 412 ? 'VERSION_MISMATCH' : 'INVALID_HEADER');
      expect(view.digest()).toBe(before);
    }
    expect((await client.delete(`/v1/memories/${id}`, { 'if-match': '"3"' })).status).toBe(412);
    expect((await client.delete(`/v1/memories/${id}`, { 'if-match': '"4"' })).status).toBe(204);
  });

  it('lets one of many win who change the same version', async () => {
    const client = service.as('patch-race', 'u');
    const { id } = await store(client, { content: 'start' });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        client.patch(`/v1/memories/${id}`, { content: `writer ${i}` }, { 'if-match': '"1"' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...new Array(11).fill(412)]);
    const unconditional = await Promise.all(
      Array.from({ length: 12 }, (_, i) => client.patch(`/v1/memories/${id}`, { content: `later ${i}` })),
    );
    expect(unconditional.every(({ status }) => status === 200)).toBe(true);
    expect((await client.get(`/v1/memories/${id}`)).body.version).toBe(14);
    expect((await client.get(`/v1/memories/${id}/history`)).body.items).toHaveLength(13);
  });

  it.each<[string, unknown, string | undefined]>([
    ['nothing', {}, undefined],
    ['a null content', { content: null }, 'content'],
    ['a null sector', { sector: null }, 'sector'],
    ['null tags', { tags: null }, 'tags'],
    ['null metadata', { metadata: null }, 'metadata'],
    ['an empty session', { session_id: '' }, 'session_id'],
    ['an expiry that has passed', { expires_at: 1 }, 'expires_at'],
    ['an id', { id: 'other' }, 'id'],
    ['a version', { version: 9 }, 'version'],
    ['a time of creation', { created_at: 1 }, 'created_at'],
    ['a vault', { vault_id: 'other', content: 'y' }, 'vault_id'],
  ])('refuses %s and changes nothing', async (_, change, field) => {
    const client = service.as('patch-refusals');
    const { id } = await store(client, { content: 'x' });
    const before = view.digest();
    const answer = await client.patch(`/v1/memories/${id}`, change);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors?.[0].field).toBe(field);
    expect(view.digest()).toBe(before);
  });

  it('moves a memory to another owner for a service, with its history, vectors and words', async () => {
    const [ana, ben, all] = [service.as('move', 'ana'), service.as('move', 'ben'), service.as('move')];
    const { id } = await store(ana, { content: 'The key is under the mat.' });
    const other = await store(ana, { content: 'The mat is grey.' });
    const third = await store(ben, { content: 'Ben has a mat too.', session_id: 's' });
    await ana.patch(`/v1/memories/${id}`, { content: 'The key is under the pot.' });
    const ofAna = { vault_id: 'move', user_id: 'ana' };
    const waypoint = { ...ofAna, weight: 1, metadata: '{}', created_at: 1, updated_at: 1, type: 'similar' };
    edit(service.databasePath, (editor) => {
      const vector = { memory_id: id, sector: 'semantic', model: 'm', dim: 1, v: Buffer.alloc(4) };
      editor.insert('vectors', { ...ofAna, ...vector });
      editor.insert(
        'waypoints',
        { ...waypoint, src_id: id, dst_id: other.id },
        { ...waypoint, src_id: other.id, dst_id: id },
        { ...waypoint, src_id: third.id, dst_id: third.id, user_id: 'ben' },
      );
    });

    const moved = await all.patch(`/v1/memories/${id}`, { user_id: 'ben' });
    expect([moved.status, moved.body.user_id]).toEqual([200, 'ben']);
    expect((await ana.get(`/v1/memories/${id}`)).status).toBe(404);
    expect((await ana.get(`/v1/memories/${id}/history`)).status).toBe(404);
    expect((await ben.get(`/v1/memories/${id}/history`)).body.items).toHaveLength(2);
    expect(await found(ana, 'key')).toEqual([]);
    expect(await found(ben, 'key')).toEqual([id]);
    expect(view.all('SELECT user_id FROM vectors WHERE memory_id = ?', id)).toEqual([{ user_id: 'ben' }]);
    // A waypoint would now join two people's memories; those that do not concern it stay.
    expect(view.all("SELECT src_id FROM waypoints WHERE vault_id = 'move'")).toEqual([{ src_id: third.id }]);

    const freed = await all.patch(`/v1/memories/${id}`, { user_id: null });
    expect(freed.body.user_id).toBeNull();
    expect((await ben.get(`/v1/memories/${id}`)).status).toBe(404);
    expect(await found(all, 'key')).toEqual([id]);
    for (const user_id of ['ana', 'ben', null]) {
      const answer = await ana.patch(`/v1/memories/${other.id}`, { user_id });
      expect([user_id, answer.status]).toEqual([user_id, user_id === 'ana' ? 200 : 403]);
    }
  });

  it('moves a memory to another session as a new arrival', async () => {
    const client = service.as('session-move', 'u');
    const { id } = await store(client, { content: 'red red fox', session_id: 's1' });
    await store(client, { content: 'red red fox', session_id: 's3' });
    expect((await found(client, 'fox'))[0]).toBe(id);
    await client.patch(`/v1/memories/${id}`, { session_id: 's2' });
    // Equal scores come in the order of arrival.
    expect((await found(client, 'fox'))[1]).toBe(id);
  });
});

describe('DELETE /v1/memories/{id}', () => {
  it('removes the memory, its history and its words', async () => {
    const client = service.as('delete', 'u');
    const { id } = await store(client, { id: 'gone', content: 'An ephemeral thought.' });
    await client.patch(`/v1/memories/${id}`, { tags: ['x'] });
    const answer = await client.delete(`/v1/memories/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await found(client, 'ephemeral')).toEqual([]);
    const absent = await client.get('/v1/memories/never', { 'x-request-id': 'r' });
    for (const path of [`/v1/memories/${id}`, `/v1/memories/${id}/history`]) {
      expect((await client.get(path, { 'x-request-id': 'r' })).text).toBe(absent.text);
    }
    expect((await client.delete(`/v1/memories/${id}`)).status).toBe(404);
    expect(view.counts('delete')).toMatchObject({ memories: 0, memory_versions: 0 });
    expect((await store(client, { id: 'gone', content: 'Back again.' })).version).toBe(1);
    expect((await client.get('/v1/memories/gone/history')).body.items).toEqual([]);
  });

  it('answers 204 to one of many and 404 to the others', async () => {
    const client = service.as('delete-race', 'u');
    const { id } = await store(client, { content: 'x' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.delete(`/v1/memories/${id}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...new Array(9).fill(404)]);
  });
});
