import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tenancy } from '../src/tenancy/tenancy.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { makeScope } from '../src/tenancy/scope.js';
import { MemoriesService } from '../src/memories/memories.service.js';
import { Reindexer } from '../src/recall/reindexer.js';
import { type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const random = new Random(randomSeed('kept-rows'));
const VAULT = 'acme';
const OWNERS = ['ana', 'ben'];
const SESSIONS = ['morning', 'evening'];
const STEPS = 400;

let services: TestService[];

beforeAll(async () => {
  const first = await TestService.start();
  services = [first, await TestService.start({}, first.databasePath)];
});

afterAll(async () => {
  for (const service of services) await service.stop();
});

/** What one unit of work leaves for the next must be true of the database, whoever else has written to it. */
describe('what units of work keep for each other', () => {
  it('is never wrong, whatever else writes, fails or is rebuilt', { timeout: 120_000 }, async () => {
    const ids: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const service = random.pick(services);
      const many = random.chance(0.3) ? 4 : 1;
      await Promise.all(Array.from({ length: many }, () => act(service, ids)));
    }
    const path = services[0].databasePath;
    expect(auditIndex(path)).toEqual({ ...SOUND, memories: expect.any(Number) as number });
    expect(wrongWaypoints(path)).toEqual([]);
  });

  it('does not let a vault be written to that another process has closed', async () => {
    const [here, there] = services;
    const writer = here.as('closed');
    expect((await writer.post('/v1/memories', { content: 'an owl' })).status).toBe(201);
    const operator = there.as('operators', undefined, ['operator', 'vault']);
    expect((await operator.post('/v1/vaults/closed/suspend', undefined)).status).toBe(200);
    expect((await writer.post('/v1/memories', { content: 'another owl' })).status).toBe(401);
  });

  it('is not a summary’s former state', async () => {
    const [here, there] = services;
    const clients = [here, there].map((service) => service.as('summaries'));
    for (const [n, client] of [...clients, ...clients].entries()) {
      await client.post('/v1/memories', { content: `The owl of barn ${n} sleeps.`, user_id: 'ana' });
      const other = clients[(n + 1) % 2];
      expect((await other.post('/v1/users/ana/summary/regenerate', undefined)).status).toBe(200);
      await client.post('/v1/memories', { content: `The mouse of barn ${n} wakes.`, user_id: 'ana' });
      const { body } = await other.get('/v1/users/ana/summary');
      expect((body as { summary: string }).summary).toContain(`mouse of barn ${n}`);
    }
  });
});

async function act(service: TestService, ids: string[]): Promise<void> {
  const client = service.as(VAULT);
  const user_id = random.pick(OWNERS);
  const id = ids.length > 0 ? random.pick(ids) : 'none';
  const content = `An owl ${random.below(50)} and a mouse ${random.below(50)} in the barn`;
  switch (random.below(12)) {
    case 0:
      return void (await client.delete(`/v1/memories/${id}`));
    case 1:
      return void (await client.patch(`/v1/memories/${id}`, { content }));
    case 2:
      return void (await client.patch(`/v1/memories/${id}`, { session_id: random.pick(SESSIONS) }));
    case 3:
      return takeBack(service, user_id, content);
    case 4:
      return service.app
        .get(Reindexer)
        .owner(VAULT, user_id, {})
        .then(() => {});
    case 5:
      return refuse(client, user_id, id);
    default:
      return add(client, ids, { user_id, content, session_id: random.pick(SESSIONS) });
  }
}

async function add(client: Client, ids: string[], body: Record<string, unknown>): Promise<void> {
  const { status, body: memory } = await client.post('/v1/memories', body);
  expect(status).toBe(201);
  ids.push((memory as { id: string }).id);
}

/** A unit of work that stores memories and fails, and within another one that is well. */
async function takeBack(service: TestService, user_id: string, content: string): Promise<void> {
  const [tenancy, memories] = [service.app.get(Tenancy), service.app.get(MemoriesService)];
  const fails = () =>
    tenancy.transaction(async () => {
      for (let n = 0; n < 3; n += 1) await memories.create({ content: `${content}, taken back`, user_id });
      throw new Error('taken back');
    });
  const work = random.chance(0.5)
    ? fails
    : () =>
        tenancy.transaction(async () => {
          await memories.create({ content: `${content}, before`, user_id, session_id: 'morning' });
          await fails().catch(() => {});
          await memories.create({ content: `${content}, after`, user_id, session_id: 'morning' });
        });
  const scope = makeScope({ vaultId: VAULT, permissions: ['read', 'write', 'vault'] });
  await TenantContext.run(scope, work).catch((error: Error) => expect(error.message).toBe('taken back'));
}

/** An id that is taken, most of the time: the unit of work fails where it is. */
async function refuse(client: Client, user_id: string, id: string): Promise<void> {
  const { status } = await client.post('/v1/memories', { id, user_id, content: 'It is taken' });
  expect([201, 409]).toContain(status);
}

/** Waypoints whose ends are not memories of their owner. */
function wrongWaypoints(path: string): unknown[] {
  const view = new DatabaseView(path);
  const rows = view.all(
    `SELECT w.src_id, w.dst_id, w.type FROM waypoints w
      LEFT JOIN memories s ON s.vault_id = w.vault_id AND s.id = w.src_id
      LEFT JOIN memories d ON d.vault_id = w.vault_id AND d.id = w.dst_id
      WHERE s.id IS NULL OR d.id IS NULL OR s.user_id <> w.user_id OR d.user_id <> w.user_id`,
  );
  view.close();
  return rows;
}
