import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { TenancyPlan } from '../src/upgrade/tenancy-adoption/tenancy-plan.js';
import { adoptHere, expectSameRows, withDatabase } from './harness/metamorph/adoption.js';
import { sha256 } from './harness/openmemory/upgrade.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { tempFolder } from './harness/temp-folder.js';

const ODD = 'it\'s "odd", [really]; DROP TABLE -- 李雷';

function make(sql: string, pragmas = ''): string {
  const path = join(tempFolder(), 'other.db');
  const database = new Database(path);
  database.exec(`${pragmas};PRAGMA foreign_keys = OFF;`);
  database.exec(sql);
  database.close();
  return path;
}

const up = (path: string, ...tables: string[]) => adoptHere(path, 'up', TenancyPlan.ofTables(tables));
const down = (path: string, ...tables: string[]) => adoptHere(path, 'down', TenancyPlan.ofTables(tables));

/** The columns of an index, or undefined where there is none. */
function indexColumns(path: string, name: string): string[] | undefined {
  const columns = withDatabase(path, (database) =>
    database.prepare('SELECT name FROM pragma_index_info(?) ORDER BY seqno').pluck().all(name),
  );
  return columns.length === 0 ? undefined : (columns as string[]);
}

const vaultsOf = (path: string, table: string) =>
  withDatabase(path, (database) =>
    database
      .prepare(`SELECT DISTINCT vault_id FROM "${table.replaceAll('"', '""')}"`)
      .pluck()
      .all(),
  );

/** Up, down, up: each time with the rows that were there. */
async function thereAndBack(path: string, ...tables: string[]): Promise<void> {
  const before = takeSnapshot(path);
  await up(path, ...tables);
  expectSameRows(before, path);
  const done = takeSnapshot(path);
  expect((await down(path, ...tables)).migrations).toHaveLength(1);
  expectSameRows(before, path);
  expect(done.tables.has('tenancy_adoptions')).toBe(true);
  expect(takeSnapshot(path).tables.has('tenancy_adoptions')).toBe(false);
  await up(path, ...tables);
  expectSameRows(done, path, ['tenancy_adoptions']);
  expect(takeSnapshot(path).schema).toEqual(done.schema);
  expect((await up(path, ...tables)).migrations).toEqual([]);
  expect(withDatabase(path, (database) => database.pragma('integrity_check', { simple: true }))).toBe('ok');
}

describe('tables of any kind', () => {
  it.each<[kind: string, table: string, columns: string[], sql: string, pragmas?: string]>([
    [
      'with an id',
      'notes',
      ['id'],
      'CREATE TABLE notes (id INTEGER PRIMARY KEY, t); INSERT INTO notes VALUES (1, 2)',
    ],
    [
      'STRICT',
      'notes',
      ['id'],
      `CREATE TABLE notes (id TEXT PRIMARY KEY, n INT) STRICT; INSERT INTO notes VALUES ('a', 2)`,
    ],
    [
      'WITHOUT ROWID and with a key of two columns',
      'notes',
      ['b', 'a'],
      `CREATE TABLE notes (a TEXT, b TEXT, c, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO notes VALUES ('1', '2', x'00')`,
    ],
    ['without any key', 'log', [], `CREATE TABLE log (line); INSERT INTO log VALUES ('x'), ('x'), (NULL)`],
    [
      'with an id that is no key',
      'log',
      ['ID'],
      `CREATE TABLE log (ID, line); INSERT INTO log VALUES (NULL, 'x')`,
    ],
    [
      'with columns that are computed',
      'sums',
      ['id'],
      `CREATE TABLE sums (id INTEGER PRIMARY KEY, a INT CHECK (a > 0), b INT AS (a + 1) VIRTUAL, c INT AS (a * 2) STORED);
       INSERT INTO sums (a) VALUES (3), (9007199254740993)`,
    ],
    [
      'with a name that needs quoting, and columns like that',
      ODD,
      ['p"k'],
      `CREATE TABLE "it's ""odd"", [really]; DROP TABLE -- 李雷" ("p""k" TEXT PRIMARY KEY, "select" TEXT, "" TEXT);
       INSERT INTO "it's ""odd"", [really]; DROP TABLE -- 李雷" VALUES ('a', 'b' || char(0) || 'c', CAST(x'ff' AS TEXT))`,
    ],
    [
      'that refer to each other and to what is missing',
      'child',
      ['id'],
      `CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (id INTEGER PRIMARY KEY,
         p INT REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1), (2, 99)`,
    ],
    [
      'in UTF-16',
      'notes',
      ['id'],
      `CREATE TABLE notes (id TEXT PRIMARY KEY); INSERT INTO notes VALUES ('李雷 🦊')`,
      `PRAGMA encoding = 'UTF-16be'`,
    ],
    ['in WAL mode', 'notes', ['id'], 'CREATE TABLE notes (id TEXT PRIMARY KEY)', 'PRAGMA journal_mode = WAL'],
    ['without a row', 'notes', ['id'], 'CREATE TABLE notes (id TEXT PRIMARY KEY)'],
  ])('%s', async (_, table, columns, sql, pragmas) => {
    const path = make(sql, pragmas);
    const isEmpty = takeSnapshot(path).tables.get(table)!.length === 0;
    await thereAndBack(path, table);
    expect(indexColumns(path, `idx_${table}_vault_id`)).toEqual(['vault_id', ...columns]);
    expect(vaultsOf(path, table)).toEqual(isEmpty ? [] : ['default-vault']);
  });

  it('those that are not named stay as they are', async () => {
    const path = make('CREATE TABLE a (id TEXT); CREATE TABLE b (id TEXT); CREATE TABLE c (id TEXT)');
    const schema = (table: string) => takeSnapshot(path).schema.filter((line) => line.includes(`"${table}"`));
    const before = schema('b');
    await up(path, 'a', 'c');
    expect(schema('b')).toEqual(before);
    // A further one later is a matter of its own.
    const { lines } = await up(path, 'a', 'b');
    expect(lines).toContain('  Columns added: 1 (1 skipped)');
    await down(path, 'b');
    expect(indexColumns(path, 'idx_b_vault_id')).toBeUndefined();
    expect(indexColumns(path, 'idx_a_vault_id')).toEqual(['vault_id', 'id']);
  });

  it('a name in another case is the same table', async () => {
    const path = make('CREATE TABLE Notes (id TEXT PRIMARY KEY)');
    await up(path, 'nOTES');
    expect(indexColumns(path, 'idx_Notes_vault_id')).toEqual(['vault_id', 'id']);
    expect((await up(path, 'notes')).migrations).toEqual([]);
    expect((await down(path, 'NOTES')).migrations).toHaveLength(1);
  });

  it('one that is gone since can still be taken off the record', async () => {
    const path = make('CREATE TABLE a (id TEXT); CREATE TABLE b (id TEXT)');
    await up(path, 'a', 'b');
    withDatabase(path, (database) => database.exec('DROP TABLE a'));
    await down(path, 'a', 'b');
    expect(takeSnapshot(path).tables.has('tenancy_adoptions')).toBe(false);
  });
});

describe('what is there already', () => {
  it('a column in another case, which allows NULL, is kept and its rows are counted', async () => {
    const path = make(
      `CREATE TABLE a (id TEXT, VAULT_ID TEXT); INSERT INTO a VALUES (1, NULL), (2, ''), (3, 'x')`,
    );
    const before = takeSnapshot(path);
    const { lines, ownerless } = await up(path, 'a');
    expect(lines).toContain('  [-] a: column already exists');
    expect(ownerless).toEqual([{ table: 'a', rows: 2 }]);
    expectSameRows(before, path);
  });

  it('a column that is computed', async () => {
    const path = make(
      `CREATE TABLE a (id TEXT, owner TEXT, vault_id TEXT AS ('v-' || owner)); INSERT INTO a VALUES (1, 'x')`,
    );
    await up(path, 'a');
    expect(indexColumns(path, 'idx_a_vault_id')).toEqual(['vault_id', 'id']);
    expect(vaultsOf(path, 'a')).toEqual(['v-x']);
  });

  it('a key that begins with the vault needs no index', async () => {
    const path = make('CREATE TABLE a (vault_id TEXT, id TEXT, PRIMARY KEY (vault_id, id))');
    const { lines, shortfalls } = await up(path, 'a');
    expect(lines).toContain('  Indexes created: 0 (0 skipped)');
    expect(shortfalls).toEqual([]);
  });

  it('an index of that name on other columns is neither taken for ours nor dropped', async () => {
    const path = make(`CREATE TABLE a (id TEXT, n INT); CREATE TABLE b (id TEXT); CREATE TABLE c (id TEXT);
      CREATE INDEX idx_a_vault_id ON a (n); CREATE TABLE idx_b_vault_id (x)`);
    const { shortfalls } = await up(path, 'a', 'b', 'c');
    expect(shortfalls).toEqual([
      'idx_a_vault_id: its name is that of another index, on a',
      'idx_b_vault_id: its name is that of a table',
    ]);
    await down(path, 'a', 'b', 'c');
    expect(indexColumns(path, 'idx_a_vault_id')).toEqual(['n']);
    expect(indexColumns(path, 'idx_c_vault_id')).toBeUndefined();
  });

  it('records of migrations of another kind are left alone', async () => {
    const path =
      make(`CREATE TABLE schema_migrations (version TEXT); INSERT INTO schema_migrations VALUES ('20240101');
      CREATE TABLE a (id TEXT)`);
    const before = takeSnapshot(path);
    await thereAndBack(path, 'a');
    expectSameRows(before, path);
  });
});

describe('what cannot have the column', () => {
  it('is named with the reason, and the rest is done', async () => {
    const path =
      make(`CREATE TABLE a (id TEXT); CREATE VIEW v AS SELECT 1 AS x; CREATE VIRTUAL TABLE f USING fts5 (t);
      INSERT INTO f VALUES ('words'); CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT)`);
    const before = takeSnapshot(path);
    const { shortfalls } = await up(
      path,
      'a',
      'v',
      'f',
      'f_data',
      'sqlite_sequence',
      'tenancy_adoptions',
      'none',
    );
    expect(shortfalls).toEqual([
      'v: is a view, which takes no column',
      'f: is a virtual table, which takes no column',
      'f_data: belongs to a virtual table',
      'sqlite_sequence: belongs to SQLite',
      'tenancy_adoptions: keeps the record of migrations',
      'none: table does not exist',
    ]);
    expect(vaultsOf(path, 'a')).toEqual([]);
    expectSameRows(before, path);
  });
});

describe('a table of a module that is not here', () => {
  it('is no hindrance to the others', async () => {
    const path = make('CREATE TABLE a (id TEXT)');
    withDatabase(path, (database) => {
      database.unsafeMode(true);
      database.exec(`PRAGMA writable_schema = ON; INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
        VALUES ('table', 'vecs', 'vecs', 0, 'CREATE VIRTUAL TABLE vecs USING vec0 (e float[4])')`);
    });
    const { shortfalls } = await up(path, 'a', 'vecs');
    expect(shortfalls).toEqual(['vecs: is a virtual table, which takes no column']);
    expect(indexColumns(path, 'idx_a_vault_id')).toEqual(['vault_id', 'id']);
  });
});

describe('views and triggers', () => {
  it('that go on working are no hindrance', async () => {
    const path = make(`CREATE TABLE a (id TEXT PRIMARY KEY, n INT); CREATE TABLE log (id TEXT, n INT);
      CREATE VIEW v AS SELECT * FROM a; CREATE VIEW broken AS SELECT * FROM nowhere;
      CREATE VIEW theirs AS SELECT their_function(id) FROM a;
      CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO log (id, n) VALUES (new.id, new.n); END;
      CREATE TRIGGER tv INSTEAD OF INSERT ON v BEGIN INSERT INTO a (id, n) VALUES (new.id, new.n); END;`);
    const { lines } = await up(path, 'a');
    expect(lines.join('\n')).toContain('the view broken (no such table: main.nowhere)');
    expect(lines.join('\n')).toContain('the view theirs (no such function: their_function)');
    withDatabase(path, (database) => database.exec(`INSERT INTO v (id, n) VALUES ('x', 1)`));
    expect(takeSnapshot(path).tables.get('log')).toHaveLength(1);
    expect(vaultsOf(path, 'a')).toEqual(['default-vault']);
  });

  it.each([
    ['a view with a list of names', 'CREATE VIEW v (id, n) AS SELECT * FROM a', 'the view v'],
    [
      'a view that joins two tables',
      'ALTER TABLE b ADD COLUMN vault_id; CREATE VIEW v AS SELECT vault_id FROM a, b',
      'the view v',
    ],
    [
      'a view of two tables together',
      'CREATE VIEW v AS SELECT * FROM a UNION ALL SELECT * FROM b',
      'the view v',
    ],
    [
      'a trigger on a deletion',
      'CREATE TRIGGER t AFTER DELETE ON a BEGIN INSERT INTO b SELECT * FROM a WHERE id = old.id; END',
      'a trigger on a',
    ],
    [
      'a trigger on a change of one column',
      'CREATE TRIGGER t AFTER UPDATE OF n ON a BEGIN INSERT INTO b SELECT * FROM a; END',
      'a trigger on a',
    ],
    [
      'a trigger on a further table',
      'CREATE TRIGGER t BEFORE INSERT ON b BEGIN INSERT INTO a VALUES (new.id, 1); END',
      'a trigger on b',
    ],
    [
      'a trigger on a view',
      'CREATE VIEW v AS SELECT id FROM a; CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN INSERT INTO a VALUES (new.id, 1); END',
      'a trigger on v',
    ],
  ])('that a further column would break keep it from being done: %s', async (_, sql, what) => {
    const path = make(
      `CREATE TABLE a (id TEXT, n INT); CREATE TABLE b (id TEXT, n INT); INSERT INTO a VALUES ('1', 2); ${sql}`,
    );
    const before = sha256(path);
    await expect(up(path, 'a')).rejects.toThrow(`Undone, since this would no longer work: ${what} (`);
    expect(sha256(path)).toBe(before);
  });
});
