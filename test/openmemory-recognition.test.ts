import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { steps } from '../migrations/chain.js';
import { makeFile } from './harness/openmemory/files.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { expectNothingLost, migrate, sha256, upgrade } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

/** What is added to a database of OpenMemory, and the name that the refusal must hold. */
const STRANGE: readonly [what: string, sql: string, named: string][] = [
  ['a table', 'CREATE TABLE invoices(id integer primary key)', 'invoices'],
  ['an empty table of another shape under a known name', 'CREATE TABLE waypoints_new(a, b)', 'waypoints_new'],
  ['a column of the memories', 'ALTER TABLE memories ADD COLUMN embedding_v2 blob', 'memories.embedding_v2'],
  ['a column of the edges', 'ALTER TABLE waypoints ADD COLUMN kind text', 'waypoints.kind'],
  ['a column of the users', 'ALTER TABLE users ADD COLUMN email text', 'users.email'],
  ['a column of the vectors', 'ALTER TABLE vectors ADD COLUMN model text', 'vectors'],
  ['a second table of memories', 'CREATE TABLE memories_2 AS SELECT * FROM memories', 'memories_2'],
  ['a view', 'CREATE VIEW recent AS SELECT * FROM memories', 'recent'],
  ['a trigger', 'CREATE TRIGGER keep AFTER DELETE ON memories BEGIN SELECT 1; END', 'keep'],
  ['a virtual table', 'CREATE VIRTUAL TABLE notes USING fts5(x)', 'notes'],
  ['memories without content', 'ALTER TABLE memories DROP COLUMN decay_lambda', 'memories'],
];

function run(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

const filesBeside = (path: string) =>
  readdirSync(join(path, '..')).filter((name) => !/-(wal|shm)$|migrate-lock$/.test(name));

describe('what OpenMemory has never had stops everything', () => {
  for (const [what, sql, named] of STRANGE) {
    it(`${what}: it is named, and the file is left to the byte`, async () => {
      const path = makeFile(tempFolder(), '1.2.3');
      run(path, sql);
      const before = sha256(path);
      const { status, stderr } = await migrate(path, 'run');
      expect(status, stderr).toBe(2);
      expect(stderr).toContain(named);
      expect(sha256(path)).toBe(before);
      expect(filesBeside(path)).toEqual(['openmemory 1.2.3.sqlite']);
    });
  }

  it('a rehearsal too', async () => {
    const path = makeFile(tempFolder(), 'HEAD');
    run(path, 'CREATE TABLE invoices(id integer primary key)');
    const before = sha256(path);
    const { status, stderr } = await migrate(path, 'run', '--dry-run');
    expect(status).toBe(2);
    expect(stderr).toContain('invoices');
    expect(sha256(path)).toBe(before);
    expect(filesBeside(path)).toEqual(['openmemory HEAD.sqlite']);
  });

  it('a damaged file too', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const database = new Database(path);
    database.unsafeMode();
    database.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'last_seen_at', 'created_at') WHERE name = 'idx_memories_ts'`);
    database.close();
    const before = comparable(takeSnapshot(path));
    const { status, stderr } = await migrate(path, 'run');
    expect(status).toBe(2);
    expect(stderr).toContain('damaged');
    expect(comparable(takeSnapshot(path))).toEqual(before);
  });
});

describe('an OpenMemory database that nobody has taken over yet', () => {
  it('is not touched by showing and reverting', async () => {
    const folder = tempFolder();
    for (const release of ['1.1.1', 'HEAD'] as const) {
      const path = makeFile(folder, release);
      const before = sha256(path);
      const shown = await migrate(path, 'show');
      expect(shown).toMatchObject({ status: 0, stderr: '' });
      expect(shown.stdout.trimEnd().split('\n')).toHaveLength(steps.length);
      expect(shown.stdout).not.toContain('[X]');
      const reverted = await migrate(path, 'revert');
      expect(reverted).toMatchObject({ status: 0, stderr: '' });
      expect(reverted.stdout).toContain('nothing to revert');
      expect(sha256(path)).toBe(before);
    }
  });

  it('goes by its columns, in whatever order, and needs no table but the memories', async () => {
    const path = join(tempFolder(), 'alone.sqlite');
    run(
      path,
      `CREATE TABLE "memories" (
         "meta" TEXT, "tags" TEXT, "content" TEXT NOT NULL, "primary_sector" TEXT NOT NULL, "decay_lambda" REAL,
         "salience" REAL, "version" INTEGER DEFAULT 1, "id" TEXT NOT NULL PRIMARY KEY);
       INSERT INTO memories (id, content, primary_sector) VALUES ('m', 'c', 'semantic')`,
    );
    const before = takeSnapshot(path);
    await upgrade(path);
    expectNothingLost(before, path);
  });
});
