import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApiKey, readApiKey } from '../src/auth/api-key-form.js';
import { VerifiedKeys } from '../src/auth/verified-keys.js';
import { uuidv7 } from '../src/memories/uuid.js';
import { adminOf, makeKey, withKey } from './harness/api-keys.js';
import { TestService } from './harness/app.js';
import { get } from './harness/auth-app.js';
import { edit } from './harness/database-editor.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { statementsDuring } from './harness/statement-spy.js';
import { authorized } from './harness/tokens.js';

let service: TestService;
let key: string;
let id: string;

beforeAll(async () => {
  service = await TestService.start();
  ({ key, id } = await makeKey(adminOf(service, 'acme')));
});

afterAll(() => service.stop());

/** Asks who the headers stand for; they are sent as listed. */
const ask = (...headers: string[]) =>
  get(`${service.baseUrl}/v1/whoami`, ['X-Request-Id', 'fixed', ...headers]);

const token = () => authorized({ vault: 'acme', user: 'u1' }).authorization;

describe('where a key is read', () => {
  it.each([
    ['x-api-key', () => ['x-api-key', key]],
    ['X-API-KEY', () => ['X-API-KEY', key]],
    ['Bearer', () => ['Authorization', `Bearer ${key}`]],
    ['bearer', () => ['authorization', `bearer   ${key}`]],
    ['ApiKey', () => ['Authorization', `ApiKey ${key}`]],
    ['apikey', () => ['Authorization', `APIKEY ${key}`]],
    ['x-api-key, and white space around it', () => ['x-api-key', ` ${key}  `]],
  ])('%s', async (_, headers) => {
    const { status, body } = await ask(...headers());
    expect([status, body.vault_id, body.user_id]).toEqual([200, 'acme', null]);
  });

  it('a token goes on working beside keys, also beside an empty x-api-key', async () => {
    expect((await ask('Authorization', token())).body).toMatchObject({ vault_id: 'acme', user_id: 'u1' });
    expect((await ask('Authorization', token(), 'x-api-key', '')).status).toBe(200);
  });

  it('nowhere else', async () => {
    const missing = await ask();
    expect([missing.status, missing.body.code]).toEqual([401, 'MISSING_TOKEN']);
    for (const headers of [
      ['x-api-key', ''],
      ['api-key', key],
      ['x-apikey', key],
      ['Cookie', `x-api-key=${key}`],
      ['Proxy-Authorization', `Bearer ${key}`],
      ['X-Vault-Id', 'acme'],
    ]) {
      const { text } = await ask(...headers);
      expect(text).toBe(missing.text);
    }
    for (const name of ['api_key', 'x-api-key', 'access_token', 'key']) {
      const { body } = await get(`${service.baseUrl}/v1/whoami?${name}=${key}`, []);
      expect(body.code).toBe('MISSING_TOKEN');
    }
  });

  it('X-Vault-Id and X-User-Id have no say beside it', async () => {
    const { body } = await ask('x-api-key', key, 'X-Vault-Id', 'other', 'X-User-Id', 'u2');
    expect(body).toMatchObject({ vault_id: 'acme', user_id: null });
  });
});

describe('more than one credential', () => {
  it.each<[string, () => string[]]>([
    ['a key and a token', () => ['x-api-key', key, 'Authorization', token()]],
    ['a token and a key', () => ['Authorization', token(), 'x-api-key', key]],
    ['the same key twice', () => ['x-api-key', key, 'Authorization', `Bearer ${key}`]],
    ['a good key and a bad token', () => ['x-api-key', key, 'Authorization', 'Bearer abc']],
    ['a bad key and a good token', () => ['x-api-key', 'abc', 'Authorization', token()]],
    ['two headers', () => ['Authorization', `ApiKey ${key}`, 'Authorization', `ApiKey ${key}`]],
    ['a comma', () => ['Authorization', `ApiKey ${key}, Bearer ${token()}`]],
    ['a comma in x-api-key', () => ['x-api-key', `${key}, ${key}`]],
  ])('is refused: %s', async (_, headers) => {
    const { status, body } = await ask(...headers());
    expect([status, body.code]).toEqual([401, 'INVALID_TOKEN']);
  });

  it('is refused by name where x-api-key is sent twice', async () => {
    const { status, body } = await ask('x-api-key', key, 'x-api-key', key);
    expect([status, body.code]).toEqual([400, 'INVALID_HEADER']);
  });
});

describe('a key that is not accepted', () => {
  const parts = () => key.split('_');
  const hostile: [string, () => string][] = [
    ['something', () => 'abc'],
    ['the prefix', () => 'cairn_'],
    ['cut off', () => key.slice(0, -1)],
    ['cut off in the id', () => key.slice(0, 40)],
    ['twice in a row', () => key + key],
    ['with more behind', () => `${key}0`],
    ['in capitals', () => key.toUpperCase()],
    ['another secret', () => makeApiKey({ vaultId: 'acme', id })],
    ['another id', () => key.replace(id, uuidv7())],
    ['the hash in place of the secret', () => key.replace(parts()[3], '0'.repeat(64))],
    ['another vault’s name', () => key.replace(parts()[1], Buffer.from('other').toString('base64url'))],
    ['a vault that is not there', () => key.replace(parts()[1], Buffer.from('none').toString('base64url'))],
    ['a vault that is none', () => key.replace(parts()[1], Buffer.from('../acme').toString('base64url'))],
    ['SQL', () => `cairn_${Buffer.from("a' OR 1=1").toString('base64url')}_${id}_${parts()[3]}`],
    ['padding', () => key.replace(parts()[1], `${parts()[1]}==`)],
    ['a fullwidth prefix', () => Buffer.from(`ｃ${key.slice(1)}`).toString('latin1')],
    ['beyond ASCII', () => Buffer.from(`${key.slice(0, -1)}é`).toString('latin1')],
    ['very long', () => `cairn_${'A'.repeat(12_000)}`],
    ['two dots', () => `${key}.a.b`],
    ['quotes', () => `"${key}"`],
    ['encoded', () => encodeURIComponent(`${key}%00`)],
  ];

  beforeAll(async () => {
    await makeKey(adminOf(service, 'other'));
  });

  it.each(hostile)('%s', async (_, text) => {
    for (const headers of [
      ['x-api-key', text()],
      ['Authorization', `Bearer ${text()}`],
      ['Authorization', `ApiKey ${text()}`],
    ]) {
      const { status, body } = await ask(...headers);
      expect([status, body.code]).toEqual([401, 'INVALID_TOKEN']);
    }
  });

  it('is none with one of its characters changed', async () => {
    const random = new Random(randomSeed('api-keys.guard'));
    for (let i = 0; i < 60; i += 1) {
      const at = random.below(key.length);
      const letters = [...'0123456789abcdefABCDEFxyz_-. '].filter((one) => one !== key[at]);
      const changed = key.slice(0, at) + letters[random.below(letters.length)] + key.slice(at + 1);
      if (changed.trim() === key) continue;
      expect([changed, (await ask('x-api-key', changed)).status]).toEqual([changed, 401]);
    }
    expect((await ask('x-api-key', key)).status).toBe(200);
  });

  it('is not one where its row is in another vault', async () => {
    const { key: moved, id: movedId } = await makeKey(adminOf(service, 'acme'));
    edit(service.databasePath, (editor) => {
      const [row] = editor.all<Record<string, unknown>>(`SELECT * FROM api_keys WHERE id = '${movedId}'`);
      editor.insert('api_keys', { ...row, vault_id: 'other' });
      editor.run(`DELETE FROM api_keys WHERE vault_id = 'acme' AND id = '${movedId}'`);
    });
    expect((await ask('x-api-key', moved)).status).toBe(401);
    const renamed = moved.replace(moved.split('_')[1], Buffer.from('other').toString('base64url'));
    expect((await ask('x-api-key', renamed)).status).toBe(401);
  });
});

describe('what is wrong with a key', () => {
  /** One key for each thing that can be wrong, in vaults of equally long names. */
  async function wrongKeys(): Promise<Record<string, string>> {
    const operator = service.as('operations', undefined, ['operator', 'vault']);
    const make = (vault: string) => makeKey(adminOf(service, vault));
    const [open, shut, gone] = [await make('open1'), await make('shut1'), await make('gone1')];
    await operator.post('/v1/vaults/shut1/suspend', undefined);
    await operator.delete('/v1/vaults/gone1');
    const revoked = await make('open1');
    await adminOf(service, 'open1').post(`/v1/vault/api-keys/${revoked.id}/revoke`, undefined);
    const expired = await make('open1');
    edit(service.databasePath, (editor) =>
      editor.run(`UPDATE api_keys SET expires_at = 1 WHERE id = '${expired.id}'`),
    );
    return {
      'no such vault': makeApiKey({ vaultId: 'none1', id: uuidv7() }),
      'no such key': makeApiKey({ vaultId: 'open1', id: uuidv7() }),
      'another secret': makeApiKey({ vaultId: 'open1', id: open.id }),
      revoked: revoked.key,
      expired: expired.key,
      suspended: shut.key,
      'suspended, another secret': makeApiKey({ vaultId: 'shut1', id: shut.id }),
      'suspended, no such key': makeApiKey({ vaultId: 'shut1', id: uuidv7() }),
      erased: gone.key,
    };
  }

  it('cannot be told from the answer, nor from the statements that it took', async () => {
    const keys = await wrongKeys();
    const answers: unknown[] = [];
    const statements: unknown[] = [];
    for (const [what, text] of Object.entries(keys)) {
      const vault = readApiKey(text)!.vaultId;
      let answer!: Awaited<ReturnType<typeof ask>>;
      const seen = await statementsDuring(async () => {
        answer = await ask('x-api-key', text);
      });
      const { 'content-length': length, date: _, ...headers } = answer.headers;
      answers.push([what, answer.status, answer.text, length, headers]);
      statements.push([what, seen.map((sql) => sql.replaceAll(`'${vault}'`, '<vault>'))]);
      expect(new Set(seen.filter((sql) => /\bFROM .*\b(vaults|api_keys)\b/.test(sql))).size).toBe(2);
    }
    const rest = (list: unknown[]) => list.map((one) => (one as unknown[]).slice(1));
    expect(new Set(rest(answers).map((one) => JSON.stringify(one))).size).toBe(1);
    expect(new Set(rest(statements).map((one) => JSON.stringify(one))).size).toBe(1);
    expect((rest(answers)[0] as unknown[]).slice(0, 2)).toEqual([401, (await ask('x-api-key', 'x')).text]);
  });

  it('is asked of the database each time: a guess is never remembered', async () => {
    const { id: newId, key: text } = await makeKey(adminOf(service, 'open1'));
    const guess = makeApiKey({ vaultId: 'open1', id: newId });
    for (let i = 0; i < 3; i += 1) {
      const seen = await statementsDuring(async () => void (await ask('x-api-key', guess)));
      expect(seen.some((sql) => sql.includes('api_keys'))).toBe(true);
    }
    await ask('x-api-key', text);
    const known = await statementsDuring(async () => void (await ask('x-api-key', text)));
    expect(known.some((sql) => sql.includes('api_keys'))).toBe(false);
  });
});

describe('keys that were verified', () => {
  it('are not remembered when one was revoked while they were looked up', () => {
    const keys = service.app.get(VerifiedKeys, { strict: false });
    const identity = { vaultId: 'acme', permissions: ['read'] as const };
    const verified = { id, identity, expires: Infinity };
    const hash = randomBytes(32).toString('hex');
    const { changes } = keys;
    keys.remember(hash, verified, changes);
    expect(keys.find(hash)).toBe(verified);
    keys.remember(hash.replace(/^./, 'x'), verified, changes - 1);
    expect(keys.find(hash.replace(/^./, 'x'))).toBeUndefined();
    keys.remember('expired', { ...verified, expires: Date.now() }, changes);
    expect(keys.find('expired')).toBeUndefined();
  });

  it('hold on to nothing while others are revoked all the time', async () => {
    const admin = adminOf(service, 'busy');
    const made = await Promise.all(Array.from({ length: 12 }, () => makeKey(admin)));
    await Promise.all(
      made.map(async (one, i) => {
        const client = withKey(service, one.key);
        const asking = Array.from({ length: 4 }, () => client.get('/v1/whoami'));
        if (i % 2 === 0) await admin.post(`/v1/vault/api-keys/${one.id}/revoke`, undefined);
        await Promise.all(asking);
        expect((await client.get('/v1/whoami')).status).toBe(i % 2 === 0 ? 401 : 200);
      }),
    );
  });
});

describe('a service without keys', () => {
  it('takes x-api-key for a header of somebody else, and keys for no tokens', async () => {
    const without = await TestService.start({ API_KEYS: 'off' }, service.databasePath);
    const url = `${without.baseUrl}/v1/whoami`;
    expect((await get(url, ['x-api-key', key])).body.code).toBe('MISSING_TOKEN');
    expect((await get(url, ['x-api-key', key, 'Authorization', token()])).status).toBe(200);
    for (const value of [`Bearer ${key}`, `ApiKey ${key}`]) {
      expect((await get(url, ['Authorization', value])).body.code).toBe('INVALID_TOKEN');
    }
    await without.stop();
  });
});

describe('a service with keys alone', () => {
  it('accepts no token, and nobody without a key', async () => {
    const alone = await TestService.start({ API_KEYS: 'on', JWT_SECRET: '' }, service.databasePath);
    const url = `${alone.baseUrl}/v1/whoami`;
    expect((await get(url, ['x-api-key', key])).body.vault_id).toBe('acme');
    expect((await get(url, [])).body.code).toBe('MISSING_TOKEN');
    expect((await get(url, ['X-Vault-Id', 'acme'])).body.code).toBe('MISSING_TOKEN');
    expect((await get(url, ['Authorization', token()])).body.code).toBe('INVALID_TOKEN');
    expect((await get(url, ['Authorization', 'Bearer abc'])).body.code).toBe('INVALID_TOKEN');
    await alone.stop();
  });
});

describe('dev mode', () => {
  it('checks a key that is shown, and passes over other credentials', async () => {
    const dev = await TestService.start({ JWT_SECRET: '' }, service.databasePath);
    const url = `${dev.baseUrl}/v1/whoami`;
    const host = ['Host', 'localhost'];
    expect((await get(url, host)).body.vault_id).toBe('dev-vault');
    for (const headers of [
      ['x-api-key', key],
      ['Authorization', `Bearer ${key}`],
    ]) {
      const { body } = await get(url, [...host, ...headers, 'X-Vault-Id', 'other']);
      expect(body).toMatchObject({ vault_id: 'acme', permissions: ['read', 'write', 'delete', 'vault'] });
    }
    const wrong = makeApiKey({ vaultId: 'acme', id });
    for (const headers of [
      ['x-api-key', wrong],
      ['Authorization', `ApiKey ${wrong}`],
      ['Authorization', `Basic ${key}`],
      ['x-api-key', key, 'Authorization', 'Bearer abc'],
      ['x-api-key', 'abc', 'Authorization', `Bearer ${key}`],
    ]) {
      expect((await get(url, [...host, ...headers])).body.code).toBe('INVALID_TOKEN');
    }
    for (const headers of [
      ['x-api-key', 'left over'],
      ['Authorization', 'Bearer abc'],
    ]) {
      expect((await get(url, [...host, ...headers])).body.vault_id).toBe('dev-vault');
    }
    await dev.stop();
  });
});

describe('two processes', () => {
  it('know of each other’s revocations within five seconds', async () => {
    const other = await TestService.start({}, service.databasePath);
    const made = await makeKey(adminOf(service, 'acme'));
    const client = withKey(other, made.key);
    expect((await client.get('/v1/whoami')).status).toBe(200);
    await adminOf(service, 'acme').post(`/v1/vault/api-keys/${made.id}/revoke`, undefined);
    expect((await withKey(service, made.key).get('/v1/whoami')).status).toBe(401);
    const began = Date.now();
    while ((await client.get('/v1/whoami')).status === 200) {
      expect(Date.now() - began).toBeLessThan(5_500);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await other.stop();
  });
});
