import { type ServerResponse } from 'node:http';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fetchJwks } from '../src/auth/jwks-fetch.js';
import { JwksKeys } from '../src/auth/jwks-keys.js';
import { TokenRefused } from '../src/auth/refusals.js';
import { ApiError } from '../src/http/api-error.js';
import { type AuthApp, startAuthApp } from './harness/auth-app.js';
import { type Listener, type SigningPair, ecPair, listen, rsaPair } from './harness/jwks-server.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const first = rsaPair('first');
const second = rsaPair('second');
const elliptic = ecPair('elliptic');

/** What the provider answers with; tests change it. */
let answer: (response: ServerResponse) => void;
let provider: Listener;

const shows = (...keys: SigningPair[]) => sends(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
const sends = (body: string) => () => {
  answer = (response) => response.setHeader('Content-Type', 'application/json').end(body);
};
const fails = () => {
  answer = (response) => response.writeHead(500).end('{}');
};

beforeEach(async () => {
  provider = await listen((_request, response) => answer(response));
  shows(first, elliptic)();
});
afterEach(() => provider.close());

describe('the keys of a provider', () => {
  let now = 0;
  let keys: JwksKeys;
  beforeEach(() => {
    now = 1_000_000;
    keys = new JwksKeys(`${provider.url}/keys`, () => now);
  });
  const find = (kid: string | undefined, alg = 'RS256') => keys.find({ alg, kid });

  it('are fetched once and found by kid', async () => {
    expect((await find('first')).equals(first.publicKey)).toBe(true);
    expect((await find('elliptic', 'ES256')).equals(elliptic.publicKey)).toBe(true);
    await Promise.all(Array.from({ length: 50 }, () => find('first')));
    expect(provider.requests).toBe(1);
  });

  it('are fetched once for all who wait for them', async () => {
    await Promise.all(Array.from({ length: 100 }, () => find('first')));
    expect(provider.requests).toBe(1);
  });

  it('fit an algorithm or are not found', async () => {
    await expect(find('elliptic', 'RS256')).rejects.toThrow(TokenRefused);
    await expect(find('first', 'ES256')).rejects.toThrow(TokenRefused);
    sends(JSON.stringify({ keys: [{ ...first.jwk, alg: 'RS512' }] }))();
    now += 31 * SECOND;
    await expect(find('first-again')).rejects.toThrow(TokenRefused);
    await expect(find('first', 'RS256')).rejects.toThrow(TokenRefused);
    expect((await find('first', 'RS512')).equals(first.publicKey)).toBe(true);
  });

  it('are found without a kid where just one fits', async () => {
    expect((await find(undefined)).equals(first.publicKey)).toBe(true);
    shows(first, second)();
    now += 31 * SECOND;
    await find('second');
    await expect(find(undefined)).rejects.toThrow(TokenRefused);
  });

  it('1,000 unknown kids cost one fetch in 30 s', async () => {
    await find('first');
    now += 31 * SECOND;
    for (let at = 0; at < 1000; at += 1) await expect(find(`unknown-${at}`)).rejects.toThrow(TokenRefused);
    expect(provider.requests).toBe(2);
    now += 29 * SECOND;
    await expect(find('unknown')).rejects.toThrow(TokenRefused);
    expect(provider.requests).toBe(2);
    now += 2 * SECOND;
    await expect(find('unknown')).rejects.toThrow(TokenRefused);
    expect(provider.requests).toBe(3);
  });

  it('a new key is found as soon as a fetch is due', async () => {
    await find('first');
    shows(first, second)();
    await expect(find('second')).rejects.toThrow(TokenRefused);
    now += 31 * SECOND;
    expect((await find('second')).equals(second.publicKey)).toBe(true);
  });

  it('a withdrawn key is not found any more, ten minutes later at the latest', async () => {
    await find('first');
    shows(second)();
    now += 10 * MINUTE;
    await expect(find('first')).rejects.toThrow(TokenRefused);
    expect((await find('second')).equals(second.publicKey)).toBe(true);
  });

  it('are renewed beside the requests once they are five minutes old', async () => {
    await find('first');
    shows(first, second)();
    now += 5 * MINUTE;
    await find('first');
    await expect.poll(() => provider.requests).toBe(2);
    now += MINUTE;
    expect((await find('second')).equals(second.publicKey)).toBe(true);
    expect(provider.requests).toBe(2);
  });

  it('503 with Retry-After while there are none, and asked for every 5 s', async () => {
    fails();
    for (const wait of [0, 1, 3]) {
      now += wait * SECOND;
      const refusal = await find('first').catch((error: unknown) => error as ApiError);
      expect(refusal).toBeInstanceOf(ApiError);
      expect(refusal).toMatchObject({ code: 'KEYS_UNAVAILABLE' });
      expect((refusal as ApiError).getStatus()).toBe(503);
      expect(Number((refusal as ApiError).headers['Retry-After'])).toBeGreaterThanOrEqual(1);
    }
    expect(provider.requests).toBe(1);
    shows(first)();
    now += 2 * SECOND;
    await find('first');
    expect(provider.requests).toBe(2);
  });

  it('outlive the provider for an hour; a kid it might know by now is 503, not 401', async () => {
    await find('first');
    fails();
    now += 30 * MINUTE;
    expect((await find('first')).equals(first.publicKey)).toBe(true);
    await expect(find('second')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    now += 31 * MINUTE;
    await expect(find('first')).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    shows(first)();
    now += MINUTE;
    expect((await find('first')).equals(first.publicKey)).toBe(true);
  });

  it('are passed over when they cannot or must not verify', async () => {
    const weak = rsaPair('weak', 1024);
    const unusable = [
      { kty: 'oct', kid: 'secret', k: 'c2VjcmV0', alg: 'HS256' },
      { kty: 'OKP', crv: 'Ed25519', kid: 'okp', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      { ...second.jwk, use: 'enc', kid: 'enc' },
      { ...second.privateKey.export({ format: 'jwk' }), kid: 'private' },
      { kty: 'RSA', kid: 'broken', n: '!', e: 'AQAB' },
      weak.jwk,
    ];
    sends(JSON.stringify({ keys: [null, 7, 'x', {}, ...unusable, first.jwk] }))();
    expect((await find('first')).equals(first.publicKey)).toBe(true);
    for (const kid of ['secret', 'okp', 'enc', 'private', 'broken', 'weak']) {
      for (const alg of ['RS256', 'HS256']) await expect(find(kid, alg)).rejects.toThrow(TokenRefused);
    }
  });
});

describe('an answer that is no set of keys', () => {
  const bad: [what: string, answer: (response: ServerResponse) => void][] = [
    ['a status', (response) => response.writeHead(404).end('{"keys":[]}')],
    ['not JSON', (response) => response.end('<html>')],
    ['null', (response) => response.end('null')],
    ['no list', (response) => response.end('{"keys":{}}')],
    ['more than 64 kB', (response) => response.end(JSON.stringify({ keys: [], rest: 'x'.repeat(70_000) }))],
    ['a redirect', (response) => response.writeHead(302, { Location: '/elsewhere' }).end()],
    ['a closed connection', (response) => response.destroy()],
  ];
  it.each(bad)('%s', async (_what, bad) => {
    answer = bad;
    await expect(fetchJwks(`${provider.url}/keys`)).rejects.toThrow(Error);
    expect(provider.requests).toBe(1);
  });

  it('no end', async () => {
    answer = (response) => void response.write('{"keys":[');
    await expect(fetchJwks(`${provider.url}/keys`)).rejects.toThrow(/timeout|aborted/);
  });
});

describe('a server that checks tokens with them', () => {
  let server: AuthApp;
  let shared: Listener;
  let up = true;
  beforeAll(async () => {
    shared = await listen((_request, response) => {
      if (up) response.end(JSON.stringify({ keys: [first.jwk, elliptic.jwk] }));
      else response.writeHead(500).end();
    });
    up = false;
    server = await startAuthApp({ JWT_JWKS_URL: `${shared.url}/keys`, JWT_ALGORITHMS: 'RS256,PS256,ES256' });
  });
  afterAll(async () => {
    await server.close();
    await shared.close();
  });
  const claims = { vault_id: 'acme', sub: 'u1' };
  const ask = (key: SigningPair, algorithm: 'RS256' | 'PS256' | 'ES256' | 'RS512', keyid?: string) => {
    const token = jsonwebtoken.sign(claims, key.privateKey, {
      algorithm,
      expiresIn: '1h',
      ...(keyid && { keyid }),
    });
    return server.get('/v1/whoami', ['Authorization', `Bearer ${token}`]);
  };

  it('answers 503 with Retry-After while it has none, and 401 to what needs none to be refused', async () => {
    const { status, headers, body } = await ask(first, 'RS256', 'first');
    expect(status).toBe(503);
    expect(body.code).toBe('KEYS_UNAVAILABLE');
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const asked = shared.requests;
    expect((await ask(first, 'RS512', 'first')).status).toBe(401);
    expect((await server.get('/v1/whoami', ['Authorization', 'Bearer a.b.c'])).status).toBe(401);
    expect(shared.requests).toBe(asked);
  });

  it('has public routes all the same', async () => {
    expect((await server.get('/health')).status).toBe(200);
  });

  it('accepts tokens of every kind of key once it has them', async () => {
    up = true;
    await expect
      .poll(async () => (await ask(first, 'RS256', 'first')).status, { timeout: 120_000 })
      .toBe(200);
    expect((await ask(first, 'PS256', 'first')).body.vault_id).toBe('acme');
    expect((await ask(elliptic, 'ES256', 'elliptic')).body.user_id).toBe('u1');
    expect((await ask(elliptic, 'ES256')).status).toBe(200);
    expect((await ask(second, 'RS256', 'first')).status).toBe(401);
    expect((await ask(second, 'RS256', 'second')).status).toBe(401);
  });
});
