import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { TenancyPlan } from '../src/upgrade/tenancy-adoption/tenancy-plan.js';
import { readCatalog } from './harness/catalog.js';
import { adoptHere, expectSameRows, vaultIndexes, withDatabase } from './harness/metamorph/adoption.js';
import {
  CODE_TABLES,
  type MetamorphFile,
  listedIndexes,
  makeMetamorph,
  statementsOf,
} from './harness/metamorph/file.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { sha256 } from './harness/openmemory/upgrade.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

/** Each a database as somebody may have it; `missing`: what the listed indexes want, and it does not have. */
const FILES: readonly (MetamorphFile & { name: string; missing?: readonly string[] })[] = [
  { name: 'all 21 tables' },
  { name: 'the eleven that its code makes', tables: CODE_TABLES },
  { name: 'two tables alone', tables: ['sessions', 'messages'] },
  { name: 'without a row', rows: 0 },
  { name: 'in WAL mode', wal: true },
  {
    name: 'with columns and indexes of somebody else',
    then: `ALTER TABLE sessions ADD COLUMN "in quotes ""here""" TEXT; ALTER TABLE messages ADD COLUMN lang TEXT DEFAULT 'en';
      CREATE INDEX mine ON messages (lang); CREATE VIEW open_sessions AS SELECT * FROM sessions WHERE status = 'open';
      CREATE TRIGGER touched AFTER UPDATE OF name ON sessions BEGIN UPDATE sessions SET last_accessed = 'x' WHERE id = new.id; END;`,
  },
  {
    name: 'without a column that an index wants',
    tables: ['sessions', 'semantic_memory', 'conversations'],
    then: 'DROP INDEX idx_sessions_accessed; ALTER TABLE sessions DROP COLUMN last_accessed',
    missing: ['idx_sessions_vault_accessed'],
  },
  {
    name: 'half done by hand',
    then: `ALTER TABLE sessions ADD COLUMN vault_id TEXT NOT NULL DEFAULT 'default-vault';
      ALTER TABLE identity ADD COLUMN VAULT_ID TEXT;
      CREATE INDEX idx_sessions_vault_id ON sessions (vault_id, id);`,
  },
  {
    name: 'with vaults from its other migration',
    then: `ALTER TABLE sessions ADD COLUMN vault_id TEXT NOT NULL DEFAULT '';
      UPDATE sessions SET vault_id = 'legacy-default';
      CREATE INDEX idx_sessions_vault ON sessions (vault_id);`,
  },
  {
    name: 'of which its own migrator has done the first step',
    then: `CREATE TABLE schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL, checksum TEXT NOT NULL);
      INSERT INTO schema_migrations VALUES ('001_add_vault_id', '2026-01-02T03:04:05.006Z', '5ad5654a'),
        ('999_of_their_own', '2026-01-02T03:04:05.006Z', 'x');
      ALTER TABLE sessions ADD COLUMN vault_id TEXT NOT NULL DEFAULT 'default-vault';
      UPDATE sessions SET vault_id = 'user-' || id;`,
  },
];

/** The indexes of the list whose tables the file has. */
function expectedIndexes({ tables, missing = [] }: (typeof FILES)[number]) {
  return listedIndexes().filter(
    ({ name, table }) => (!tables || tables.includes(table)) && !missing.includes(name),
  );
}

describe('up, down, and up again', () => {
  for (const file of FILES) {
    it(`keeps every row, and has the indexes of the list: ${file.name}`, async () => {
      const path = join(tempFolder(), 'metamorph.db');
      makeMetamorph(path, { ...file, seed: randomSeed('rows') });
      const before = takeSnapshot(path);
      const records = ['schema_migrations'];

      const { shortfalls } = await adoptHere(path);
      expect(shortfalls).toEqual([]);
      expectSameRows(before, path, records);
      expect(vaultIndexes(path)).toEqual(expectedIndexes(file));
      const up = takeSnapshot(path);
      const catalog = withDatabase(path, readCatalog);

      expect((await adoptHere(path, 'down')).migrations.map(({ id }) => id)).toEqual([
        '002_add_vercel_sandbox_tables',
      ]);
      expect((await adoptHere(path, 'down')).migrations.map(({ id }) => id)).toEqual(['001_add_vault_id']);
      expect((await adoptHere(path, 'down')).migrations).toEqual([]);
      expect(vaultIndexes(path)).toEqual([]);
      expectSameRows(up, path, [
        'schema_migrations',
        'vercel_connections',
        'sandboxes',
        'sandbox_resource_usage',
      ]);

      expect((await adoptHere(path)).migrations).toHaveLength(2);
      expectSameRows(up, path, records);
      expect(withDatabase(path, readCatalog)).toEqual(catalog);
      expect(withDatabase(path, (database) => database.pragma('integrity_check', { simple: true }))).toBe(
        'ok',
      );
      expect((await adoptHere(path)).migrations).toEqual([]);
    });
  }
});

describe('what Metamorph’s own migrator would have made', () => {
  it('is what there is afterwards: tables, columns, defaults, references and indexes', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path);
    await adoptHere(path);
    const theirs = new Database(':memory:');
    for (const { sql } of statementsOf('after')) theirs.exec(sql);
    expect(withDatabase(path, readCatalog)).toEqual(readCatalog(theirs));
    theirs.close();
  });

  it('has 32 indexes in the list, and the column where the guide looks for it', async () => {
    expect(listedIndexes()).toHaveLength(32);
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path, {
      tables: CODE_TABLES,
      then: 'ALTER TABLE sessions DROP COLUMN created_by; ALTER TABLE sessions DROP COLUMN status',
    });
    await adoptHere(path);
    const column = withDatabase(path, (database) =>
      (database.pragma('table_info(sessions)') as { name: string }[]).find(({ name }) => name === 'vault_id'),
    );
    expect(Object.values(column!)).toEqual([8, 'vault_id', 'TEXT', 1, "'default-vault'", 0]);
  });

  it('is recorded where it looks, and what it has recorded stays', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path, FILES.at(-1));
    await adoptHere(path);
    const records = withDatabase(path, (database) =>
      database.prepare('SELECT * FROM schema_migrations ORDER BY id').raw().all(),
    ) as string[][];
    expect(records[0]).toEqual(['001_add_vault_id', '2026-01-02T03:04:05.006Z', '5ad5654a']);
    expect(records[1][0]).toBe('002_add_vercel_sandbox_tables');
    expect(records[1][1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(records[1][2]).toMatch(/^[0-9a-f]{8}$/);
    expect(records[2]).toEqual(['999_of_their_own', '2026-01-02T03:04:05.006Z', 'x']);
  });
});

describe('vaults that rows have been given', () => {
  it('survive a rollback', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path);
    await adoptHere(path);
    withDatabase(path, (database) => database.exec(`UPDATE sessions SET vault_id = 'user-' || id`));
    const given = takeSnapshot(path);
    await adoptHere(path, 'down', TenancyPlan.ofMetamorph('001_add_vault_id'));
    expectSameRows(given, path, ['schema_migrations']);
    await adoptHere(path);
    expectSameRows(given, path, ['schema_migrations']);
  });

  it('are missing where a column allowed that: the rows are counted, and left to whoever knows', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path, {
      then: `ALTER TABLE messages ADD COLUMN vault_id TEXT; UPDATE messages SET vault_id = 'a' WHERE rowid > 3;
        UPDATE messages SET vault_id = '' WHERE rowid = 1`,
    });
    const before = takeSnapshot(path);
    const { ownerless } = await adoptHere(path);
    expect(ownerless).toEqual([{ table: 'messages', rows: 3 }]);
    expectSameRows(before, path);
  });
});

describe('rolling the sandboxes back', () => {
  it('is refused while they hold rows, with the number of them, and changes nothing', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path);
    await adoptHere(path);
    withDatabase(path, (database) =>
      database.exec(
        `INSERT INTO sandboxes (id, vault_id, name, created_at) VALUES ('s', 'v', 'n', 't'), ('u', 'v', 'n', 't')`,
      ),
    );
    const before = takeSnapshot(path);
    await expect(adoptHere(path, 'down')).rejects.toThrow(
      /hold rows: sandboxes 2 rows\. Nothing was changed/,
    );
    expect(takeSnapshot(path)).toEqual(before);
  });

  it('is refused while another table refers to them', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path);
    await adoptHere(path);
    withDatabase(path, (database) =>
      database.exec('CREATE TABLE sandbox_executions (id TEXT, sandbox_id TEXT REFERENCES Sandboxes(id))'),
    );
    await expect(adoptHere(path, 'down')).rejects.toThrow(/others refer: sandbox_executions/);
  });

  it('leaves a table that has other columns', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path, { then: 'CREATE TABLE sandboxes (id TEXT, castle TEXT)' });
    const up = await adoptHere(path);
    expect(up.lines).toContain('  [-] sandboxes: table already exists');
    expect(up.lines).toContain('  [-] idx_sandboxes_vault_id: column vault_id does not exist');
    await adoptHere(path, 'down');
    expect(Object.keys(withDatabase(path, readCatalog))).toContain('sandboxes');
    expect(Object.keys(withDatabase(path, readCatalog))).not.toContain('vercel_connections');
  });
});

describe('rows that change while it is done', () => {
  const RECORDS = `CREATE TABLE schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL, checksum TEXT NOT NULL);
    INSERT INTO schema_migrations VALUES ('999_of_their_own', 'then', 'x');`;
  it.each([
    ['are gone', 'DELETE FROM messages WHERE rowid = 1', /^Undone.*messages \(8 rows before, 7 after\)/],
    [
      'are others',
      `UPDATE messages SET role = 'x' WHERE rowid = 1`,
      /^Undone.*messages \(8 rows before, 8 after\)/,
    ],
    [
      'are more',
      `INSERT INTO persona_variants (id, name, persona) VALUES ('new', 'n', 'p')`,
      /^Undone.*persona_variants/,
    ],
    [
      'are records',
      'DELETE FROM schema_migrations WHERE id <> new.id',
      /^Undone, since schema_migrations is not what it was/,
    ],
  ])('undo it all: they %s', async (_, change, says) => {
    const path = join(tempFolder(), 'metamorph.db');
    // A record is all that it writes: a trigger on that is how rows can come to change.
    makeMetamorph(path, {
      then: `${RECORDS} CREATE TRIGGER t AFTER INSERT ON schema_migrations BEGIN ${change}; END`,
    });
    const before = sha256(path);
    await expect(adoptHere(path)).rejects.toThrow(says);
    expect(sha256(path)).toBe(before);
  });
});

describe('what has come undone since', () => {
  it('is done again, and the record keeps its time', async () => {
    const path = join(tempFolder(), 'metamorph.db');
    makeMetamorph(path, { tables: CODE_TABLES });
    await adoptHere(path);
    const before = takeSnapshot(path);
    withDatabase(path, (database) =>
      database.exec('DROP INDEX idx_sessions_vault_id; CREATE TABLE persona_variants (id TEXT PRIMARY KEY)'),
    );
    const { migrations, lines } = await adoptHere(path);
    expect(migrations.map(({ id }) => id)).toEqual(['001_add_vault_id']);
    expect(lines).toContain('  Columns added: 1 (20 skipped)');
    expect(lines).toContain('  Indexes created: 2 (30 skipped)');
    expectSameRows(before, path);
  });
});
