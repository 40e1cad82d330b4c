import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  type CopyProgress,
  checkIntegrity,
  copyDatabase,
  freeName,
  removeDatabase,
} from './database-copy.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';

/**
 * Copies the database at `path` to `<path>.backup-<UTC time>` and checks the copy. It holds what was
 * committed when it began, whoever reads or writes meanwhile.
 *
 * @returns the copy's path
 * @throws MigrationRefusedError when the copy cannot be made or is damaged
 */
export async function backUp(path: string): Promise<string> {
  const target = freeName(path, 'backup');
  try {
    await checkedCopy(path, target);
    return target;
  } catch (error) {
    throw new MigrationRefusedError(
      `No backup could be made at ${target}: ${(error as Error).message}. ` +
        'Nothing was changed. (--no-backup goes on without one.)',
    );
  }
}

/**
 * The same, to a place of one's choice.
 *
 * @param to a file that is not there yet, or a folder; undefined: beside the database
 * @throws MigrationRefusedError when the copy cannot be made or is damaged; nothing is left of it then
 */
export async function backUpTo(path: string, to?: string, onProgress?: CopyProgress): Promise<string> {
  if (isAbsentOrEmpty(path)) throw new MigrationRefusedError(`There is no database at ${path} to be copied.`);
  const isFolder = to !== undefined && existsSync(to) && statSync(to).isDirectory();
  const target = isFolder ? freeName(join(to, basename(path)), 'backup') : (to ?? freeName(path, 'backup'));
  try {
    await checkedCopy(path, target, onProgress);
    return target;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? 'there is such a file, and it was left as it is' : message;
    throw new MigrationRefusedError(`No backup could be made at ${target}: ${reason}.`);
  }
}

async function checkedCopy(path: string, target: string, onProgress?: CopyProgress): Promise<void> {
  const source = openReadOnly(path);
  try {
    await copyDatabase(source, target, onProgress);
  } finally {
    source.close();
  }
  try {
    checkIntegrity(target);
  } catch (error) {
    removeDatabase(target);
    throw error;
  }
}
