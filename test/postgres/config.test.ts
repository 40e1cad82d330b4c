import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadDatabaseConfig } from '../../src/config/config.js';
import type { PostgresConfig } from '../../src/config/postgres-config.js';
import { problemOf, problemsOf } from '../harness/config-problems.js';

const REGISTRY = 'MEMORY_POSTGRES_PROJECT_REGISTRY';
const folder = mkdtempSync(join(tmpdir(), 'cairn-postgres-config-'));
const me = userInfo().username;
let pem: string;

beforeAll(() => {
  const make =
    '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out ca.pem -subj /CN=ca';
  execFileSync('openssl', ['req', ...make.split(' ')], { cwd: folder, stdio: 'ignore' });
  pem = readFileSync(join(folder, 'ca.pem'), 'utf8');
  writeFileSync(join(folder, 'empty.pem'), 'nothing here\n');
  writeFileSync(join(folder, 'broken.pem'), pem.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Env = Record<string, string>;

function postgres(env: Env | string): PostgresConfig {
  const database = loadDatabaseConfig(typeof env === 'string' ? { DATABASE_URL: env } : env, folder);
  if (database.kind !== 'postgres') throw new Error('not PostgreSQL');
  return database;
}

const problems = (env: Env) => problemsOf(() => loadDatabaseConfig(env, folder));

const problem = (env: Env) => problemOf(() => loadDatabaseConfig(env, folder));

describe('a PostgreSQL database', () => {
  it('has these defaults', () => {
    expect(postgres('postgres://cairn_app:secret@db.example/memories')).toEqual({
      kind: 'postgres',
      url: 'postgres://cairn_app@db.example:5432/memories',
      source: 'DATABASE_URL',
      service: {
        host: 'db.example',
        port: 5432,
        database: 'memories',
        user: 'cairn_app',
        password: 'secret',
        tls: { mode: 'verify-full' },
      },
      schema: 'cairn',
      openMemory: { schema: 'public', memories: 'openmemory_memories', vectors: 'openmemory_vectors' },
      roles: {
        migrator: 'cairn_migrator',
        app: 'cairn_app',
        operator: 'cairn_operator',
        backup: 'cairn_backup',
      },
      passwords: {},
      pool: {
        size: 10,
        acquireTimeoutMs: 5_000,
        statementTimeoutMs: 30_000,
        idleInTransactionTimeoutMs: 10_000,
      },
      autoCreateDatabase: false,
      autoDdl: true,
    });
  });

  it('takes every setting', () => {
    const config = postgres({
      DATABASE_URL: 'postgresql://a:1@pooler.example:6432/d?sslmode=require',
      DATABASE_MIGRATOR_URL: 'postgres://m:2@direct.example/d?sslmode=require',
      DATABASE_OPERATOR_URL: 'postgres://o:3@direct.example/d?sslmode=require',
      DATABASE_SCHEMA: 'second',
      OM_PG_MIGRATOR_ROLE: 'second_migrator',
      OM_PG_APP_ROLE: 'second_app',
      DATABASE_OPERATOR_ROLE: 'second_operator',
      DATABASE_BACKUP_ROLE: 'second_backup',
      DATABASE_ADMIN_URL: 'postgres://admin:4@direct.example/postgres?sslmode=require',
      CAIRN_BACKUP_PASSWORD: '5',
      DATABASE_POOL_SIZE: '200',
      DATABASE_ACQUIRE_TIMEOUT_MS: '1',
      DATABASE_STATEMENT_TIMEOUT_MS: '2',
      DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: '3',
      OM_PG_AUTO_CREATE_DB: 'true',
      OM_PG_AUTO_DDL: 'false',
    });
    expect(config).toMatchObject({
      service: { host: 'pooler.example', port: 6432, user: 'a', password: '1', database: 'd' },
      migrator: { host: 'direct.example', port: 5432, user: 'm', password: '2', database: 'd' },
      operator: { host: 'direct.example', port: 5432, user: 'o', password: '3', database: 'd' },
      admin: { host: 'direct.example', port: 5432, user: 'admin', password: '4', database: 'postgres' },
      passwords: { backup: '5' },
      schema: 'second',
      roles: {
        migrator: 'second_migrator',
        app: 'second_app',
        operator: 'second_operator',
        backup: 'second_backup',
      },
      pool: { size: 200, acquireTimeoutMs: 1, statementTimeoutMs: 2, idleInTransactionTimeoutMs: 3 },
      autoCreateDatabase: true,
      autoDdl: false,
    });
  });

  it('boots without warnings of its own', () => {
    const env = { DATABASE_URL: 'postgres://a:1@h/d?sslmode=require&channel_binding=require' };
    expect(loadConfig(env, folder).warnings).toEqual([]);
  });
});

describe('a URL', () => {
  it.each<[string, object]>([
    ['postgres://', { host: 'localhost', port: 5432, user: me, database: me }],
    ['postgres:///d', { host: 'localhost', user: me, database: 'd' }],
    ['postgres://u@', { host: 'localhost', user: 'u', database: 'u' }],
    ['POSTGRES://u@h:/d', { host: 'h', port: 5432 }],
    ['postgres://u:@h/d', { user: 'u', password: undefined }],
    ['postgres://u:p:q@h/d', { user: 'u', password: 'p:q' }],
    ['postgres://u:p@q@h/d', { user: 'u', password: 'p@q', host: 'h' }],
    ['postgres://a%40b:p%2F%3F%23%25%40w+w@h/d%2Fe', { user: 'a@b', password: 'p/?#%@w+w', database: 'd/e' }],
    ['postgres://u:%C3%A9@h/d', { password: 'é' }],
    ['postgres://u@[2001:db8::1]:6000/d', { host: '2001:db8::1', port: 6000 }],
    ['postgres://u@[::1]/d', { host: '::1' }],
    ['postgres://u@my_db:5432/d', { host: 'my_db' }],
    ['postgres://u@%2Frun%2Fpostgresql:5433/d', { host: '/run/postgresql', port: 5433 }],
    ['postgres://u@/d?host=/run/postgresql&port=5433', { host: '/run/postgresql', port: 5433 }],
    [
      'postgres://?host=h&user=u&password=p%26&dbname=d',
      { host: 'h', user: 'u', password: 'p&', database: 'd' },
    ],
    [
      'postgres://u@h/d?application_name=x&connect_timeout=3',
      { applicationName: 'x', connectTimeoutMs: 3000 },
    ],
    ['postgres://u@h/d?options=endpoint%3Dep-cool-1', { options: 'endpoint=ep-cool-1' }],
    ['postgres://u@h/d?keepalives=1&target_session_attrs=read-write&channel_binding=require', { host: 'h' }],
  ])('%s', (url, expected) => {
    expect(postgres(url).service).toMatchObject(expected);
  });

  it.each<[string, string]>([
    ['postgres:h/d', 'is a malformed PostgreSQL URL'],
    ['postgres://u:pw@h:70000/d', 'port from 1 to 65535'],
    ['postgres://u:pw@h:0/d', 'port from 1 to 65535'],
    ['postgres://u:pw@h1,h2/d', 'names several hosts'],
    ['postgres://u:pw@h1:1,h2:2/d', 'names several hosts'],
    ['postgres://u:pw@h/d/e', 'malformed'],
    ['postgres://u:12/pw@h', 'percent-encode what is special in a password'],
    ['postgres://u:12?pw=1@h', 'percent-encode what is special in a password'],
    ['postgres://u:12#pw@h', 'percent-encode what is special in a password'],
    ['postgres://u:pw@[::1/d', 'malformed'],
    ['postgres://u:pw@[no::address::]/d', 'must name its host'],
    ['postgres://u:pw@h h/d', 'malformed'],
    ['postgres://u:pw@-h/d', 'must name its host'],
    ['postgres://u:p%w@h/d', 'malformed'],
    ['postgres://u:pw%00@h/d', 'malformed'],
    ['postgres://u:pw@h/d#x', 'malformed'],
    ['postgres://u:pw@h/d?sslmode=%ZZ', 'malformed'],
    ['postgres://u:pw@h/d?host=x', 'gives host twice'],
    ['postgres://u:pw@h/d?sslmode=require&sslmode=disable', 'gives sslmode twice'],
    ['postgres://u:pw@h/d?PW;pw=1', 'holds the parameter of an odd name'],
    ['postgres://u:pw@h/d?sslmode=prefer', 'say verify-full, require, or disable'],
    ['postgres://u:pw@h/d?sslmode=allow', 'say verify-full, require, or disable'],
    ['postgres://u:pw@h/d?sslmode=no-verify', 'PostgreSQL itself calls sslmode=require'],
    ['postgres://u:pw@h/d?sslmode=on', 'must have an sslmode of disable, require, verify-ca, verify-full'],
    ['postgres://u:pw@h/d?connect_timeout=soon', 'connect_timeout of whole seconds'],
    ['postgres://u:pw@h/d?sslcert=x&sslkey=y', 'sslcert, which Cairn does not take (client certificates'],
    ['postgres://u:pw@h/d?schema=cairn', 'schema, which Cairn does not take (set DATABASE_SCHEMA instead)'],
    ['postgres://u:pw@h/d?pgbouncer=true', 'pgbouncer, which Cairn does not take'],
    ['postgres://u:pw@h/d?ssl=true', 'say sslmode=require or sslmode=verify-full instead'],
    ['postgres://u:pw@h/d?require_auth=scram-sha-256', 'require_auth, which Cairn does not take'],
  ])('%s is refused', (url, words) => {
    const sentence = problem({ DATABASE_URL: url });
    expect(sentence).toMatch(/^DATABASE_URL .*[^.]\.$/);
    expect(sentence).toContain(words);
    expect(sentence).not.toContain('pw');
  });

  it('may hold options that only a person at a terminal needs, and says that they are not used', () => {
    const env = { DATABASE_URL: 'postgres://u@h/d?options=-c%20app.vault_id%3Dpw' };
    expect(postgres(env).service.options).toBeUndefined();
    const { warnings } = loadConfig(env, folder);
    expect(warnings).toEqual([expect.stringContaining('The options in DATABASE_URL have no effect')]);
    expect(warnings.join()).not.toContain('pw');
  });

  it('never shows its password, however it is written', () => {
    const seed = Date.now();
    console.log(`PostgreSQL URL seed ${seed}`);
    const canary = 'Zq7canary';
    const piece = fc.constantFrom(
      '',
      '@',
      ':',
      '/',
      '?',
      '#',
      '%',
      '%40',
      '=',
      '&',
      '[',
      ']',
      ',',
      '12',
      ' ',
      '\\',
    );
    const password = fc.tuple(piece, piece, fc.boolean(), piece, piece);
    const setting = fc.constantFrom(
      'DATABASE_URL',
      'DATABASE_MIGRATOR_URL',
      'DATABASE_OPERATOR_URL',
      'OM_PG_PASSWORD',
    );
    const tail = fc.constantFrom(
      'h/d',
      'h:1/d?sslmode=require',
      'h',
      '/d?host=/tmp',
      '[::1]:5/d?options=-c%20x',
    );
    fc.assert(
      fc.property(password, setting, tail, ([a, b, twice, c, d], name, rest) => {
        const secret = `${a}${b}${canary}${twice ? `${c}${canary}` : ''}${d}`;
        const env: Env = { DATABASE_URL: 'postgres://u@h/d', OM_METADATA_BACKEND: 'postgres' };
        env[name] = name === 'OM_PG_PASSWORD' ? secret : `postgres://u:${secret}@${rest}`;
        const said = problems(env);
        const shown =
          said.length > 0 ? [] : [postgres(env).url, postgres(env).source, ...loadConfig(env).warnings];
        expect([...said, ...shown].join('\n')).not.toContain(canary);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('is shown so that it can be copied', () => {
    expect(postgres('postgres://a%40b:p@[::1]:5/d%2Fe').url).toBe('postgres://a%40b@[::1]:5/d%2Fe');
    expect(postgres('postgres://u:p@/d?host=/run/pg').url).toBe('postgres://u@/d?host=/run/pg&port=5432');
    for (const url of ['postgres://a%40b@[::1]:5/d%2Fe', 'postgres://u@/d?host=/run/pg&port=5432']) {
      expect(postgres(url).url).toBe(url);
    }
  });
});

describe('encryption', () => {
  it.each<[string, Env, object | undefined]>([
    ['127.0.0.1', {}, undefined],
    ['[::1]', {}, undefined],
    ['localhost', {}, undefined],
    ['localhost?sslmode=require', {}, { mode: 'require' }],
    ['localhost', { OM_PG_SSL: 'require' }, { mode: 'require' }],
    ['?host=/tmp&sslmode=verify-full', {}, undefined],
    ['10.0.0.1', {}, { mode: 'verify-full' }],
    ['h?sslmode=disable', {}, undefined],
    ['h?sslmode=require', {}, { mode: 'require' }],
    ['h?sslmode=verify-full', {}, { mode: 'verify-full' }],
    ['h?sslmode=verify-full&sslrootcert=system', {}, { mode: 'verify-full' }],
    ['h', { OM_PG_SSL: 'disable' }, undefined],
    ['h', { OM_PG_SSL: 'verify-full' }, { mode: 'verify-full' }],
    ['h?sslmode=require', { OM_PG_SSL: 'require' }, { mode: 'require' }],
    ['h?sslmode=disable&sslrootcert=absent.pem', {}, undefined],
  ])('%s with %j', (rest, env, tls) => {
    expect(postgres({ ...env, DATABASE_URL: `postgres://u:pw@${rest}` }).service.tls).toEqual(tls);
  });

  it('checks the signature wherever an authority is named', () => {
    const tls = (rest: string, env: Env = {}) =>
      postgres({ ...env, DATABASE_URL: `postgres://u@${rest}` }).service.tls;
    const path = encodeURIComponent(join(folder, 'ca.pem'));
    expect(tls('h?sslmode=require&sslrootcert=ca.pem')).toEqual({ mode: 'verify-ca', ca: pem });
    expect(tls('h?sslmode=verify-ca&sslrootcert=ca.pem')).toEqual({ mode: 'verify-ca', ca: pem });
    expect(tls(`h?sslmode=verify-full&sslrootcert=${path}`)).toEqual({ mode: 'verify-full', ca: pem });
    expect(tls('localhost?sslrootcert=ca.pem')).toEqual({ mode: 'verify-full', ca: pem });
    expect(tls('h', { OM_PG_SSL_CA: 'ca.pem' })).toEqual({ mode: 'verify-full', ca: pem });
    expect(tls('h?sslmode=require', { OM_PG_SSL_CA: pem })).toEqual({ mode: 'verify-ca', ca: pem });
    expect(tls('h', { OM_PG_SSL_CA: pem.replaceAll('\n', '\\n') })).toEqual({ mode: 'verify-full', ca: pem });
    expect(tls('h?sslrootcert=ca.pem', { OM_PG_SSL_CA: 'absent.pem' })).toMatchObject({ ca: pem });
  });

  it.each<[string, Env, string]>([
    ['h?sslmode=verify-ca', {}, 'say verify-full, or name the authority'],
    ['h?sslmode=verify-ca&sslrootcert=system', {}, 'say verify-full, or name the authority'],
    ['h?sslmode=require&sslrootcert=system', {}, 'say verify-full, or name the authority'],
    ['h?sslrootcert=absent.pem', {}, 'its sslrootcert names a file that cannot be read (ENOENT)'],
    ['h?sslrootcert=empty.pem', {}, 'its sslrootcert holds no certificate in PEM form'],
    ['h?sslrootcert=broken.pem', {}, 'its sslrootcert holds a certificate that cannot be read'],
    ['h', { OM_PG_SSL_CA: '/nowhere/ca.pem' }, 'OM_PG_SSL_CA names a file that cannot be read (ENOENT)'],
    ['h?sslmode=disable', { OM_PG_SSL: 'verify-full' }, 'sslmode in DATABASE_URL and OM_PG_SSL'],
  ])('%s with %j is refused', (rest, env, words) => {
    const sentence = problem({ ...env, DATABASE_URL: `postgres://u:pw@${rest}` });
    expect(sentence).toContain(words);
    expect(sentence).not.toContain('pw');
  });
});

describe('the settings of OpenMemory', () => {
  const BACKEND = { OM_METADATA_BACKEND: 'postgres' };

  it('name a database', () => {
    expect(postgres(BACKEND)).toMatchObject({
      source: 'OM_METADATA_BACKEND',
      service: { host: 'localhost', port: 5432, database: 'openmemory', user: me },
    });
    const all = {
      OM_PG_HOST: '/tmp',
      OM_PG_PORT: '5',
      OM_PG_DB: 'd',
      OM_PG_USER: 'u',
      OM_PG_PASSWORD: ' p@ ',
    };
    expect(postgres({ ...BACKEND, ...all }).service).toMatchObject({
      host: '/tmp',
      port: 5,
      database: 'd',
      user: 'u',
      password: ' p@ ',
    });
    const remote = { ...BACKEND, OM_PG_HOST: 'h', OM_PG_SSL: 'require', OM_PG_SSL_CA: pem };
    expect(postgres(remote).service.tls).toEqual({ mode: 'verify-ca', ca: pem });
  });

  it('may repeat what DATABASE_URL says', () => {
    const env = { ...BACKEND, DATABASE_URL: 'postgres://u:p@h:5/d', OM_PG_HOST: 'h', OM_PG_PASSWORD: 'p' };
    expect(postgres({ ...env, OM_PG_PORT: '5', OM_PG_DB: 'd', OM_PG_USER: 'u' }).source).toBe('DATABASE_URL');
  });

  it('leave OM_DB_PATH aside once they are chosen, and are left aside until then', () => {
    const both = { ...BACKEND, OM_DB_PATH: './data/openmemory.sqlite', OM_PG_HOST: 'h' };
    expect(loadConfig(both, folder)).toMatchObject({
      database: { kind: 'postgres', service: { host: 'h' } },
      warnings: ['OM_DB_PATH has no effect while OM_METADATA_BACKEND is postgres.'],
    });
    const beside = loadConfig({
      DATABASE_URL: 'postgres://u@h/d',
      OM_PG_HOST: 'other',
      OM_PG_PASSWORD: 'pw',
    });
    expect(beside.warnings).toEqual([
      'OM_PG_HOST and OM_PG_PASSWORD have no effect unless OM_METADATA_BACKEND is postgres.',
    ]);
  });

  it.each<[Env, string]>([
    [{ ...BACKEND, DATABASE_URL: 'sqlite:a.db' }, 'DATABASE_URL and OM_METADATA_BACKEND'],
    [{ ...BACKEND, DATABASE_PATH: 'a.db' }, 'DATABASE_PATH and OM_METADATA_BACKEND'],
    [
      { OM_METADATA_BACKEND: 'sqlite', DATABASE_URL: 'postgres://u@h/d' },
      'DATABASE_URL and OM_METADATA_BACKEND',
    ],
    [
      {
        ...BACKEND,
        DATABASE_URL: 'postgres://u:pw@h/d',
        OM_PG_HOST: 'i',
        OM_PG_DB: 'd',
        OM_PG_PASSWORD: 'pw2',
      },
      'DATABASE_URL, OM_PG_HOST and OM_PG_PASSWORD',
    ],
    [{ DATABASE_URL: 'postgres://u:pw@h/d', DATABASE_PATH: 'a.db' }, 'DATABASE_URL and DATABASE_PATH'],
    [
      { [REGISTRY]: '{"x": {"databaseUrl": "postgres://u:pw@h/d"}}', OM_DB_PATH: 'a.db' },
      `OM_DB_PATH and ${REGISTRY}`,
    ],
  ])('must not name a second database: %j', (env, words) => {
    const sentence = problem(env);
    expect(sentence).toContain(`${words} set the same thing to different values`);
    expect(sentence).not.toContain('pw');
  });
});

describe('the project registry', () => {
  it('may hold PostgreSQL databases', () => {
    const registry = JSON.stringify({
      main: { databaseUrl: 'postgresql://u:p@h:6/d?sslmode=require' },
      other: { databaseUrl: 'sqlite:x.db' },
    });
    expect(postgres({ [REGISTRY]: registry, MEMORY_ACTIVE_PROJECT: 'main' })).toMatchObject({
      source: 'registry entry "main"',
      url: 'postgres://u@h:6/d',
      service: { host: 'h', port: 6, password: 'p', tls: { mode: 'require' } },
    });
  });
});

describe('names', () => {
  const BASE = { DATABASE_URL: 'postgres://u@h/d' };

  it.each<[Env, string]>([
    [{}, 'cairn'],
    [{ OM_PG_SCHEMA: 'public' }, 'cairn'],
    [{ OM_PG_SCHEMA: 'openmemory' }, 'openmemory'],
    [{ DATABASE_SCHEMA: 'mine', OM_PG_SCHEMA: 'openmemory' }, 'mine'],
    [{ DATABASE_SCHEMA: 'mine', OM_PG_SCHEMA: 'Old-One' }, 'mine'],
    [{ DATABASE_SCHEMA: 'a'.repeat(63) }, 'a'.repeat(63)],
  ])('%j makes the schema %s', (env, schema) => {
    expect(postgres({ ...BASE, ...env }).schema).toBe(schema);
  });

  it.each<[Env, string]>([
    [{ DATABASE_SCHEMA: 'public' }, 'every application of the database shares it'],
    [{ DATABASE_SCHEMA: 'public', OM_PG_SCHEMA: 'public' }, 'every application of the database shares it'],
    [{ OM_PG_SCHEMA: 'Old-One' }, 'or set DATABASE_SCHEMA, which goes before it'],
    [{ OM_PG_SCHEMA: 'pg_catalog' }, 'not beginning with pg_'],
    [
      { OM_PG_APP_ROLE: 'same', DATABASE_BACKUP_ROLE: 'same' },
      'OM_PG_APP_ROLE and DATABASE_BACKUP_ROLE must',
    ],
    [
      { OM_PG_MIGRATOR_ROLE: 'cairn_app' },
      'OM_PG_MIGRATOR_ROLE and OM_PG_APP_ROLE must name different roles',
    ],
    [{ DATABASE_MIGRATOR_URL: 'sqlite:a.db' }, 'DATABASE_MIGRATOR_URL names an SQLite file'],
    [{ DATABASE_MIGRATOR_URL: 'postgres://u:pw@h/e' }, 'DATABASE_MIGRATOR_URL names another database'],
    [{ DATABASE_OPERATOR_URL: 'postgres://u:pw@h/e' }, 'DATABASE_OPERATOR_URL names another database'],
    [{ DATABASE_OPERATOR_URL: 'postgres://u:pw@other/d' }, 'DATABASE_OPERATOR_URL names another server'],
    [{ DATABASE_OPERATOR_URL: 'postgres://u:pw@h:6/d' }, 'DATABASE_OPERATOR_URL names another server'],
  ])('%j is refused', (env, words) => {
    const sentence = problem({ ...BASE, ...env });
    expect(sentence).toContain(words);
    expect(sentence).not.toContain('pw');
  });
});
