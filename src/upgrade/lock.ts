import type Database from 'better-sqlite3';
import { setTimeout as sleep } from 'node:timers/promises';
import { inUse, nameHolders, writersOf } from './file-holders.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { isBusy, makeFolder, openForWriting } from './sqlite-file.js';

/** How long one migration waits for another. */
const LOCK_TIMEOUT_MS = 60_000;
/** How long it waits for a service that writes, whose transactions are short. */
const WRITER_TIMEOUT_MS = 15_000;
const PAUSE_MS = 50;

/**
 * Runs `fn` while no other process migrates the database at `path`. The lock is an open transaction on
 * `<path>.migrate-lock`: the system releases it with the process, however that ends. The file stays, since
 * removing it would let two holders in.
 *
 * @param onWait called once, when another process holds it
 * @throws MigrationRefusedError when it is still held after `timeoutMs`
 */
export async function withMigrationLock<T>(
  path: string,
  fn: () => Promise<T>,
  { onWait, timeoutMs = LOCK_TIMEOUT_MS }: { onWait?: () => void; timeoutMs?: number } = {},
): Promise<T> {
  makeFolder(path);
  const file = `${path}.migrate-lock`;
  const lock = openForWriting(file, 0);
  try {
    const taken = await retryWhileBusy(() => lock.exec('BEGIN EXCLUSIVE'), { onWait, timeoutMs });
    if (!taken) {
      throw new MigrationRefusedError(
        `Another process has been migrating ${path} for ${Math.round(timeoutMs / 1000)} s: ` +
          `${nameHolders(writersOf(file)) ?? 'it'} holds ${file}. Run this again when it has finished.`,
      );
    }
    return await fn();
  } finally {
    lock.close();
  }
}

/**
 * Begins the transaction that the migration is. The lock keeps migrations apart; this waits for a service
 * that writes to the same file.
 *
 * @throws MigrationRefusedError when something else keeps writing
 */
export async function beginExclusiveWrite(
  database: Database.Database,
  path: string,
  timeoutMs = WRITER_TIMEOUT_MS,
): Promise<void> {
  const busyTimeout = database.pragma('busy_timeout', { simple: true }) as number;
  database.pragma('busy_timeout = 0');
  const begun = await retryWhileBusy(() => database.exec('BEGIN IMMEDIATE'), { timeoutMs });
  database.pragma(`busy_timeout = ${busyTimeout}`);
  if (!begun) throw inUse(path);
}

async function retryWhileBusy(
  attempt: () => void,
  { onWait, timeoutMs }: { onWait?: () => void; timeoutMs: number },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (let first = true; ; first = false) {
    try {
      attempt();
      return true;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() >= deadline) return false;
    }
    if (first) onWait?.();
    await sleep(PAUSE_MS);
  }
}
