import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/config.js';
import { KNOWN } from '../src/config/setting-reader.js';

/* No engine runs here: what can be told from the files is looked at, and test/docker.entrypoint.test.ts runs the rest. */

/** The parser of YAML that comes with the framework's OpenAPI module. */
const yaml = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'))('js-yaml') as {
  load(text: string, options?: { schema: unknown }): unknown;
  YAML11_SCHEMA: unknown;
};

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

interface Service {
  image: string;
  command?: string[];
  environment: Record<string, string | number | null>;
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
}

const composeText = read('docker/compose.yaml');
// The merge key << is one of YAML 1.1.
const compose = yaml.load(composeText, { schema: yaml.YAML11_SCHEMA }) as {
  services: Record<string, Service>;
};
const { postgres, roles, migrate, service } = compose.services;
const comments = [...composeText.matchAll(/^\s*#(.*)$/gm)].map(([, line]) => line).join(' ');

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?::([-?])((?:[^{}]|\$\{[^{}]*\})*))?\}/g;

/** As Compose fills in variables, of which ours have the forms ${NAME:-default} and ${NAME:?what to do}. */
function fillIn(text: string, env: Record<string, string>): string {
  return text.replace(VARIABLE, (_, name: string, kind: string | undefined, rest = '') => {
    if (env[name]) return env[name];
    if (kind === '?') throw new Error(`${name} is missing: ${rest}`);
    return fillIn(rest, env);
  });
}

/** What a container is given when Compose runs with `env`. */
function environmentOf({ environment }: Service, env: Record<string, string>): Record<string, string> {
  const entries = Object.entries(environment).map(([name, value]) => [
    name,
    value === null ? env[name] : fillIn(String(value), env),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

const SECRETS = {
  JWT_SECRET: 'a'.repeat(64),
  POSTGRES_PASSWORD: 'b1',
  CAIRN_MIGRATOR_PASSWORD: 'c2',
  CAIRN_APP_PASSWORD: 'd3',
  CAIRN_OPERATOR_PASSWORD: 'e4',
  CAIRN_BACKUP_PASSWORD: 'f5',
};

describe('docker/compose.yaml', () => {
  it('starts each part when the one before has done its work', () => {
    expect(postgres.depends_on).toBeUndefined();
    expect(roles.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(migrate.depends_on).toEqual({ roles: { condition: 'service_completed_successfully' } });
    expect(service.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    expect([roles.command, migrate.command, service.command]).toEqual([
      ['db:roles', '--apply'],
      ['migration:run'],
      undefined,
    ]);
  });

  it('gives each part a configuration that it can use, and its own role alone', () => {
    const served = environmentOf(service, SECRETS);
    const { database, auth, http, warnings } = loadConfig(served, '/');
    expect({ auth: auth.jwt?.secret, host: http.host, port: http.port, warnings }).toEqual({
      auth: SECRETS.JWT_SECRET,
      host: '0.0.0.0',
      port: 8080,
      warnings: [],
    });
    if (database.kind !== 'postgres') throw new Error(`It is ${database.kind}.`);
    // Nobody signs certificates for that name.
    const place = { host: 'postgres', port: 5432, database: 'cairn', tls: undefined };
    expect(database.service).toMatchObject({ ...place, user: 'cairn_app', password: 'd3' });
    expect(database.operator).toMatchObject({ ...place, user: 'cairn_operator', password: 'e4' });
    expect(database.migrator).toBeUndefined();
    expect(Object.values(served).filter((value) => /b1|c2|f5/.test(value))).toEqual([]);

    const migrating = environmentOf(migrate, SECRETS);
    const migrator = loadConfig({ ...migrating, JWT_SECRET: SECRETS.JWT_SECRET }, '/').database;
    expect(migrator).toMatchObject({ migrator: { ...place, user: 'cairn_migrator', password: 'c2' } });
    expect(Object.values(migrating).filter((value) => /b1|e4|f5/.test(value))).toEqual([]);
  });

  it('follows the names of roles, schema and port that the environment has', () => {
    const env = {
      ...SECRETS,
      OM_PG_APP_ROLE: 'one',
      OM_PG_MIGRATOR_ROLE: 'two',
      DATABASE_OPERATOR_ROLE: 'three',
    };
    const given = { ...env, OM_PG_SCHEMA: 'four', OM_PORT: '9000', OM_API_KEY: 'a key of OpenMemory' };
    const { database } = loadConfig(environmentOf(service, given), '/');
    expect(database).toMatchObject({
      service: { user: 'one' },
      operator: { user: 'three' },
      roles: { app: 'one', migrator: 'two', operator: 'three' },
      schema: 'four',
    });
    expect(environmentOf(migrate, given).DATABASE_MIGRATOR_URL).toContain('//two:c2@');
    expect(fillIn(service.ports![0], given)).toBe('127.0.0.1:9000:8080');
    expect(fillIn(service.ports![0], { ...given, PORT: '9001' })).toBe('127.0.0.1:9001:8080');
    expect(environmentOf(service, given)).not.toHaveProperty('OM_PORT');
  });

  it.each(Object.keys(SECRETS))('does not start without %s', (name) => {
    const env = { ...SECRETS, [name]: '' };
    expect(() => fillIn(composeText, env)).toThrow(`${name} is missing`);
  });

  it('passes every setting on, or says that it does not', () => {
    const passed = new Set(Object.keys(service.environment));
    const left = Object.keys(KNOWN).filter((name) => !passed.has(name));
    expect(left.filter((name) => !new RegExp(`\\b${name}\\b`).test(comments))).toEqual([]);
    const names = Object.values(compose.services).flatMap(({ environment }) => Object.entries(environment));
    const passedOn = names.flatMap(([name, value]) => (value === null ? [name] : []));
    expect(passedOn.filter((name) => !(name in KNOWN))).toEqual([]);
  });

  it('explains every variable that it reads itself', () => {
    const example = read('.env.example');
    const names = new Set([...composeText.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name));
    const explained = (name: string) =>
      new RegExp(`\\b${name}\\b`).test(comments) || new RegExp(`^#? ?${name}=`, 'm').test(example);
    expect([...names].filter((name) => !explained(name))).toEqual([]);
    expect(names.size).toBeGreaterThan(6);
  });
});

describe('docker/Dockerfile', () => {
  const lines = read('docker/Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  const all = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []));

  it('names the versions of what it is built from', () => {
    const images = [...all('FROM').map((image) => image.split(' ')[0]), postgres.image];
    expect(images).toEqual(['node:24-slim', 'node:24-slim', 'pgvector/pgvector:pg17']);
  });

  it('does not run as root', () => {
    expect(all('USER')).toEqual(['node']);
    expect(lines.indexOf('USER node')).toBeGreaterThan(
      lines.findLastIndex((line) => line.startsWith('RUN ')),
    );
  });

  it('starts without a shell around it', () => {
    expect(JSON.parse(all('ENTRYPOINT')[0])).toEqual(['/app/docker/entrypoint.sh']);
    expect(JSON.parse(all('CMD')[0])).toEqual(['serve']);
    expect(all('HEALTHCHECK')[0]).toMatch(/CMD \["node", /);
  });

  it('copies what is there, and what .dockerignore lets through', () => {
    const admitted = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
    const copied = all('COPY')
      .filter((what) => !what.startsWith('--from='))
      .flatMap((what) => what.split(/\s+/).slice(0, -1));
    expect(copied.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
    expect(copied.sort()).toEqual(admitted.sort());
    expect(read('.dockerignore')).toMatch(/^\*$/m);
  });
});
