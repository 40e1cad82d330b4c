import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { readTableList } from '../src/cli/table-list.js';
import { makeForeignDatabase, FOREIGN_DATABASES } from './harness/foreign-databases.js';
import { adopt, adoptHere, vaultIndexes, withDatabase } from './harness/metamorph/adoption.js';
import { CODE_TABLES, makeMetamorph } from './harness/metamorph/file.js';
import { makeFile } from './harness/openmemory/files.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { sha256 } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

const PRESET = ['--preset', 'metamorph'];
const beside = (path: string) => readdirSync(join(path, '..'));

/** What SQLite lays beside a database that is read, and the migration that made one, is not ours. */
const without = (names: string[]) => names.filter((name) => !/-(wal|shm)$|[.]migrate-lock$/.test(name));

function metamorph(file?: Parameters<typeof makeMetamorph>[1]): string {
  const path = join(tempFolder(), "meta morph's.db");
  makeMetamorph(path, file);
  return path;
}

describe('what it prints', () => {
  it('is what the guide shows, with counts that add up', async () => {
    const path = metamorph({ tables: CODE_TABLES });
    const { status, stdout, stderr } = await adopt(path, ...PRESET, '--migration', '001_add_vault_id');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const text = stdout.slice(0, stdout.indexOf('[VERIFY]'));
    expect(
      text
        .split('\n')
        .filter((line) => !line.startsWith('  [') || /\] (idx_)?(sessions|identity_ch)/.test(line)),
    ).toEqual([
      '[Migrator] Running migration: 001_add_vault_id',
      '  Description: Add vault_id column to all tables for multitenancy support',
      '[Migration 001] Adding vault_id columns for multitenancy...',
      '',
      '[Step 1] Adding vault_id columns...',
      '  [+] sessions: column added successfully',
      '  [-] identity_checkpoints: table does not exist',
      '',
      '[Step 2] Creating composite indexes...',
      '  [+] idx_sessions_vault_id: index created successfully',
      '  [+] idx_sessions_vault_accessed: index created successfully',
      '  [-] idx_identity_checkpoints_vault_id: table does not exist',
      '',
      '[Migration 001] Summary:',
      '  Columns added: 11 (10 skipped)',
      '  Indexes created: 21 (11 skipped)',
      '',
    ]);
    expect(text.match(/^ {2}\[[+-]\]/gm)).toHaveLength(21 + 32);
    expect(stdout).toMatch(/^\[VERIFY\] sessions +9? *8 +([0-9a-f]{16}) +8 +\1$/m);
    expect(stdout).toContain('[Migrator] Successfully applied: 001_add_vault_id\n[SUCCESS]');
  });

  it('with all 21 tables: 21 (0 skipped) and 32 (0 skipped); a second time: nothing pending', async () => {
    const path = metamorph();
    const { stdout } = await adopt(path, ...PRESET);
    expect(stdout).toContain('[Migrator] Found 2 pending migrations\n');
    expect(stdout).toContain('  Columns added: 21 (0 skipped)\n  Indexes created: 32 (0 skipped)\n');
    expect(stdout).toContain('  Tables created: 3 (0 skipped)\n  Indexes created: 12 (0 skipped)\n');
    const before = sha256(path);
    const again = await adopt(path, ...PRESET);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout).toContain('[Migrator] Found 0 pending migrations\n');
    const one = await adopt(path, ...PRESET, '--migration=001_add_vault_id');
    expect(one).toMatchObject({ status: 0, stderr: '' });
    expect(one.stdout).toContain('[Migrator] Migration already applied: 001_add_vault_id\n');
    expect(sha256(path)).toBe(before);
    expect(beside(path).filter((name) => name.includes('.backup-'))).toHaveLength(1);
  });

  it('--status tells what was done and where the rows are, and changes nothing', async () => {
    const path = metamorph({ tables: CODE_TABLES });
    const fresh = await adopt(path, ...PRESET, '--status');
    expect(fresh.stdout).toContain('[ ] 001_add_vault_id');
    expect(fresh.stdout).toContain('Registered: 2, applied: 0, pending: 2\n');
    await adopt(path, ...PRESET, '--migration', '001');
    withDatabase(path, (database) => database.exec(`UPDATE sessions SET vault_id = 'a' WHERE rowid < 3`));
    const before = sha256(path);
    const { status, stdout } = await adopt(path, ...PRESET, '--status');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\[X\] 001_add_vault_id .* \d{4}-\d\d-\d\dT[\d:.]+Z$/m);
    expect(stdout).toContain('[ ] 002_add_vercel_sandbox_tables');
    expect(stdout).toContain('  sessions: 8 rows in 2 vaults\n');
    expect(sha256(path)).toBe(before);
    withDatabase(path, (database) => database.exec('DROP INDEX idx_sessions_vault_id'));
    expect((await adopt(path, ...PRESET, '--status')).stdout).toContain('run it again');
  });
});

describe('before anything is changed', () => {
  it('the file is copied, and the copy is the old database whole', async () => {
    const path = metamorph();
    const before = comparable(takeSnapshot(path));
    const { stdout } = await adopt(path, ...PRESET);
    const backup = /^\[BACKUP\] (.*)$/m.exec(stdout)![1];
    expect(comparable(takeSnapshot(backup))).toEqual(before);
    expect(statSync(backup).mode).toBe(statSync(path).mode);
  });

  it('of a link the file is meant: the lock and the copy are beside that', async () => {
    const path = metamorph({ rows: 1 });
    const link = join(tempFolder(), 'link.db');
    symlinkSync(path, link);
    const { status, stdout } = await adopt(link, ...PRESET);
    expect(status).toBe(0);
    expect(stdout).toContain(`[BACKUP] ${path}.backup-`);
    expect(beside(link)).toEqual(['link.db']);
    expect(vaultIndexes(path)).toHaveLength(32);
  });

  it('it is not with --no-backup', async () => {
    const path = metamorph();
    expect((await adopt(path, ...PRESET, '--no-backup')).stdout).not.toContain('[BACKUP]');
    expect(beside(path).filter((name) => name.includes('backup'))).toEqual([]);
  });

  it('--dry-run does it all to a copy, says so, and leaves the file to the byte', async () => {
    const path = metamorph({ wal: true });
    const before = sha256(path);
    const { status, stdout, stderr } = await adopt(path, ...PRESET, '--dry-run');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('  Columns added: 21 (0 skipped)\n');
    expect(stdout).toMatch(
      /^\[DRY RUN\] .* was not changed: all of this was done to a copy, which is gone\.$/m,
    );
    expect(stdout).not.toMatch(/^\[(Migrator|SUCCESS|VERIFY|BACKUP)\]/m);
    expect(sha256(path)).toBe(before);
    expect(beside(path).filter((name) => !/-(wal|shm)$/.test(name))).toEqual(["meta morph's.db"]);
  });
});

describe('--rollback', () => {
  it('takes back the last, then the one before; columns stay', async () => {
    const path = metamorph();
    await adopt(path, ...PRESET);
    const second = await adopt(path, ...PRESET, '--rollback');
    expect(second).toMatchObject({ status: 0, stderr: '' });
    expect(second.stdout).toContain('[Migrator] Rolling back migration: 002_add_vercel_sandbox_tables\n');
    const first = await adopt(path, ...PRESET, '--rollback');
    expect(first.stdout).toContain('Note: vault_id columns will be preserved for safety.\n');
    expect(first.stdout).toContain('[Migration 001 Rollback] Removed 32 indexes\n');
    expect(first.stdout).toContain('[Migrator] Successfully rolled back: 001_add_vault_id\n');
    expect(vaultIndexes(path)).toEqual([]);
    expect((await adopt(path, ...PRESET, '--rollback')).stdout).toContain('Rolling back 0 migrations\n');
    const named = await adopt(path, ...PRESET, '--rollback', '--migration=001_add_vault_id');
    expect(named.stdout).toContain('[Migrator] Migration not applied: 001_add_vault_id\n');
  });

  it('where it is refused, says so and leaves no backup behind', async () => {
    const path = metamorph();
    await adopt(path, ...PRESET, '--no-backup');
    withDatabase(path, (database) =>
      database.exec(`INSERT INTO sandboxes (id, vault_id, name, created_at) VALUES ('s', 'v', 'n', 't')`),
    );
    const before = sha256(path);
    const { status, stderr } = await adopt(path, ...PRESET, '--rollback');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^\[ERROR\] Rolling this back drops tables that hold rows: sandboxes 1 row\./);
    expect(sha256(path)).toBe(before);
    expect(beside(path).filter((name) => name.includes('backup'))).toEqual([]);
  });
});

describe('--tables', () => {
  it('does what it can, says what it cannot, and ends with 1', async () => {
    const path = join(tempFolder(), 'other.db');
    makeForeignDatabase(path, 'CREATE TABLE a (id TEXT); CREATE TABLE "b, c" (id TEXT)');
    const { status, stdout } = await adopt(path, '--tables', 'a, "b, c",nonexistent_table');
    expect(status).toBe(1);
    expect(stdout).toContain('  [-] nonexistent_table: table does not exist\n');
    expect(stdout).toContain('  Columns added: 2 (1 skipped)\n');
    expect(stdout).toContain('[INCOMPLETE] nonexistent_table: table does not exist\n');
    const { stdout: status2 } = await adopt(path, '--tables', 'a,"b, c"', '--status');
    expect(status2).toContain('Registered: 2, applied: 2, pending: 0\n');
    expect(await adopt(path, '--tables', 'a,"b, c"')).toMatchObject({ status: 0 });
  });

  it('reads lists of names', () => {
    expect(readTableList(['a,b', ' c , "d "", e" ', 'a'])).toEqual(['a', 'b', 'c', 'd ", e']);
    for (const wrong of ['', 'a,', ',a', 'a,,b', '"', '"a"b', 'a"b', '""']) {
      expect(() => readTableList([wrong]), wrong).toThrow(/no name can be read at character/);
    }
  });
});

describe('what is refused, with the status 2, the file as it was, and nothing laid beside it', () => {
  const cases: [
    what: string,
    make: (path: string) => void | Promise<void>,
    args: string[],
    says: string | RegExp,
  ][] = [
    ['no file', () => {}, PRESET, 'There is no file '],
    ['an empty file', (path) => writeFileSync(path, ''), PRESET, 'is an empty database'],
    ['a folder', (path) => void mkdirSync(path), PRESET, 'is no file.'],
    ['no database', (path) => writeFileSync(path, 'x'.repeat(5_000)), PRESET, 'is not an SQLite database'],
    [
      'no database, with names of tables',
      (path) => writeFileSync(path, 'x'.repeat(5_000)),
      ['--tables', 'a'],
      'is not an SQLite database',
    ],
    [
      'a Cairn database',
      async (path) => void (await migrateDatabase({ path })),
      ['--tables', 'memories'],
      'which has vaults already',
    ],
    [
      'a database of another program',
      (path) => makeForeignDatabase(path, FOREIGN_DATABASES.stranger.sql),
      PRESET,
      '--tables a,b,c instead',
    ],
    [
      'tables that have Metamorph’s names, and nothing else of it',
      (path) =>
        makeForeignDatabase(
          path,
          'CREATE TABLE sessions (id, user); CREATE TABLE messages (id, body); INSERT INTO sessions VALUES (1, 2)',
        ),
      PRESET,
      'No table in it is as Metamorph makes it',
    ],
    [
      'none of the tables',
      (path) => makeForeignDatabase(path, FOREIGN_DATABASES.stranger.sql),
      ['--tables', 'x,y'],
      'Its tables are: invoices, migrations.',
    ],
    [
      'records of another kind',
      (path) => makeMetamorph(path, { then: 'CREATE TABLE schema_migrations (version TEXT)' }),
      PRESET,
      'is not what migrations are recorded in',
    ],
    [
      'a read-only file',
      (path) => (makeMetamorph(path), chmodSync(path, 0o444)),
      PRESET,
      /is read-only[\s\S]*chmod u\+w '/,
    ],
    [
      'a read-only file, rehearsed',
      (path) => (makeMetamorph(path), chmodSync(path, 0o444)),
      [...PRESET, '--dry-run'],
      'is read-only',
    ],
    [
      'a migration that there is not',
      (path) => makeMetamorph(path),
      [...PRESET, '--migration', '003'],
      'Migration not found: 003',
    ],
    [
      'two kinds of tables',
      (path) => makeMetamorph(path),
      [...PRESET, '--tables', 'a'],
      'Whose tables are they?',
    ],
    ['another preset', (path) => makeMetamorph(path), ['--preset', 'x'], 'There is no preset "x"'],
    [
      'a status that is to do something',
      (path) => makeMetamorph(path),
      [...PRESET, '--status', '--rollback'],
      '--status goes with',
    ],
  ];
  it.each(cases)('%s', async (_, make, args, says) => {
    const path = join(tempFolder(), 'a database.db');
    await make(path);
    const files = without(beside(path));
    const before = files.includes('a database.db') && statSync(path).isFile() ? sha256(path) : undefined;
    const { status, stdout, stderr } = await adopt(path, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    if (typeof says === 'string') expect(stderr).toContain(says);
    else expect(stderr).toMatch(says);
    expect(stderr).not.toContain('    at ');
    if (before) expect(sha256(path)).toBe(before);
    expect(without(beside(path))).toEqual(files);
  });

  it('an OpenMemory database: the command that takes it over is named', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const before = sha256(path);
    for (const args of [PRESET, ['--tables', 'memories']]) {
      const { status, stderr } = await adopt(path, ...args);
      expect(status).toBe(2);
      expect(stderr).toContain(`DATABASE_URL='sqlite:${path}' npm run migration:run`);
    }
    expect(sha256(path)).toBe(before);
  });

  // Whoever runs the tests may be allowed everything.
  it.skipIf(process.platform === 'win32').each([
    ['a file', 0o644, 0o777, /is read-only/],
    ['a folder', 0o666, 0o555, /cannot be|Nothing can be written into/],
  ])('%s that somebody else may write to', async (_, fileMode, folderMode, says) => {
    const path = metamorph();
    const before = sha256(path);
    chmodSync(path, fileMode);
    chmodSync(join(path, '..'), folderMode);
    const isRoot = process.geteuid!() === 0;
    if (isRoot) process.seteuid!(65_534);
    else if (fileMode === 0o644) chmodSync(path, 0o444);
    try {
      await expect(adoptHere(path)).rejects.toThrow(says);
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(join(path, '..'), 0o755);
    }
    expect(sha256(path)).toBe(before);
    expect(without(beside(path))).toEqual(["meta morph's.db"]);
  });

  it('a damaged database, whose backup would be one too', async () => {
    const path = metamorph({ rows: 50 });
    const page = withDatabase(path, (database) =>
      database.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'idx_semantic_type'`).pluck().get(),
    ) as number;
    const size = withDatabase(path, (database) => database.pragma('page_size', { simple: true })) as number;
    const { open } = await import('node:fs/promises');
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(size - 200, 0xee), 0, size - 200, (page - 1) * size + 100);
    await file.close();
    const before = sha256(path);
    const { status, stderr } = await adopt(path, ...PRESET);
    expect({ status, stderr }).toMatchObject({ status: 2 });
    expect(stderr).toMatch(/^\[ERROR\] /);
    expect(sha256(path)).toBe(before);
  });
});
