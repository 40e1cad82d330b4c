import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatsCounter } from '../../src/stats/stats-counter.js';
import { DEFAULT_VAULT } from '../../src/vaults/vault-id.js';
import { type Answer, type Client, TestService } from '../harness/app.js';
import { nowInSeconds, signParts } from '../harness/tokens.js';
import { ModeFile, SERVICE, callerOf, keptRequests, tokenOf } from '../harness/vaultless.js';

const MODES = ['legacy', 'shadow', 'enforced'] as const;
const PUBLIC_URL = 'https://memory.example.com';
const ISSUER = 'https://login.example.com/';
const OAUTH = { PUBLIC_URL, JWT_ISSUER: ISSUER };

/** What differs from one refusal to the next whatever the reason. */
const withoutId = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');

const tool = (name: string, args: object) => ({
  ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
  params: { name, arguments: args },
});
const MCP = { accept: 'application/json, text/event-stream' };

const sumOf = (kept: readonly { count: number }[]) => kept.reduce((sum, { count }) => sum + count, 0);

/** A request of each kind of route. */
const ROUTES: readonly [route: string, ask: (client: Client) => Promise<Answer>][] = [
  ['GET /v1/whoami', (client) => client.get('/v1/whoami')],
  ['POST /v1/memories', (client) => client.post('/v1/memories', { content: 'an owl' })],
  ['POST /mcp', (client) => client.post('/mcp', tool('openmemory_list', {}), MCP)],
  ['GET /memory/all', (client) => client.get('/memory/all')],
  ['GET /dashboard/stats', (client) => client.get('/dashboard/stats')],
  ['GET /api/sessions', (client) => client.get('/api/sessions')],
];

describe.each([...MODES, undefined])('with the mode %s', (mode) => {
  const isLet = mode === 'legacy' || mode === 'shadow';
  let service: TestService;
  const caller = (claims: object) => callerOf(service, { iss: ISSUER, ...claims });

  beforeAll(async () => {
    service = await TestService.start({
      ...OAUTH,
      ...(mode === undefined ? {} : { FLAG_TENANCY_ENFORCEMENT: mode }),
    });
  });
  afterAll(() => service.stop());

  it('a user without a vault is one of default-vault, or nobody', async () => {
    const { status, body } = await caller({ sub: 'ana' }).get('/v1/whoami');
    expect(status).toBe(isLet ? 200 : 401);
    if (!isLet) return expect(body.code).toBe('INVALID_TOKEN');
    const permissions = ['read', 'write', 'delete'];
    expect(body).toEqual({ vault_id: DEFAULT_VAULT, user_id: 'ana', permissions, service: false });
  });

  it('so is a service', async () => {
    const { status, body } = await caller({ permissions: SERVICE }).get('/v1/whoami');
    expect(status).toBe(isLet ? 200 : 401);
    if (isLet) expect(body).toMatchObject({ vault_id: DEFAULT_VAULT, user_id: null, service: true });
  });

  it('one with a vault claim is let in as ever, into that vault alone', async () => {
    for (const claims of [
      { vault_id: 'acme', sub: 'ana' },
      { vaultId: 'acme', sub: 'ana' },
      { vault_id: 'acme', vaultId: 'acme', permissions: SERVICE },
    ]) {
      const { status, body } = await caller(claims).get('/v1/whoami');
      expect([status, body.vault_id]).toEqual([200, 'acme']);
    }
  });

  it.each<[what: string, claims: object]>([
    ['a vault claim of null', { vault_id: null }],
    ['an empty one', { vault_id: '' }],
    ['one that is no vault id', { vault_id: 'no vault' }],
    ['a number', { vault_id: 7 }],
    ['a list', { vaultId: ['acme'] }],
    ['an object', { vaultId: {} }],
    ['false', { vaultId: false }],
    ['a good one beside null', { vault_id: 'acme', vaultId: null }],
    ['null beside a good one', { vault_id: null, vaultId: 'acme' }],
    ['two nulls', { vault_id: null, vaultId: null }],
    ['two that differ', { vault_id: 'acme', vaultId: DEFAULT_VAULT }],
    ['no user, and no service either', { sub: undefined }],
    ['a user claim that is none', { sub: '' }],
    ['a user claim of null before a good one', { user_id: null }],
    ['permissions that are none', { permissions: 'read' }],
    ['another issuer', { iss: 'https://evil.example/' }],
    ['a time that is over', { exp: nowInSeconds() - 3600 }],
    ['a time that has not come', { nbf: nowInSeconds() + 3600 }],
    ['no end', { exp: undefined }],
  ])('is refused for %s', async (_, claims) => {
    const { status, body } = await caller({ sub: 'ana', ...claims }).get('/v1/whoami');
    expect([status, body.code]).toEqual([401, 'INVALID_TOKEN']);
  });

  it('is refused for a signature that is not ours, and for a claim that comes twice', async () => {
    const claims = { iss: ISSUER, exp: nowInSeconds() + 3600, sub: 'ana' };
    const header = { alg: 'HS256', typ: 'JWT' };
    const twice = `${JSON.stringify(claims).slice(0, -1)},"vault_id":"acme","vault_id":"other"}`;
    for (const token of [
      signParts(header, claims, 'another secret, of 32 bytes or more'),
      signParts({ ...header, alg: 'none' }, claims),
      signParts(header, twice),
    ]) {
      const { status } = await service.anonymous({ authorization: `Bearer ${token}` }).get('/v1/whoami');
      expect(status).toBe(401);
    }
  });

  it.each(ROUTES)('is let in or refused on %s as on any other', async (_, ask) => {
    const answer = await ask(caller({ sub: 'ana', client_id: 'of routes' }));
    if (isLet) return expect(answer.status).toBeLessThan(300);
    const garbage = await ask(service.anonymous({ authorization: 'Bearer a.b.c' }));
    expect([answer.status, withoutId(answer.text)]).toEqual([garbage.status, withoutId(garbage.text)]);
    // Clients of OpenMemory know a key that is not accepted by 403.
    expect([401, 403]).toContain(answer.status);
    const names = ['www-authenticate', 'content-type', 'cache-control'];
    expect(names.map((name) => answer.headers.get(name))).toEqual(
      names.map((name) => garbage.headers.get(name)),
    );
    if (answer.status === 401) {
      expect(answer.headers.get('www-authenticate')).toContain('resource_metadata=');
    }
  });

  it('keeps to its permissions', async () => {
    const reader = caller({ sub: 'ana', permissions: ['read'] });
    expect((await reader.post('/v1/memories', { content: 'x' })).status).toBe(isLet ? 403 : 401);
    const user = caller({ sub: 'ana' });
    expect((await user.get('/v1/vaults')).status).toBe(isLet ? 403 : 401);
    expect((await user.get(`/v1/vaults/${DEFAULT_VAULT}/rollout`)).status).toBe(isLet ? 403 : 401);
  });

  it('keeps what is let in, and nothing of what is refused or has a vault', async () => {
    await service.app.get(StatsCounter).flush();
    const kept = keptRequests(service.databasePath);
    expect(new Set(kept.map((row) => row.mode))).toEqual(new Set(isLet ? [mode] : []));
    expect(new Set(kept.map((row) => row.client))).toEqual(
      new Set(isLet ? ['user:ana', 'service', 'of routes'] : []),
    );
    expect(kept.every((row) => row.vault_id === DEFAULT_VAULT && row.user_id === '')).toBe(true);
    const ofRoutes = kept.find(({ client }) => client === 'of routes');
    expect(ofRoutes?.count).toBe(isLet ? ROUTES.length : undefined);
  });

  it('is refused where default-vault is closed, and then is not counted', async () => {
    const operator = service.as('ops', undefined, [...SERVICE, 'operator']);
    const asOperator = callerOf(service, {
      iss: ISSUER,
      vault_id: 'ops',
      permissions: ['operator', 'vault'],
    });
    expect((await operator.get('/v1/whoami')).status).toBe(401); // it has no issuer
    if (!isLet) await asOperator.post('/v1/vaults', { vault_id: DEFAULT_VAULT });
    const before = keptRequests(service.databasePath);
    for (const close of [
      () => asOperator.post(`/v1/vaults/${DEFAULT_VAULT}/suspend`, undefined),
      () => asOperator.delete(`/v1/vaults/${DEFAULT_VAULT}`),
    ]) {
      expect((await close()).status).toBe(200);
      for (const claims of [
        { sub: 'ana' },
        { permissions: SERVICE },
        { vault_id: DEFAULT_VAULT, sub: 'ana' },
      ]) {
        const { status, body } = await caller(claims).get('/v1/memories');
        expect([status, body.code]).toEqual([401, 'INVALID_TOKEN']);
      }
      // Nor in memory, where counts wait to be written down.
      expect((await asOperator.get(`/v1/vaults/${DEFAULT_VAULT}/rollout`)).body).toMatchObject({
        enforcement: { tokens_without_vault: { total: sumOf(keptRequests(service.databasePath)) } },
      });
      await service.app.get(StatsCounter).flush();
      const isErased = (await asOperator.get(`/v1/vaults/${DEFAULT_VAULT}`)).body.status === 'erased';
      expect(keptRequests(service.databasePath)).toEqual(isErased ? [] : before);
    }
  });
});

describe('a mode that changes while the service runs', () => {
  it('holds for tokens that were verified before', async () => {
    const file = new ModeFile('enforced');
    const service = await TestService.start({ FLAGS_FILE: file.path });
    const token = tokenOf({ sub: 'ana' });
    const ana = service.anonymous({ authorization: `Bearer ${token}` });
    const named = service.as('acme', 'ana');
    const status = async (client: Client) => (await client.get('/v1/whoami')).status;
    expect([await status(ana), await status(named)]).toEqual([401, 200]);
    for (const [mode, expected] of [
      ['legacy', 200],
      ['enforced', 401],
      ['shadow', 200],
      ['enforced', 401],
    ] as const) {
      await file.change(mode, async () => (await status(ana)) === expected);
      for (let i = 0; i < 5; i += 1)
        expect([await status(ana), await status(named)]).toEqual([expected, 200]);
    }
    await service.stop();
  });

  it('is that of default-vault, whatever other vaults have', async () => {
    const service = await TestService.start({ FLAGS_FILE: new ModeFile('shadow').path });
    expect((await callerOf(service, { sub: 'ana' }).get('/v1/whoami')).status).toBe(200);
    await service.stop();
  });
});

describe('what has nothing to do with it', () => {
  it('is OM_API_KEY, which goes on, and dev mode, which production does not have', async () => {
    const key = 'a key of OpenMemory, long enough';
    for (const mode of MODES) {
      const service = await TestService.start({ OM_API_KEY: key, FLAG_TENANCY_ENFORCEMENT: mode });
      const client = service.anonymous({ 'x-api-key': key });
      expect((await client.get('/v1/whoami')).body.vault_id).toBe(DEFAULT_VAULT);
      const forged = { 'x-vault-id': 'acme', 'x-user-id': 'ana' };
      const { status, body } = await service.anonymous(forged).get('/v1/whoami');
      expect([status, body.code]).toEqual([401, 'MISSING_TOKEN']);
      await service.app.get(StatsCounter).flush();
      expect(keptRequests(service.databasePath)).toEqual([]);
      await service.stop();
      const production = { NODE_ENV: 'production', CAIRN_DEV_MODE: 'true', FLAG_TENANCY_ENFORCEMENT: mode };
      await expect(TestService.start(production)).rejects.toThrow(/CAIRN_DEV_MODE|[Dd]ev mode/);
    }
  });
});
