import {
  type Stats,
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import type Database from 'better-sqlite3';
import { openForWriting } from './sqlite-file.js';

/** Pages copied before somebody else gets a turn. */
const PAGES_A_TURN = 2_000;

/** Gets how much is done, of how much. */
export type CopyProgress = (done: number, total: number) => void;

/**
 * Copies what the connection sees at this moment to `target`, whoever writes meanwhile: one file that is complete by
 * itself, on the disk when this returns, and for the same eyes as the original.
 *
 * @param target a file that is not there yet
 * @throws Error when it is, or cannot be written; nothing is left of it then, unless it was there
 */
export async function copyDatabase(
  source: Database.Database,
  target: string,
  onProgress?: CopyProgress,
): Promise<void> {
  const original = statSync(source.name);
  // From its first moment whoever may not read the original may not read the copy.
  closeSync(openSync(target, 'wx', original.mode & 0o777));
  try {
    resemble(target, original);
    // One snapshot: else the copy would begin anew whenever another process commits.
    source.exec('BEGIN');
    try {
      source.prepare('SELECT 1 FROM sqlite_schema').get();
      await source.backup(target, {
        progress: ({ totalPages, remainingPages }) => {
          onProgress?.(totalPages - remainingPages, totalPages);
          return PAGES_A_TURN;
        },
      });
    } finally {
      source.exec('COMMIT');
    }
    standAlone(target);
    sync(target);
  } catch (error) {
    removeDatabase(target);
    throw error;
  }
}

/** @throws Error naming what is wrong with the database at `path` */
export function checkIntegrity(path: string): void {
  const database = openForWriting(path);
  try {
    const found = database.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw new Error(`the database is damaged (${String(found)})`);
  } finally {
    database.close();
  }
}

/** `<path>.<what>-<UTC time>`, with a number behind it where there is such a file. */
export function freeName(path: string, what: string): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
  const name = `${path}.${what}-${time}`;
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** Removes a database and all that SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  // The logs first: without their database they are nothing, and another one must not find them.
  removeLogsOf(path);
  rmSync(path, { force: true });
}

/** Removes all that SQLite keeps beside a database. */
export function removeLogsOf(path: string): void {
  for (const ending of ['-journal', '-wal', '-shm']) rmSync(path + ending, { force: true });
}

/** Gives a file the owner, where that is possible, and the mode of another. */
export function resemble(path: string, { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>): void {
  const own = statSync(path);
  try {
    if (own.uid !== uid || own.gid !== gid) chownSync(path, uid, gid);
  } catch {
    // Only root may give files away.
  }
  chmodSync(path, mode & 0o777);
}

/** Makes sure that a file, or the names in a folder, are on the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } catch (error) {
    // Windows does not do that for folders.
    if (!['EPERM', 'EISDIR', 'EINVAL'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Without WAL mode it can be read where nothing can be written. The service goes back to it by itself. */
function standAlone(path: string): void {
  const copy = openForWriting(path);
  try {
    copy.pragma('journal_mode = DELETE');
  } finally {
    copy.close();
  }
}
