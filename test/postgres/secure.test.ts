import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CannotSecureError, secure } from '../../migrations/postgres/security.js';
import { vaultTables } from '../../migrations/vault-tables.js';
import { type PostgresSchema, makeSchema } from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL, urlOf } from '../harness/postgres/scratch-server.js';

describe.skipIf(!TEST_DATABASE_URL)('securing a schema', () => {
  let made: PostgresSchema;
  let dataSource: DataSource;
  beforeAll(async () => {
    made = await makeSchema();
    const url = urlOf(made.database, made.roles.migrator);
    dataSource = await new DataSource({ type: 'postgres', url }).initialize();
  });
  afterAll(async () => {
    await dataSource?.destroy();
    await made?.drop();
  });

  /** On a query runner of TypeORM, after these statements, all of which are undone. */
  async function securing<T>(
    before: readonly string[],
    work: (run: () => ReturnType<typeof secure>) => Promise<T>,
  ) {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query('SET LOCAL search_path = cairn');
      for (const sql of before) await runner.query(sql);
      return await work(() => secure(runner, made));
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  }

  it('says and does nothing where all is as it should be', async () => {
    expect(await securing([], (run) => run())).toEqual({ statements: [], notes: [] });
  });

  it('closes every table in messages of one statement each, with all names in full', async () => {
    const open = vaultTables.flatMap(({ name }) => [
      `DROP POLICY vault ON ${name}`,
      `ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY`,
      ...[made.roles.app, made.roles.operator, made.roles.backup].map(
        (role) => `REVOKE ALL ON ${name} FROM ${role}`,
      ),
    ]);
    const { statements } = await securing(open, async (run) => {
      const report = await run();
      expect((await run()).statements).toEqual([]);
      return report;
    });
    for (const { name } of vaultTables) {
      const table = `"cairn"."${name}"`;
      expect(statements).toContain(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
      expect(statements).toContain(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
      expect(statements).toContain(`GRANT SELECT ON TABLE ${table} TO "${made.roles.backup}"`);
    }
    for (const sql of statements) {
      expect(sql).not.toMatch(/;|ON ALL TABLES|DEFAULT PRIVILEGES|set_config/);
      expect(sql).toContain('"cairn"');
    }
    // Enabled before there is a policy: nothing is seen meanwhile, rather than everything.
    const place = (text: string) => statements.findIndex((sql) => sql.startsWith(text));
    expect(place('ALTER TABLE "cairn"."facts" ENABLE')).toBeLessThan(
      place('CREATE POLICY "vault" ON "cairn"."facts"'),
    );
  });

  it('closes a table that it does not know, its partitions, and gives the service none of it', async () => {
    const unknown = [
      'CREATE TABLE more (vault_id text NOT NULL, "we""ird" text) PARTITION BY HASH (vault_id)',
      'CREATE TABLE more_0 PARTITION OF more FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
      `GRANT ALL ON more TO PUBLIC`,
      `GRANT ALL ON more_0 TO ${made.roles.app}`,
    ];
    const { statements } = await securing(unknown, (run) => run());
    for (const table of ['more', 'more_0']) {
      expect(statements).toContain(`ALTER TABLE "cairn"."${table}" FORCE ROW LEVEL SECURITY`);
      expect(
        statements.filter((sql) => sql.startsWith(`CREATE POLICY "vault" ON "cairn"."${table}" `)),
      ).toHaveLength(1);
    }
    expect(statements).toContain('REVOKE ALL PRIVILEGES ON TABLE "cairn"."more" FROM PUBLIC');
    expect(statements).toContain(`REVOKE ALL PRIVILEGES ON TABLE "cairn"."more_0" FROM "${made.roles.app}"`);
    expect(statements.filter((sql) => sql.startsWith('GRANT') && sql.includes('more'))).toEqual(
      ['more', 'more_0'].map((table) => `GRANT SELECT ON TABLE "cairn"."${table}" TO "${made.roles.backup}"`),
    );
  });

  it.each([
    'GRANT TRUNCATE ON facts TO :app',
    'GRANT SELECT ON facts TO :app WITH GRANT OPTION',
    'GRANT UPDATE (id) ON facts TO :app',
    'GRANT UPDATE ON memories TO :app',
    'GRANT SELECT ON memories TO :operator',
    'GRANT INSERT ON memories TO :backup',
    'GRANT SELECT ON migrations_id_seq TO :app',
    'GRANT SELECT (name) ON migrations TO PUBLIC',
    'GRANT CREATE ON SCHEMA cairn TO :app',
    'GRANT USAGE ON SCHEMA cairn TO PUBLIC',
  ])('takes away what is too much: %s', async (grant) => {
    const sql = grant.replace(/:(\w+)/, (_, kind: keyof PostgresSchema['roles']) => made.roles[kind]);
    await securing([sql], async (run) => {
      const { statements } = await run();
      expect(statements[0]).toMatch(/^REVOKE ALL PRIVILEGES ON /);
      expect((await run()).statements).toEqual([]);
    });
  });

  it('needs the role of the service and all tables, and says what to do', async () => {
    const runner = dataSource.createQueryRunner();
    const with_ = (roles: Partial<PostgresSchema['roles']>) =>
      secure(runner, { schema: made.schema, roles: { ...made.roles, ...roles } });
    await expect(with_({ app: 'nobody_here' })).rejects.toThrow(
      /nobody_here.*does not exist.*npm run db:roles -- --apply/,
    );
    await expect(with_({ app: made.roles.migrator })).rejects.toThrow(CannotSecureError);
    await expect(secure(runner, { ...made, schema: 'elsewhere' })).rejects.toThrow(/elsewhere lacks vaults/);
    await runner.release();
    await expect(securing(['DROP TABLE audit'], (run) => run())).rejects.toThrow('lacks audit');
  });

  it('goes on without the operator and the backup role, and says what then does not work', async () => {
    const runner = dataSource.createQueryRunner();
    const { notes } = await secure(runner, {
      ...made,
      roles: { ...made.roles, operator: 'no_operator', backup: 'no_backup' },
    });
    await runner.release();
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/no_operator does not exist.*directory of vaults.*npm run db:roles/);
    expect(notes[1]).toMatch(/no_backup does not exist.*pg_dump.*npm run db:roles/);
    await made.asSuperuser((client) => client.query(`ALTER ROLE ${made.roles.operator} NOBYPASSRLS`));
    const weak = await made.secure();
    expect(weak.notes).toHaveLength(1);
    expect(weak.notes[0]).toContain(`${made.roles.operator} lacks BYPASSRLS`);
  });
});
