import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { tamper } from './harness/stored-memories.js';
import { putVault } from './harness/vault-row.js';

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  // Only the waypoints that a test makes.
  service = await TestService.start({ WAYPOINTS_AUTOMATIC: 'false' });
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

const PATH = '/v1/waypoints';
const SAME = { 'x-request-id': 'same' };

const path = (params: Record<string, string | number>, under = PATH) =>
  `${under}?${new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)] as [string, string]))}`;

async function store(client: Client, ids: readonly string[], fields: object = {}): Promise<void> {
  for (const id of ids) {
    const { status, text } = await client.post('/v1/memories', { id, content: `About ${id}`, ...fields });
    if (status !== 201) throw new Error(text);
  }
}

const put = (client: Client, src_id: string, dst_id: string, fields: object = {}) =>
  client.post(PATH, { src_id, dst_id, ...fields });

const keys = (answer: Answer): string[] =>
  answer.body.items.map(({ src_id, dst_id, type }: Record<string, string>) => `${src_id}>${dst_id}:${type}`);

const waypointsOf = (vault: string) =>
  view.all('SELECT * FROM waypoints WHERE vault_id = ? ORDER BY src_id, dst_id, type', vault);

describe('POST /v1/waypoints', () => {
  it('joins two memories: 201, with defaults for what is left out', async () => {
    const client = service.as('put', 'ana');
    await store(client, ['a', 'b']);
    const before = Date.now();
    const { status, body } = await put(client, 'a', 'b');
    expect(status).toBe(201);
    expect(body).toEqual({
      ...{ src_id: 'a', dst_id: 'b', type: 'related', weight: 1, user_id: 'ana', metadata: {} },
      ...{ created_at: expect.any(Number), updated_at: body.created_at },
    });
    expect(body.created_at).toBeGreaterThanOrEqual(before);
    const fields = { type: 'contradicts', weight: 0.25, metadata: { why: ['ü', 1] } };
    expect((await put(client, 'a', 'b', fields)).body).toMatchObject(fields);
    expect((await put(client, 'b', 'a')).status).toBe(201);
    expect(keys(await client.get(PATH)).sort()).toEqual(['a>b:contradicts', 'a>b:related', 'b>a:related']);
    expect((await service.as('put', 'ana').get(path({ type: 'contradicts' }))).body.items).toEqual([
      { ...(await put(client, 'a', 'b', fields)).body, updated_at: expect.any(Number) },
    ]);
  });

  it('makes of one that is there what the request says: 200', async () => {
    const client = service.as('again', 'ana');
    await store(client, ['a', 'b']);
    const first = await put(client, 'a', 'b', { weight: 0.5, metadata: { k: 1 } });
    vi.spyOn(Date, 'now').mockReturnValue(first.body.created_at + 1000);
    const second = await put(client, 'a', 'b', { weight: 0 });
    expect(second.status).toBe(200);
    const now = { weight: 0, metadata: {}, updated_at: first.body.created_at + 1000 };
    expect(second.body).toEqual({ ...first.body, ...now });
    expect((await client.get(PATH)).body.items).toEqual([second.body]);
  });

  it('is one effect of many at once', async () => {
    const client = service.as('race', 'ana');
    await store(client, ['a', 'b']);
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => put(client, 'a', 'b', { weight: i / 30 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(29).fill(200), 201]);
    expect(waypointsOf('race')).toHaveLength(1);
  });

  it('takes ids of any characters', async () => {
    const client = service.as('ids', 'ana');
    const ids = ['a/b', '?c=d&e#f', '%2F', ' ', 'ü𝄞', '"', "' OR 1=1 --", '__proto__'];
    await store(client, ids);
    for (const [i, id] of ids.entries()) {
      const next = ids[(i + 1) % ids.length];
      expect((await put(client, id, next)).status).toBe(201);
      expect(keys(await client.get(path({ src_id: id })))).toEqual([`${id}>${next}:related`]);
      const around = await client.get(path({ memory_id: id, direction: 'out' }, `${PATH}/neighbours`));
      expect(around.body.items.map(({ memory }: { memory: { id: string } }) => memory.id)).toEqual([next]);
    }
    for (const [i, id] of ids.entries()) {
      const next = ids[(i + 1) % ids.length];
      expect((await client.delete(path({ src_id: id, dst_id: next }))).status).toBe(204);
    }
    expect(waypointsOf('ids')).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['without src_id', { dst_id: 'b' }, 'src_id'],
    ['without dst_id', { src_id: 'a' }, 'dst_id'],
    ['from a memory to itself', { src_id: 'a', dst_id: 'a' }, 'dst_id'],
    ['from nothing to itself', { src_id: 'none', dst_id: 'none' }, 'dst_id'],
    ['an id that is no text', { src_id: 1, dst_id: 'b' }, 'src_id'],
    ['an empty id', { src_id: '', dst_id: 'b' }, 'src_id'],
    ['an id with U+0000', { src_id: 'a', dst_id: 'b\u0000' }, 'dst_id'],
    ['a weight above 1', { src_id: 'a', dst_id: 'b', weight: 1.01 }, 'weight'],
    ['a weight below 0', { src_id: 'a', dst_id: 'b', weight: -0.1 }, 'weight'],
    ['a weight as text', { src_id: 'a', dst_id: 'b', weight: '1' }, 'weight'],
    ['a weight of null', { src_id: 'a', dst_id: 'b', weight: null }, 'weight'],
    ['an empty type', { src_id: 'a', dst_id: 'b', type: '' }, 'type'],
    ['a type with a line break', { src_id: 'a', dst_id: 'b', type: 'x\n' }, 'type'],
    ['the type next', { src_id: 'a', dst_id: 'b', type: 'next' }, 'type'],
    ['the type similar', { src_id: 'a', dst_id: 'b', type: 'similar' }, 'type'],
    ['the type derived_from', { src_id: 'a', dst_id: 'b', type: 'derived_from' }, 'type'],
    ['metadata that is a list', { src_id: 'a', dst_id: 'b', metadata: [] }, 'metadata'],
    ['another user', { src_id: 'a', dst_id: 'b', user_id: 'ben' }, 'user_id'],
    ['another vault', { src_id: 'a', dst_id: 'b', vault_id: 'x' }, 'vault_id'],
  ])('refuses %s by name and changes nothing', async (_, body, field) => {
    const client = service.as('refused', 'ana');
    await client.post('/v1/memories', { id: 'a', content: 'x' });
    await client.post('/v1/memories', { id: 'b', content: 'x' });
    const before = view.digest();
    const answer = await client.post(PATH, body);
    expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
    expect(view.digest()).toBe(before);
  });
});

describe('whose waypoints', () => {
  it('another vault’s memories, another user’s, expired and absent ones all look alike: 404', async () => {
    const [ana, ben] = [service.as('alike', 'ana'), service.as('alike', 'ben')];
    const elsewhere = service.as('alike-2', 'ana');
    await store(ana, ['own', 'own2']);
    await store(ana, ['gone'], { expires_at: Date.now() + 600_000 });
    await store(ben, ['bens', 'bens2']);
    await store(service.as('alike'), ['nobodys']);
    await store(elsewhere, ['theirs', 'own2']);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 600_001);
    const before = view.digest();
    for (const foreign of ['bens', 'nobodys', 'gone', 'theirs']) {
      for (const [about, send] of Object.entries({
        from: (id: string) => ana.send('POST', PATH, { src_id: id, dst_id: 'own' }, SAME),
        to: (id: string) => ana.send('POST', PATH, { src_id: 'own', dst_id: id }, SAME),
        delete: (id: string) => ana.delete(path({ src_id: 'own', dst_id: id }), SAME),
        around: (id: string) => ana.get(path({ memory_id: id }, `${PATH}/neighbours`), SAME),
        'path from': (id: string) => ana.get(path({ from: id, to: 'own' }, `${PATH}/path`), SAME),
        'path to': (id: string) => ana.get(path({ from: 'own', to: id }, `${PATH}/path`), SAME),
      })) {
        const [there, absent] = [await send(foreign), await send('absent')];
        expect([about, foreign, there.status]).toEqual([about, foreign, 404]);
        expect(there.text).toBe(absent.text);
      }
      for (const filter of ['memory_id', 'src_id', 'dst_id']) {
        const [there, absent] = [
          await ana.get(path({ [filter]: foreign })),
          await ana.get(path({ [filter]: 'absent' })),
        ];
        expect([there.status, there.text]).toEqual([200, absent.text]);
      }
    }
    expect(view.digest()).toBe(before);
    const both = await put(ana, 'absent', 'bens');
    expect(both.body.errors.map(({ field }: { field: string }) => field)).toEqual(['src_id', 'dst_id']);
  });

  it('two vaults have the same ids and do not meet', async () => {
    const [one, two] = [service.as('twin-1'), service.as('twin-2')];
    for (const client of [one, two]) await store(client, ['a', 'b', 'c']);
    await put(one, 'a', 'b', { weight: 0.1 });
    await put(two, 'b', 'c', { weight: 0.9 });
    expect(keys(await one.get(PATH))).toEqual(['a>b:related']);
    expect(keys(await two.get(PATH))).toEqual(['b>c:related']);
    const around = (client: Client) => client.get(path({ memory_id: 'b', depth: 5 }, `${PATH}/neighbours`));
    expect((await around(one)).body.items).toMatchObject([{ memory: { id: 'a' }, weight: 0.1 }]);
    expect((await around(two)).body.items).toMatchObject([{ memory: { id: 'c' }, weight: 0.9 }]);
    expect((await one.get(path({ from: 'a', to: 'c' }, `${PATH}/path`))).body.path).toBeNull();
    expect((await two.delete(path({ src_id: 'a', dst_id: 'b' }))).status).toBe(404);
    expect((await one.delete('/v1/memories/b')).status).toBe(204);
    expect(keys(await two.get(PATH))).toEqual(['b>c:related']);
  });

  it('a user sees their own, a service all, and one owner is not joined to another', async () => {
    const [ana, ben, all] = [service.as('owners', 'ana'), service.as('owners', 'ben'), service.as('owners')];
    await store(ana, ['a1', 'a2']);
    await store(ben, ['b1', 'b2']);
    await store(all, ['n1', 'n2']);
    await put(ana, 'a1', 'a2');
    await put(ben, 'b1', 'b2');
    expect((await put(all, 'n1', 'n2')).body.user_id).toBeNull();
    expect((await put(all, 'a2', 'a1')).body.user_id).toBe('ana');
    expect(keys(await ana.get(path({ order: 'asc' })))).toEqual(['a1>a2:related', 'a2>a1:related']);
    expect(keys(await ben.get(PATH))).toEqual(['b1>b2:related']);
    expect((await all.get(path({ count: 'true' }))).body.count).toBe(4);
    expect(keys(await all.get(path({ user_id: 'ben' })))).toEqual(['b1>b2:related']);
    expect((await ana.get(path({ user_id: 'ana', count: 'true' }))).body.count).toBe(2);
    expect((await ana.get(path({ user_id: 'ben' }))).status).toBe(403);
    const before = view.digest();
    for (const [src, dst] of [
      ['a1', 'b1'],
      ['n1', 'a1'],
      ['b2', 'n2'],
    ] as const) {
      const answer = await put(all, src, dst);
      expect([answer.status, answer.body.code]).toEqual([409, 'DIFFERENT_OWNERS']);
    }
    expect(view.digest()).toBe(before);
    expect((await ben.delete(path({ src_id: 'a1', dst_id: 'a2' }))).status).toBe(404);
    expect((await all.delete(path({ src_id: 'a1', dst_id: 'a2' }))).status).toBe(204);
    expect(keys(await ana.get(PATH))).toEqual(['a2>a1:related']);
  });

  it('what belongs to nobody is shared for reading where the vault says so, and never for writing', async () => {
    for (const shareUnowned of [true, false]) {
      const vault = `unowned-${shareUnowned}`;
      await putVault(service, vault, { shareUnowned });
      const [ana, all] = [service.as(vault, 'ana'), service.as(vault)];
      await store(all, ['n1', 'n2']);
      await store(ana, ['a1', 'a2']);
      await put(all, 'n1', 'n2', { weight: 0.5 });
      await put(ana, 'a1', 'a2');
      const shared = shareUnowned ? ['n1>n2:related'] : [];
      expect(keys(await ana.get(path({ order: 'asc' }))).sort()).toEqual(['a1>a2:related', ...shared]);
      expect((await ana.get(path({ count: 'true' }))).body.count).toBe(1 + shared.length);
      const around = await ana.get(path({ memory_id: 'n1' }, `${PATH}/neighbours`));
      expect(around.status).toBe(shareUnowned ? 200 : 404);
      const before = view.digest();
      const refused = shareUnowned ? 403 : 404;
      for (const [src, dst] of [
        ['n1', 'n2'],
        ['n2', 'n1'],
        ['a1', 'n1'],
        ['n1', 'a1'],
      ] as const) {
        expect([src, dst, (await put(ana, src, dst)).status]).toEqual([src, dst, refused]);
      }
      expect((await ana.delete(path({ src_id: 'n1', dst_id: 'n2' }))).status).toBe(refused);
      expect(view.digest()).toBe(before);
    }
  });

  it('a waypoint whose ends came to belong to two is nobody’s but the vault’s', async () => {
    const [ana, ben, all] = [service.as('moved', 'ana'), service.as('moved', 'ben'), service.as('moved')];
    await store(ana, ['a1', 'a2', 'a3']);
    await put(ana, 'a1', 'a2');
    await put(ana, 'a2', 'a3');
    await all.patch('/v1/memories/a1', { user_id: 'ben' });
    expect(keys(await ana.get(PATH))).toEqual(['a2>a3:related']);
    expect(keys(await ben.get(PATH))).toEqual([]);
    expect(waypointsOf('moved')).toHaveLength(1);
  });
});

describe('DELETE /v1/waypoints', () => {
  it('takes one type of one pair; 404 when there is none', async () => {
    const client = service.as('delete', 'ana');
    await store(client, ['a', 'b']);
    await put(client, 'a', 'b');
    await put(client, 'a', 'b', { type: 'x' });
    expect((await client.delete(path({ src_id: 'b', dst_id: 'a' }))).status).toBe(404);
    expect((await client.delete(path({ src_id: 'a', dst_id: 'b', type: 'y' }))).status).toBe(404);
    const deleted = await client.delete(path({ src_id: 'a', dst_id: 'b' }));
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect((await client.delete(path({ src_id: 'a', dst_id: 'b' }))).status).toBe(404);
    expect(keys(await client.get(PATH))).toEqual(['a>b:x']);
  });

  it.each([
    '',
    '?src_id=a',
    '?dst_id=a',
    '?src_id=a&dst_id=',
    '?src_id=a&dst_id=b&type=',
    '?src_id=a&dst_id=b&weight=1',
  ])('refuses %s', async (search) => {
    expect((await service.as('delete', 'ana').delete(PATH + search)).status).toBe(400);
  });

  it.each<[string, (client: Client) => Promise<unknown>]>([
    ['deleted', (client) => client.delete('/v1/memories/b')],
    ['deleted by a filter', (client) => client.delete('/v1/memories?tag=middle')],
    ['deleted with its session', (client) => client.delete('/v1/sessions/middle')],
    ['expired and swept', (client) => client.post('/v1/memories', { content: 'A write to be followed.' })],
    [
      'expired and its id taken again',
      (client) => client.post('/v1/memories', { id: 'b', content: 'Another.' }),
    ],
  ])('a memory that is %s takes its waypoints along', async (how, remove) => {
    const vault = `gone-${how.replaceAll(/[^a-z]/g, '-')}`;
    const client = service.as(vault, 'ana');
    const expires_at = Date.now() + 600_000;
    await store(client, ['a', 'c']);
    await store(client, ['b'], { tags: ['middle'], session_id: 'middle', expires_at });
    for (const [src, dst] of [
      ['a', 'b'],
      ['b', 'c'],
      ['b', 'a'],
      ['a', 'c'],
    ] as const)
      await put(client, src, dst);
    if (how.startsWith('expired')) {
      vi.spyOn(Date, 'now').mockReturnValue(expires_at);
      expect(keys(await client.get(PATH))).toEqual(['a>c:related']);
      expect((await client.get(path({ count: 'true', memory_id: 'b' }))).body).toMatchObject({
        items: [],
        count: 0,
      });
      expect((await client.delete(path({ src_id: 'a', dst_id: 'b' }))).status).toBe(404);
    }
    await remove(client);
    await vi.waitFor(() => expect(waypointsOf(vault)).toMatchObject([{ src_id: 'a', dst_id: 'c' }]), {
      timeout: 120_000,
    });
  });
});

describe('permissions', () => {
  it.each<[string, string, (client: Client) => Promise<Answer>]>([
    ['put', 'write', (client) => put(client, 'a', 'b')],
    ['list', 'read', (client) => client.get(PATH)],
    ['neighbours', 'read', (client) => client.get(path({ memory_id: 'a' }, `${PATH}/neighbours`))],
    ['path', 'read', (client) => client.get(path({ from: 'a', to: 'b' }, `${PATH}/path`))],
    ['delete', 'delete', (client) => client.delete(path({ src_id: 'a', dst_id: 'b' }))],
  ])('%s needs %s', async (name, permission, send) => {
    const vault = `permission-${name}`;
    const owner = service.as(vault, 'ana');
    await store(owner, ['a', 'b']);
    await put(owner, 'a', 'b');
    for (const given of ['read', 'write', 'delete', 'admin']) {
      const { status } = await send(service.as(vault, 'ana', [given]));
      expect([given, given === permission ? status < 300 : status]).toEqual([
        given,
        given === permission || 403,
      ]);
    }
    expect((await send(service.anonymous())).status).toBe(401);
  });
});

describe('old waypoints', () => {
  it('weigh at most 1 and at least 0, may lead to where they start, and join owners for the vault alone', async () => {
    const [ana, ben, all] = [service.as('old', 'ana'), service.as('old', 'ben'), service.as('old')];
    await store(ana, ['a', 'b', 'c']);
    await store(ben, ['x']);
    const rows = [
      ['a', 'a', 'similar', 'ana', 1],
      ['a', 'b', 'similar', 'ana', 1_700_000_000_000],
      ['b', 'c', 'similar', 'ana', -1],
      ['a', 'x', 'similar', 'ana', 0.9],
    ] as const;
    for (const row of rows) {
      const sql = "INSERT INTO waypoints VALUES ('old', ?, ?, ?, ?, ?, 'not JSON', 1, 2)";
      await tamper(service.databasePath, sql, ...row);
    }
    const listed = await ana.get(path({ order: 'asc' }));
    expect(keys(listed)).toEqual(['a>a:similar', 'a>b:similar', 'b>c:similar']);
    expect(listed.body.items.map(({ weight }: { weight: number }) => weight)).toEqual([1, 1, 0]);
    expect(listed.body.items[0]).toMatchObject({ metadata: {}, created_at: 1, updated_at: 2 });
    expect((await ana.get(path({ min_weight: 0, count: 'true' }))).body.count).toBe(3);
    expect((await ana.get(path({ memory_id: 'a', count: 'true' }))).body.count).toBe(2);
    expect((await ana.get(path({ memory_id: 'a', direction: 'in' }))).body.items).toHaveLength(1);
    expect((await ana.get(path({ from: 'a', to: 'c', min_weight: 0 }, `${PATH}/path`))).body).toMatchObject({
      path: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      weight: 0,
    });
    expect(keys(await ben.get(PATH))).toEqual([]);
    expect(keys(await all.get(path({ src_id: 'a', dst_id: 'x' })))).toEqual(['a>x:similar']);
    const seenBy = async (client: Client) =>
      (await client.get(path({ memory_id: 'a', depth: 5 }, `${PATH}/neighbours`))).body.items.map(
        ({ memory }: { memory: { id: string } }) => memory.id,
      );
    expect([await seenBy(ana), await seenBy(all)]).toEqual([
      ['b', 'c'],
      ['b', 'x', 'c'],
    ]);
    // What requests cannot make they can delete.
    expect((await ana.delete(path({ src_id: 'a', dst_id: 'a', type: 'similar' }))).status).toBe(204);
  });
});

describe('neighbours and paths', () => {
  it('answer with the memories, how far they are, and by which waypoint', async () => {
    const client = service.as('shape', 'ana');
    await store(client, ['a', 'b', 'c', 'd']);
    await put(client, 'a', 'b', { weight: 0.5, metadata: { k: 1 } });
    await put(client, 'b', 'c', { weight: 0.5 });
    const memory = async (id: string) => (await client.get(`/v1/memories/${id}`)).body;
    expect((await client.get(path({ memory_id: 'a', depth: 2 }, `${PATH}/neighbours`))).body).toEqual({
      items: [
        {
          memory: await memory('b'),
          distance: 1,
          weight: 0.5,
          via: { src_id: 'a', dst_id: 'b', type: 'related', weight: 0.5 },
        },
        {
          memory: await memory('c'),
          distance: 2,
          weight: 0.25,
          via: { src_id: 'b', dst_id: 'c', type: 'related', weight: 0.5 },
        },
      ],
      truncated: false,
    });
    expect((await client.get(path({ memory_id: 'a' }, `${PATH}/neighbours`))).body.items).toHaveLength(1);
    expect(
      (await client.get(path({ memory_id: 'a', depth: 2, limit: 1 }, `${PATH}/neighbours`))).body.items,
    ).toHaveLength(1);
    const found = await client.get(path({ from: 'a', to: 'c' }, `${PATH}/path`));
    expect(found.body.path).toEqual([await memory('a'), await memory('b'), await memory('c')]);
    const none = { path: null, edges: [], weight: null, truncated: false };
    for (const mode of ['shortest', 'strongest']) {
      expect((await client.get(path({ from: 'a', to: 'd', mode }, `${PATH}/path`))).body).toEqual(none);
      expect(
        (await client.get(path({ from: 'c', to: 'a', mode, direction: 'out' }, `${PATH}/path`))).body,
      ).toEqual(none);
      expect(
        (await client.get(path({ from: 'a', to: 'c', mode, max_depth: 1 }, `${PATH}/path`))).body,
      ).toEqual(none);
      expect((await client.get(path({ from: 'a', to: 'a', mode }, `${PATH}/path`))).body).toEqual({
        ...{ path: [await memory('a')], edges: [], weight: 1, truncated: false },
      });
    }
  });

  it.each([
    'neighbours',
    'neighbours?memory_id=',
    'neighbours?memory_id=a&depth=0',
    'neighbours?memory_id=a&depth=6',
    'neighbours?memory_id=a&depth=1.5',
    'neighbours?memory_id=a&direction=up',
    'neighbours?memory_id=a&limit=101',
    'neighbours?memory_id=a&min_weight=2',
    'neighbours?memory_id=a&min_weight=x',
    'neighbours?memory_id=a&type=',
    'neighbours?memory_id=a&memory_id=b',
    'neighbours?memory_id=%00',
    'neighbours?memory_id=a&user_id=ana',
    'path?from=a',
    'path?to=a',
    'path?from=a&to=b&mode=longest',
    'path?from=a&to=b&max_depth=0',
    'path?from=a&to=b&max_depth=11',
    'path?from=a&to=b&direction=',
    'path?from=a&to=b&vault_id=other',
  ])('refuse %s', async (search) => {
    const answer = await service.as('shape', 'ana').get(`${PATH}/${search}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
  });
});
