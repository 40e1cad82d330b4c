import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkServerVersion } from '../../src/database/postgres/server-version.js';
import { SERVICE_STATEMENTS } from '../../src/upgrade/service-statements.js';
import { type PostgresSchema, makeSchema } from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL, connectTo } from '../harness/postgres/scratch-server.js';
import { appPrivilegesOf } from './app-privileges.js';
import { RULES, violations } from './catalog-lint.js';

/** What each rule has to find: by the first words of its name. */
const BROKEN: readonly (readonly [rule: string, ...statements: string[]])[] = [
  ['L1:', 'CREATE TABLE open (vault_id text NOT NULL)'],
  ['L1:', 'CREATE TABLE open (id text)'],
  ['L1:', 'ALTER TABLE facts NO FORCE ROW LEVEL SECURITY'],
  ['L1:', 'ALTER TABLE facts DISABLE ROW LEVEL SECURITY'],
  ['L1:', 'CREATE TABLE parts (vault_id text NOT NULL) PARTITION BY HASH (vault_id)'],
  ['L2', 'CREATE POLICY more ON facts USING (true)'],
  ['L2', 'CREATE POLICY less ON facts AS RESTRICTIVE USING (false)'],
  ['L2', 'DROP POLICY vault ON facts'],
  ['L2', 'ALTER POLICY vault ON facts WITH CHECK (true)'],
  ['L2', `ALTER POLICY vault ON facts USING (vault_id = current_setting('app.vault_id', true))`],
  ['L3', 'CREATE UNIQUE INDEX ux ON facts (id, vault_id)'],
  ['L3', 'CREATE UNIQUE INDEX ux ON facts ((lower(vault_id)))'],
  ['L4:', 'DROP INDEX ix_waypoints_dst'],
  [
    'L4, citus 2',
    `ALTER TABLE fact_edges ADD CONSTRAINT fk FOREIGN KEY (source_id, vault_id) REFERENCES facts (id, vault_id)`,
  ],
  ['L5', 'CREATE VIEW seen AS SELECT * FROM facts'],
  ['L5', 'CREATE MATERIALIZED VIEW seen AS SELECT * FROM facts'],
  ['L6', `CREATE FUNCTION f() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'`],
  ['L7', 'GRANT SELECT ON facts TO PUBLIC'],
  ['L7', 'GRANT UPDATE (subject) ON facts TO PUBLIC'],
  ['L7', 'GRANT USAGE ON SCHEMA cairn TO PUBLIC'],
  ['L7', `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
  ['L9', 'CREATE INDEX ix ON facts (subject)'],
  ['L10', 'ALTER POLICY vault ON facts USING (vault_id IN (SELECT vault_id FROM vaults))'],
  ['citus 2', 'CREATE TABLE late (id text, vault_id text COLLATE "C")'],
  ['citus 2', "ALTER TABLE facts ALTER vault_id SET DEFAULT 'x'"],
  ['citus 2', 'CREATE TABLE other (vault_id text)'],
  ['texts', 'ALTER TABLE facts ALTER predicate TYPE text COLLATE "und-x-icu"'],
  ['citus 3: every', 'CREATE TABLE keyless (vault_id text COLLATE "C")'],
  [
    'citus 3: references',
    'ALTER TABLE vectors DROP CONSTRAINT fk_vectors_memory',
    `ALTER TABLE vectors ADD CONSTRAINT fk_vectors_memory FOREIGN KEY (vault_id, memory_id)
      REFERENCES memories (vault_id, id) ON DELETE SET NULL`,
  ],
  [
    'citus 4',
    `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
    'CREATE TRIGGER t BEFORE INSERT ON facts FOR EACH ROW EXECUTE FUNCTION f()',
  ],
  ['citus 4', 'CREATE RULE r AS ON DELETE TO facts DO INSTEAD NOTHING'],
  ['citus 4', 'ALTER TABLE vaults ADD CONSTRAINT fk FOREIGN KEY (vault_id) REFERENCES vaults (vault_id)'],
];

describe.skipIf(!TEST_DATABASE_URL)('the catalog of a migrated database', () => {
  let made: PostgresSchema;
  let client: Client;
  beforeAll(async () => {
    made = await makeSchema();
    client = await connectTo(made.database);
    await client.query('SET search_path = cairn');
  });
  afterAll(async () => {
    await client?.end();
    await made?.drop();
  });

  it.each(RULES)('$name', async (rule) => {
    expect(await violations(client, made.schema, rule)).toEqual([]);
  });

  it('L7: the service has these privileges, and no others', async () => {
    await expect(await appPrivilegesOf(client, made)).toMatchFileSnapshot('app-privileges.golden.txt');
  });

  it('L11: the server has no known way around row-level security', async () => {
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    expect(checkServerVersion(Number(rows[0].server_version_num))).toBeUndefined();
  });

  describe('a rule that is broken is found', () => {
    it('each rule is broken once', () => {
      const untried = RULES.filter(({ name }) => !BROKEN.some(([rule]) => name.startsWith(rule)));
      expect(untried).toEqual([]);
    });

    it.each(BROKEN)('%s: %s', async (name, ...statements) => {
      const rules = RULES.filter((rule) => rule.name.startsWith(name));
      expect(rules).toHaveLength(1);
      await client.query('BEGIN');
      try {
        for (const sql of statements) await client.query(sql);
        expect(await violations(client, made.schema, rules[0])).not.toEqual([]);
      } finally {
        await client.query('ROLLBACK');
      }
    });

    it.each([
      'GRANT TRUNCATE ON facts TO :app',
      'GRANT UPDATE (vault_id) ON facts TO :app',
      'GRANT SELECT ON SEQUENCE migrations_id_seq TO :app',
      'GRANT CREATE ON SCHEMA cairn TO :app',
      'GRANT CREATE ON DATABASE :database TO :app',
      'GRANT SELECT ON facts TO PUBLIC; GRANT INSERT ON facts TO PUBLIC',
      `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      'CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO PUBLIC',
      'GRANT :migrator TO :app',
    ])('L7: %s', async (sql) => {
      const before = await appPrivilegesOf(client, made);
      await client.query('BEGIN');
      try {
        const { app, migrator } = made.roles;
        await client.query(
          sql.replaceAll(':app', app).replace(':database', made.database).replace(':migrator', migrator),
        );
        expect(await appPrivilegesOf(client, made)).not.toEqual(before);
      } finally {
        await client.query('ROLLBACK');
      }
    });
  });
});

describe('the statements of the service', () => {
  it('citus 5, 6: name the vault, and are none that Citus has no way for', () => {
    // The operator's directory, and the records of migrations, which belong to no vault.
    const overAll = /^SELECT v\.vault_id AS "vaultId"|FROM "migrations"$/;
    const statements = SERVICE_STATEMENTS.filter((sql) => !/\b(sqlite_schema|pragma_\w+)\b/.test(sql));
    for (const sql of statements) {
      expect(sql).toMatch(/^(SELECT|WITH|INSERT|UPDATE|DELETE) /);
      expect(sql).not.toMatch(/;|\bset_config\b|\bMERGE\b|\bCOPY\b|^INSERT .*\bSELECT\b/i);
      const tables = sql.match(/\b(FROM|JOIN|INTO|UPDATE) "?\w+"?/g) ?? [];
      if (!overAll.test(sql) && tables.length > 0) expect(sql).toMatch(/"?vault_id"? = \?/);
    }
    expect(SERVICE_STATEMENTS.filter((sql) => overAll.test(sql))).toHaveLength(2);
  });
});
