import { describe, expect, it } from 'vitest';
import { TenancyViolationError } from '../../src/tenancy/errors.js';
import { analyse } from '../../src/tenancy/sql-analysis.js';
import { isSelfContained } from '../../src/tenancy/sql-nodes.js';
import { tokenise } from '../../src/tenancy/sql-tokens.js';

const TABLES = new Set(['memories', 'facts', 'vectors']);
const read = (sql: string) => analyse(sql, TABLES);

describe('the tokens of SQL', () => {
  it.each<[string, string[]]>([
    ['SELECT a FROM b', ['select', 'a', 'from', 'b']],
    ['"Quoted Name" `Back Tick`', ['quoted name', 'back tick']],
    [`"a""b" 'it''s'`, ['a""b', "it''s"]],
    [`'no "quotes" -- here'`, ['no "quotes" -- here']],
    ['a/* comment */b/**/c', ['a', 'b', 'c']],
    ["/* it's */ a", ['a']],
    ['a\tb\nc\r\fd', ['a', 'b', 'c', 'd']],
    ['naïve Größe 名前', ['naïve', 'größe', '名前']],
    ['a$b _c 1e5 0x1F', ['a$b', '_c', '1e5', '0x1f']],
    ['m.id>=?', ['m', '.', 'id', '>', '=', '?']],
    ['a - b / c * d', ['a', '-', 'b', '/', 'c', '*', 'd']],
  ])('of %j', (sql, texts) => {
    expect(tokenise(sql)?.map(({ text }) => text)).toEqual(texts);
  });

  it('count the parameters, by place or by number', () => {
    const ordinals = (sql: string) =>
      tokenise(sql)!.flatMap(({ kind, ordinal }) => (kind === 'parameter' ? [ordinal] : []));
    expect(ordinals(`? '?' "?" /* ? */ ?`)).toEqual([0, 1]);
    expect(ordinals('$2 $1 $12')).toEqual([1, 0, 11]);
  });

  it.each([
    'a ?1',
    '?2 ',
    "it's",
    'an "open quote',
    '`open',
    'SELECT [memories]',
    'a; b',
    'a -- b',
    '--',
    'a /* open',
    'a /* b /* c */ d */',
    '/*',
    "'back\\slash'",
    'E\\',
    '$tag$ text $tag$',
    'a\0b',
    '\ufeffSELECT',
    'a\vb',
  ])('cannot be told of %j', (sql) => {
    expect(tokenise(sql)).toBeUndefined();
  });

  it.each([
    ['a = 1', true],
    ['(a) OR (b)', true],
    ['', true],
    ["a = '('", true],
    ['a) OR (b', false],
    ['(a', false],
    ['a)', false],
    ['a -- b', false],
    ['a /* b */', false],
    ["a = '", false],
  ])('%j stays inside its brackets: %s', (fragment, expected) => {
    expect(isSelfContained(fragment)).toBe(expected);
  });
});

/** What TypeORM and the tenant’s conditions make of the commonest statements. */
const VAULT = '"m"."vault_id" = ?';
const USER = '"m"."user_id" = ?';
const NOW = '("m"."expires_at" IS NULL OR "m"."expires_at" > ?)';

describe('reading a statement', () => {
  it('finds the conditions that hold of every row', () => {
    expect(
      read(`SELECT "m"."id" FROM "memories" "m" WHERE ( x = ? ) AND ( ${VAULT} AND ${USER} AND ${NOW} )`),
    ).toEqual([
      {
        table: 'memories',
        role: 'read',
        conditions: { vault: [1], user: [2], userOrNobody: [], now: [3] },
        rows: [],
        assigned: [],
      },
    ]);
    expect(read(`SELECT 1 FROM memories m WHERE m.user_id IN (?, '')`)[0].conditions.userOrNobody).toEqual([
      0,
    ]);
  });

  it('tells each table’s conditions apart', () => {
    const uses = read(
      `SELECT 1 FROM "memories" "m" LEFT JOIN "facts" "f" ON "f"."id" = "m"."id" AND ("f"."vault_id" = ?)
       WHERE ${VAULT} AND EXISTS (SELECT 1 FROM "vectors" "m" WHERE "m"."vault_id" = ?)`,
    );
    expect(uses.map(({ table, conditions }) => [table, conditions.vault])).toEqual([
      ['vectors', [2]],
      ['memories', [1]],
      ['facts', [0]],
    ]);
  });

  it.each([
    `${VAULT} OR 1=1`,
    `1=1 OR ${VAULT}`,
    `(${VAULT} OR 1=1)`,
    `NOT ${VAULT}`,
    `NOT (${VAULT})`,
    `(${VAULT}) IS NULL`,
    `(${VAULT}) = 0`,
    `${VAULT} = 0`,
    `0 = ${VAULT}`,
    `${VAULT} || ''`,
    `'' || ${VAULT}`,
    `x BETWEEN 1 AND ${VAULT}`,
    `CASE WHEN 1 THEN 1 WHEN 1 AND ${VAULT} THEN 1 END`,
    `"m"."vault_id" = ? COLLATE NOCASE`,
    `"m"."vault_id" = (?)`,
    `"m"."vault_id" = 'A'`,
    `"m"."vault_id" >= ?`,
    `"m"."vault_id" IN (?)`,
    `"m"."vault_id" IS ?`,
    `? = "m"."vault_id"`,
    `"n"."vault_id" = ?`,
    `"m"."vault_id " = ?`,
    `'m'.'vault_id' = ?`,
    `"m.vault_id" = ?`,
    `coalesce(${VAULT}, 1)`,
    `EXISTS (SELECT 1 WHERE ${VAULT})`,
    `(SELECT ${VAULT})`,
    `${VAULT} AND 1 OR 1`,
  ])('does not take %j for one', (where) => {
    expect(read(`SELECT 1 FROM "memories" "m" WHERE ${where}`)[0].conditions.vault).toEqual([]);
  });

  it.each([
    ['in the selection', `SELECT ${VAULT} FROM memories m`],
    ['in GROUP BY', `SELECT 1 FROM memories m GROUP BY ${VAULT}`],
    ['in HAVING', `SELECT 1 FROM memories m GROUP BY 1 HAVING ${VAULT}`],
    ['in ORDER BY', `SELECT 1 FROM memories m ORDER BY ${VAULT}`],
    ['in the ON of another', `SELECT 1 FROM memories m LEFT JOIN facts f ON ${VAULT}`],
    ['in another part of a UNION', `SELECT 1 FROM memories m UNION SELECT 1 WHERE ${VAULT}`],
    ['bare, beside another table', `SELECT 1 FROM memories m, (SELECT 1) x WHERE "vault_id" = ?`],
  ])('does not take one %s', (_, sql) => {
    expect(read(sql).find(({ table }) => table === 'memories')!.conditions.vault).toEqual([]);
  });

  it('reads rows that are inserted, and what becomes of those that are there', () => {
    expect(
      read(
        `INSERT INTO "facts"("vault_id", "id", "user_id") VALUES (?, ?, ?), (?, ?, 'x') ON CONFLICT ( "vault_id", "id" )
         DO UPDATE SET "id" = EXCLUDED."id", "user_id" = EXCLUDED."user_id" WHERE "facts"."vault_id" = ?`,
      ),
    ).toMatchObject([
      {
        role: 'insert',
        rows: [
          { vault: 0, user: 2 },
          { vault: 3, user: undefined },
        ],
      },
      { role: 'change', conditions: { vault: [5] }, assigned: [{ column: 'user_id', value: 'excluded' }] },
    ]);
  });

  it('reads what is assigned to the columns that say whose a row is', () => {
    const assigned = (set: string) => read(`UPDATE facts SET ${set} WHERE "vault_id" = ?`)[0].assigned;
    expect(assigned('a = ?, "user_id" = ?')).toEqual([{ column: 'user_id', value: 1 }]);
    expect(assigned(`a = 'x', VAULT_ID = 'B'`)).toEqual([{ column: 'vault_id', value: 'other' }]);
    expect(assigned(`'vault_id' = excluded.id`)).toEqual([{ column: 'vault_id', value: 'other' }]);
    expect(assigned('user_id = (user_id)')).toEqual([{ column: 'user_id', value: 'other' }]);
  });

  it.each([
    'SELECT * FROM schema_version',
    'SELECT * FROM sqlite_master',
    'SELECT * FROM main.memories',
    "SELECT * FROM pragma_table_info('memories')",
    'SELECT (1, 2) IN memories',
    'SELECT * FROM x, memories',
    'SELECT * FROM memories m NATURAL JOIN facts f',
    'SELECT * FROM memories m RIGHT JOIN facts f ON 1',
    'SELECT * FROM memories m FULL OUTER JOIN facts f ON 1',
    'SELECT * FROM memories m JOIN facts f USING (id)',
    'SELECT * FROM memories m, facts m',
    'SELECT * FROM memories INDEXED BY i',
    'SELECT memories',
    'SELECT rowid FROM memories',
    'SELECT m."_rowid_" FROM memories m',
    'SELECT total_changes()',
    'SELECT (',
    'SELECT 1)',
    'WITH memories AS (SELECT 1) SELECT * FROM memories',
    'WITH c AS (SELECT * FROM c) SELECT * FROM c',
    'INSERT INTO facts SELECT 1',
    'INSERT INTO facts DEFAULT VALUES',
    'INSERT INTO facts(vault_id) SELECT ?',
    'INSERT OR REPLACE INTO facts(vault_id) VALUES (?)',
    'INSERT INTO facts(vault_id, vault_id) VALUES (?, ?)',
    'INSERT INTO facts(vault_id) VALUES (?) ON CONFLICT DO UPDATE SET a = 1 ON CONFLICT DO UPDATE SET b = 1',
    'REPLACE INTO facts(vault_id) VALUES (?)',
    'UPDATE facts AS f SET a = 1',
    'UPDATE OR REPLACE facts SET a = 1',
    'UPDATE facts SET (a, vault_id) = (1, 2)',
    'UPDATE facts SET a = x.b FROM vectors x',
    'UPDATE facts SET a = 1 WHERE b WHERE c',
    'UPDATE facts SET a = 1 WHERE b LIMIT 1',
    'DELETE FROM facts f WHERE 1',
    'DELETE FROM facts ORDER BY a LIMIT 1',
    'PRAGMA user_version',
    'EXPLAIN SELECT 1',
    'BEGIN',
    'VACUUM',
    '',
  ])('refuses %j', (sql) => {
    expect(() => read(sql)).toThrow(TenancyViolationError);
  });

  it.each([
    'SELECT 1',
    'SELECT 1 AS memories',
    'SELECT "memories"."id" FROM facts memories',
    'SELECT a IS NOT DISTINCT FROM b',
    'SELECT left(a, 1) FROM facts f LEFT JOIN vectors v ON left(v.b, 1) = 1',
    'VALUES (1), (2)',
    'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT * FROM c LIMIT 3',
    'SELECT * FROM facts f LEFT JOIN (vectors v INNER JOIN memories m ON m.id = v.id) ON v.id = f.id',
    'INSERT INTO facts(vault_id) VALUES (?) ON CONFLICT DO NOTHING',
    'INSERT INTO facts(vault_id) VALUES (?) RETURNING id',
    'UPDATE facts SET a = (SELECT 1) WHERE b RETURNING id',
    'DELETE FROM facts',
  ])('can read %j', (sql) => {
    expect(() => read(sql)).not.toThrow();
  });
});
