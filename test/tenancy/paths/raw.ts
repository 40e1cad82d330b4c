import type { Attempt, Path } from '../attempt.js';

const query = (name: string, sql: string, parameters: unknown[] = []): Path => ({
  name: `query: ${name}`,
  run: (t) => t.manager.query(t.marked(sql), parameters),
  expect: 'refused',
});

/** The values that the builders bind, as anyone can read them off one. */
function scopeValues(t: Attempt): unknown[] {
  if (t.byHand) return [t.own.vaultId, t.own.userId];
  return t.facts.createQueryBuilder('f').getQueryAndParameters()[1];
}

const borrowed = (name: string, sql: string, expect: Path['expect'] = 'refused'): Path => ({
  name: `query with borrowed values: ${name}`,
  run: (t) => {
    // As the builders write it, so that nothing but the place of a condition is wrong.
    const quoted = sql.replaceAll(/\b(vault_id|user_id)\b/g, '"$1"');
    const count = sql.split('?').length - 1;
    const values = scopeValues(t);
    return t.manager.query(
      t.marked(quoted),
      Array.from({ length: count }, (_, i) => values[i % values.length]),
    );
  },
  expect,
});

/** SQL by hand. */
export const raw: readonly Path[] = [
  query('a table', 'SELECT * FROM memories'),
  query('a table in quotes', 'SELECT * FROM "memories"'),
  query('a table in backticks', 'SELECT * FROM `memories`'),
  query('a table in square brackets', 'SELECT * FROM [memories]'),
  query('a table in single quotes', "SELECT * FROM 'memories'"),
  query('a table in capitals', 'SELECT * FROM MeMoRiEs'),
  query('a table of a schema', 'SELECT * FROM main.memories'),
  query('a table in brackets', 'SELECT * FROM (memories)'),
  query('a table after a comment', 'SELECT * FROM/**/memories'),
  query('a table with an alias', 'SELECT * FROM facts AS memories, memories AS facts'),
  query('an alias that is a dot', "SELECT content FROM memories '.'"),
  query('an alias that is a quoted dot', 'SELECT content FROM memories "."'),
  query('a quote in square brackets', "SELECT content AS ['] FROM memories WHERE '' <> [']"),
  query('a comment that ends early', 'SELECT 1 --\r FROM memories'),
  query('the own vault by hand', "SELECT * FROM memories WHERE vault_id = 'A'"),
  query('the vault as a parameter', 'SELECT * FROM facts WHERE "vault_id" = ? AND "user_id" = ?', [
    'B',
    'u2',
  ]),
  query('a numbered parameter', 'SELECT * FROM memories WHERE vault_id = ?1', ['A']),
  query('a named parameter', 'SELECT * FROM memories WHERE vault_id = $vault', [{ vault: 'B' }]),
  query('UNION', 'SELECT 1 UNION ALL SELECT content FROM memories'),
  query('a CTE', 'WITH m AS (SELECT * FROM memories) SELECT * FROM m'),
  query('VALUES', 'VALUES ((SELECT string_agg(content, content ORDER BY content) FROM memories))'),
  query('a table function', "SELECT * FROM pragma_table_info('memories')"),
  query(
    'a table function over another',
    'SELECT * FROM pragma_table_list, json_each((SELECT tags FROM memories))',
  ),
  query('the schema', 'SELECT sql FROM sqlite_master'),
  query('the sizes of tables', 'SELECT sum(ncell) FROM dbstat'),
  query('statistics', 'SELECT * FROM sqlite_stat1'),
  query('the counter of changes', 'SELECT total_changes(), last_insert_rowid(), changes()'),
  query('insert', "INSERT INTO collections VALUES ('B', 'c-new', NULL, '{}', 1, 1)"),
  query('insert into the own vault', "INSERT INTO collections VALUES ('A', 'c-new', NULL, '{}', 1, 1)"),
  query('insert from a selection', 'INSERT INTO facts SELECT * FROM facts'),
  query('replace', "REPLACE INTO collections VALUES ('B', 'c-1', NULL, '{}', 1, 1)"),
  query('update', "UPDATE memories SET content = 'x'"),
  query('update of the own vault', "UPDATE memories SET content = 'x' WHERE vault_id = 'A'"),
  query('delete', 'DELETE FROM memories'),
  query('two statements', 'SELECT 1; DELETE FROM memories'),
  { ...query('pragma', 'PRAGMA foreign_keys = OFF'), unsettling: true },
  query('pragma that reads', 'PRAGMA table_info(memories)'),
  { ...query('attach', "ATTACH ':memory:' AS other"), unsettling: true },
  { ...query('begin', 'BEGIN'), unsettling: true },
  { ...query('commit', 'COMMIT'), unsettling: true },
  { ...query('savepoint', 'SAVEPOINT x'), unsettling: true },
  query('explain', 'EXPLAIN SELECT * FROM memories'),
  query('create table', 'CREATE TABLE copy AS SELECT * FROM memories'),
  { ...query('create view', 'CREATE TEMP VIEW v AS SELECT * FROM memories'), unsettling: true },
  query('create trigger', 'CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM memories; END'),
  query('alter table', 'ALTER TABLE memories RENAME TO mine'),
  query('drop table', 'DROP TABLE memories'),
  query('vacuum', 'VACUUM'),
  query('analyze', 'ANALYZE'),
  query('reindex', 'REINDEX'),
  borrowed('as they should be', 'SELECT f.object FROM facts f WHERE f.vault_id = ? AND f.user_id = ?', [
    'nothing',
    'scoped',
  ]),
  borrowed(
    'one condition for two tables',
    'SELECT f.object, g.object FROM facts f, facts g WHERE f.vault_id = ? AND f.user_id = ?',
  ),
  borrowed('OR', 'SELECT f.object FROM facts f WHERE f.vault_id = ? AND f.user_id = ? OR 1=1'),
  borrowed('OR in brackets', 'SELECT f.object FROM facts f WHERE (f.vault_id = ? AND f.user_id = ? OR 1=1)'),
  borrowed('NOT', 'SELECT f.object FROM facts f WHERE NOT (f.vault_id = ? AND f.user_id = ?)'),
  borrowed(
    'NOT without brackets',
    'SELECT f.object FROM facts f WHERE NOT f.vault_id = ? AND NOT f.user_id = ?',
  ),
  borrowed('IS NULL', 'SELECT f.object FROM facts f WHERE (f.vault_id = ? AND f.user_id = ?) IS NOT NULL'),
  borrowed(
    'compared once more',
    'SELECT f.object FROM facts f WHERE f.vault_id = ? = 0 AND f.user_id = ? = 0',
  ),
  borrowed(
    'CASE',
    'SELECT f.object FROM facts f WHERE CASE WHEN 1 THEN 1 WHEN 1 AND f.vault_id = ? AND f.user_id = ? AND 1 THEN 1 END',
  ),
  borrowed(
    'BETWEEN',
    'SELECT f.object FROM facts f WHERE NOT 1 BETWEEN 0 AND f.vault_id = ? AND NOT 1 BETWEEN 0 AND f.user_id = ?',
  ),
  borrowed(
    'OR of the owner',
    'SELECT f.object FROM facts f WHERE f.vault_id = ? AND (f.user_id = ? OR 1=1)',
    ['scoped', 'refused'],
  ),
  borrowed('rows of nobody', `SELECT f.object FROM facts f WHERE f.vault_id = ? AND f.user_id IN (?, '')`, [
    'scoped',
    'refused',
    'scoped',
  ]),
  borrowed(
    'rows of anybody',
    `SELECT f.object FROM facts f WHERE f.vault_id = ? AND f.user_id IN (?, '', 'u2')`,
    ['scoped', 'refused'],
  ),
  borrowed('DELETE of the rows of nobody', `DELETE FROM facts WHERE vault_id = ? AND user_id IN (?, '')`, [
    'scoped',
    'refused',
  ]),
  borrowed('what only services see', 'SELECT a.action FROM audit a WHERE a.vault_id = ?', [
    'scoped',
    'refused',
  ]),
  borrowed('what has expired', 'SELECT m.content FROM memories m WHERE m.vault_id = ? AND m.user_id = ?'),
  borrowed(
    'a row known by heart',
    `SELECT f.object, ('B', 'u1', 'decay', 1700000000000, '', 1001) IN stats, ('A', 'u2', 'decay', 1700000000000, '', 50) IN stats
     FROM facts f WHERE f.vault_id = ? AND f.user_id = ?`,
  ),
  borrowed(
    'INSERT for another user',
    `INSERT INTO facts (vault_id, user_id, id, subject, predicate, object, valid_from, confidence, metadata, last_updated)
     VALUES (?, 'u2', 'f-new', '', '', '', 0, 0, '', 0)`,
    ['scoped', 'refused'],
  ),
  borrowed(
    'INSERT with two conflicts',
    `INSERT INTO facts (vault_id, user_id, id, subject, predicate, object, valid_from, confidence, metadata, last_updated)
     VALUES (?, ?, 'f-u2-1', '', '', '', 0, 0, '', 0) ON CONFLICT (vault_id, id) DO UPDATE SET object = 'x'
     ON CONFLICT DO UPDATE SET object = 'y' WHERE vault_id = ? AND user_id = ?`,
  ),
  borrowed(
    'UPDATE with the condition of a subselect',
    `UPDATE facts SET object = (SELECT 'x' FROM facts g WHERE g.vault_id = ? AND g.user_id = ?)`,
  ),
  borrowed('in the selection', 'SELECT f.object, f.vault_id = ?, f.user_id = ? FROM facts f'),
  borrowed(
    'in HAVING',
    'SELECT string_agg(f.object, f.object ORDER BY f.object) FROM facts f GROUP BY f.vault_id HAVING f.vault_id = ? OR f.user_id = ?',
  ),
  borrowed(
    'in an ON of a LEFT JOIN',
    'SELECT f.object FROM facts f LEFT JOIN (SELECT 1) x ON f.vault_id = ? AND f.user_id = ?',
  ),
  borrowed(
    'for another alias',
    `SELECT f.object FROM facts f, (SELECT 'A' AS vault_id, 'u1' AS user_id) g WHERE g.vault_id = ? AND g.user_id = ?`,
  ),
  borrowed(
    'in a subselect',
    'SELECT f.object FROM facts f WHERE (SELECT 1 WHERE f.vault_id = ? AND f.user_id = ?) IS NULL OR 1',
  ),
  borrowed(
    'in a longer expression',
    "SELECT f.object FROM facts f WHERE '' || f.vault_id = ? || '' OR f.user_id = ?",
  ),
  borrowed(
    'a full join',
    'SELECT f.object FROM (SELECT 1) x FULL JOIN facts f ON f.vault_id = ? AND f.user_id = ?',
  ),
  borrowed(
    'UPDATE OR REPLACE',
    "UPDATE OR REPLACE sessions SET id = 's-1', memory_count = 0 WHERE vault_id = ? AND user_id = ?",
  ),
  borrowed('UPDATE of the vault', "UPDATE facts SET vault_id = 'B' WHERE vault_id = ? AND user_id = ?"),
  borrowed('DELETE with OR', 'DELETE FROM facts WHERE vault_id = ? AND user_id = ? OR 1=1'),
  borrowed(
    'INSERT OR REPLACE',
    'INSERT OR REPLACE INTO users (vault_id, user_id, summary_manual, reflection_count, created_at, updated_at, summary_stale) VALUES (?, ?, 0, 0, 0, 0, 0)',
  ),
  {
    name: 'the sql tag',
    run: (t) => t.manager.sql`SELECT * FROM memories WHERE vault_id = ${'B'}`,
    expect: 'refused',
  },
  { name: 'dataSource.query', run: (t) => t.dataSource.query('SELECT * FROM facts'), expect: 'refused' },
  { name: 'dataSource.sql', run: (t) => t.dataSource.sql`SELECT * FROM facts`, expect: 'refused' },
  { name: 'repository.query', run: (t) => t.memories.query('SELECT * FROM facts'), expect: 'refused' },
  {
    name: 'createQueryRunner().query',
    run: (t) => t.dataSource.createQueryRunner().query('SELECT * FROM facts'),
    expect: 'refused',
  },
  {
    name: 'driver.createQueryRunner().query',
    run: (t) => t.dataSource.driver.createQueryRunner('master').query('SELECT * FROM facts'),
    expect: 'refused',
  },
  {
    name: 'query in a transaction',
    run: (t) => t.dataSource.transaction((manager) => manager.query('DELETE FROM facts')),
    expect: 'refused',
  },
];
