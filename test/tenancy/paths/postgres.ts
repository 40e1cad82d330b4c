import type { Path } from '../attempt.js';

const query = (name: string, sql: string): Path => ({
  name: `PostgreSQL: ${name}`,
  run: (t) => t.manager.query(sql),
  expect: 'refused',
});

/** In a transaction, so that what the first statement sets holds for the second. */
const afterwards = (name: string, sql: string): Path => ({
  name: `PostgreSQL: ${name}`,
  run: (t) =>
    t.manager.transaction(async (manager) => {
      await manager.query(sql);
      return manager.query('SELECT object FROM facts');
    }),
  expect: 'refused',
  setsVault: true,
});

/** What PostgreSQL has beside the SQL that both databases know; on SQLite it is refused as well. */
export const postgres: readonly Path[] = [
  afterwards('set_config', "SELECT set_config('app.vault_id', 'B', true)"),
  afterwards('set_config in capitals', `SELECT "set_config"('app.vault_id', 'B', true)`),
  afterwards('set_config of its schema', "SELECT pg_catalog.set_config('app.vault_id', 'B', true)"),
  afterwards('SET LOCAL', "SET LOCAL app.vault_id = 'B'"),
  afterwards('SET', "SET app.vault_id TO 'B'"),
  afterwards('DO', `DO $$ BEGIN PERFORM set_config('app.vault_id', 'B', true); END $$`),
  query('RESET', 'RESET ALL'),
  query('SET ROLE', 'SET ROLE cairn_migrator'),
  query('row_security', 'SET row_security = off'),
  query('DISCARD', 'DISCARD ALL'),
  query('TABLE', 'TABLE facts'),
  query('TABLE in brackets', 'SELECT * FROM (TABLE facts) f'),
  query('ONLY', 'SELECT * FROM ONLY facts'),
  query('a table with all that inherit from it', 'SELECT * FROM facts *'),
  query('a table of its schema', 'SELECT * FROM cairn.facts'),
  query('a table of its quoted schema', 'SELECT * FROM "cairn"."facts"'),
  query('a name with escapes', 'SELECT * FROM U&"f!0061cts" UESCAPE \'!\''),
  query(
    'a string with escapes',
    "SELECT E'\\'' || (SELECT string_agg(object, '' ORDER BY object) FROM facts) || E'\\''",
  ),
  query('dollar quotes', 'SELECT $$ $$, object FROM facts WHERE $a$ $a$ = $a$ $a$'),
  query('SQL in a text', `SELECT query_to_xml('SELECT * FROM facts', true, true, '')::text`),
  query('a table as XML', `SELECT table_to_xml('cairn.facts', true, true, '')::text`),
  query('a schema as XML', `SELECT schema_to_xml('cairn', true, true, '')::text`),
  query('the database as XML', `SELECT database_to_xml(true, true, '')::text`),
  query('words of a text', `SELECT * FROM ts_stat('SELECT to_tsvector(object) FROM cairn.facts')`),
  query('the counter of transactions', 'SELECT txid_current() > 0'),
  query('places of rows', 'SELECT f.ctid, f.xmin FROM facts f'),
  query('columns of the system', 'SELECT xmin::text FROM facts'),
  query('the catalog', 'SELECT reltuples FROM pg_class'),
  query('statistics', 'SELECT * FROM pg_stats'),
  query('activity', 'SELECT query FROM pg_stat_activity'),
  query('locks', 'SELECT count(*) FROM pg_locks'),
  query('settings', 'SELECT setting FROM pg_settings'),
  query('SHOW', 'SHOW app.vault_id'),
  query('a file', "SELECT pg_read_file('PG_VERSION')"),
  query('COPY', 'COPY facts TO STDOUT'),
  query('PREPARE', 'PREPARE p AS SELECT * FROM facts'),
  query('DECLARE', 'DECLARE c CURSOR FOR SELECT * FROM facts'),
  query('LISTEN', 'LISTEN other_vaults'),
  query('LOCK', 'LOCK TABLE facts'),
  query('TRUNCATE', 'TRUNCATE facts CASCADE'),
  query('a change in a CTE', 'WITH gone AS (DELETE FROM facts RETURNING object) SELECT * FROM gone'),
  query('DELETE USING', 'DELETE FROM sessions USING facts'),
  query('MERGE', 'MERGE INTO facts f USING sessions s ON true WHEN MATCHED THEN DELETE'),
  query('an advisory lock', 'SELECT pg_advisory_lock(1)'),
  query('EXPLAIN ANALYZE', 'EXPLAIN ANALYZE DELETE FROM facts'),
  query('CALL', 'CALL nothing()'),
];
