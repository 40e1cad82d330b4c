import { copyFileSync, constants, existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { type CopyProgress, copyDatabase, removeLogsOf, sync } from './database-copy.js';
import { holdersOf, inUse } from './file-holders.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { isAbsentOrEmpty, isBusy, openForWriting } from './sqlite-file.js';

/** In this order: a log without its database is nothing, while a database without its log is another one. */
const FILES = ['-journal', '-wal', ''];
const LOCK_TIMEOUT_MS = 1_000;

/** The database that is to be replaced, kept from everybody else meanwhile. */
export class CurrentDatabase {
  private constructor(
    private readonly path: string,
    /** Holds the lock; undefined where the file is no database, or one too damaged to be opened. */
    private database: Database.Database | undefined,
  ) {}

  /**
   * @param path where the file really is
   * @returns undefined where there is none, or an empty file
   * @throws MigrationRefusedError when another process has it open
   */
  static lock(path: string): CurrentDatabase | undefined {
    if (holdersOf(path).length > 0) throw inUse(path);
    if (isAbsentOrEmpty(path)) return undefined;
    const database = openForWriting(path, LOCK_TIMEOUT_MS);
    try {
      // Held until the connection is closed. It is not to be had while another has a database in WAL mode open.
      database.pragma('locking_mode = EXCLUSIVE');
      database.exec('BEGIN EXCLUSIVE; COMMIT');
      return new CurrentDatabase(path, database);
    } catch (error) {
      database.close();
      if (isDamage(error)) return new CurrentDatabase(path, undefined);
      if (isBusy(error)) throw inUse(path);
      throw new MigrationRefusedError(`${path} cannot be replaced: ${(error as Error).message}.`);
    }
  }

  /**
   * Copies it, with what is in its log, to `name`.
   *
   * @param temporary the name until the copy is complete
   */
  async keep(temporary: string, name: string, onProgress?: CopyProgress): Promise<void> {
    try {
      if (this.database) await copyDatabase(this.database, temporary, onProgress);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.close();
    }
    if (!this.database) this.copyFiles(temporary);
    for (const ending of FILES) {
      if (existsSync(temporary + ending)) renameSync(temporary + ending, name + ending);
    }
    sync(dirname(name));
  }

  /** Leaves nothing beside it that the database which comes in its place could take for its own. */
  removeLogs(): void {
    try {
      // Writes what is in the log to where it belongs. (Of the other modes DELETE would look for its journal again
      // when the connection is closed.)
      this.database?.pragma('journal_mode = PERSIST');
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
    removeLogsOf(this.path);
  }

  close(): void {
    this.database?.close();
    this.database = undefined;
  }

  /** As they are: whoever knows more of damaged databases may make something of them. */
  private copyFiles(target: string): void {
    for (const ending of FILES) {
      if (!existsSync(this.path + ending)) continue;
      copyFileSync(this.path + ending, target + ending, constants.COPYFILE_EXCL);
      sync(target + ending);
    }
  }
}

function isDamage(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^SQLITE_(CORRUPT|NOTADB)/.test(code);
}
