import { existsSync, mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { inUse } from './file-holders.js';
import { MigrationRefusedError } from './migration-refused.error.js';

/** Milliseconds that a command, which serves nobody meanwhile, lets SQLite itself wait for a lock. */
export const BUSY_TIMEOUT_MS = 5_000;

/** What reading without writing comes to where whoever wrote last was killed in the midst of it. */
const NEEDS_WRITING = /^SQLITE_(READONLY|CANTOPEN)/;

/**
 * Opens an existing SQLite file without being able to change it. (On a file in WAL mode SQLite leaves its
 * empty `-wal` and `-shm` beside it.) What a killed process has left half done is undone, or read from the log,
 * first: SQLite does that for whoever may write, and for nobody else.
 *
 * @throws MigrationRefusedError in plain words when there is no reading it
 */
export function openReadOnly(path: string): Database.Database {
  const database = openToRead(path);
  const code = readError(database);
  if (code === undefined || !NEEDS_WRITING.test(code)) return database;
  database.close();
  recover(path);
  return openToRead(path);
}

/**
 * @param timeout milliseconds to wait for a lock
 * @throws MigrationRefusedError in plain words when it cannot be opened
 */
export function openForWriting(path: string, timeout = BUSY_TIMEOUT_MS): Database.Database {
  return open(path, { timeout });
}

/**
 * What opens a database of its own, which lies in memory and, where it is large, in a file that has no name: nothing
 * of it is left when it is closed, or the process killed.
 *
 * @throws MigrationRefusedError where SQLite is not installed
 */
export function temporarySqlite(): new () => Database.Database {
  const Sqlite = loadSqlite();
  return class extends Sqlite {
    constructor() {
      super('');
    }
  };
}

/** Opens a database on disk that has no name, and is gone with the process. @throws MigrationRefusedError */
export function openTemporary(): Database.Database {
  const database = open('', {});
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  return database;
}

/** @throws MigrationRefusedError when the folder of `path` cannot be made */
export function makeFolder(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new MigrationRefusedError(`The folder of ${path} cannot be made: ${messageOf(error)}`);
  }
}

/** Whether there is nothing at `path`, or an empty file. */
export function isAbsentOrEmpty(path: string): boolean {
  return !existsSync(path) || (statSync(path).isFile() && statSync(path).size === 0);
}

export function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code);
}

function openToRead(path: string): Database.Database {
  return open(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
}

/** Why a first look fails, if it does. @throws MigrationRefusedError when another process keeps it for itself */
function readError(database: Database.Database): string | undefined {
  try {
    database.pragma('schema_version');
    return undefined;
  } catch (error) {
    const { name } = database;
    if (!isBusy(error)) return String((error as { code?: unknown }).code);
    database.close();
    throw inUse(name);
  }
}

/** @throws MigrationRefusedError saying what keeps it from being done */
function recover(path: string): void {
  const database = open(path, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
  const code = readError(database);
  database.close();
  if (code === undefined || !NEEDS_WRITING.test(code)) return;
  const log = ['-journal', '-wal'].map((ending) => path + ending).find((file) => existsSync(file));
  throw new MigrationRefusedError(
    log === undefined
      ? `${path} cannot be read: a database in WAL mode needs a folder that can be written to, even to be read. ` +
          'Copy it to such a folder.'
      : `${path} cannot be read: a process that was killed left ${log}, and what is in there has to be dealt with ` +
          'first, which takes writing. Run this as somebody who may write to both files and their folder, or copy both.',
  );
}

function open(path: string, options: Database.Options): Database.Database {
  try {
    return new (loadSqlite())(path, options);
  } catch (error) {
    if (error instanceof MigrationRefusedError) throw error;
    if (/bindings file|NODE_MODULE_VERSION/.test(messageOf(error))) throw missing();
    throw new MigrationRefusedError(`${path} cannot be opened: ${messageOf(error)}`);
  }
}

/** It is an optional dependency, so that an installation survives where it can be neither fetched nor built. */
function loadSqlite(): typeof Database {
  try {
    return createRequire(import.meta.url)('better-sqlite3') as typeof Database;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') throw missing();
    throw error;
  }
}

function missing(): MigrationRefusedError {
  return new MigrationRefusedError(
    'The package better-sqlite3 is not usable here: it was neither fetched ready-made nor built. ' +
      'Install g++, make and python3 and run `npm ci` again.',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
