import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { Test } from '@nestjs/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ConfigModule } from '../src/config/config.module.js';
import {
  CONFIG,
  ConfigError,
  isLoopback,
  loadConfig,
  loadLocalConfig,
  readEnvironment,
} from '../src/config/config.js';
import { KNOWN } from '../src/config/setting-reader.js';
import { problemOf, problemsOf } from './harness/config-problems.js';

const CWD = '/srv/cairn';
const SECRET = 'correct horse battery staple, forty-odd bytes';
const KEY = 'a key of OpenMemory that is long';
const JWKS = 'https://id.example.com/keys.json';
const folder = mkdtempSync(join(tmpdir(), 'cairn-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Env = Record<string, string>;
const load = (env: Env) => loadConfig(env, CWD);

const problems = (env: Env) => problemsOf(() => load(env));

const problem = (env: Env) => problemOf(() => load(env));

describe('a process that serves nobody over the network', () => {
  it('needs no credentials, and lets nobody in', () => {
    const env = { NODE_ENV: 'production', HOST: '0.0.0.0', BODY_LIMIT: '1mib' };
    expect(problem(env)).toContain('credentials');
    const { auth, http } = loadLocalConfig(env, CWD);
    expect(auth).toMatchObject({ devMode: false });
    expect(auth.jwt).toBeUndefined();
    expect(http.bodyLimit).toBe(1_048_576);
    expect(() => loadLocalConfig({ BODY_LIMIT: 'much' }, CWD)).toThrow(ConfigError);
  });
});

describe('defaults', () => {
  it('is a dev-mode server on loopback with an SQLite file', () => {
    expect(load({})).toEqual({
      env: 'development',
      http: { host: '127.0.0.1', port: 8080, bodyLimit: 2_097_152, corsOrigins: [], trustProxy: false },
      database: {
        url: 'sqlite:data/cairn.sqlite',
        kind: 'sqlite',
        path: '/srv/cairn/data/cairn.sqlite',
        source: 'default',
      },
      auth: { devMode: true, apiKeys: true },
      vaults: { autoCreate: true },
      users: { summaries: true, summaryDelayMs: 60_000, reflection: false, reflectionDelayMs: 600_000 },
      waypoints: { automatic: true },
      search: { cacheBytes: 67_108_864 },
      flags: { settings: {}, hybridFusion: false },
      log: { level: 'info' },
      shutdownTimeoutMs: 10_000,
      warnings: [],
    });
  });

  it('counts empty values as unset', () => {
    const env = Object.fromEntries(Object.keys(KNOWN).map((name) => [name, '']));
    expect(load({ ...env, OM_NEVER_HEARD_OF: '' })).toEqual(load({}));
  });

  it('is frozen in depth', () => {
    const config = load({ JWT_SECRET: SECRET, JWT_AUDIENCE: 'a,b', CORS_ORIGINS: 'https://a.example' });
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      expect(Object.isFrozen(value)).toBe(true);
      Object.values(value).forEach(visit);
    };
    visit(config);
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
  });

  it('leaves the environment as it was', () => {
    const env = Object.freeze({ OM_PORT: '9', OM_TIER: 'deep' });
    expect(() => load(env)).not.toThrow();
  });
});

describe('values', () => {
  it('reads every setting', () => {
    const config = load({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: ' 9000 ',
      BODY_LIMIT: '512KiB',
      CORS_ORIGINS: 'https://a.example, http://localhost:3000/, https://a.example',
      TRUST_PROXY: 'yes',
      SHUTDOWN_TIMEOUT_MS: '2500',
      LOG_LEVEL: 'WARN',
      DATABASE_URL: 'sqlite:/var/lib/cairn.sqlite',
      DATABASE_MIGRATOR_URL: 'sqlite:/var/lib/cairn.sqlite',
      JWT_SECRET: SECRET,
      JWT_ISSUER: 'https://id.example.com/',
      JWT_AUDIENCE: 'cairn, other',
      JWT_ALGORITHMS: 'HS512,HS256',
      JWT_USER_CLAIM: 'https://example.com/user,sub',
      JWT_DEFAULT_PERMISSIONS: 'cairn:read, write',
      JWT_CLOCK_TOLERANCE: '60',
      CAIRN_DEV_MODE: 'false',
      API_KEYS: 'on',
      PUBLIC_URL: 'https://memory.example.com/cairn/',
      VAULT_AUTO_CREATE: '0',
      USER_SUMMARIES: 'no',
      USER_SUMMARY_DELAY_MS: '0',
      REFLECTION: 'on',
      REFLECTION_DELAY_MS: '86400000',
      WAYPOINTS_AUTOMATIC: 'false',
      SEARCH_CACHE_SIZE: '8 MiB',
      FLAGS_FILE: ' flags.yaml',
      FLAG_TENANCY_ENFORCEMENT: 'Shadow',
      FLAG_RECALL_WAYPOINTS: '12.5 %',
      FLAG_MCP: '{"rules": [{"value": false, "vaults": ["acme"]}]}',
    });
    expect(config).toEqual({
      env: 'production',
      http: {
        host: '0.0.0.0',
        port: 9000,
        bodyLimit: 524_288,
        corsOrigins: ['https://a.example', 'http://localhost:3000'],
        trustProxy: true,
      },
      database: {
        url: 'sqlite:/var/lib/cairn.sqlite',
        kind: 'sqlite',
        path: '/var/lib/cairn.sqlite',
        source: 'DATABASE_URL',
      },
      auth: {
        devMode: false,
        apiKeys: true,
        protectedResource: {
          publicUrl: 'https://memory.example.com/cairn',
          issuer: 'https://id.example.com/',
        },
        jwt: {
          secret: SECRET,
          issuer: 'https://id.example.com/',
          audience: ['cairn', 'other'],
          algorithms: ['HS512', 'HS256'],
          userClaims: ['https://example.com/user', 'sub'],
          defaultPermissions: ['read', 'write'],
          permissionPrefix: 'cairn:',
          clockToleranceSeconds: 60,
        },
      },
      vaults: { autoCreate: false },
      search: { cacheBytes: 8_388_608 },
      flags: {
        file: '/srv/cairn/flags.yaml',
        settings: {
          'tenancy.enforcement': { rules: [], default: 'shadow' },
          'recall.waypoints': { rules: [{ value: true, percentage: 12.5 }], default: false },
          mcp: { rules: [{ value: false, vaults: ['acme'] }] },
        },
        hybridFusion: false,
      },
      users: { summaries: false, summaryDelayMs: 0, reflection: true, reflectionDelayMs: 86_400_000 },
      waypoints: { automatic: false },
      log: { level: 'warn' },
      shutdownTimeoutMs: 2500,
      warnings: [],
    });
  });

  it.each([
    ['PORT', '65536', 'from 0 to 65535'],
    ['PORT', '80.5', 'whole number'],
    ['PORT', '-1', 'whole number'],
    ['PORT', '0x50', 'whole number'],
    ['HOST', 'a b', 'IP address or a host name'],
    ['HOST', '127.0.0.1:8080', 'without port'],
    ['NODE_ENV', 'staging', 'one of development, production, test'],
    ['LOG_LEVEL', 'loud', 'one of fatal'],
    ['BODY_LIMIT', '2 GB', 'a size from'],
    ['BODY_LIMIT', '1', 'a size from'],
    ['BODY_LIMIT', '65mib', 'a size from'],
    ['SEARCH_CACHE_SIZE', '16385mib', 'a size from'],
    ['SEARCH_CACHE_SIZE', '-1', 'a size from'],
    ['CORS_ORIGINS', '*', '* is not accepted'],
    ['CORS_ORIGINS', 'https://a.example/path', 'without path'],
    ['CORS_ORIGINS', 'https://a.example,null', 'without path'],
    ['CORS_ORIGINS', ' , ', 'at least one item'],
    ['TRUST_PROXY', 'maybe', 'true or false'],
    ['SHUTDOWN_TIMEOUT_MS', '0', 'milliseconds from 1'],
    ['VAULT_AUTO_CREATE', 'si', 'true or false'],
    ['USER_SUMMARIES', 'daily', 'true or false'],
    ['USER_SUMMARY_DELAY_MS', '86400001', 'milliseconds from 0'],
    ['REFLECTION', 'deep', 'true or false'],
    ['REFLECTION_DELAY_MS', '-1', 'milliseconds from 0'],
    ['WAYPOINTS_AUTOMATIC', 'often', 'true or false'],
    ['FLAGS_FILE', 'flags.toml', 'ends in .json, .yaml or .yml'],
    ['FLAGS_PROVIDER', ' ', 'must not be blank'],
    ['FLAG_TENANCY_ENFORCEMENT', 'true', 'one of legacy, shadow, enforced, or rules'],
    ['FLAG_TENANCY_ENFORCEMENT', '50%', 'one of legacy, shadow, enforced, or rules'],
    ['FLAG_MCP', 'shadow', 'true, false, a percentage'],
    ['FLAG_MCP', '101%', 'true, false, a percentage'],
    ['FLAG_MCP', '-1%', 'true, false, a percentage'],
    ['FLAG_MCP', '{"default": true', 'is not valid JSON'],
    ['FLAG_MCP', '{}', 'must hold rules or a default'],
    ['FLAG_MCP', '{"defalt": true}', 'has no field "defalt"; there are rules, default'],
    ['FLAG_MCP', '{"default": "pw"}', 'at default must be true or false'],
    ['FLAG_MCP', '{"rules": [{"value": true}]}', 'at rules.0 needs either vaults or a percentage'],
    [
      'FLAG_MCP',
      '{"rules": [{"value": true, "vaults": ["a/pw"]}]}',
      'at rules.0.vaults.0 must be a vault id',
    ],
    ['DATABASE_URL', 'data/cairn.sqlite', 'must be sqlite:PATH'],
    ['DATABASE_URL', 'mysql://root:pw@h/db', 'must be sqlite:PATH'],
    ['DATABASE_URL', 'sqlite:', 'must be sqlite:PATH'],
    ['DATABASE_URL', 'sqlite::memory:', 'name a file'],
    ['DATABASE_URL', 'sqlite:///x.sqlite', 'without // or ?'],
    ['DATABASE_URL', 'sqlite:x.sqlite?mode=ro', 'without // or ?'],
    ['DATABASE_URL', 'sqlite:data/', 'not a folder'],
    ['DATABASE_URL', 'postgres://u:pw@h:port/db', 'is a malformed PostgreSQL URL'],
    ['DATABASE_MIGRATOR_URL', 'postgres://u:pw@h/db', 'leave it unset'],
    ['DATABASE_OPERATOR_URL', 'postgres://u:pw@h/db', 'leave it unset'],
    ['DATABASE_MIGRATOR_URL', 'sqlite:other.sqlite', 'leave it unset'],
    ['DATABASE_SCHEMA', 'public', 'must not be public'],
    ['DATABASE_SCHEMA', 'a;b', 'PostgreSQL name'],
    ['DATABASE_SCHEMA', 'Cairn', 'lower-case'],
    ['DATABASE_SCHEMA', 'pg_cairn', 'not beginning with pg_'],
    ['DATABASE_SCHEMA', 'a'.repeat(64), 'up to 63'],
    ['DATABASE_OPERATOR_ROLE', 'a-b', 'PostgreSQL name'],
    ['DATABASE_BACKUP_ROLE', 'none', 'must not be public or none'],
    ['DATABASE_POOL_SIZE', '0', 'from 1 to 200'],
    ['DATABASE_POOL_SIZE', '201', 'from 1 to 200'],
    ['DATABASE_ACQUIRE_TIMEOUT_MS', '0', 'milliseconds from 1'],
    ['DATABASE_STATEMENT_TIMEOUT_MS', '3600001', 'milliseconds from 1'],
    ['DATABASE_IDLE_TRANSACTION_TIMEOUT_MS', '1s', 'whole number of milliseconds'],
    ['OM_DB_PATH', ':memory:', 'name a file'],
    ['DATABASE_PATH', 'postgres://u:pw@h/db', 'a URL belongs in DATABASE_URL'],
    ['OM_PORT', 'http', 'whole number'],
    ['OM_METADATA_BACKEND', 'mysql', 'one of sqlite'],
    ['OM_VECTOR_BACKEND', 'faiss', 'one of'],
    ['OM_EMBED_KIND', 'magic', 'one of synthetic'],
    ['OM_EMBEDDINGS', 'magic', 'one of synthetic'],
    ['OM_HYBRID_FUSION', '2', 'true or false'],
    ['OM_PG_HOST', 'h:5432', 'without port'],
    ['OM_PG_PORT', '0', 'from 1 to 65535'],
    ['OM_PG_SCHEMA', 'x y', 'PostgreSQL name'],
    ['OM_PG_TABLE', '1x', 'PostgreSQL name'],
    ['OM_VECTOR_TABLE', 'a b', 'PostgreSQL name'],
    ['OM_PG_APP_ROLE', 'a"b', 'PostgreSQL name'],
    ['OM_PG_MIGRATOR_ROLE', 'a.b', 'PostgreSQL name'],
    ['OM_PG_SSL', 'on', 'one of disable, require, verify-full'],
    ['OM_PG_AUTO_DDL', 'x', 'true or false'],
    ['OM_PG_AUTO_CREATE_DB', 'x', 'true or false'],
    ['ENABLE_MULTITENANCY', 'x', 'true or false'],
    ['MEMORY_EMBEDDING_DIMENSIONS', '1.5', 'whole number'],
    ['MEMORY_EMBEDDING_MODEL', '  ', 'must not be blank'],
    ['JWT_SECRET', 'x'.repeat(31), 'at least 32 bytes'],
    ['EMBLEM_JWT_SECRET', 'short', 'at least 32 bytes'],
    ['JWT_JWKS_URL', 'http://id.example.com/keys', 'https://'],
    ['JWT_JWKS_URL', 'ftp://127.0.0.1/keys', 'https://'],
    ['JWT_JWKS_URL', 'keys.json', 'https://'],
    ['JWT_JWKS_URL', 'https://u:pw@id.example.com/keys', 'user name or password'],
    ['EMBLEM_API_URL', 'http://id.example.com', 'https://'],
  ])('refuses %s=%s', (name, value, words) => {
    const sentence = problem({ [name]: value });
    expect(sentence).toContain(`${name} `);
    expect(sentence).toContain(words);
    expect(sentence).toMatch(/[^.]\.$/);
    expect(sentence).not.toContain('pw');
  });

  it('counts the bytes of a secret, not its characters', () => {
    expect(load({ JWT_SECRET: 'é'.repeat(16) }).auth.jwt?.secret).toBe('é'.repeat(16));
  });

  it('takes a relative path from the working directory', () => {
    expect(load({ DATABASE_URL: 'sqlite:./my.db' }).database).toHaveProperty('path', '/srv/cairn/my.db');
  });

  it('reports everything at once', () => {
    const found = problems({
      PORT: 'x',
      LOG_LEVEL: 'loud',
      JWT_SECRET: 'short',
      JWT_ALGORITHMS: 'none',
      DATABASE_URL: 'postgres://u:pw@h:0/db',
      CAIRN_DEV_MODE: 'true',
      OM_PG_PORT: 'x',
    });
    const names = [
      'PORT',
      'LOG_LEVEL',
      'JWT_SECRET',
      'JWT_ALGORITHMS',
      'DATABASE_URL',
      'OM_PG_PORT',
      'CAIRN_DEV_MODE',
    ];
    expect(found.map((sentence) => sentence.split(' ')[0]).sort()).toEqual(names.sort());
    expect(new ConfigError(found).message.split('\n')).toHaveLength(found.length + 1);
  });

  it('never repeats a value', () => {
    const canary = 'Zq7canary';
    const shapes = ['', 'sqlite:', 'postgres://u:', 'https://', '{"', 'HS256,', '1', '/'];
    const seed = Date.now();
    console.log(`config canary seed ${seed}`);
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.constantFrom(...Object.keys(KNOWN).filter((name) => name !== 'MEMORY_ACTIVE_PROJECT')),
        ),
        fc.array(fc.constantFrom(...shapes), { minLength: 1 }),
        (names, prefixes) => {
          const env = Object.fromEntries(
            names.map((name, i) => [name, `${prefixes[i % prefixes.length]}${canary}@h/x`]),
          );
          const said = problems(env);
          const warned = said.length === 0 ? load(env).warnings : [];
          expect([...said, ...warned].join('\n')).not.toContain(canary);
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});

describe('tokens', () => {
  it('defaults to HS256 with a secret', () => {
    expect(load({ JWT_SECRET: SECRET }).auth).toEqual({
      devMode: false,
      apiKeys: true,
      jwt: {
        secret: SECRET,
        algorithms: ['HS256'],
        userClaims: ['user_id', 'userId', 'sub'],
        defaultPermissions: ['read', 'write', 'delete'],
        permissionPrefix: 'cairn:',
        clockToleranceSeconds: 5,
      },
    });
  });

  it('defaults to RS256 and ES256 with published keys', () => {
    const { jwt } = load({ JWT_JWKS_URL: JWKS, JWT_AUDIENCE: 'cairn' }).auth;
    expect(jwt).toMatchObject({ jwksUrl: JWKS, algorithms: ['RS256', 'ES256'] });
    expect(jwt?.secret).toBeUndefined();
  });

  it.each(['http://127.0.0.1:9/k', 'http://localhost/k', 'http://[::1]:8/k'])('takes keys from %s', (url) => {
    expect(load({ JWT_JWKS_URL: url }).auth.jwt?.jwksUrl).toBe(url);
  });

  it('warns that published keys without an audience serve other applications too', () => {
    expect(load({ JWT_JWKS_URL: JWKS }).warnings).toEqual([expect.stringContaining('JWT_AUDIENCE is unset')]);
  });

  it.each([
    [{ JWT_SECRET: SECRET, JWT_JWKS_URL: JWKS }, 'JWT_SECRET and JWT_JWKS_URL are both set'],
    [{ JWT_SECRET: SECRET, JWT_JWKS_URL: JWKS, JWT_ALGORITHMS: 'RS256' }, 'are both set'],
    [
      { JWT_SECRET: SECRET, JWT_ALGORITHMS: 'HS256,RS256' },
      'JWT_ALGORITHMS holds RS256, which JWT_SECRET cannot',
    ],
    [
      { JWT_JWKS_URL: JWKS, JWT_ALGORITHMS: 'HS256' },
      'JWT_ALGORITHMS holds HS256, which JWT_JWKS_URL cannot',
    ],
    [{ JWT_SECRET: SECRET, JWT_ALGORITHMS: 'EdDSA' }, 'jsonwebtoken'],
    [{ JWT_SECRET: SECRET, JWT_ALGORITHMS: 'none' }, 'must hold only HS256'],
    [{ JWT_SECRET: SECRET, JWT_ALGORITHMS: 'hs256' }, 'must hold only HS256'],
    [{ JWT_SECRET: SECRET, JWT_CLOCK_TOLERANCE: '61' }, 'seconds from 0 to 60'],
    [{ JWT_SECRET: SECRET, JWT_DEFAULT_PERMISSIONS: 'read,fly' }, 'must hold only read, write'],
    [{ JWT_SECRET: SECRET, JWT_DEFAULT_PERMISSIONS: 'read,none' }, 'not both'],
    [{ JWT_SECRET: SECRET, JWT_USER_CLAIM: 'a b' }, 'claim names'],
    [{ JWT_ISSUER: 'x', JWT_AUDIENCE: 'y' }, 'JWT_ISSUER and JWT_AUDIENCE cannot work without a key'],
    [{ JWT_CLOCK_TOLERANCE: '3' }, 'JWT_CLOCK_TOLERANCE cannot work without a key'],
  ])('refuses %j', (env, words) => {
    expect(problem(env as Env)).toContain(words);
  });

  it('can give tokens without permissions nothing', () => {
    const config = load({ JWT_SECRET: SECRET, JWT_DEFAULT_PERMISSIONS: 'none' });
    expect(config.auth.jwt?.defaultPermissions).toEqual([]);
  });

  it('warns of wide default permissions', () => {
    const config = load({ JWT_SECRET: SECRET, JWT_DEFAULT_PERMISSIONS: 'read,vault,operator' });
    expect(config.warnings).toEqual([expect.stringContaining('vault and operator')]);
  });
});

describe('dev mode', () => {
  it.each<[Env, boolean]>([
    [{}, true],
    [{ NODE_ENV: 'test' }, true],
    [{ HOST: '::1' }, true],
    [{ HOST: '[::1]' }, true],
    [{ HOST: 'LOCALHOST' }, true],
    [{ CAIRN_DEV_MODE: 'true' }, true],
    [{ EMBLEM_DEV_MODE: 'true' }, true],
    [{ CAIRN_DEV_MODE: 'true', EMBLEM_DEV_MODE: '1' }, true],
    [{ JWT_SECRET: SECRET }, false],
    [{ JWT_SECRET: SECRET, CAIRN_DEV_MODE: 'false' }, false],
    [{ JWT_SECRET: SECRET, NODE_ENV: 'production', HOST: '0.0.0.0' }, false],
    [{ EMBLEM_JWT_SECRET: SECRET }, false],
    [{ JWT_JWKS_URL: JWKS }, false],
    [{ API_KEYS: 'on' }, false],
    [{ API_KEYS: 'on', NODE_ENV: 'production', HOST: '0.0.0.0', TRUST_PROXY: 'true' }, false],
    [{ API_KEYS: 'on', CAIRN_DEV_MODE: 'false' }, false],
    [{ API_KEYS: 'off' }, true],
    [{ API_KEYS: 'off', JWT_SECRET: SECRET }, false],
    [{ OM_API_KEY: KEY }, false],
    [{ OM_API_KEY: KEY, NODE_ENV: 'production', HOST: '0.0.0.0' }, false],
  ])('%j: %s', (env, devMode) => {
    expect(load(env).auth.devMode).toBe(devMode);
  });

  it.each<[Env, string]>([
    [{ NODE_ENV: 'production' }, 'not allowed while NODE_ENV is production: set JWT_SECRET'],
    [{ HOST: '0.0.0.0' }, 'not allowed while HOST is not loopback: set JWT_SECRET'],
    [{ HOST: '127.0.0.1.example.com' }, 'HOST is not loopback'],
    [{ TRUST_PROXY: 'true' }, 'TRUST_PROXY is on'],
    [{ CAIRN_DEV_MODE: 'false' }, 'dev mode is switched off: set JWT_SECRET'],
    [
      { CAIRN_DEV_MODE: 'true', NODE_ENV: 'production' },
      'CAIRN_DEV_MODE cannot be true while NODE_ENV is production',
    ],
    [{ EMBLEM_DEV_MODE: 'true', HOST: '::' }, 'EMBLEM_DEV_MODE cannot be true while HOST is not loopback'],
    [{ CAIRN_DEV_MODE: 'true', JWT_SECRET: SECRET }, 'while JWT_SECRET is set'],
    [
      { CAIRN_DEV_MODE: 'true', EMBLEM_DEV_MODE: 'false' },
      'CAIRN_DEV_MODE and EMBLEM_DEV_MODE set the same thing',
    ],
    [{ CAIRN_DEV_MODE: 'perhaps' }, 'CAIRN_DEV_MODE must be true or false'],
    [{ CAIRN_DEV_MODE: 'true', API_KEYS: 'on' }, 'while API_KEYS is set'],
    [{ CAIRN_DEV_MODE: 'true', OM_API_KEY: KEY }, 'while OM_API_KEY is set'],
    [{ API_KEYS: 'off', NODE_ENV: 'production' }, 'not allowed while NODE_ENV is production'],
    [{ API_KEYS: 'sometimes' }, 'API_KEYS must be true or false'],
  ])('refuses %j', (env, words) => {
    expect(problem(env)).toContain(words);
  });

  it('names every obstacle', () => {
    const sentence = problem({
      CAIRN_DEV_MODE: 'true',
      NODE_ENV: 'production',
      HOST: '10.0.0.1',
      JWT_SECRET: SECRET,
    });
    expect(sentence).toContain('NODE_ENV is production, HOST is not loopback and JWT_SECRET is set');
  });

  it.each(['127.0.0.1', '::1', '[::1]', 'localhost', 'LocalHost'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '', 'localhost.', 'localhost.example.com', '127.0.0.1.example.com', '10.0.0.1'])(
    '%j is not loopback',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe('API keys', () => {
  it('are accepted unless they are switched off', () => {
    expect(load({}).auth.apiKeys).toBe(true);
    expect(load({ JWT_SECRET: SECRET }).auth.apiKeys).toBe(true);
    expect(load({ JWT_SECRET: SECRET, API_KEYS: 'off' }).auth.apiKeys).toBe(false);
  });

  it('may be one of OpenMemory, alone or beside tokens', () => {
    expect(load({ OM_API_KEY: KEY })).toMatchObject({
      auth: { devMode: false, apiKeys: true, openMemoryKey: KEY },
      warnings: [],
    });
    expect(load({ OM_API_KEY: KEY, JWT_SECRET: SECRET }).auth).toMatchObject({
      openMemoryKey: KEY,
      jwt: { secret: SECRET },
    });
  });

  it.each<[Env, string]>([
    [{ OM_API_KEY: KEY, API_KEYS: 'off' }, 'API_KEYS=off accepts none'],
    [{ OM_API_KEY: 'zebra', NODE_ENV: 'production' }, 'shorter than 16 characters, so it can be guessed'],
    [{ OM_API_KEY: ` ${KEY}` }, 'begins or ends with white space'],
    [{ OM_API_KEY: `${KEY}\n` }, 'begins or ends with white space'],
    [{ OM_API_KEY: 'zebra\u0000zebra zebra zebra' }, 'control characters'],
  ])('refuses %j', (env, words) => {
    const sentence = problem(env);
    expect(sentence).toContain(words);
    expect(sentence).not.toMatch(/zebra|a key of OpenMemory/);
  });
});

describe('the address for OAuth clients', () => {
  const issuer = 'https://id.example.com';
  const resourceOf = (env: Env) =>
    load({ JWT_SECRET: SECRET, JWT_ISSUER: issuer, ...env }).auth.protectedResource;

  it.each([
    ['https://m.example', 'https://m.example'],
    ['https://m.example/', 'https://m.example'],
    ['https://M.example:443/a/b//', 'https://m.example/a/b'],
    ['http://localhost:8080', 'http://localhost:8080'],
  ])('%s', (url, publicUrl) => {
    expect(resourceOf({ PUBLIC_URL: url })).toEqual({ publicUrl, issuer });
  });

  it('is never taken from anything else', () => {
    expect(resourceOf({})).toBeUndefined();
  });

  it.each<[string, string]>([
    ['http://m.example', 'must start with https://'],
    ['https://m.example/?a=b', 'must not hold a query or a fragment'],
    ['https://m.example/#a', 'must not hold a query or a fragment'],
    ['https://u:p@m.example', 'must not hold a user name or password'],
    ['m.example', 'must be a URL'],
  ])('refuses %s', (url, words) => {
    expect(problem({ PUBLIC_URL: url, JWT_SECRET: SECRET, JWT_ISSUER: issuer })).toContain(words);
  });
});

describe('old names', () => {
  it('are a second name for the same thing', () => {
    const config = load({ OM_PORT: '9001', OM_DB_PATH: 'old/openmemory.sqlite', EMBLEM_JWT_SECRET: SECRET });
    expect(config.http.port).toBe(9001);
    expect(config.auth.jwt?.secret).toBe(SECRET);
    expect(config.database).toMatchObject({ path: '/srv/cairn/old/openmemory.sqlite', source: 'OM_DB_PATH' });
    expect(config.warnings).toEqual([]);
  });

  it('may stand beside the new ones with equal meaning', () => {
    const config = load({
      PORT: '9',
      OM_PORT: '09',
      JWT_SECRET: SECRET,
      EMBLEM_JWT_SECRET: SECRET,
      DATABASE_URL: 'sqlite:./a.db',
      OM_DB_PATH: 'a.db',
      DATABASE_PATH: '/srv/cairn/a.db',
    });
    expect(config.http.port).toBe(9);
    expect(config.database).toMatchObject({ path: '/srv/cairn/a.db', source: 'DATABASE_URL' });
  });

  it.each<[Env, string]>([
    [{ PORT: '1', OM_PORT: '2' }, 'PORT and OM_PORT'],
    [{ JWT_SECRET: SECRET, EMBLEM_JWT_SECRET: `${SECRET}!` }, 'JWT_SECRET and EMBLEM_JWT_SECRET'],
    [{ DATABASE_URL: 'sqlite:a.db', OM_DB_PATH: 'b.db' }, 'DATABASE_URL and OM_DB_PATH'],
    [{ DATABASE_URL: 'postgres://u@h/d', OM_DB_PATH: 'b.db' }, 'DATABASE_URL and OM_DB_PATH'],
    [{ OM_DB_PATH: 'b.db', DATABASE_PATH: 'c.db' }, 'OM_DB_PATH and DATABASE_PATH'],
    [{ OM_EMBED_KIND: 'openai', OM_EMBEDDINGS: 'gemini' }, 'OM_EMBED_KIND and OM_EMBEDDINGS'],
    [{ JWT_JWKS_URL: JWKS, EMBLEM_API_URL: 'https://e.example' }, 'JWT_JWKS_URL and EMBLEM_API_URL'],
  ])('must not disagree with the new ones: %j', (env, names) => {
    expect(problem(env)).toContain(`${names} set the same thing to different values`);
  });

  it('keeps the database on the mounted volume when nothing else names one', () => {
    expect(load({ RAILWAY_VOLUME_MOUNT_PATH: '/data' }).database).toMatchObject({
      path: '/data/cairn.sqlite',
      source: 'RAILWAY_VOLUME_MOUNT_PATH',
    });
    const elsewhere = load({ RAILWAY_VOLUME_MOUNT_PATH: '/data', DATABASE_PATH: '/other/x.db' });
    expect(elsewhere.database).toHaveProperty('path', '/other/x.db');
    expect(elsewhere.warnings).toEqual([expect.stringContaining('outside RAILWAY_VOLUME_MOUNT_PATH')]);
    expect(load({ RAILWAY_VOLUME_MOUNT_PATH: '/data', DATABASE_PATH: '/data/x.db' }).warnings).toEqual([]);
  });

  it('derives the published keys from EMBLEM_API_URL', () => {
    const config = load({ EMBLEM_API_URL: 'https://e.example/v1', JWT_AUDIENCE: 'cairn' });
    expect(config.auth).toMatchObject({
      devMode: false,
      jwt: { jwksUrl: 'https://e.example/v1/.well-known/jwks.json', algorithms: ['RS256', 'ES256'] },
    });
    const beside = load({ EMBLEM_API_URL: 'https://e.example', EMBLEM_JWT_SECRET: SECRET });
    expect(beside.auth.jwt?.jwksUrl).toBeUndefined();
    expect(beside.warnings).toEqual([
      expect.stringContaining('EMBLEM_API_URL has no effect beside a secret'),
    ]);
  });

  it.each<[Env, string[]]>([
    [{ OM_API_KEY: 'pw', JWT_SECRET: SECRET }, ['OM_API_KEY is shorter than 16 characters', 'guessed']],
    [{ PUBLIC_URL: 'https://m.example' }, ['PUBLIC_URL has no effect', 'JWT_ISSUER']],
    [
      { PUBLIC_URL: 'https://m.example', JWT_SECRET: SECRET, JWT_ISSUER: 'our-issuer' },
      ['PUBLIC_URL has no effect', 'JWT_ISSUER'],
    ],
    [{ ENABLE_MULTITENANCY: 'false' }, ['ENABLE_MULTITENANCY=false', 'always kept apart']],
    [{ DATABASE_SCHEMA: 'cairn' }, ['DATABASE_SCHEMA has no effect on SQLite']],
    [
      { DATABASE_POOL_SIZE: '5', DATABASE_OPERATOR_ROLE: 'o', DATABASE_BACKUP_ROLE: 'b' },
      ['DATABASE_OPERATOR_ROLE, DATABASE_BACKUP_ROLE and DATABASE_POOL_SIZE have no effect on SQLite'],
    ],
    [{ OM_PG_TABLE: 'om' }, ['OM_PG_TABLE has no effect on SQLite']],
    [
      {
        OM_PG_HOST: 'h',
        OM_PG_PASSWORD: 'pw',
        OM_PG_SSL: 'require',
        OM_PG_AUTO_DDL: 'true',
        OM_PG_SCHEMA: 'om',
      },
      [
        'OM_PG_HOST',
        'OM_PG_PASSWORD',
        'OM_PG_SSL',
        'OM_PG_AUTO_DDL',
        'OM_PG_SCHEMA',
        'have no effect on SQLite',
      ],
    ],
    [
      { OM_EMBEDDINGS: 'openai', OM_EMBED_KIND: 'OpenAI', OPENAI_API_KEY: 'pw', OM_HYBRID_FUSION: 'true' },
      ['OM_EMBEDDINGS', 'OM_EMBED_KIND', 'OPENAI_API_KEY', 'OM_HYBRID_FUSION', 'not there yet'],
    ],
    [
      { OM_VECTOR_BACKEND: 'valkey', MEMORY_EMBEDDING_MODEL: 'm', MEMORY_EMBEDDING_DIMENSIONS: '1536' },
      ['OM_VECTOR_BACKEND', 'MEMORY_EMBEDDING_MODEL', 'MEMORY_EMBEDDING_DIMENSIONS', 'not there yet'],
    ],
    [
      {
        OM_TIER: 'zebra',
        OM_VEC_DIM: '99887',
        MEMORY_X: 'zebra',
        EMBLEM_Y: 'zebra',
        JWT_SECRETS: 'zebra',
        PATH: '/x',
      },
      ['EMBLEM_Y, JWT_SECRETS, MEMORY_X, OM_TIER and OM_VEC_DIM have no effect'],
    ],
  ])('warns of %j, once', (env, words) => {
    const { warnings } = load(env);
    expect(warnings).toHaveLength(1);
    for (const word of words) expect(warnings[0]).toContain(word);
    expect(warnings[0]).not.toMatch(/pw|zebra|99887|PATH/);
  });

  it.each<Env>([{ ENABLE_MULTITENANCY: 'true' }, { OM_METADATA_BACKEND: 'sqlite' }])('accepts %j', (env) => {
    expect(load(env)).toEqual(load({}));
  });
});

describe('feature flags', () => {
  it('come from a provider, a file or settings', () => {
    expect(load({ FLAGS_PROVIDER: './flags.mjs' }).flags).toEqual({
      provider: { module: './flags.mjs', folder: '/srv/cairn' },
      settings: {},
      hybridFusion: false,
    });
    expect(load({ FLAGS_FILE: '/etc/flags.JSON' }).flags.file).toBe('/etc/flags.JSON');
    expect(load({ OM_HYBRID_FUSION: 'true' }).flags.hybridFusion).toBe(true);
  });

  it('never come from two that contradict each other', () => {
    expect(problem({ FLAGS_FILE: 'flags.json', FLAGS_PROVIDER: './flags.mjs' })).toBe(
      'FLAGS_FILE and FLAGS_PROVIDER are both set, and flags come from one of them: keep the one that decides.',
    );
    expect(load({ FLAGS_PROVIDER: 'a', FLAG_MCP: 'no', FLAG_RECALL_WAYPOINTS: '5%' }).warnings).toEqual([
      'FLAG_RECALL_WAYPOINTS and FLAG_MCP have no effect: FLAGS_PROVIDER decides.',
    ]);
  });

  it('are known by their names', () => {
    expect(load({ FLAG_TENANCY_ENFORCMENT: 'shadow', FLAGS_FIL: 'x' }).warnings).toEqual([
      'FLAGS_FIL and FLAG_TENANCY_ENFORCMENT have no effect: no setting of Cairn is called so.',
    ]);
  });
});

describe('project registry', () => {
  const REGISTRY = 'MEMORY_POSTGRES_PROJECT_REGISTRY';
  const two = JSON.stringify({
    main: { databaseUrl: 'sqlite:main.db', note: 'kept' },
    old: { databaseUrl: 'postgresql://u:pw@h/db' },
  });

  it('gives the active entry, inline or from a file', () => {
    const file = join(folder, 'projects.json');
    writeFileSync(file, two);
    for (const registry of [two, ` ${two}`, file]) {
      expect(load({ [REGISTRY]: registry, MEMORY_ACTIVE_PROJECT: 'main' }).database).toEqual({
        url: 'sqlite:main.db',
        kind: 'sqlite',
        path: '/srv/cairn/main.db',
        source: 'registry entry "main"',
      });
    }
    const relative = loadConfig({ [REGISTRY]: 'projects.json', MEMORY_ACTIVE_PROJECT: 'main' }, folder);
    expect(relative.database).toHaveProperty('path', join(folder, 'main.db'));
  });

  it('takes the only entry when none is named', () => {
    const one = JSON.stringify({ solo: { databaseUrl: 'sqlite:s.db' } });
    expect(load({ [REGISTRY]: one }).database.source).toBe('registry entry "solo"');
  });

  it('yields to DATABASE_URL, with a warning', () => {
    const config = load({ [REGISTRY]: two, MEMORY_ACTIVE_PROJECT: 'old', DATABASE_URL: 'sqlite:a.db' });
    expect(config.database.source).toBe('DATABASE_URL');
    expect(config.warnings).toEqual([expect.stringContaining(`${REGISTRY} and MEMORY_ACTIVE_PROJECT`)]);
  });

  it.each<[Env, string]>([
    [{ [REGISTRY]: '{"old": {"databaseUrl": "mysql://u:pw@h/db"}}' }, 'entry "old": its databaseUrl must be'],
    [
      { [REGISTRY]: '{"old": {"databaseUrl": "postgres://u:pw@h:x/db"}}' },
      'entry "old": its databaseUrl is a malformed',
    ],
    [{ [REGISTRY]: two }, 'holds 2 entries: set MEMORY_ACTIVE_PROJECT'],
    [{ [REGISTRY]: two, MEMORY_ACTIVE_PROJECT: 'x' }, 'has no entry "x", which MEMORY_ACTIVE_PROJECT names'],
    [{ [REGISTRY]: two, MEMORY_ACTIVE_PROJECT: 'toString' }, 'has no entry "toString"'],
    [{ [REGISTRY]: two, MEMORY_ACTIVE_PROJECT: '__proto__' }, 'has no entry "__proto__"'],
    [{ [REGISTRY]: '{}' }, 'holds 0 entries'],
    [{ [REGISTRY]: '{"a": "postgres://u:pw@h/db"' }, 'is not valid JSON'],
    [{ [REGISTRY]: '{"a": "sqlite:pw.db"}' }, 'must be of the form'],
    [{ [REGISTRY]: '{"a": {"databaseUrl": 5}}' }, 'must be of the form'],
    [{ [REGISTRY]: '/nowhere/projects.json' }, 'cannot be read (ENOENT)'],
    [{ [REGISTRY]: two, MEMORY_ACTIVE_PROJECT: 'main', OM_DB_PATH: 'b.db' }, 'to different values'],
    [{ MEMORY_ACTIVE_PROJECT: 'main' }, `set ${REGISTRY}, or DATABASE_URL`],
  ])('refuses %j', (env, words) => {
    const sentence = problem(env);
    expect(sentence).toContain(words);
    expect(sentence).not.toContain('pw');
  });
});

describe('.env', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');
  const uncommented = parseEnv(example.replace(/^# ([A-Z][A-Z0-9_]*=)/gm, '$1')) as Env;

  it('has an example that boots as it is, in dev mode', () => {
    const config = load(parseEnv(example) as Env);
    expect(config.auth.devMode).toBe(true);
    expect(config.warnings).toEqual([]);
  });

  it('has an example that holds every setting once and no other', () => {
    const names = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
    expect(names.sort()).toEqual(Object.keys(KNOWN).sort());
  });

  it('has an example that shows the true defaults', () => {
    const shown = load({ ...uncommented, JWT_SECRET: SECRET });
    const plain = load({ JWT_SECRET: SECRET });
    expect(shown).toEqual({ ...plain, database: { ...plain.database, source: 'DATABASE_URL' } });
  });

  it('completes the environment, which wins', () => {
    const cwd = process.cwd();
    try {
      process.chdir(folder);
      writeFileSync('.env', 'CAIRN_TEST_A=file\nCAIRN_TEST_B="file # b"\n');
      process.env.CAIRN_TEST_A = 'set';
      expect(readEnvironment()).toMatchObject({ CAIRN_TEST_A: 'set', CAIRN_TEST_B: 'file # b' });
      rmSync('.env');
      expect(readEnvironment()).toBe(process.env);
      mkdirSync('.env');
      expect(readEnvironment).toThrow(ConfigError);
    } finally {
      delete process.env.CAIRN_TEST_A;
      delete process.env.CAIRN_TEST_B;
      process.chdir(cwd);
    }
  });
});

it('is injectable everywhere', async () => {
  const config = load({});
  const module = await Test.createTestingModule({ imports: [ConfigModule.register(config)] }).compile();
  expect(module.get(CONFIG, { strict: false })).toBe(config);
  await module.close();
});
