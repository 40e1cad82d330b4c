import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthApp, get, startAuthApp } from './harness/auth-app.js';

let server: AuthApp;
beforeAll(async () => {
  server = await startAuthApp({});
});
afterAll(() => server.close());

const whoami = (...headers: string[]) => server.get('/v1/whoami', headers);
const USER = ['read', 'write', 'delete', 'admin', 'operator'];
const SERVICE = ['read', 'write', 'delete', 'admin', 'vault', 'operator'];

describe('dev mode', () => {
  it('works for the whole of dev-vault when nothing else is said', async () => {
    const { status, body } = await whoami();
    expect(status).toBe(200);
    expect(body).toEqual({ vault_id: 'dev-vault', user_id: null, permissions: SERVICE, service: true });
  });

  it('takes the vault and the user from headers', async () => {
    const { body } = await whoami('X-Vault-Id', 'acme', 'x-user-id', 'u1');
    expect(body).toEqual({ vault_id: 'acme', user_id: 'u1', permissions: USER, service: false });
  });

  it.each([
    ['Zo%C3%AB', 'Zoë'],
    ['a%20b', 'a b'],
    ['a b', 'a b'],
    ['a+b', 'a+b'],
    ['100%25', '100%'],
    ['%F0%9F%9C%81', '🜁'],
    ['%20', ' '],
  ])('percent-decodes X-User-Id: %s', async (encoded, userId) => {
    expect((await whoami('X-User-Id', encoded)).body.user_id).toBe(userId);
  });

  it('does not look at an Authorization header', async () => {
    expect((await whoami('Authorization', 'Bearer abc')).status).toBe(200);
  });

  const unreadable: [what: string, field: string, headers: string[]][] = [
    ['an empty vault', 'X-Vault-Id', ['X-Vault-Id', '']],
    ['a vault with a space', 'X-Vault-Id', ['X-Vault-Id', 'a b']],
    ['a vault with a slash', 'X-Vault-Id', ['X-Vault-Id', '../a']],
    ['a vault that begins with a dot', 'X-Vault-Id', ['X-Vault-Id', '.a']],
    ['a vault of 129 characters', 'X-Vault-Id', ['X-Vault-Id', 'v'.repeat(129)]],
    ['a vault beyond ASCII', 'X-Vault-Id', ['X-Vault-Id', 'vaült']],
    ['a vault in percent-encoding', 'X-Vault-Id', ['X-Vault-Id', 'a%62']],
    ['two vaults', 'X-Vault-Id', ['X-Vault-Id', 'a', 'x-vault-id', 'b']],
    ['one vault twice', 'X-Vault-Id', ['X-Vault-Id', 'a', 'X-Vault-Id', 'a']],
    ['two users', 'X-User-Id', ['X-User-Id', 'a', 'X-USER-ID', 'b']],
    ['an empty user', 'X-User-Id', ['X-User-Id', '']],
    ['a user with half an escape', 'X-User-Id', ['X-User-Id', 'a%']],
    ['a user with an escape that is none', 'X-User-Id', ['X-User-Id', '%zz']],
    ['a user that is not UTF-8', 'X-User-Id', ['X-User-Id', '%ff']],
    ['a user with half a surrogate pair', 'X-User-Id', ['X-User-Id', '%ed%a0%80']],
    ['a user with U+0000', 'X-User-Id', ['X-User-Id', 'a%00']],
    ['a user of 257 characters', 'X-User-Id', ['X-User-Id', 'u'.repeat(257)]],
    ['a user in raw Latin-1', 'X-User-Id', ['X-User-Id', 'Zoë']],
  ];
  it.each(unreadable)('refuses %s, naming %s', async (_what, field, headers) => {
    const { status, body } = await whoami(...headers);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INVALID_HEADER', errors: [{ field }] });
  });

  const local = ['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8080'];
  it.each(local)('answers to the host %s', async (host) => {
    expect((await whoami('Host', host)).status).toBe(200);
    expect((await whoami('Host', host, 'Origin', `http://${host.toLowerCase()}`)).status).toBe(200);
  });

  const foreign: [what: string, headers: string[]][] = [
    ...[
      'evil.example',
      'evil.example:8080',
      'localhost.evil.example',
      'localhost.',
      'localhost:8080.evil.example',
      'localhost@evil.example',
      'evil-localhost',
      '127.0.0.1.evil.example',
      '127.0.0.2',
      '0.0.0.0',
      '192.168.1.10:8080',
      '[::1].evil.example',
      '::1',
      '',
    ].map((host): [string, string[]] => [`the host "${host}"`, ['Host', host]]),
    ...[
      'https://evil.example',
      'http://localhost.evil.example',
      'http://evil.example:8080',
      'null',
      'file://',
      'http://localhost:8080/',
      'http://localhost http://evil.example',
      'chrome-extension://abcdefgh',
      '',
    ].map((origin): [string, string[]] => [`the origin "${origin}"`, ['Origin', origin]]),
    ['an origin among two', ['Origin', 'http://localhost', 'Origin', 'https://evil.example']],
    ['Forwarded', ['Forwarded', 'for=192.0.2.1']],
    ['X-Forwarded-For', ['x-forwarded-for', '127.0.0.1']],
    ['X-Forwarded-Host', ['X-FORWARDED-HOST', 'localhost']],
    ['X-Forwarded-Proto', ['X-Forwarded-Proto', 'https']],
    ['any X-Forwarded', ['X-Forwarded-Something-New', '1']],
    ['X-Real-IP', ['X-Real-IP', '127.0.0.1']],
    ['Via', ['Via', '1.1 proxy']],
  ];
  it.each(foreign)('refuses a request with %s', async (_what, headers) => {
    const { status, body } = await whoami(...headers);
    expect(status).toBe(403);
    expect(body).toMatchObject({ status: 403, code: 'DEV_MODE_REFUSED' });
  });

  it('refuses a target with a host in it, whatever the Host header says', async () => {
    const { status, body } = await get(
      `http://${server.host}/v1/whoami`,
      [],
      'http://evil.example/v1/whoami',
    );
    expect(status).toBe(403);
    expect(body.code).toBe('DEV_MODE_REFUSED');
  });

  it('answers no one about a vault that is closed', async () => {
    await server.putVault({ vaultId: 'closed', status: 'suspended' });
    expect(await whoami('X-Vault-Id', 'closed')).toMatchObject({
      status: 401,
      body: { code: 'INVALID_TOKEN' },
    });
  });
});
