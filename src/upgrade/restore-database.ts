import { existsSync, realpathSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CurrentDatabase } from './current-database.js';
import { describeContents } from './database-contents.js';
import {
  type CopyProgress,
  checkIntegrity,
  copyDatabase,
  freeName,
  removeDatabase,
  removeLogsOf,
  resemble,
  sync,
} from './database-copy.js';
import { type Holder, fileId, holdersOfFiles } from './file-holders.js';
import { withMigrationLock } from './lock.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { recognise } from './recognise.js';
import { openReadOnly } from './sqlite-file.js';

export interface RestoreOptions {
  /** The SQLite file that is to be replaced; there may be none. */
  readonly path: string;
  /** The file whose contents it gets. */
  readonly from: string;
  /** How long to wait for a migration, in ms. */
  readonly lockTimeoutMs?: number;
  readonly log?: (line: string) => void;
  readonly progress?: (done: number, total: number, what: string) => void;
}

export interface Restored {
  /** Where the former database is kept; undefined where there was none. */
  readonly kept?: string;
  /** Processes that have opened the former database in the last moment, and know nothing of the new one. */
  readonly late: readonly Holder[];
}

/**
 * Puts a copy of the database `from` in the place of the one at `path`, which is kept beside it. Whatever ends this
 * process, there is the one or the other at `path`, and it is whole.
 *
 * @throws MigrationRefusedError with what is the matter; nothing has changed then
 */
export async function restoreDatabase(options: RestoreOptions): Promise<Restored> {
  const { path, from, log, lockTimeoutMs } = options;
  checkSource(path, from);
  const onWait = () => log?.('[RESTORE] Waiting for another process to finish its migration...');
  return withMigrationLock(path, () => replace(options), { onWait, timeoutMs: lockTimeoutMs });
}

function checkSource(path: string, from: string): void {
  if (!existsSync(from)) throw new MigrationRefusedError(`There is no file ${from}.`);
  const id = fileId(path);
  if (id !== undefined && id === fileId(from)) {
    throw new MigrationRefusedError(`${from} is the database itself: there is nothing to be restored.`);
  }
  const { kind, description, state } = recognise(from);
  if (kind !== 'cairn' && kind !== 'openmemory') {
    throw new MigrationRefusedError(`${from} is ${description}, and neither Cairn's nor OpenMemory's.`);
  }
  if (state && state.unknown.length > 0) {
    throw new MigrationRefusedError(
      `${from} was made by a newer Cairn than this one: it holds ${state.unknown.join(', ')}. ` +
        'Restore it with that version.',
    );
  }
}

async function copyChecked(from: string, to: string, onProgress: CopyProgress): Promise<void> {
  const source = openReadOnly(from);
  try {
    await copyDatabase(source, to, onProgress);
    checkIntegrity(to);
  } catch (error) {
    throw new MigrationRefusedError(`${from} was not restored: ${(error as Error).message}.`);
  } finally {
    source.close();
  }
}

/** In one step, and on the disk when this returns. */
function moveInto(place: string, file: string): void {
  renameSync(file, place);
  sync(dirname(place));
}

async function replace({ path, from, log, progress }: RestoreOptions): Promise<Restored> {
  // The database may be a link to where it really is.
  const place = existsSync(path) ? realpathSync(path) : path;
  const [fresh, former] = [`${place}.restore-new`, `${place}.restore-old`];
  // What a restoration that was killed has left.
  for (const left of [fresh, former]) removeDatabase(left);
  const current = CurrentDatabase.lock(place);
  try {
    await copyChecked(from, fresh, (done, total) => progress?.(done, total, 'pages copied'));
    log?.(`[RESTORE] ${from} is ${describeContents(fresh)}.`);
    if (!current) {
      removeLogsOf(place);
      moveInto(place, fresh);
      return { late: [] };
    }
    resemble(fresh, statSync(place));
    const kept = freeName(place, 'before-restore');
    await current.keep(former, kept, (done, total) => progress?.(done, total, 'pages kept'));
    log?.(`[RESTORE] The former database is kept: ${kept}`);
    const id = fileId(place);
    current.removeLogs();
    moveInto(place, fresh);
    return { kept, late: id === undefined ? [] : holdersOfFiles(new Set([id])) };
  } finally {
    current?.close();
    for (const left of [fresh, former]) removeDatabase(left);
  }
}
