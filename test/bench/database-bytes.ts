import Database from 'better-sqlite3';
import { existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a checkpoint is tried that another connection is in the way of. */
const TRIES = 100;
const AGAIN_MS = 50;

/**
 * What an SQLite database takes on disk, in bytes: its file and its write-ahead log, once all that the log
 * holds has been written back into the file (`wal_checkpoint(TRUNCATE)`). It may be in use meanwhile.
 *
 * @throws Error when the log cannot be written back: somebody reads all the time
 */
export async function databaseBytes(path: string): Promise<number> {
  const database = new Database(path);
  try {
    for (let left = TRIES; ; left--) {
      const [{ busy }] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      if (!busy) break;
      if (left === 0) throw new Error('The write-ahead log cannot be written back');
      await sleep(AGAIN_MS);
    }
    return sizeOf(path) + sizeOf(`${path}-wal`);
  } finally {
    database.close();
  }
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}
