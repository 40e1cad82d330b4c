import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdersOf, inUse, nameHolders, writersOf } from '../src/upgrade/file-holders.js';
import { beginExclusiveWrite, withMigrationLock } from '../src/upgrade/lock.js';
import { builtFile } from './harness/built.js';
import { endedBy, holding } from './harness/holding.js';
import { tempFolder } from './harness/temp-folder.js';

const HOLD_OPEN = 'test/harness/hold-open';

function newDatabase(mode = 'WAL'): string {
  const path = join(tempFolder(), 'cairn.sqlite');
  new Database(path).exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE notes (text)`).close();
  return path;
}

async function heldBy(path: string, ...statements: string[]) {
  const child = await holding(HOLD_OPEN, [path, ...statements]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, holder: { pid: child.pid!, command: `node ${builtFile(HOLD_OPEN)}` } };
}

// Where the system has no /proc there is nobody to be named, and nothing to be tested.
describe.runIf(process.platform === 'linux')('who has a database open', () => {
  it.each(['WAL', 'DELETE'])('is named with its program and script, in journal mode %s', async (mode) => {
    const path = newDatabase(mode);
    expect(holdersOf(path)).toEqual([]);
    const { child, holder } = await heldBy(path);
    expect(holdersOf(path)).toEqual([holder]);
    expect(writersOf(path)).toEqual([]);
    await endedBy(child, 'SIGKILL');
    expect(holdersOf(path)).toEqual([]);
  });

  it('is not oneself, nor who has another file open', async () => {
    const [path, other] = [newDatabase(), newDatabase()];
    const own = new Database(path);
    own.exec('BEGIN IMMEDIATE');
    await heldBy(other, 'BEGIN IMMEDIATE');
    expect(holdersOf(path)).toEqual([]);
    expect(writersOf(path)).toEqual([]);
    own.close();
  });

  it('is found by whatever name the file has', async () => {
    const path = newDatabase();
    const folder = join(path, '..', 'names');
    mkdirSync(folder);
    symlinkSync(path, join(folder, 'symbolic'));
    linkSync(path, join(folder, 'hard'));
    const { holder } = await heldBy(join(folder, 'symbolic'));
    for (const name of [path, join(folder, 'symbolic'), join(folder, 'hard')]) {
      expect([name, holdersOf(name)]).toEqual([name, [holder]]);
    }
  });

  it.each(['WAL', 'DELETE'])('is a writer while it writes, in journal mode %s', async (mode) => {
    const path = newDatabase(mode);
    const { holder: reader } = await heldBy(path, 'BEGIN', 'SELECT * FROM notes');
    const { holder: writer } = await heldBy(path, 'BEGIN IMMEDIATE');
    expect(writersOf(path)).toEqual([writer]);
    expect(holdersOf(path)).toEqual([reader, writer]);
    expect(inUse(path).message).toBe(
      `${path} is in use by process ${writer.pid} (${writer.command}). Stop it first.`,
    );
  });

  it('gets no argument into its name that may be a secret', async () => {
    const path = newDatabase();
    const { holder } = await heldBy(path, "SELECT 'hunter2'");
    expect(holdersOf(path)).toEqual([holder]);
    expect(JSON.stringify(holder)).not.toContain('hunter2');
  });

  it('of nothing is nobody', () => {
    expect(holdersOf(join(tempFolder(), 'absent'))).toEqual([]);
  });
});

describe('who is in the way', () => {
  it('is named in a sentence, a few of many', () => {
    const many = [1, 2, 3, 4, 5, 6, 7].map((pid) => ({ pid, command: 'sqlite3' }));
    expect(nameHolders([])).toBeUndefined();
    expect(nameHolders(many.slice(0, 2))).toBe('process 1 (sqlite3) and process 2 (sqlite3)');
    expect(nameHolders(many)).toMatch(/process 5 \(sqlite3\) and 2 more$/);
  });

  it('of a migration is named, and not who waits as well', async () => {
    const path = newDatabase();
    const holder = await holding('test/harness/hold-migration-lock', [path]);
    onTestFinished(() => void holder.kill('SIGKILL'));
    const waiting = () => withMigrationLock(path, () => Promise.resolve(), { timeoutMs: 200 });
    await heldBy(`${path}.migrate-lock`);
    const named = process.platform === 'linux' ? `process ${holder.pid} \\(node [^)]*\\)` : 'it';
    await expect(waiting()).rejects.toThrow(
      new RegExp(`^Another process has been migrating .* for 0 s: ${named} holds .*\\.migrate-lock\\.`),
    );
  });

  it('of a migration’s transaction is named', async () => {
    const path = newDatabase();
    const { child } = await heldBy(path, 'BEGIN IMMEDIATE');
    const database = new Database(path);
    await expect(beginExclusiveWrite(database, path, 100)).rejects.toThrow(
      process.platform === 'linux' ? `in use by process ${child.pid}` : 'in use by another process',
    );
    expect(database.pragma('busy_timeout', { simple: true })).toBe(5_000);
    database.close();
  });
});
