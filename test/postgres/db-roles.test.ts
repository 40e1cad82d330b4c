import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresRoles } from '../../src/config/postgres-config.js';
import { roleScript } from '../../src/upgrade/postgres/role-script.js';
import { builtFile } from '../harness/built.js';
import { postgresProgram, runProgram } from '../harness/postgres/programs.js';
import {
  TEST_DATABASE_URL,
  TEST_PASSWORD,
  asSuperuser,
  createDatabase,
  dropDatabase,
  uniqueName,
  uniqueRoles,
  urlOf,
} from '../harness/postgres/scratch-server.js';

const psql = postgresProgram('psql');

const PASSWORDS = {
  CAIRN_MIGRATOR_PASSWORD: TEST_PASSWORD,
  CAIRN_APP_PASSWORD: `it's \\ "${TEST_PASSWORD}"`,
  CAIRN_OPERATOR_PASSWORD: TEST_PASSWORD,
  CAIRN_BACKUP_PASSWORD: TEST_PASSWORD,
};

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the command that makes the roles', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-roles-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs the built command in an empty folder, with these settings and no others. */
  function run(words: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
    return new Promise((done) => {
      const options = { env: { PATH: process.env.PATH, ...env }, cwd: folder };
      execFile(
        process.execPath,
        [builtFile('src/cli/db-roles'), ...words],
        options,
        (error, stdout, stderr) => done({ status: error ? Number(error.code) : 0, stdout, stderr }),
      );
    });
  }

  const URL_OF_NONE = 'postgres://cairn_app:secret@127.0.0.1:1/cairn';

  it('says how it is used, and what is wrong with its settings', async () => {
    expect((await run(['--help'])).stdout).toContain('npm run db:roles -- --apply');
    expect(await run(['--sideways'])).toMatchObject({ status: 2, stdout: '' });
    for (const [env, complaint] of [
      [{}, 'DATABASE_URL'],
      [{ DATABASE_URL: 'sqlite:x' }, 'DATABASE_URL'],
      [{ DATABASE_URL: URL_OF_NONE, DATABASE_SCHEMA: 'public' }, 'DATABASE_SCHEMA'],
      [{ DATABASE_URL: URL_OF_NONE, OM_PG_APP_ROLE: 'pg_mine' }, 'OM_PG_APP_ROLE'],
      [{ DATABASE_URL: URL_OF_NONE, OM_PG_APP_ROLE: 'cairn_migrator' }, 'different'],
      [{ DATABASE_URL: URL_OF_NONE }, 'DATABASE_ADMIN_URL is not set'],
      [
        { DATABASE_URL: URL_OF_NONE, DATABASE_ADMIN_URL: 'http://u:secret@h/x' },
        'DATABASE_ADMIN_URL must be',
      ],
      [
        { DATABASE_URL: URL_OF_NONE, DATABASE_ADMIN_URL: URL_OF_NONE, CAIRN_APP_PASSWORD: 'schlüssel' },
        'CAIRN_APP_PASSWORD must be',
      ],
      [
        { DATABASE_URL: URL_OF_NONE, DATABASE_ADMIN_URL: URL_OF_NONE },
        'No PostgreSQL server listens at 127.0.0.1:1',
      ],
    ] as [Record<string, string>, string][]) {
      const { status, stdout, stderr } = await run(['--apply'], env);
      expect({ status, stdout }, complaint).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(complaint);
      expect(stderr).not.toMatch(/secret|schlüssel|\bat .*\.js/);
    }
  });

  it('prints what psql can run, without a password', async () => {
    const { status, stdout, stderr } = await run([], { DATABASE_URL: URL_OF_NONE, ...PASSWORDS });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const roles = {
      migrator: 'cairn_migrator',
      app: 'cairn_app',
      operator: 'cairn_operator',
      backup: 'cairn_backup',
    };
    expect(stdout).toBe(`${roleScript({ database: 'cairn', schema: 'cairn', roles })}\n`);
    expect(stdout).not.toMatch(/secret/i);
    for (const role of Object.values(roles)) expect(stdout).toContain(`\\password "${role}"`);
    expect(stdout).not.toMatch(/ON ALL TABLES|\bSUPERUSER|REVOKE ALL ON DATABASE [^;]* FROM PUBLIC;\n[^-]/);
  });

  describe.skipIf(!TEST_DATABASE_URL)('on a server', () => {
    const made: { database: string; roles: string[] }[] = [];
    let database: string;
    let roles: PostgresRoles;
    let env: Record<string, string>;
    beforeAll(async () => {
      ({ database, roles, env } = await place());
    });
    afterAll(async () => {
      for (const one of made) await dropDatabase(one.database, one.roles);
    });

    /** A database and names of roles that do not exist. */
    async function place(administrator?: string) {
      const [name, names] = [await createDatabase(), uniqueRoles()];
      made.push({ database: name, roles: Object.values(names) });
      return { database: name, roles: names, env: settings(name, names, administrator) };
    }

    function settings(name: string, names: PostgresRoles, administrator?: string): Record<string, string> {
      return {
        DATABASE_URL: urlOf(name, names.app),
        DATABASE_ADMIN_URL: administrator === undefined ? TEST_DATABASE_URL : urlOf(name, administrator),
        OM_PG_MIGRATOR_ROLE: names.migrator,
        OM_PG_APP_ROLE: names.app,
        DATABASE_OPERATOR_ROLE: names.operator,
        DATABASE_BACKUP_ROLE: names.backup,
      };
    }

    /** Everything about the roles and the schema that the command could change. */
    function stateOf(name: string, names: PostgresRoles): Promise<unknown[]> {
      return asSuperuser(async (client) => {
        const { rows } = await client.query(
          `SELECT rolname, to_jsonb(a) - 'oid' AS role, (SELECT jsonb_agg(to_jsonb(s)) FROM pg_db_role_setting s
             WHERE s.setrole = a.oid) AS settings, (SELECT jsonb_agg(to_jsonb(m)) FROM pg_auth_members m
             WHERE a.oid IN (m.member, m.roleid)) AS members, (SELECT datacl::text FROM pg_database
             WHERE datname = current_database()) AS database, (SELECT jsonb_agg(to_jsonb(n)) FROM pg_namespace n
             WHERE n.nspowner = a.oid) AS schemas, (SELECT jsonb_agg(to_jsonb(d)) FROM pg_default_acl d
             WHERE d.defaclrole = a.oid) AS defaults
           FROM pg_authid a WHERE rolname = ANY($1) ORDER BY rolname`,
          [Object.values(names)],
        );
        return rows as unknown[];
      }, name);
    }

    const attributes = async (role: string): Promise<string> =>
      asSuperuser(async (client) => {
        const { rows } = await client.query<Record<string, boolean>>(
          `SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls
           FROM pg_roles WHERE rolname = $1`,
          [role],
        );
        return Object.entries(rows[0])
          .flatMap(([name, is]) => (is ? [name.slice(3)] : []))
          .join(' ');
      });

    it('makes four roles and a schema, and changes nothing when it is run again', async () => {
      const first = await run(['--apply'], { ...env, ...PASSWORDS });
      expect(first.stderr).toBe('');
      expect(first.status).toBe(0);
      expect(first.stdout).toContain(`Made ${Object.values(roles).join(', ')}`);
      expect(first.stdout + first.stderr).not.toMatch(/not a secret|SCRAM|has no password/);
      expect(await attributes(roles.migrator)).toBe('inherit canlogin');
      expect(await attributes(roles.app)).toBe('canlogin');
      expect(await attributes(roles.operator)).toBe('inherit canlogin bypassrls');
      expect(await attributes(roles.backup)).toBe('inherit canlogin bypassrls');
      const state = await stateOf(database, roles);
      expect(state).toHaveLength(4);
      const second = await run(['--apply'], env);
      expect(second).toMatchObject({ status: 0, stderr: '' });
      expect(second.stdout).toContain('All roles were there');
      expect(await stateOf(database, roles)).toEqual(state);
    });

    it('stores passwords as verifiers, and the service logs in with its own', async () => {
      const stored = await asSuperuser(async (client) => {
        const sql = 'SELECT rolpassword FROM pg_authid WHERE rolname = $1';
        return (await client.query<{ rolpassword: string }>(sql, [roles.app])).rows[0].rolpassword;
      });
      expect(stored).toMatch(/^SCRAM-SHA-256\$4096:[^$]+\$[^:]+:.+$/);
      // Where the server asks for passwords: some for tests trust everybody.
      const url = new URL(urlOf(database, roles.app));
      url.password = encodeURIComponent(PASSWORDS.CAIRN_APP_PASSWORD);
      const client = new Client({ connectionString: url.href });
      await client.connect();
      const { rows } = await client.query<{ role: string; security: string }>(
        `SELECT current_user AS role, current_setting('row_security') AS security`,
      );
      await client.end();
      expect(rows).toEqual([{ role: roles.app, security: 'on' }]);
    });

    it.skipIf(!psql)('is what psql does with what it prints', async () => {
      const other = await place();
      const { stdout } = await run([], other.env);
      const script = stdout.replaceAll(/^\\password .*$/gm, '');
      for (const _ of ['first', 'again']) {
        const ran = await runProgram(psql!, ['-X', '-q', urlOf(other.database)], script);
        expect(ran.status, ran.stderr).toBe(0);
      }
      const applied = await place();
      await run(['--apply'], applied.env);
      const compared = async ({ database: name, roles: names }: typeof applied) => {
        const state = JSON.stringify(await stateOf(name, names)).replaceAll(
          /"(oid|\w+(role|owner|database))": ?"?\d+"?/g,
          '',
        );
        return Object.entries(names).reduce((text, [kind, role]) => text.replaceAll(role, kind), state);
      };
      expect(await compared(other)).toBe(await compared(applied));
    });

    it('needs no superuser, and says what only one can give', async () => {
      const administrator = uniqueName('admin');
      const other = await place(administrator);
      made.at(-1)!.roles.push(administrator);
      const asIs = (sql: string) => asSuperuser((client) => client.query(sql), other.database);
      await asIs(`CREATE ROLE ${administrator} LOGIN PASSWORD '${TEST_PASSWORD}'`);
      const refused = await run(['--apply'], { ...other.env, ...PASSWORDS });
      expect(refused).toMatchObject({ status: 2, stdout: '' });
      expect(refused.stderr).toContain(`ALTER ROLE ${administrator} CREATEROLE`);
      expect(await stateOf(other.database, other.roles)).toEqual([]);
      await asIs(`ALTER ROLE ${administrator} CREATEROLE`);
      const schemaless = await run(['--apply'], { ...other.env, ...PASSWORDS });
      expect(schemaless.status).toBe(2);
      expect(schemaless.stderr).toContain(`GRANT CREATE ON DATABASE ${other.database} TO ${administrator}`);
      expect(await stateOf(other.database, other.roles)).toEqual([]);
      await asIs(`GRANT CREATE ON DATABASE ${other.database} TO ${administrator}`);
      for (const _ of ['first', 'again']) {
        const { status, stdout, stderr } = await run(['--apply'], { ...other.env, ...PASSWORDS });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        for (const role of [other.roles.operator, other.roles.backup]) {
          expect(stdout).toContain(`As a superuser: ALTER ROLE "${role}" BYPASSRLS`);
        }
      }
      expect(await attributes(other.roles.app)).toBe('canlogin');
      const { rows } = await asIs(
        `SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = 'cairn'`,
      );
      expect(rows).toEqual([{ owner: other.roles.migrator }]);
      // A member of the owner no longer than it takes.
      const { rows: members } = await asIs(
        `SELECT 1 FROM pg_auth_members WHERE member = '${administrator}'::regrole AND NOT admin_option`,
      );
      expect(members).toEqual([]);
    });

    it('mends a role that is there, and leaves to a person what is not its to decide', async () => {
      const other = await place();
      const asIs = (sql: string) => asSuperuser((client) => client.query(sql), other.database);
      const { app, migrator } = other.roles;
      await asIs(`CREATE ROLE ${app} CREATEDB CREATEROLE INHERIT PASSWORD 'kept'`);
      await asIs(`CREATE ROLE ${migrator} NOLOGIN CREATEDB`);
      await asIs(`GRANT ${migrator} TO ${app}`);
      const { status, stdout } = await run(['--apply'], other.env);
      expect(status).toBe(0);
      expect(stdout).toContain(`is a member of ${migrator}`);
      expect(await attributes(app)).toBe('canlogin');
      expect(await attributes(migrator)).toBe('inherit createdb canlogin');
      for (const attribute of ['SUPERUSER', 'BYPASSRLS', 'REPLICATION']) {
        await asIs(`ALTER ROLE ${app} ${attribute}`);
        const refused = await run(['--apply'], other.env);
        expect(refused).toMatchObject({ status: 2, stdout: '' });
        expect(refused.stderr).toContain(`ALTER ROLE "${app}" NOSUPERUSER`);
        expect(await attributes(app)).toContain(attribute.slice(0, 5).toLowerCase());
        await asIs(`ALTER ROLE ${app} NO${attribute}`);
      }
      await asIs('ALTER SCHEMA cairn OWNER TO CURRENT_USER');
      const foreign = await run(['--apply'], other.env);
      expect(foreign.status).toBe(2);
      expect(foreign.stderr).toContain(`ALTER SCHEMA "cairn" OWNER TO "${migrator}"`);
    });

    it('makes the database only when it is told to', async () => {
      const [name, names] = [uniqueName('cairn_test'), uniqueRoles()];
      made.push({ database: name, roles: Object.values(names) });
      const refused = await run(['--apply'], settings(name, names));
      expect(refused).toMatchObject({ status: 2, stdout: '' });
      expect(refused.stderr).toMatch(/does not exist.*createdb .*OM_PG_AUTO_CREATE_DB=true/);
      const { status } = await run(['--apply'], { ...settings(name, names), OM_PG_AUTO_CREATE_DB: 'true' });
      expect(status).toBe(0);
      expect(await stateOf(name, names)).toHaveLength(4);
    });
  });
});
