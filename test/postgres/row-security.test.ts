import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { APP_TABLES, appPrivileges } from '../../migrations/postgres/grants.js';
import {
  type PostgresSchema,
  inVault,
  makeSchema,
  refusalOf,
  seedSchema,
} from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { tenantRows } from '../harness/tenant-rows.js';

const INSUFFICIENT_PRIVILEGE = '42501';
const NO_VAULT = "''";
const tables = Object.keys(APP_TABLES);

describe.skipIf(!TEST_DATABASE_URL)('row-level security, for the role of the service', () => {
  let made: PostgresSchema;
  let app: Client;
  beforeAll(async () => {
    made = await makeSchema();
    await seedSchema(made);
    app = await made.connect('app');
  });
  afterAll(async () => {
    await app?.end();
    await made?.drop();
  });

  /** In a transaction that is rolled back, with this value of the setting, as SQL; without one it is not made. */
  async function within<T>(setting: string | undefined, work: () => Promise<T>): Promise<T> {
    await app.query('BEGIN');
    try {
      if (setting !== undefined) await app.query(`SET LOCAL app.vault_id = ${setting}`);
      return await work();
    } finally {
      await app.query('ROLLBACK');
    }
  }

  const count = async (sql: string): Promise<number> =>
    Number((await app.query<{ n: string }>(sql)).rows[0].n);
  const insertion = (table: string, row: object): [string, unknown[]] => [
    `INSERT INTO ${table} ("${Object.keys(row).join('", "')}")
     VALUES (${Object.keys(row)
       .map((_, i) => `$${i + 1}`)
       .join(', ')})`,
    Object.values(row),
  ];
  /** A new row of the vault, with a key that no row has. */
  const rowOf = (table: string, vault: string) => {
    const [, row] = tenantRows().find(([name, { vault_id }]) => name === table && vault_id === vault)!;
    return row;
  };

  it('shows rows of A in A’s context, of every table: the rest means something', async () => {
    await within("'A'", async () => {
      for (const table of tables) {
        expect(await count(`SELECT count(*) AS n FROM ${table}`), table).toBeGreaterThan(0);
        expect(await count(`SELECT count(*) AS n FROM ${table} WHERE vault_id <> 'A'`), table).toBe(0);
      }
    });
  });

  it.each([undefined, NO_VAULT, "'a'", "'A '", "'nobody'", "'A,B'", "'%'"])(
    'shows no row, and takes none, with the setting %s',
    async (setting) => {
      for (const table of tables) {
        await within(setting, async () => {
          expect(await count(`SELECT count(*) AS n FROM ${table}`), table).toBe(0);
          for (const vault of ['A', 'B', '']) {
            const [sql, values] = insertion(table, { ...rowOf(table, 'A'), vault_id: vault });
            expect(await refusalOf(app, sql, values), `${table} of ${vault}`).toBe(INSUFFICIENT_PRIVILEGE);
          }
        });
      }
    },
  );

  it('shows none after a transaction that set it, on the same connection', async () => {
    await within("'A'", async () =>
      expect(await count('SELECT count(*) AS n FROM memories')).toBeGreaterThan(0),
    );
    for (const table of tables) expect(await count(`SELECT count(*) AS n FROM ${table}`)).toBe(0);
  });

  it.each(tables)('changes nothing of B’s in A’s context: %s', async (table) => {
    const before = await rowsOfB(table);
    expect(before.length).toBeGreaterThan(0);
    const allowed = appPrivileges(table);
    const columns = [...allowed].flatMap((privilege) => /^UPDATE \((\w+)\)/.exec(privilege)?.[1] ?? []);
    await app.query('BEGIN');
    try {
      await app.query("SET LOCAL app.vault_id = 'A'");
      for (const condition of ["vault_id = 'B'", "vault_id <> 'A'", "vault_id LIKE 'B%'"]) {
        const where = `WHERE ${condition}`;
        expect(await count(`SELECT count(*) AS n FROM ${table} ${where}`)).toBe(0);
        for (const column of columns) {
          const { rowCount } = await app.query(`UPDATE ${table} SET ${column} = ${column} ${where}`);
          expect(rowCount, column).toBe(0);
        }
        if (columns.length > 0) {
          expect((await app.query(`SELECT 1 FROM ${table} ${where} FOR UPDATE`)).rowCount).toBe(0);
        }
        if (allowed.has('DELETE'))
          expect((await app.query(`DELETE FROM ${table} ${where}`)).rowCount).toBe(0);
      }
      const [sql, values] = insertion(table, rowOf(table, 'B'));
      for (const ending of ['', ' ON CONFLICT DO NOTHING']) {
        expect(await refusalOf(app, sql + ending, values)).toBe(INSUFFICIENT_PRIVILEGE);
      }
      // Everything that A can do without a condition, for good.
      await app.query('SAVEPOINT all_rows');
      for (const column of columns) await refusalOf(app, `UPDATE ${table} SET ${column} = ${column}`);
      if (allowed.has('DELETE')) await refusalOf(app, `DELETE FROM ${table}`);
      await app.query('COMMIT');
    } catch (error) {
      await app.query('ROLLBACK');
      throw error;
    }
    expect(await rowsOfB(table)).toEqual(before);
  });

  it('deletes all of A’s, and not one row of B’s', async () => {
    const before = await Promise.all(tables.map(rowsOfB));
    await app.query('BEGIN');
    await app.query("SET LOCAL app.vault_id = 'A'");
    let deleted = 0;
    for (const table of tables.toReversed()) {
      if (appPrivileges(table).has('DELETE')) deleted += (await app.query(`DELETE FROM ${table}`)).rowCount!;
    }
    await app.query('COMMIT');
    expect(deleted).toBeGreaterThan(30);
    expect(await Promise.all(tables.map(rowsOfB))).toEqual(before);
  });

  it.each(tables)('never changes whose a row is, nor empties a table: %s', async (table) => {
    await inVault(app, 'B', async () => {
      for (const vault of ['A', 'B']) {
        const sql = `UPDATE ${table} SET vault_id = '${vault}'`;
        expect(await refusalOf(app, sql)).toBe(INSUFFICIENT_PRIVILEGE);
      }
      expect(await refusalOf(app, `TRUNCATE ${table}`)).toBe(INSUFFICIENT_PRIVILEGE);
      expect(await refusalOf(app, `TRUNCATE ${table} CASCADE`)).toBe(INSUFFICIENT_PRIVILEGE);
      const conflict = `${insertion(table, rowOf(table, 'B'))[0]} ON CONFLICT (vault_id) DO UPDATE SET vault_id = 'A'`;
      const values = insertion(table, rowOf(table, 'B'))[1];
      expect(['42501', '42P10']).toContain(await refusalOf(app, conflict, values));
    });
  });

  it('cannot open what is closed', async () => {
    await inVault(app, 'A', async () => {
      for (const sql of [
        'ALTER TABLE facts NO FORCE ROW LEVEL SECURITY',
        'ALTER TABLE facts DISABLE ROW LEVEL SECURITY',
        'DROP POLICY vault ON facts',
        'CREATE POLICY mine ON facts USING (true)',
        'CREATE TABLE cairn.mine (id text)',
        'CREATE VIEW cairn.mine AS SELECT * FROM facts',
        `CREATE FUNCTION cairn.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
        'CREATE SCHEMA mine',
        `SET ROLE ${made.roles.migrator}`,
        `SET ROLE ${made.roles.backup}`,
        `SET SESSION AUTHORIZATION ${made.roles.migrator}`,
        `ALTER ROLE ${made.roles.app} BYPASSRLS`,
        `COPY facts FROM PROGRAM 'true'`,
        `SELECT nextval('migrations_id_seq')`,
        `INSERT INTO migrations ("timestamp", name) VALUES (1, 'x')`,
        `DELETE FROM schema_version`,
        'SELECT * FROM pg_authid',
      ]) {
        expect(await refusalOf(app, sql), sql).toBe(INSUFFICIENT_PRIVILEGE);
      }
      // Turned off, it refuses what it would have hidden.
      await app.query('SET LOCAL row_security = off');
      for (const table of tables) {
        expect(await refusalOf(app, `SELECT 1 FROM ${table}`), table).toBe(INSUFFICIENT_PRIVILEGE);
      }
    });
    expect((await app.query('SELECT 1 FROM migrations')).rowCount).toBeGreaterThan(0);
    expect((await app.query('SELECT 1 FROM schema_version')).rowCount).toBeGreaterThan(0);
  });

  it('holds alone, where the role may do everything', async () => {
    const { app: role } = made.roles;
    await made.asSuperuser((client) => client.query(`GRANT ALL ON ALL TABLES IN SCHEMA cairn TO ${role}`));
    try {
      for (const table of tables) {
        await within(undefined, async () => {
          expect(await count(`SELECT count(*) AS n FROM ${table}`), table).toBe(0);
          expect((await app.query(`UPDATE ${table} SET vault_id = 'A'`)).rowCount, table).toBe(0);
          expect((await app.query(`DELETE FROM ${table}`)).rowCount, table).toBe(0);
          const [sql, values] = insertion(table, rowOf(table, 'A'));
          expect(await refusalOf(app, sql, values), table).toBe(INSUFFICIENT_PRIVILEGE);
        });
        await within("'B'", async () => {
          expect(await count(`SELECT count(*) AS n FROM ${table}`), table).toBeGreaterThan(0);
          expect(await refusalOf(app, `UPDATE ${table} SET vault_id = 'A'`), table).toBe(
            INSUFFICIENT_PRIVILEGE,
          );
          const [sql, values] = insertion(table, rowOf(table, 'A'));
          expect(await refusalOf(app, sql, values), table).toBe(INSUFFICIENT_PRIVILEGE);
          expect((await app.query(`DELETE FROM ${table} WHERE vault_id = 'A'`)).rowCount, table).toBe(0);
        });
      }
    } finally {
      await made.secure();
    }
  });

  it('holds for the owner too', async () => {
    const owner = await made.connect('migrator');
    try {
      for (const table of tables) {
        const { rows } = await owner.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
        expect(rows[0].n, table).toBe('0');
      }
    } finally {
      await owner.end();
    }
  });

  it('lets the operator see the directory of all vaults, and nothing that they hold', async () => {
    const operator = await made.connect('operator');
    try {
      const { rows } = await operator.query(
        `SELECT v.*, (SELECT sum(s.memory_count) FROM scopes s WHERE s.vault_id = v.vault_id) FROM vaults v ORDER BY 1`,
      );
      expect(rows.map(({ vault_id }) => vault_id as string)).toEqual(['A', 'B']);
      await operator.query('BEGIN');
      for (const table of tables.filter((name) => name !== 'vaults')) {
        expect(await refusalOf(operator, `SELECT * FROM ${table}`), table).toBe(INSUFFICIENT_PRIVILEGE);
        for (const change of [`DELETE FROM ${table}`, `UPDATE ${table} SET vault_id = 'A'`]) {
          expect(await refusalOf(operator, change), change).toBe(INSUFFICIENT_PRIVILEGE);
        }
      }
      for (const change of [
        'DELETE FROM vaults',
        "UPDATE vaults SET status = 'erased'",
        'SELECT * FROM migrations',
      ]) {
        expect(await refusalOf(operator, change), change).toBe(INSUFFICIENT_PRIVILEGE);
      }
    } finally {
      await operator.end();
    }
  });

  function rowsOfB(table: string): Promise<unknown[]> {
    return made.asSuperuser(async (client) => {
      const sql = `SELECT * FROM cairn.${table} t WHERE vault_id = 'B' ORDER BY t::text`;
      return (await client.query(sql)).rows;
    });
  }
});
