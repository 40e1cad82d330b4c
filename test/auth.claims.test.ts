import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthApp, startAuthApp } from './harness/auth-app.js';
import { TEST_SECRET, nowInSeconds, signParts } from './harness/tokens.js';

const PREFIX = 'cairn:';
let strict: AuthApp;
let plain: AuthApp;

beforeAll(async () => {
  plain = await startAuthApp({ JWT_SECRET: TEST_SECRET });
  strict = await startAuthApp({
    JWT_SECRET: TEST_SECRET,
    JWT_ALGORITHMS: 'HS512,HS256',
    JWT_ISSUER: 'https://issuer.example',
    JWT_AUDIENCE: 'cairn,other',
    JWT_USER_CLAIM: 'https://issuer.example/user,email',
    JWT_DEFAULT_PERMISSIONS: 'none',
    JWT_CLOCK_TOLERANCE: '30',
  });
});
afterAll(async () => {
  await plain.close();
  await strict.close();
});

const inAnHour = () => nowInSeconds() + 3600;

/** Asks who a token of these claims (and one hour to live) stands for. */
async function whoami(server: AuthApp, claims: Record<string, unknown>, header: object = {}) {
  const token = signParts({ alg: 'HS256', typ: 'JWT', ...header }, { exp: inAnHour(), ...claims });
  return server.get('/v1/whoami', ['Authorization', `Bearer ${token}`]);
}

const DEFAULTS = ['read', 'write', 'delete'];

describe('whom a token stands for', () => {
  const accepted: [what: string, claims: Record<string, unknown>, answer: Record<string, unknown>][] = [
    ['vault_id and user_id', { vault_id: 'acme', user_id: 'u1' }, { vault_id: 'acme', user_id: 'u1' }],
    ['the other spellings', { vaultId: 'acme', userId: 'u1' }, { vault_id: 'acme', user_id: 'u1' }],
    ['both vault claims, the same', { vault_id: 'acme', vaultId: 'acme', sub: 's' }, { vault_id: 'acme' }],
    ['the subject as user', { vault_id: 'acme', sub: 'auth0|5f7c' }, { user_id: 'auth0|5f7c' }],
    [
      'user_id before userId before sub',
      { vault_id: 'a', sub: 's', userId: 'b', user_id: 'c' },
      { user_id: 'c' },
    ],
    ['userId before sub', { vault_id: 'a', sub: 's', userId: 'b' }, { user_id: 'b' }],
    ['a vault id of every kind of character', { vault_id: 'A9._:-z', sub: 's' }, { vault_id: 'A9._:-z' }],
    ['a vault id of 128 characters', { vault_id: 'v'.repeat(128), sub: 's' }, { vault_id: 'v'.repeat(128) }],
    [
      'a user id beyond ASCII, as it is',
      { vault_id: 'a', sub: ' Zoë 🜁\u0301 ' },
      { user_id: ' Zoë 🜁\u0301 ' },
    ],
    ['a user id of 256 characters', { vault_id: 'a', sub: 'é'.repeat(256) }, { user_id: 'é'.repeat(256) }],
    [
      'a user called like a member of every object',
      { vault_id: 'a', sub: '__proto__' },
      { user_id: '__proto__' },
    ],
  ];
  it.each(accepted)('%s', async (_what, claims, answer) => {
    const { status, body } = await whoami(plain, claims);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...answer, permissions: DEFAULTS, service: false });
  });

  const refused: [what: string, claims: Record<string, unknown>][] = [
    ['no vault', { sub: 's' }],
    ['two vault claims that differ', { vault_id: 'acme', vaultId: 'acme2', sub: 's' }],
    ['a good vault claim beside a bad one', { vault_id: 'acme', vaultId: null, sub: 's' }],
    ['a bad vault claim beside a good one', { vault_id: null, vaultId: 'acme', sub: 's' }],
    ['neither a user nor a service', { vault_id: 'acme' }],
    ['an invalid user claim before a valid one', { vault_id: 'acme', user_id: '', sub: 's' }],
    ['a user of null', { vault_id: 'acme', user_id: null, sub: 's' }],
    ['a user that is a number', { vault_id: 'acme', sub: 42 }],
    ['a user that is a list', { vault_id: 'acme', user_id: ['u1'] }],
    ['a user of 257 characters', { vault_id: 'acme', sub: 'u'.repeat(257) }],
    ['a user with U+0000', { vault_id: 'acme', sub: 'u\u0000' }],
    ['a user with half a surrogate pair', { vault_id: 'acme', sub: 'u\ud800' }],
  ];
  it.each(refused)('refuses %s', async (_what, claims) => {
    expect(await whoami(plain, claims)).toMatchObject({ status: 401, body: { code: 'INVALID_TOKEN' } });
  });
});

describe('what a token allows', () => {
  const cases: [what: string, claims: Record<string, unknown>, permissions: string[]][] = [
    ['no claim: the default', {}, DEFAULTS],
    ['a list', { permissions: ['write', 'read'] }, ['read', 'write']],
    ['an empty list: nothing', { permissions: [] }, []],
    ['a list with prefixes', { permissions: ['cairn:read', 'admin'] }, ['read', 'admin']],
    ['a list of others’ permissions: nothing', { permissions: ['read:messages', 'READ', ' read', ''] }, []],
    ['a scope', { scope: 'read write' }, ['read', 'write']],
    [
      'a scope with prefixes among others’',
      { scope: 'openid cairn:read  cairn:delete email' },
      ['read', 'delete'],
    ],
    ['a scope of others’ only: nothing', { scope: 'openid profile' }, []],
    ['an empty scope: nothing', { scope: '' }, []],
    ['a prefix of another service', { scope: 'other:read' }, []],
    ['a prefix twice', { scope: `${PREFIX}${PREFIX}read` }, []],
    ['permissions before scope', { permissions: ['read'], scope: 'cairn:admin' }, ['read']],
    ['the same one twice', { permissions: ['read', 'cairn:read'] }, ['read']],
    ['a scope of an object’s members', { scope: 'constructor toString __proto__' }, []],
  ];
  it.each(cases)('%s', async (_what, claims, permissions) => {
    const { status, body } = await whoami(plain, { vault_id: 'acme', sub: 'u1', ...claims });
    expect(status).toBe(200);
    expect(body).toEqual({ vault_id: 'acme', user_id: 'u1', permissions, service: false });
  });

  it.each([[null], ['read'], [{ 0: 'read' }], [[1]], [['read', null]], [[['read']]], [true]])(
    'refuses permissions of %j',
    async (permissions) => {
      const { status } = await whoami(plain, { vault_id: 'acme', sub: 'u1', permissions });
      expect(status).toBe(401);
    },
  );

  it.each([[null], [['read']], [{}], [7]])('refuses a scope of %j', async (scope) => {
    expect((await whoami(plain, { vault_id: 'acme', sub: 'u1', scope })).status).toBe(401);
  });

  it('takes a token with the permission vault for a service, whatever its subject', async () => {
    for (const sub of ['u1', '', 42, undefined]) {
      const { status, body } = await whoami(plain, { vault_id: 'acme', sub, permissions: ['read', 'vault'] });
      expect(status).toBe(200);
      expect(body).toEqual({
        vault_id: 'acme',
        user_id: null,
        permissions: ['read', 'vault'],
        service: true,
      });
    }
  });
});

describe('a server with an issuer, an audience, claims and algorithms of its own', () => {
  const good = { iss: 'https://issuer.example', aud: 'cairn', vault_id: 'acme', email: 'u1' };

  it('accepts a token made for it', async () => {
    const { body } = await whoami(strict, good);
    expect(body).toEqual({ vault_id: 'acme', user_id: 'u1', permissions: [], service: false });
  });

  it('looks at its user claims in its order, and at no others', async () => {
    const named = { ...good, 'https://issuer.example/user': 'u2' };
    expect((await whoami(strict, named)).body.user_id).toBe('u2');
    expect((await whoami(strict, { ...good, email: undefined, sub: 's', user_id: 'u' })).status).toBe(401);
  });

  const audiences: [aud: unknown, status: number][] = [
    ['other', 200],
    [['else', 'cairn'], 200],
    ['else', 401],
    [['else'], 401],
    [[], 401],
    [undefined, 401],
    [{ cairn: true }, 401],
    ['Cairn', 401],
  ];
  it.each(audiences)('audience %j: %i', async (aud, status) => {
    expect((await whoami(strict, { ...good, aud })).status).toBe(status);
  });

  it.each([['https://issuer.example/'], ['https://evil.example'], [undefined], [['https://issuer.example']]])(
    'refuses the issuer %j',
    async (iss) => {
      expect((await whoami(strict, { ...good, iss })).status).toBe(401);
    },
  );

  it('tolerates clocks that differ by less than it was told', async () => {
    const now = nowInSeconds();
    expect((await whoami(strict, { ...good, nbf: now + 10, iat: now + 10 })).status).toBe(200);
    expect((await whoami(strict, { ...good, exp: now - 10 })).status).toBe(200);
    expect((await whoami(strict, { ...good, nbf: now + 60 })).status).toBe(401);
    expect((await whoami(strict, { ...good, iat: now + 60 })).status).toBe(401);
    expect((await whoami(strict, { ...good, exp: now - 60 })).status).toBe(401);
  });
});

describe('types of tokens', () => {
  it.each([[undefined], ['JWT'], ['jwt'], ['at+jwt'], ['application/at+jwt']])('accepts %j', async (typ) => {
    expect((await whoami(plain, { vault_id: 'acme', sub: 'u1' }, { typ })).status).toBe(200);
  });

  it.each([['logout+jwt'], ['secevent+jwt'], ['dpop+jwt'], ['id_token'], [''], [7], [null], [['JWT']]])(
    'refuses %j',
    async (typ) => {
      expect((await whoami(plain, { vault_id: 'acme', sub: 'u1' }, { typ })).status).toBe(401);
    },
  );
});
