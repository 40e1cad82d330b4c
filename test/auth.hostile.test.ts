import { type KeyObject, createHmac, createSign, randomInt } from 'node:crypto';
import fc from 'fast-check';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type AuthApp, startAuthApp } from './harness/auth-app.js';
import { recordFigure } from './harness/figures.js';
import { type Listener, ecPair, listen, rsaPair } from './harness/jwks-server.js';
import { TEST_SECRET, encode, mintToken, nowInSeconds, signParts } from './harness/tokens.js';

const rsa = rsaPair('rsa');
const ec = ecPair('ec');
const thief = rsaPair('rsa');

/** Checks tokens with TEST_SECRET. */
let secretServer: AuthApp;
/** Checks tokens with the keys of `provider`. */
let jwksServer: AuthApp;
let provider: Listener;
/** What a token points at to have its own keys fetched from. */
let trap: Listener;

beforeAll(async () => {
  provider = await listen((_request, response) => response.end(JSON.stringify({ keys: [rsa.jwk, ec.jwk] })));
  trap = await listen((_request, response) => response.end(JSON.stringify({ keys: [thief.jwk] })));
  secretServer = await startAuthApp({ JWT_SECRET: TEST_SECRET });
  jwksServer = await startAuthApp({ JWT_JWKS_URL: `${provider.url}/keys`, JWT_ALGORITHMS: 'RS256,ES256' });
});
afterAll(async () => {
  await secretServer.close();
  await jwksServer.close();
  await provider.close();
  await trap.close();
  recordFigure('jwt.hostile', hostile);
  recordFigure('jwt.accepted', accepted);
});

const hour = () => nowInSeconds() + 3600;
const claims = () => ({ vault_id: 'acme', user_id: 'u1', exp: hour() });

/** A token of exactly these parts under a real RSA signature of `key`. */
function signRsa(header: object, body: unknown, key: KeyObject): string {
  const input = `${encode(header)}.${encode(body)}`;
  return `${input}.${createSign('sha256').update(input).sign(key).toString('base64url')}`;
}

const REQUEST_ID = ['X-Request-Id', 'the-same-for-all'];

function present(server: AuthApp, token: string): Promise<Answer> {
  return server.get('/v1/whoami', [...REQUEST_ID, 'Authorization', `Bearer ${token}`]);
}

/** Tokens sent that must be refused, and how many of them were not. */
let hostile = 0;
let accepted = 0;

/** Sends a token that must be refused. */
async function presentHostile(server: AuthApp, token: string): Promise<Answer> {
  const answer = await present(server, token);
  hostile += 1;
  if (answer.status === 200) accepted += 1;
  return answer;
}

/** All that an answer says, but for the clock. */
const visible = ({ status, headers, text }: Answer) => ({ status, headers: { ...headers, date: '' }, text });

/** The answer to what is plainly no token; every other refusal has to be this one. */
async function refusalOf(server: AuthApp) {
  const answer = visible(await present(server, 'x'));
  expect(answer.status).toBe(401);
  expect(JSON.parse(answer.text).code).toBe('INVALID_TOKEN');
  return answer;
}

async function expectRefused(server: AuthApp, tokens: string[]): Promise<void> {
  const refusal = await refusalOf(server);
  for (const token of tokens)
    expect(visible(await presentHostile(server, token)), token.slice(0, 200)).toEqual(refusal);
}

it('accepts the tokens that those below are made from', async () => {
  expect((await present(secretServer, mintToken({ vault: 'acme', user: 'u1' }))).status).toBe(200);
  expect((await present(secretServer, signParts({ alg: 'HS256' }, claims()))).status).toBe(200);
  expect(
    (await present(jwksServer, signRsa({ alg: 'RS256', kid: 'rsa' }, claims(), rsa.privateKey))).status,
  ).toBe(200);
});

describe('algorithms', () => {
  it('none, however it is written', async () => {
    const tokens = ['none', 'None', 'nOnE', 'NONE', ' none', 'none ', 'nоne'].flatMap((alg) => {
      const input = `${encode({ alg, typ: 'JWT' })}.${encode(claims())}`;
      return [`${input}.`, input, `${input}.AA`, signParts({ alg, typ: 'JWT' }, claims())];
    });
    await expectRefused(secretServer, tokens);
    await expectRefused(jwksServer, tokens);
  });

  it('one that is not on the list, under the right key', async () => {
    const input = (alg: string) => `${encode({ alg })}.${encode(claims())}`;
    const hmac = (alg: string, hash: string) =>
      `${input(alg)}.${createHmac(hash, TEST_SECRET).update(input(alg)).digest('base64url')}`;
    const odd = ['hs256', 'HS256 ', 'HS1', 'HS256\u0000', '', 'constructor', '__proto__'];
    await expectRefused(secretServer, [
      hmac('HS384', 'sha384'),
      hmac('HS512', 'sha512'),
      ...odd.map((alg) => hmac(alg, 'sha256')),
      ...[undefined, null, 256, ['HS256'], { HS256: 1 }, true].map((alg) => signParts({ alg }, claims())),
    ]);
    const signed = (algorithm: 'RS384' | 'RS512' | 'PS256') =>
      jsonwebtoken.sign(claims(), rsa.privateKey, { algorithm, keyid: 'rsa' });
    await expectRefused(jwksServer, [signed('RS384'), signed('RS512'), signed('PS256')]);
  });

  it('a public key taken for a secret', async () => {
    const forms = [rsa, ec].flatMap(({ publicKey, jwk }) => [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'pem', type: 'spki' }).toString().trim(),
      publicKey.export({ format: 'der', type: 'spki' }),
      Buffer.from(JSON.stringify(jwk)),
      Buffer.from(String(jwk.n ?? jwk.x)),
      Buffer.from(String(jwk.n ?? jwk.x), 'base64url'),
    ]);
    const tokens = ['HS256', 'RS256', 'ES256'].flatMap((alg) =>
      ['rsa', 'ec', undefined].flatMap((kid) =>
        forms.map((secret) => {
          const input = `${encode({ alg, kid })}.${encode(claims())}`;
          return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
        }),
      ),
    );
    await expectRefused(jwksServer, tokens);
  });

  it('an asymmetric one against a secret', async () => {
    await expectRefused(secretServer, [
      signRsa({ alg: 'RS256' }, claims(), rsa.privateKey),
      signRsa({ alg: 'HS256' }, claims(), rsa.privateKey),
    ]);
  });

  it('an elliptic signature of zeros', async () => {
    const input = `${encode({ alg: 'ES256', kid: 'ec' })}.${encode(claims())}`;
    const lengths = [0, 1, 32, 63, 64, 65, 72, 128];
    await expectRefused(
      jwksServer,
      lengths.flatMap((length) =>
        [0, 0xff].map((byte) => `${input}.${Buffer.alloc(length, byte).toString('base64url')}`),
      ),
    );
  });
});

describe('keys', () => {
  it('the wrong one', async () => {
    await expectRefused(
      secretServer,
      ['', TEST_SECRET.slice(1), `${TEST_SECRET}x`, 'secret'].map((secret) =>
        signParts({ alg: 'HS256' }, claims(), secret),
      ),
    );
    await expectRefused(jwksServer, [
      signRsa({ alg: 'RS256', kid: 'rsa' }, claims(), thief.privateKey),
      signRsa({ alg: 'RS256' }, claims(), thief.privateKey),
      signRsa({ alg: 'RS256', kid: 'ec' }, claims(), rsa.privateKey),
      signRsa({ alg: 'ES256', kid: 'rsa' }, claims(), rsa.privateKey),
    ]);
  });

  it('one that the token brings or points at: nothing is fetched', async () => {
    const pem = thief.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const tricks: Record<string, unknown>[] = [
      { jku: `${trap.url}/keys` },
      { jku: `${provider.url}@${new URL(trap.url).host}/keys` },
      { x5u: `${trap.url}/cert.pem` },
      { jwk: thief.jwk },
      { x5c: [pem] },
      { jku: `${trap.url}/keys`, x5u: `${trap.url}/cert`, jwk: thief.jwk, x5c: [pem], kid: 'rsa' },
      { kid: `${trap.url}/keys` },
      { kid: '../../dev/null' },
      { kid: '/dev/null' },
      { kid: "' OR '1'='1" },
      { kid: "rsa' UNION SELECT 'key" },
      { kid: 'rsa\u0000' },
      { kid: '__proto__' },
      { kid: 'constructor' },
      { kid: '' },
      { kid: 'k'.repeat(5_000) },
      { kid: null },
      { kid: 0 },
      { kid: ['rsa'] },
      { kid: { toString: 'rsa' } },
    ];
    await expectRefused(
      jwksServer,
      tricks.map((trick) => signRsa({ alg: 'RS256', ...trick }, claims(), thief.privateKey)),
    );
    const secrets = ['', '\u0000', 'k'.repeat(32), String(thief.jwk.n)];
    await expectRefused(
      secretServer,
      tricks.flatMap((trick) =>
        secrets.map((secret) => signParts({ alg: 'HS256', ...trick }, claims(), secret)),
      ),
    );
    expect(trap.requests).toBe(0);
    expect(provider.requests).toBeLessThanOrEqual(2);
  });

  it('pointers beside a good signature change nothing', async () => {
    const header = {
      alg: 'RS256',
      kid: 'rsa',
      jku: `${trap.url}/keys`,
      x5u: `${trap.url}/cert`,
      jwk: thief.jwk,
    };
    expect((await present(jwksServer, signRsa(header, claims(), rsa.privateKey))).status).toBe(200);
    expect(trap.requests).toBe(0);
  });
});

describe('times', () => {
  const without = (name: string) => ({ ...claims(), [name]: undefined });
  const now = nowInSeconds();

  it('no exp, or none that is a time', async () => {
    const values = [
      null,
      '',
      String(hour()),
      `${hour()}.5`,
      [hour()],
      { value: hour() },
      true,
      0,
      -1,
      -hour(),
      now - 6,
      1,
      now * 1000,
      253_402_300_800,
      Number.MAX_SAFE_INTEGER,
    ];
    const literals = ['1e400', '-1e400', '1e-400', '1e20', String(now - 5.5)];
    await expectRefused(secretServer, [
      signParts({ alg: 'HS256' }, without('exp')),
      ...values.map((exp) => signParts({ alg: 'HS256' }, { ...claims(), exp })),
      ...literals.map((exp) => signParts({ alg: 'HS256' }, `{"vault_id":"acme","sub":"u1","exp":${exp}}`)),
    ]);
  });

  it('an exp with a fraction, or far off, is a time', async () => {
    for (const exp of [hour() + 0.5, hour() * 2, 253_402_300_799]) {
      expect((await present(secretServer, signParts({ alg: 'HS256' }, { ...claims(), exp }))).status).toBe(
        200,
      );
    }
  });

  it('nbf and iat to come, or none that are times', async () => {
    const values = [now + 60, now + 1e9, now * 1000, String(now - 60), null, [now - 60], {}, true];
    await expectRefused(
      secretServer,
      values.flatMap((value) => [
        signParts({ alg: 'HS256' }, { ...claims(), nbf: value }),
        signParts({ alg: 'HS256' }, { ...claims(), iat: value }),
      ]),
    );
    await expectRefused(
      secretServer,
      ['1e400', '-1'].map((iat) =>
        signParts({ alg: 'HS256' }, `{"vault_id":"acme","sub":"u1","exp":${hour()},"iat":${iat}}`),
      ),
    );
  });
});

describe('forms', () => {
  const good = () => signParts({ alg: 'HS256', typ: 'JWT' }, claims());

  it('extensions that would have to be understood', async () => {
    const headers = [
      { crit: ['exp'] },
      { crit: ['b64'], b64: false },
      { crit: ['b64'], b64: true },
      { crit: ['https://example.com/x'], 'https://example.com/x': 1 },
      { crit: [] },
      { crit: null },
      { crit: 'b64' },
      { b64: false },
      { b64: true },
    ];
    await expectRefused(
      secretServer,
      headers.map((header) => signParts({ alg: 'HS256', ...header }, claims())),
    );
    // The signature of RFC 7797: over the claims themselves instead of their base64url.
    const input = `${encode({ alg: 'HS256', b64: false, crit: ['b64'] })}.`;
    const signature = createHmac('sha256', TEST_SECRET)
      .update(input + JSON.stringify(claims()))
      .digest('base64url');
    await expectRefused(secretServer, [`${input}${encode(claims())}.${signature}`, `${input}.${signature}`]);
  });

  it('a name twice', async () => {
    const body = (middle: string) => `{"sub":"u1","exp":${hour()},${middle}}`;
    const bodies = [
      body('"vault_id":"acme","vault_id":"acme"'),
      body('"vault_id":"acme","vault_id":"other"'),
      body('"vault_id":"acme", "vault_id" : "other"'),
      body('"vault_id":"acme","vault\\u005fid":"other"'),
      body('"vault_id":"acme","exp":9999999999'),
      body('"vault_id":"acme","permissions":["read"],"permissions":["admin"]'),
      body('"vault_id":"acme","x":{"y":1,"y":2}'),
      body('"vault_id":"acme","x":[{"y":1},{"y":2,"z":"}","y":3}]'),
      body('"vault_id":"acme","__proto__":1,"__proto__":2'),
    ];
    await expectRefused(
      secretServer,
      bodies.map((text) => signParts({ alg: 'HS256' }, text)),
    );
    const headers = [
      '{"alg":"HS256","alg":"none"}',
      '{"alg":"none","alg":"HS256"}',
      '{"alg":"HS256","\\u0061lg":"HS256"}',
    ];
    await expectRefused(
      secretServer,
      headers.map((text) => signParts(text, claims())),
    );
  });

  it('the same names in different objects are not twice, however the JSON is written', async () => {
    const bodies = [
      `{"vault_id":"acme","sub":"u1","exp":${hour()},"a":{"sub":1,"vault_id":2},"b":[{"y":1},{"y":2}]}`,
      `{ "vault_id" : "acme",\n\t"sub" : "u1", "exp" : ${hour()}.0, "text" : "{\\"sub\\":1,\\"sub\\":2}" }`,
      `{"\\u0076ault_id":"acme","sub":"\\u0075\\u0031","exp":${hour()}}`,
    ];
    for (const body of bodies) {
      const answer = await present(secretServer, signParts({ alg: 'HS256' }, body));
      expect(answer.body, body).toMatchObject({ vault_id: 'acme', user_id: 'u1' });
    }
  });

  it('parts that are missing, added, empty or encrypted', async () => {
    const [header, body, signature] = good().split('.');
    await expectRefused(secretServer, [
      header,
      `${header}.${body}`,
      `${header}.${body}.`,
      `${header}..${signature}`,
      `.${body}.${signature}`,
      '..',
      '.',
      '...',
      `.${header}.${body}.${signature}`,
      `${header}.${body}.${signature}.`,
      `${header}.${body}.${signature}.${signature}`,
      `${header}.${body}.${signature}.${signature}.${signature}`,
      `${encode({ alg: 'dir', enc: 'A256GCM' })}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA`,
      `${body}.${header}.${signature}`,
    ]);
  });

  it('spaces, padding and other alphabets', async () => {
    const token = good();
    const [header, body, signature] = token.split('.');
    await expectRefused(secretServer, [
      `${token}=`,
      `${token}==`,
      `${header}=.${body}=.${signature}=`,
      `${header}.${body}. ${signature}`,
      `${header} .${body}.${signature}`,
      `${header}.${body}.${signature.slice(0, 10)}\t${signature.slice(10)}`,
      `${header}.${body}.${signature}%20`,
      `"${token}"`,
      `${token},`,
      `${token};`,
      `${token}\u00a0`,
      `${header}.${body}.${signature.slice(0, -1)}`,
      `${header}.${body}.${signature}A`,
      `${header}.${body}.+${signature.slice(1)}`,
      `${header}.${body}.${signature.slice(0, 8)}/${signature.slice(9)}`,
    ]);
  });

  it('another spelling of the same bytes', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const sameBytes = (token: string) => {
      const wanted = Buffer.from(token.split('.')[2], 'base64url');
      return [...alphabet]
        .map((last) => token.slice(0, -1) + last)
        .filter((other) => other !== token && Buffer.from(other.split('.')[2], 'base64url').equals(wanted));
    };
    const hs = sameBytes(good());
    const rs = sameBytes(signRsa({ alg: 'RS256', kid: 'rsa' }, claims(), rsa.privateKey));
    const es = sameBytes(jsonwebtoken.sign(claims(), ec.privateKey, { algorithm: 'ES256', keyid: 'ec' }));
    expect([hs.length, rs.length, es.length]).toEqual([3, 15, 15]);
    await expectRefused(secretServer, hs);
    await expectRefused(jwksServer, [...rs, ...es]);
  });

  it('claims that are no object', async () => {
    const bodies = ['null', '[]', '"text"', '7', 'true', '', '{', '{}x', '[{"vault_id":"acme"}]', '\ufeff{}'];
    await expectRefused(
      secretServer,
      bodies.flatMap((body) => [
        signParts({ alg: 'HS256', typ: 'JWT' }, body),
        signParts({ alg: 'HS256' }, body),
      ]),
    );
    await expectRefused(
      secretServer,
      ['null', '[]', '"HS256"', '7', '{'].map((header) => signParts(header, claims())),
    );
  });

  it('bytes that are not UTF-8', async () => {
    const body = (name: number) =>
      Buffer.concat([
        Buffer.from('{"vault_id":"acme","sub":"u'),
        Buffer.from([name]),
        Buffer.from(`","exp":${hour()}}`),
      ]);
    await expectRefused(
      secretServer,
      [0xff, 0xfe, 0xc0, 0x80].map((byte) => signParts({ alg: 'HS256' }, body(byte))),
    );
  });

  it('8 kB and more', async () => {
    const padded = (length: number) =>
      signParts({ alg: 'HS256' }, { ...claims(), padding: 'x'.repeat(length) });
    expect((await present(secretServer, padded(5_500))).status).toBe(200);
    await expectRefused(secretServer, [
      padded(6_500),
      padded(8_000),
      `${encode({ alg: 'HS256', kid: 'k'.repeat(9_000) })}.e30.AA`,
    ]);
  });

  it('1 MB: refused by the HTTP server before anyone looks at it', async () => {
    const answer = await present(secretServer, 'x'.repeat(1_000_000)).catch((error: unknown) => error);
    if (!(answer instanceof Error)) expect((answer as Answer).status).toBe(431);
    expect((await present(secretServer, good())).status).toBe(200);
  });
});

describe('vaults', () => {
  const odd: unknown[] = [
    ['acme'],
    [],
    {},
    { id: 'acme' },
    7,
    0,
    true,
    false,
    null,
    '',
    ' ',
    ' acme',
    'acme ',
    'acme\n',
    '\tacme',
    'ac me',
    'acme\u0000',
    '\u0000',
    'acme\u0000other',
    'v'.repeat(129),
    'v'.repeat(5_000),
    'äcme',
    'aсme',
    '\u212aelvin',
    'ａｃｍｅ',
    '١٢٣',
    'acme\u200b',
    '\ufeffacme',
    'acme\u0301',
    '\ud800',
    '🜁',
    '.acme',
    '-acme',
    '_acme',
    ':acme',
    '../acme',
    'a/b',
    'a\\b',
    'a%62',
    'a,b',
    'a;b',
    "a'b",
    'a"b',
    'a*',
    '%',
    '*',
    '{acme}',
    'acme,other',
    'acme|other',
  ];

  it('that are none, in either spelling', async () => {
    const tokens = odd.flatMap((vault) =>
      ['vault_id', 'vaultId'].map((name) =>
        signParts({ alg: 'HS256' }, { sub: 'u1', exp: hour(), [name]: vault }),
      ),
    );
    await expectRefused(secretServer, tokens);
    const beside = odd.flatMap((vault) => [
      signParts({ alg: 'HS256' }, { sub: 'u1', exp: hour(), vault_id: vault, vaultId: 'acme' }),
      signParts({ alg: 'HS256' }, { sub: 'u1', exp: hour(), vault_id: 'acme', vaultId: vault }),
    ]);
    await expectRefused(secretServer, beside);
  });

  it('of any other text than a vault id', async () => {
    const seed = randomInt(2 ** 31);
    console.log(`vault claims: seed ${seed}`);
    const refusal = await refusalOf(secretServer);
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.json(),
      fc.anything().map((value) => value as string),
    );
    await fc.assert(
      fc.asyncProperty(text, async (vault) => {
        const body = JSON.stringify({ sub: 'u1', exp: hour(), vault_id: vault });
        const answer = await present(secretServer, signParts({ alg: 'HS256' }, body));
        const read = (JSON.parse(body) as { vault_id?: unknown }).vault_id;
        if (typeof read === 'string' && /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(read)) {
          expect(answer.body.vault_id).toBe(read);
        } else {
          expect(visible(answer)).toEqual(refusal);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('bit flips', () => {
  /** Characters that a header can carry; a flip that leaves them never reaches the service. */
  const sendable = (token: string) => /^[\t\x20-\x7e\x80-\xff]+$/.test(token);

  /** One bit of the token's text, or one bit of what a part decodes to. */
  function flip(token: string, random: () => number): string {
    for (;;) {
      const decoded = random() < 0.5;
      const parts = decoded ? token.split('.') : [token];
      const at = Math.floor(random() * parts.length);
      const bytes = Buffer.from(parts[at], decoded ? 'base64url' : 'latin1');
      bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
      parts[at] = bytes.toString(decoded ? 'base64url' : 'latin1');
      const flipped = parts.join('.');
      if (flipped !== token && sendable(flipped)) return flipped;
    }
  }

  /** mulberry32: small, and the same numbers for the same seed everywhere. */
  function randomFrom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  const kinds: [alg: string, flips: number, token: () => string, server: () => AuthApp][] = [
    ['HS256', 2000, () => mintToken({ vault: 'acme', user: 'u1' }), () => secretServer],
    ['RS256', 500, () => signRsa({ alg: 'RS256', kid: 'rsa' }, claims(), rsa.privateKey), () => jwksServer],
    [
      'ES256',
      500,
      () => jsonwebtoken.sign(claims(), ec.privateKey, { algorithm: 'ES256', keyid: 'ec' }),
      () => jwksServer,
    ],
  ];
  it.each(kinds)(
    '%s: none of %i is accepted, and none answered differently',
    async (alg, flips, make, serverOf) => {
      const seed = randomInt(2 ** 31);
      console.log(`bit flips of ${alg}: seed ${seed}`);
      const random = randomFrom(seed);
      const token = make();
      const server = serverOf();
      expect((await present(server, token)).status).toBe(200);
      const refusal = await refusalOf(server);
      for (let at = 0; at < flips; at += 1) {
        const flipped = flip(token, random);
        expect(visible(await presentHostile(server, flipped)), `flip ${at}: ${flipped}`).toEqual(refusal);
      }
    },
  );
});
