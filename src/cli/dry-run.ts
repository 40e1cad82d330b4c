import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { copyDatabase } from '../upgrade/database-copy.js';
import { isAbsentOrEmpty, openReadOnly } from '../upgrade/sqlite-file.js';

/**
 * Runs `fn` on a copy of the database at `path` as it is now, which is gone afterwards. The copy is made beside it,
 * where there is room for a backup too.
 */
export async function withCopy<T>(path: string, fn: (copy: string) => Promise<T>): Promise<T> {
  const isAbsent = isAbsentOrEmpty(path);
  const folder = mkdtempSync(join(isAbsent ? tmpdir() : dirname(path), '.dry-run-'));
  try {
    const copy = join(folder, basename(path));
    if (!isAbsent) {
      const database = openReadOnly(path);
      try {
        await copyDatabase(database, copy);
      } finally {
        database.close();
      }
    }
    return await fn(copy);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
