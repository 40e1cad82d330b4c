import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { MemoriesService } from '../src/memories/memories.service.js';
import { MemoryLister } from '../src/memories/memory-lister.js';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { type Client, TestService } from './harness/app.js';
import { clockAt } from './harness/clock.js';
import { blockWrites } from './harness/blocked-writes.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';

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

describe('a memory whose expires_at has come', () => {
  const search = (client: Client, query: string) => client.post('/v1/memories/search', { query });

  it('exists until then, and from that millisecond on it does not', async () => {
    const client = service.as('expired', 'u');
    const expires_at = Date.now() + 600_000;
    await client.post('/v1/memories', { id: 'stays', content: 'An owl in the old barn.', tags: ['t'] });
    const alone = (await search(client, 'owl barn')).body;
    const owl = { id: 'goes', content: 'An owl, an owl, in the barn.', tags: ['t'], expires_at };
    expect((await client.post('/v1/memories', owl)).status).toBe(201);
    await client.patch('/v1/memories/goes', { metadata: { a: 1 } });

    vi.spyOn(Date, 'now').mockReturnValue(expires_at - 1);
    expect((await client.get('/v1/memories/goes')).status).toBe(200);
    expect((await client.get('/v1/memories?count=true')).body.count).toBe(2);
    expect((await search(client, 'owl barn')).body.results).toHaveLength(2);

    vi.spyOn(Date, 'now').mockReturnValue(expires_at);
    const before = view.digest();
    const absent = await client.get('/v1/memories/never', { 'x-request-id': 'r' });
    for (const [method, path, body] of [
      ['GET', '/v1/memories/goes'],
      ['GET', '/v1/memories/goes/history'],
      ['PATCH', '/v1/memories/goes', { tags: [] }],
      ['PATCH', '/v1/memories/goes', { expires_at: null }],
      ['DELETE', '/v1/memories/goes'],
    ] as const) {
      const answer = await client.send(method, path, body, { 'x-request-id': 'r' });
      expect([answer.status, answer.text]).toEqual([404, absent.text]);
    }
    const list = (await client.get('/v1/memories?count=true&tag=t')).body;
    expect([list.count, list.items.map(({ id }: { id: string }) => id)]).toEqual([1, ['stays']]);
    expect((await client.get('/v1/memories?count=true')).body.count).toBe(1);
    expect((await client.delete('/v1/memories?tag=t&dry_run=true')).body.deleted).toBe(1);
    // The very scores that a scope without it gives.
    expect((await search(client, 'owl barn')).body).toEqual(alone);
    expect(view.digest()).toBe(before);
  });

  it('gives its id back, to whoever asks next', async () => {
    const [ana, ben] = [service.as('reuse', 'ana'), service.as('reuse', 'ben')];
    const expires_at = Date.now() + 600_000;
    await ana.post('/v1/memories', { id: 'one', content: 'An owl of Ana.', expires_at });
    await ana.patch('/v1/memories/one', { tags: ['x'] });
    expect((await ben.post('/v1/memories', { id: 'one', content: 'x' })).status).toBe(409);
    clockAt(expires_at);
    const taken = await ben.post('/v1/memories', { id: 'one', content: 'An owl of Ben.' });
    expect([taken.status, taken.body.version]).toEqual([201, 1]);
    expect((await ana.get('/v1/memories/one')).status).toBe(404);
    expect((await ben.get('/v1/memories/one/history')).body.items).toEqual([]);
    expect((await search(ana, 'owl')).body.results).toEqual([]);
    expect((await ana.post('/v1/memories', { id: 'one', content: 'x' })).status).toBe(409);
    expect(view.all("SELECT version FROM memory_versions WHERE vault_id = 'reuse'")).toEqual([]);
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  });

  it('is not what on_duplicate finds', async () => {
    const client = service.as('not-returned', 'u');
    const expires_at = Date.now() + 600_000;
    const once = { content: 'The same words.', on_duplicate: 'return' };
    const first = await client.post('/v1/memories', { ...once, expires_at });
    expect((await client.post('/v1/memories', once)).body.id).toBe(first.body.id);
    clockAt(expires_at);
    const later = await client.post('/v1/memories', once);
    expect([later.status, later.body.id === first.body.id]).toEqual([201, false]);
  });

  it('leaves the index and the rows in step even when its time comes in the midst of a change', async () => {
    const scope = makeScope({ vaultId: 'midst', userId: 'u', permissions: [] });
    const memories = service.app.get(MemoriesService);
    const lister = service.app.get(MemoryLister);
    const changes: Record<string, (id: string) => Promise<unknown>> = {
      patch: (id) => memories.patch(id, { content: 'other words', expires_at: null }),
      move: (id) => memories.patch(id, { session_id: 's', expires_at: null }),
      delete: (id) => memories.delete(id),
      purge: (id) => lister.deleteMatching({ tag: id }),
    };
    await TenantContext.run(scope, async () => {
      for (const [name, change] of Object.entries(changes)) {
        for (let tick = 1; tick <= 12; tick += 1) {
          const id = `${name}-${tick}`;
          const start = Date.now() + 600_000;
          await memories.create({ id, content: 'some words', tags: [id], expires_at: start + tick });
          // Every look at the clock finds it one millisecond later.
          let looks = 0;
          vi.spyOn(Date, 'now').mockImplementation(() => start + looks++);
          const outcome = await change(id).then(
            () => 'done',
            ({ status }: { status: number }) => status,
          );
          vi.restoreAllMocks();
          expect([id, outcome]).toEqual([id, outcome === 'done' ? 'done' : 404]);
          expect([id, auditIndex(service.databasePath)]).toMatchObject([id, SOUND]);
        }
      }
    });
  });
});

describe('the sweep', () => {
  /** A little over, so that the time a step takes itself does not matter. */
  const MINUTE = 70_000;
  const rowsOf = (vault: string) => view.counts(vault);
  const write = (client: Client) => client.post('/v1/memories', { content: 'something new' });
  const until = (vault: string, memories: number) =>
    vi.waitFor(() => expect(rowsOf(vault).memories).toBe(memories), { timeout: 180_000 });
  /** Long enough for a sweep that should not be. */
  const calm = () => new Promise((resolve) => setTimeout(resolve, 100));

  async function storeExpiring(client: Client, count: number, expires_at: number): Promise<void> {
    for (let at = 0; at < count; at += 50) {
      const some = Array.from({ length: Math.min(50, count - at) }, (_, i) => `owl number ${at + i}`);
      await Promise.all(some.map((content) => client.post('/v1/memories', { content, expires_at })));
    }
  }

  it("removes a vault's expired rows, with all that hangs on them, after one of its writes", async () => {
    const [ana, ben, other] = [service.as('sweep', 'ana'), service.as('sweep', 'ben'), service.as('sweep-2')];
    const expires_at = Date.now() + 600_000;
    await ana.post('/v1/memories', { id: 'a', content: 'An owl of Ana.', expires_at });
    await ana.patch('/v1/memories/a', { content: 'An old owl of Ana.' });
    await ana.post('/v1/memories', { content: 'Another owl of Ana.', expires_at });
    await ben.post('/v1/memories', { id: 'b', content: 'An owl of Ben.', expires_at });
    await ben.post('/v1/memories', { content: 'An owl that stays with Ben.' });
    await other.post('/v1/memories', { content: 'An owl elsewhere.', expires_at });
    // What follows the writes looks at the clock as well.
    await calm();
    clockAt(expires_at);
    const before = (await ben.post('/v1/memories/search', { query: 'owl' })).text;
    await calm();
    expect([rowsOf('sweep').memories, rowsOf('sweep-2').memories]).toEqual([4, 1]);
    expect((await write(service.as('sweep', 'cem'))).status).toBe(201);
    await until('sweep', 2);
    expect(rowsOf('sweep').memory_versions).toBe(0);
    expect(rowsOf('sweep-2').memories).toBe(1);
    expect((await ben.post('/v1/memories/search', { query: 'owl' })).text).toBe(before);
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  });

  it.each(['patch', 'delete', 'purge'])('follows a %s too', async (kind) => {
    const vault = `sweep-${kind}`;
    const client = service.as(vault, 'u');
    const expires_at = Date.now() + 600_000;
    await client.post('/v1/memories', { id: 'm', content: 'x', tags: ['t'] });
    await storeExpiring(client, 1, expires_at);
    clockAt(expires_at + MINUTE);
    if (kind === 'patch') await client.patch('/v1/memories/m', { tags: [] });
    if (kind === 'delete') await client.delete('/v1/memories/m');
    if (kind === 'purge') await client.delete('/v1/memories?tag=t');
    await until(vault, kind === 'patch' ? 1 : 0);
  });

  it('does not follow a write that failed', async () => {
    const client = service.as('sweep-failed', 'u');
    const expires_at = Date.now() + 600_000;
    await client.post('/v1/memories', { id: 'm', content: 'x' });
    await storeExpiring(client, 1, expires_at);
    clockAt(expires_at + MINUTE);
    expect((await client.post('/v1/memories', { id: 'm', content: 'x' })).status).toBe(409);
    expect((await client.delete('/v1/memories/none')).status).toBe(404);
    await calm();
    expect(rowsOf('sweep-failed').memories).toBe(2);
  });

  it('takes 500 rows at a time, once a minute, while requests go on', async () => {
    const client = service.as('sweep-many', 'u');
    const expires_at = Date.now() + 600_000;
    await storeExpiring(client, 1100, expires_at);
    const sweepAt = async (time: number, left: number) => {
      clockAt(time);
      const answers = await Promise.all([write(client), write(client), client.get('/v1/memories')]);
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 200]);
      await until('sweep-many', left);
      await write(client);
      await calm();
      expect(rowsOf('sweep-many').memories).toBe(left + 1);
      expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    };
    await sweepAt(expires_at, 602);
    await sweepAt(expires_at + MINUTE, 105);
    await sweepAt(expires_at + 2 * MINUTE, 8);
  });

  it('fails by itself: requests do not notice', async () => {
    const [ana, ben] = [service.as('sweep-broken', 'ana'), service.as('sweep-broken', 'ben')];
    const expires_at = Date.now() + 600_000;
    await storeExpiring(ana, 3, expires_at);
    const allow = await blockWrites(service.databasePath, {
      table: 'memories',
      on: 'DELETE',
      vaultId: 'sweep-broken',
    });
    clockAt(expires_at);
    expect((await write(ben)).status).toBe(201);
    await calm();
    expect((await write(ben)).status).toBe(201);
    expect(rowsOf('sweep-broken').memories).toBe(5);
    await allow();
    clockAt(expires_at + MINUTE);
    await write(ben);
    await until('sweep-broken', 3);
  });

  it('leaves a sound database when the service stops in its midst', async () => {
    const own = await TestService.start();
    const expires_at = Date.now() + 600_000;
    await storeExpiring(own.as('stopping', 'u'), 500, expires_at);
    clockAt(expires_at);
    expect((await write(own.as('stopping', 'u'))).status).toBe(201);
    await own.stop();
    expect(auditIndex(own.databasePath)).toMatchObject(SOUND);
    const again = await TestService.start({}, own.databasePath);
    const ownView = new DatabaseView(own.databasePath);
    await write(again.as('stopping', 'u'));
    await vi.waitFor(() => expect(ownView.counts('stopping').memories).toBe(2), { timeout: 180_000 });
    ownView.close();
    await again.stop();
  });
});
