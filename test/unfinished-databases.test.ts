import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { recognise } from '../src/upgrade/recognise.js';
import { openReadOnly } from '../src/upgrade/sqlite-file.js';
import { endedBy, holding } from './harness/holding.js';
import { tempFolder } from './harness/temp-folder.js';

/** A database whose writer was killed in the midst of a large transaction. */
async function abandoned(mode: 'delete' | 'wal'): Promise<string> {
  const path = join(tempFolder(), 'cairn.sqlite');
  const writer = await holding('test/harness/write-and-hang', [path, mode]);
  await endedBy(writer, 'SIGKILL');
  return path;
}

function notes(path: string): unknown {
  const database = openReadOnly(path);
  try {
    return database.prepare('SELECT text FROM notes').pluck().all();
  } finally {
    database.close();
  }
}

/** What SQLite says to whoever does not know better. */
function plainRead(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare('SELECT text FROM notes').pluck().all();
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    database.close();
  }
}

/** Runs `work` as somebody who may read the folder of `path`, and no more. */
function whereNothingCanBeWritten<T>(path: string, work: () => T): T {
  const folder = join(path, '..');
  chmodSync(folder, 0o555);
  const isRoot = process.geteuid!() === 0;
  if (isRoot) process.seteuid!(65_534);
  try {
    return work();
  } finally {
    if (isRoot) process.seteuid!(0);
    chmodSync(folder, 0o755);
  }
}

describe('a database whose writer was killed in the midst of a transaction', () => {
  it('is read without what was not committed: with a rollback journal', async () => {
    const path = await abandoned('delete');
    expect(existsSync(`${path}-journal`)).toBe(true);
    expect(plainRead(path)).toBe('SQLITE_READONLY_ROLLBACK');
    expect(notes(path)).toEqual(['committed']);
    expect(existsSync(`${path}-journal`)).toBe(false);
  });

  it('is recognised', async () => {
    const path = await abandoned('delete');
    expect(recognise(path).description).toBe('a database of another program (tables: notes)');
  });

  it.each([
    ['as it was left', []],
    ['without its index', ['-shm']],
  ])('is read with what was committed: with a write-ahead log, %s', async (_, missing) => {
    const path = await abandoned('wal');
    for (const ending of missing) rmSync(path + ending);
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(notes(path)).toEqual(['committed']);
  });

  it.each<[mode: 'delete' | 'wal', missing: string[], left: string]>([
    ['delete', [], '-journal'],
    ['wal', ['-shm'], '-wal'],
  ])('says so where nothing can be written: %s', async (mode, missing, left) => {
    const path = await abandoned(mode);
    for (const ending of missing) rmSync(path + ending);
    expect(() => whereNothingCanBeWritten(path, () => notes(path))).toThrow(
      `a process that was killed left ${path}${left}`,
    );
    expect(notes(path)).toEqual(['committed']);
  });
});

describe('a database in WAL mode that nobody has open', () => {
  it('says so where nothing can be written', () => {
    const path = join(tempFolder(), 'cairn.sqlite');
    new Database(path).exec(`PRAGMA journal_mode = WAL; CREATE TABLE notes (text text)`).close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(() => whereNothingCanBeWritten(path, () => notes(path))).toThrow(
      /needs a folder that can be written to, even to be read/,
    );
  });
});

describe('a database that another process keeps for itself', () => {
  it('is named with that process', async () => {
    const path = join(tempFolder(), 'cairn.sqlite');
    const writer = await holding('test/harness/write-and-hang', [path, 'delete']);
    onTestFinished(() => void writer.kill('SIGKILL'));
    expect(() => openReadOnly(path)).toThrow(
      `${path} is in use by process ${writer.pid} (node ${writer.spawnargs[1]}). Stop it first.`,
    );
  });
});
