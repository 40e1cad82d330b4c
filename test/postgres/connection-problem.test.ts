import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeConnectionProblem, describePooler } from '../../src/database/postgres/connection-problem.js';
import { checkServerVersion } from '../../src/database/postgres/server-version.js';
import { connected, postgresConfig, problemOf } from '../harness/postgres/connection-attempt.js';
import {
  freePort,
  POSTGRES_BIN,
  type PostgresServerProcess,
  startPostgres,
  SUPERUSER,
  SUPERUSER_PASSWORD,
} from '../harness/postgres/server-process.js';

const PASSWORD = 'Zq7canary';

describe('where there is no server', () => {
  it.each(['127.0.0.1', 'localhost'])('tells that nobody listens at %s', async (host) => {
    const port = await freePort();
    const sentence = await problemOf({ DATABASE_URL: `postgres://u:${PASSWORD}@${host}:${port}/d` });
    expect(sentence).toContain(`No PostgreSQL server listens at ${host}:${port}: start it`);
    expect(sentence).toContain(`pg_isready -h ${host} -p ${port}`);
    expect(sentence).not.toContain(PASSWORD);
  });

  it('tells that there is no socket', async () => {
    const sentence = await problemOf({ DATABASE_URL: 'postgres://u@/d?host=/nowhere/at%20all' });
    expect(sentence).toContain('listens at /nowhere/at all/.s.PGSQL.5432');
    expect(sentence).toContain("pg_isready -h '/nowhere/at all' -p 5432");
  });

  it('tells that a name is not known', async () => {
    const sentence = await problemOf({ DATABASE_URL: 'postgres://u@cairn.invalid/d' });
    expect(sentence).toContain('The host cairn.invalid is not known: correct it in DATABASE_URL');
  });
});

const { TEST_DATABASE_URL = '' } = process.env;

describe.skipIf(TEST_DATABASE_URL === '')('at a server', () => {
  const made = `problem_${process.pid}`;
  const superuser = () => postgresConfig({ DATABASE_URL: TEST_DATABASE_URL }).service;
  const asSuperuser = (sql: string) => connected(superuser(), (client) => client.query(sql));

  /** The same server under another role or for another database. */
  const url = (user: string, database = superuser().database, password = PASSWORD) => {
    const { host, port, tls } = superuser();
    const query = new URLSearchParams({ host, port: String(port), sslmode: tls ? 'require' : 'disable' });
    return `postgres://${user}:${encodeURIComponent(password)}@/${encodeURIComponent(database)}?${query}`;
  };
  const problem = async (DATABASE_URL: string, work?: (client: Client) => Promise<unknown>) => {
    const sentence = await problemOf({ DATABASE_URL, DATABASE_SCHEMA: made }, work);
    expect(sentence).not.toContain(PASSWORD);
    expect(sentence).toMatch(/[^.]\.$/);
    return sentence;
  };

  beforeAll(async () => {
    await asSuperuser(
      `CREATE ROLE ${made} LOGIN PASSWORD '${PASSWORD}' CONNECTION LIMIT 1; ` +
        `CREATE ROLE ${made}_barred NOLOGIN PASSWORD '${PASSWORD}'; ` +
        `CREATE SCHEMA ${made}; CREATE TABLE ${made}.kept (a int); ` +
        `CREATE SCHEMA ${made}_open; GRANT USAGE ON SCHEMA ${made}_open TO ${made}; ` +
        `CREATE TABLE ${made}_open.kept (a int); CREATE TABLE ${made}_open.guarded (a int); ` +
        `ALTER TABLE ${made}_open.guarded ENABLE ROW LEVEL SECURITY; GRANT ALL ON ${made}_open.guarded TO ${made}`,
    );
  });
  afterAll(async () => {
    await asSuperuser(
      `DROP SCHEMA ${made}, ${made}_open CASCADE; DROP OWNED BY ${made}; ` +
        `DROP ROLE ${made}; DROP ROLE ${made}_barred`,
    );
  });

  it('tells that a role does not exist', async () => {
    const sentence = await problem(url(`${made}_absent`));
    expect(sentence).toMatch(new RegExp(`the role "${made}_absent"`, 'i'));
    expect(sentence).toMatch(/or has no such role: correct user|does not exist at/);
    expect(sentence).toContain('npm run db:roles -- --apply');
  });

  it('tells that a role may not log in', async () => {
    expect(await problem(url(`${made}_barred`))).toContain('or may not log in: make it by npm run db:roles');
  });

  it('tells that a database does not exist', async () => {
    const sentence = await problem(url(made, "it's absent"));
    expect(sentence).toContain(`The database "it's absent" does not exist`);
    expect(sentence).toContain(`-U postgres 'it'\\''s absent', or by npm run migration:run`);
    expect(sentence).toContain('OM_PG_AUTO_CREATE_DB=true');
  });

  it('tells that the schema or its tables are not there', async () => {
    for (const sql of ['SELECT * FROM absent', `CREATE TABLE ${made}_absent.t (a int)`]) {
      const sentence = await problem(url(made), (client) => client.query(sql));
      expect(sentence).toContain(`The schema ${made} of the database`);
      expect(sentence).toContain('run npm run migration:run');
    }
  });

  it.each([
    [`SELECT * FROM ${made}.kept`, '(schema)', `or GRANT USAGE ON SCHEMA ${made} TO ${made};`],
    [`SELECT * FROM ${made}_open.kept`, '(table)', 'then npm run migration:run'],
    [`CREATE DATABASE ${made}_new`, '(create database)', `or ALTER ROLE ${made} CREATEDB;`],
    [`SET ROLE ${made}_barred`, 'lacks a privilege: run', 'npm run db:roles -- --apply, then'],
  ])('tells which privilege %s lacks', async (sql, what, grant) => {
    const sentence = await problem(url(made), (client) => client.query(sql));
    expect(sentence).toContain(`The role "${made}" lacks a privilege`);
    expect(sentence).toContain(what);
    expect(sentence).toContain(grant);
  });

  it('tells that a role may not enter a database', async () => {
    await asSuperuser(`CREATE DATABASE ${made}`);
    try {
      await asSuperuser(`REVOKE CONNECT ON DATABASE ${made} FROM public`);
      expect(await problem(url(made, made))).toContain(`or GRANT CONNECT ON DATABASE ${made} TO ${made};`);
    } finally {
      await asSuperuser(`DROP DATABASE ${made}`);
    }
  });

  it('does not take a row that is kept apart for a missing privilege', async () => {
    const write = (client: Client) => client.query(`INSERT INTO ${made}_open.guarded VALUES (1)`);
    await expect(problem(url(made), write)).rejects.toMatchObject({ code: '42501' });
  });

  it('tells that there are too many connections', async () => {
    const service = postgresConfig({ DATABASE_URL: url(made) }).service;
    const sentence = await connected(service, () => problem(url(made)));
    expect(sentence).toContain('takes no more connections: lower DATABASE_POOL_SIZE');
  });

  it('tells that the server ended the connection', async () => {
    const sentence = await problem(url(made), async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const waiting = client.query('SELECT pg_sleep(60)');
      await Promise.all([waiting, asSuperuser(`SELECT pg_terminate_backend(${rows[0].pid})`)]);
    });
    expect(sentence).toContain('ended the connection because it is being stopped');
  });

  it('says nothing about what is no matter of connections', async () => {
    for (const sql of ['SELECT 1/0', 'SELEC 1', 'SELECT absent()']) {
      await expect(problem(url(made), (client) => client.query(sql))).rejects.toThrow();
    }
  });

  it('finds the error inside what TypeORM throws', async () => {
    const { service, schema, roles } = postgresConfig({ DATABASE_URL: url(made) });
    const error = await connected(service, (client) => client.query('TABLE absent')).catch((e: unknown) => e);
    const context = { setting: 'DATABASE_URL', schema, roles };
    const wrapped = Object.assign(new Error('x'), { driverError: error });
    expect(describeConnectionProblem(wrapped, service, context)).toContain('npm run migration:run');
    const caused = new Error('x', { cause: error });
    expect(describeConnectionProblem(caused, service, context)).toContain('npm run migration:run');
    for (const thrown of [undefined, 'x', new Error('x')]) {
      expect(describeConnectionProblem(thrown, service, context)).toBeUndefined();
    }
  });

  it('is a server that can be trusted', async () => {
    const { rows } = (await asSuperuser('SHOW server_version_num')) as {
      rows: { server_version_num: string }[];
    };
    expect(checkServerVersion(Number(rows[0].server_version_num))).toBeUndefined();
  });
});

describe.skipIf(POSTGRES_BIN === '')('at a server that asks for passwords', () => {
  let server: PostgresServerProcess;

  beforeAll(async () => {
    server = await startPostgres(
      [],
      [
        'host all stranger 127.0.0.1/32 reject',
        'host postgres all 127.0.0.1/32 scram-sha-256',
        'local all all peer',
      ],
    );
  });
  afterAll(() => server.stop());

  const problem = async (login: string, at = `127.0.0.1:${server.port}/postgres?`) => {
    const sentence = await problemOf({ DATABASE_URL: `postgres://${login}@${at}sslmode=disable` });
    expect(sentence).not.toContain(PASSWORD);
    expect(sentence).not.toContain(SUPERUSER_PASSWORD);
    return sentence;
  };

  it('tells that a password is wrong', async () => {
    const sentence = await problem(`${SUPERUSER}:${PASSWORD}`);
    expect(sentence).toContain('does not accept the password of the role "postgres"');
    expect(sentence).toContain("by ALTER ROLE postgres PASSWORD '…'");
  });

  it('tells that a password is missing', async () => {
    expect(await problem(SUPERUSER)).toContain(
      'asks for the password of the role "postgres", and DATABASE_URL holds none: put it there',
    );
  });

  it('tells that no rule lets somebody in', async () => {
    const password = encodeURIComponent(SUPERUSER_PASSWORD);
    const elsewhere = await problem(`${SUPERUSER}:${password}`, `127.0.0.1:${server.port}/template1?`);
    expect(elsewhere).toContain(
      'takes no unencrypted connection from here (or none at all, by its pg_hba.conf)',
    );
    expect(await problem(`stranger:${PASSWORD}`)).toContain('by its pg_hba.conf');
  });

  it('tells that the user of the system is not the role', async () => {
    const sentence = await problem(
      `nobody:${PASSWORD}`,
      `/postgres?host=${server.folder}&port=${server.port}&`,
    );
    expect(sentence).toContain('peer authentication');
  });
});

describe.skipIf(POSTGRES_BIN === '')('at a server that is not ready', () => {
  it('tells that it will be', async () => {
    // A standby that nobody may look into never gets past its start.
    const waiting = ['hot_standby = off', "restore_command = 'false'"];
    const server = await startPostgres(waiting, ['host all all 127.0.0.1/32 trust'], {
      'standby.signal': '',
    });
    try {
      const sentence = await problemOf({ DATABASE_URL: `postgres://u@127.0.0.1:${server.port}/d` });
      expect(sentence).toContain('is starting, stopping or recovering');
    } finally {
      server.stop();
    }
  });
});

it('tells which servers are too old', () => {
  const good = [150014, 150018, 160010, 170006, 180000, 190001];
  expect(good.filter((version) => checkServerVersion(version) !== undefined)).toEqual([]);
  expect(checkServerVersion(140020)).toBe(
    'The server is PostgreSQL 14.20, and Cairn needs 15 or later: upgrade the server.',
  );
  expect(checkServerVersion(90624)).toContain('PostgreSQL 9.6,');
  for (const [version, needed] of [
    [150013, '15.14'],
    [160009, '16.10'],
    [170005, '17.6'],
  ] as const) {
    expect(checkServerVersion(version)).toMatch(/CVE-2025-8713\): update it to/);
    expect(checkServerVersion(version)).toContain(`to ${needed} or later.`);
  }
});

it('names the setting that goes past a pooler', () => {
  expect(describePooler('DATABASE_URL')).toContain('set DATABASE_MIGRATOR_URL, and put there the direct URL');
  expect(describePooler('DATABASE_MIGRATOR_URL')).toContain('one transaction at a time');
});
