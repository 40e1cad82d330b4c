import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { CollectionsService } from '../src/collections/collections.service.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { TestService } from './harness/app.js';
import { get } from './harness/auth-app.js';
import { TEST_SECRET } from './harness/tokens.js';
import { putVault } from './harness/vault-row.js';

const KEY = 'a key of OpenMemory, long enough';
const TENANT = createHash('sha256').update(KEY).digest('hex').slice(0, 16);

const running: TestService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<TestService> {
  const service = await TestService.start({ OM_API_KEY: KEY, JWT_SECRET: '', ...env });
  running.push(service);
  return service;
}

const ask = ({ baseUrl }: TestService, ...headers: string[]) => get(`${baseUrl}/v1/whoami`, headers);

describe('OM_API_KEY', () => {
  it('opens default-vault, for reading, writing and deleting', async () => {
    const service = await start();
    for (const text of [KEY, ` ${KEY} `]) {
      expect((await ask(service, 'x-api-key', text)).body).toEqual({
        vault_id: 'default-vault',
        user_id: null,
        permissions: ['read', 'write', 'delete', 'vault'],
        service: true,
      });
    }
    const client = service.anonymous({ 'x-api-key': KEY });
    expect((await client.post('/v1/memories', { content: 'an owl', user_id: 'anyone' })).status).toBe(201);
    expect((await client.post('/v1/vault/api-keys', { name: 'more' })).status).toBe(403);
    expect((await client.get('/v1/vaults')).status).toBe(403);
  });

  it('is read where keys are, also with two dots in it', async () => {
    const dotted = 'om.key.with-two-dots-in-it';
    const service = await start({ OM_API_KEY: dotted });
    for (const headers of [
      ['x-api-key', dotted],
      ['Authorization', `Bearer ${dotted}`],
      ['Authorization', `ApiKey ${dotted}`],
    ]) {
      expect((await ask(service, ...headers)).body.vault_id).toBe('default-vault');
    }
  });

  it('is the text itself and no other', async () => {
    const service = await start();
    expect((await ask(service)).body.code).toBe('MISSING_TOKEN');
    for (const other of [`${KEY}x`, KEY.slice(1), KEY.toUpperCase(), TENANT, 'x'.repeat(9_000), 'é']) {
      const { status, body } = await ask(service, 'x-api-key', Buffer.from(other).toString('latin1'));
      expect([status, body.code]).toEqual([401, 'INVALID_TOKEN']);
    }
    expect((await ask(service, 'x-api-key', KEY, 'Authorization', 'Bearer abc')).status).toBe(401);
  });

  it('may hold what is beyond ASCII, sent in UTF-8', async () => {
    const service = await start({ OM_API_KEY: 'Schlüssel für die Eule' });
    const bytes = Buffer.from('Schlüssel für die Eule').toString('latin1');
    expect((await ask(service, 'x-api-key', bytes)).body.vault_id).toBe('default-vault');
  });

  it('opens the vault of its own tenant where there is one, and knows itself by that name', async () => {
    const service = await start();
    await putVault(service, `om-${TENANT}`);
    expect((await ask(service, 'x-api-key', KEY)).body).toMatchObject({
      vault_id: `om-${TENANT}`,
      user_id: null,
    });
    expect(await selfNameIn(service)).toBe(TENANT);
  });

  it('knows no name of its own in default-vault', async () => {
    expect(await selfNameIn(await start())).toBeUndefined();
  });

  it('is refused while its vault is closed, and opens no other instead', async () => {
    for (const status of ['suspended', 'erased'] as const) {
      const service = await start();
      await putVault(service, `om-${TENANT}`, { status });
      expect((await ask(service, 'x-api-key', KEY)).body.code).toBe('INVALID_TOKEN');
    }
  });

  it('works beside tokens', async () => {
    const service = await start({ JWT_SECRET: TEST_SECRET });
    expect((await ask(service, 'x-api-key', KEY)).body.vault_id).toBe('default-vault');
    expect((await service.as('acme', 'ana').get('/v1/whoami')).body.vault_id).toBe('acme');
  });
});

/** What the scope of a request with the key says, read where services do. */
async function selfNameIn(service: TestService): Promise<string | undefined> {
  const collections = service.app.get(CollectionsService);
  let selfName: string | undefined;
  const { list } = collections;
  collections.list = function (query) {
    ({ selfName } = TenantContext.scope());
    return list.call(this, query);
  };
  expect((await service.anonymous({ 'x-api-key': KEY }).get('/v1/collections')).status).toBe(200);
  return selfName;
}
