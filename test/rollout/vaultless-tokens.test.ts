import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatsCounter } from '../../src/stats/stats-counter.js';
import { dayOf } from '../../src/stats/event-types.js';
import { DEFAULT_VAULT } from '../../src/vaults/vault-id.js';
import { type Client, TestService, newDatabase } from '../harness/app.js';
import { apiRoutes } from '../harness/api-routes.js';
import { SERVICE, callerOf, keptRequests } from '../harness/vaultless.js';

const SHADOW = { FLAG_TENANCY_ENFORCEMENT: 'shadow' };

const operatorOf = (service: TestService) => service.as('ops', undefined, [...SERVICE, 'operator']);

const flush = (service: TestService) => service.app.get(StatsCounter).flush();

/** Asks so many times. */
async function ask(client: Client, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) expect((await client.get('/v1/whoami')).status).toBe(200);
}

async function found(service: TestService): Promise<{ total: number; clients: Record<string, number> }> {
  const { body } = await operatorOf(service).get(`/v1/vaults/${DEFAULT_VAULT}/rollout`);
  const { total, clients } = body.enforcement.tokens_without_vault;
  return {
    total,
    clients: Object.fromEntries(
      clients.map(({ client, count }: { client: string; count: number }) => [client, count]),
    ),
  };
}

describe('requests without a vault claim', () => {
  it('are counted by day, client and mode, outlast the process, and add up over replicas', async () => {
    const place = newDatabase();
    const [one, two] = [await TestService.start(SHADOW, place), await TestService.start(SHADOW, place)];
    // A vault is looked at once it is there.
    await one.as(DEFAULT_VAULT).post('/v1/memories', { content: 'an owl' });
    const mobile = { client_id: 'mobile', azp: 'not this', sub: 'ana' };
    await ask(callerOf(one, mobile), 3);
    await ask(callerOf(two, mobile), 2);
    await ask(callerOf(one, { azp: 'web', sub: 'ben' }), 1);
    await ask(callerOf(one, { sub: 'ana' }), 1);
    await ask(callerOf(two, { permissions: SERVICE }), 2);
    await ask(callerOf(two, { permissions: SERVICE, sub: 'nightly' }), 1);
    // What is in memory is seen where it is; what was written down, everywhere.
    expect(await found(one)).toEqual({ total: 5, clients: { mobile: 3, web: 1, 'user:ana': 1 } });
    await Promise.all([flush(one), flush(two)]);
    const all = { mobile: 5, web: 1, 'user:ana': 1, service: 2, 'user:nightly': 1 };
    expect(await found(one)).toEqual({ total: 10, clients: all });
    expect(await found(two)).toEqual({ total: 10, clients: all });
    await ask(callerOf(two, mobile), 1);
    await Promise.all([one.stop(), two.stop()]);

    const legacy = await TestService.start({ FLAG_TENANCY_ENFORCEMENT: 'legacy' }, place);
    expect(await found(legacy)).toEqual({ total: 11, clients: { ...all, mobile: 6 } });
    await ask(callerOf(legacy, mobile), 4);
    const { body } = await operatorOf(legacy).get(`/v1/vaults/${DEFAULT_VAULT}/rollout`);
    expect(body.enforcement.tokens_without_vault).toMatchObject({ total: 15, in_shadow: 11 });
    await legacy.stop();
    const today = { vault_id: DEFAULT_VAULT, user_id: '', ts: dayOf(Date.now()) };
    expect(keptRequests(place).filter(({ client }) => client === 'mobile')).toEqual([
      { ...today, client: 'mobile', mode: 'legacy', count: 4 },
      { ...today, client: 'mobile', mode: 'shadow', count: 6 },
    ]);
  });

  it('of more than a thousand clients are all counted, and those of the rest together', async () => {
    const service = await TestService.start(SHADOW);
    await service.as(DEFAULT_VAULT).post('/v1/memories', { content: 'an owl' });
    const callers = Array.from({ length: 1_100 }, (_, i) =>
      callerOf(service, { client_id: `c${i}`, sub: 'u' }),
    );
    for (let first = 0; first < callers.length; first += 20) {
      await Promise.all(callers.slice(first, first + 20).map((client) => ask(client, 1)));
    }
    await ask(callers[0], 4);
    await flush(service);
    const kept = keptRequests(service.databasePath);
    expect(kept.length).toBe(1_001);
    expect(kept.reduce((sum, { count }) => sum + count, 0)).toBe(1_104);
    expect(kept.find(({ client }) => client === 'other')?.count).toBe(100);
    expect(kept.find(({ client }) => client === 'c0')?.count).toBe(5);
    const { body } = await operatorOf(service).get(`/v1/vaults/${DEFAULT_VAULT}/rollout`);
    const { total, client_count, clients } = body.enforcement.tokens_without_vault;
    expect([total, client_count, clients.length, clients[0].client]).toEqual([1_104, 1_001, 100, 'other']);
    await service.stop();
  });
});

describe('who sees what was counted', () => {
  let service: TestService;
  const CANARY = 'canary-4711';

  beforeAll(async () => {
    service = await TestService.start({ ...SHADOW, USER_SUMMARIES: 'false', REFLECTION: 'false' });
    await service.as(DEFAULT_VAULT, 'ana').post('/v1/memories', { content: 'an owl' });
    const admin = service.as(DEFAULT_VAULT, undefined, [...SERVICE, 'admin']);
    expect((await admin.patch('/v1/vault', { share_unowned: true })).status).toBe(200);
    await ask(callerOf(service, { client_id: CANARY, permissions: SERVICE }), 7);
  });
  afterAll(() => service.stop());

  it.each(['in memory', 'written down'])('is, of clients, operators alone: %s', async (where) => {
    if (where === 'written down') await flush(service);
    const user = service.as(DEFAULT_VAULT, 'ana', ['read', 'write', 'delete', 'admin']);
    const whole = service.as(DEFAULT_VAULT, undefined, [...SERVICE, 'admin']);
    const reading = apiRoutes(service.app).filter(
      ({ method, path }) => method === 'GET' && !path.includes(':'),
    );
    expect(reading.length).toBeGreaterThan(20);
    for (const { path } of reading) {
      for (const client of [user, whole]) expect((await client.get(path)).text).not.toContain(CANARY);
      expect((await user.get(path)).text).not.toContain('token-without-vault');
    }
    expect((await operatorOf(service).get(`/v1/vaults/${DEFAULT_VAULT}/rollout`)).text).toContain(CANARY);
  });

  it('is, of their number, the whole vault, by day', async () => {
    const { body } = await service.as(DEFAULT_VAULT).get('/v1/stats');
    const day = new Date(dayOf(Date.now())).toISOString().slice(0, 10);
    expect(body.events).toContainEqual({ day, type: 'token-without-vault', count: 7 });
    // What was done is counted by itself.
    const { body: old } = await service.as(DEFAULT_VAULT).get('/dashboard/stats');
    expect(old.requests.total).toBe(1);
  });

  it('is nobody of another vault: nothing there changes', async () => {
    const observed = async (client: Client) =>
      Promise.all(
        ['/v1/stats', '/v1/vault', '/v1/memories', '/v1/users', '/dashboard/stats', '/memory/all'].map(
          async (path) => (await client.get(path)).text.replace(/"uptime":{[^}]*}/, ''),
        ),
      );
    const other = [service.as('other'), service.as('other', 'ana')];
    await other[1].post('/v1/memories', { content: 'an owl of another vault' });
    const before = await Promise.all(other.map(observed));
    for (let i = 0; i < 5; i += 1) await ask(callerOf(service, { client_id: `more ${i}`, sub: 'ana' }), 5);
    expect(await Promise.all(other.map(observed))).toEqual(before);
    await flush(service);
    expect(await Promise.all(other.map(observed))).toEqual(before);
    expect(keptRequests(service.databasePath).every((row) => row.vault_id === DEFAULT_VAULT)).toBe(true);
  });

  it('is nobody any more once the user is erased who was the client', async () => {
    const zoe = callerOf(service, { sub: 'zoe' });
    const kept = () => JSON.stringify(keptRequests(service.databasePath));
    await zoe.post('/v1/memories', { content: 'an owl of hers' });
    await flush(service);
    expect(kept()).toContain('user:zoe');
    // More, that waits in memory.
    await ask(zoe, 2);
    await ask(callerOf(service, { sub: 'zoe2' }), 1);
    expect((await zoe.delete('/v1/users/zoe')).status).toBe(200);
    await flush(service);
    expect(kept()).not.toContain('"user:zoe"');
    expect(kept()).toContain('"user:zoe2"');
  });
});

describe('names of clients', () => {
  const NAMES: readonly [what: string, claims: object, kept: string][] = [
    ['emoji', { client_id: '🦉🦉' }, '🦉🦉'],
    ['ten thousand characters, cut', { client_id: 'x'.repeat(5_000) }, 'x'.repeat(261)],
    ['cut in the midst of a character', { client_id: `${'x'.repeat(260)}🦉` }, `${'x'.repeat(260)}\ufffd`],
    ['new lines', { client_id: 'a\nb\r\nc' }, 'a\ufffdb\ufffd\ufffdc'],
    ['U+0000', { client_id: 'a\u0000b' }, 'a\ufffdb'],
    ['escapes of terminals', { client_id: '\u001b[2J\u009b2J' }, '\ufffd[2J\ufffd2J'],
    ['what turns text around', { client_id: 'a\u202eb\u2028c' }, 'a\ufffdb\ufffdc'],
    ['half a character', { client_id: 'a\ud800b' }, 'a\ufffdb'],
    ['JSON', { client_id: '","mode":"legacy"}' }, '","mode":"legacy"}'],
    ['SQL', { client_id: "'; DROP TABLE stats; --" }, "'; DROP TABLE stats; --"],
    ['a member of every object', { client_id: '__proto__' }, '__proto__'],
    ['another one, which sums must not meet', { client_id: 'constructor' }, 'constructor'],
    ['no text, passed over', { client_id: 7, azp: ['a'] }, 'user:eve'],
    ['an empty one, passed over', { client_id: '', azp: 'web' }, 'web'],
    ['an object, passed over', { client_id: { a: 1 }, azp: null }, 'user:eve'],
  ];

  it.each(['in memory', 'written down'])('are kept as text that can be shown: %s', async (where) => {
    const service = await TestService.start(SHADOW);
    await service.as(DEFAULT_VAULT).post('/v1/memories', { content: 'an owl' });
    for (const [, claims] of NAMES) await ask(callerOf(service, { sub: 'eve', ...claims }), 2);
    if (where === 'written down') await flush(service);
    const { body } = await operatorOf(service).get(`/v1/vaults/${DEFAULT_VAULT}/rollout`);
    const clients = body.enforcement.tokens_without_vault.clients as { client: string; count: number }[];
    const counts = new Map(clients.map(({ client, count }) => [client, count]));
    for (const [what, , kept] of NAMES) {
      const times = NAMES.filter(([, , other]) => other === kept).length;
      expect([what, counts.get(kept)]).toEqual([what, 2 * times]);
    }
    expect(counts.size).toBe(new Set(NAMES.map(([, , kept]) => kept)).size);
    await service.stop();
  });
});
