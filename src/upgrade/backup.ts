import { chmodSync, existsSync, rmSync, statSync } from 'node:fs';
import { MigrationRefusedError } from './migration-refused.error.js';
import { openForWriting, openReadOnly } from './sqlite-file.js';

/**
 * Copies the database at `path` to `<path>.backup-<UTC time>` and checks the copy. It holds what was
 * committed when it began, whoever reads or writes meanwhile.
 *
 * @returns the copy's path
 * @throws MigrationRefusedError when the copy cannot be made or is damaged
 */
export async function backUp(path: string): Promise<string> {
  const target = freeName(path);
  const source = openReadOnly(path);
  try {
    await source.backup(target);
    // Whoever may not read the database may not read its copy.
    chmodSync(target, statSync(path).mode & 0o777);
    checkIntegrity(target);
    return target;
  } catch (error) {
    rmSync(target, { force: true });
    throw new MigrationRefusedError(
      `No backup could be made at ${target}: ${(error as Error).message}. ` +
        'Nothing was changed. (--no-backup goes on without one.)',
    );
  } finally {
    source.close();
  }
}

function freeName(path: string): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace(/\.\d+/, '');
  const name = `${path}.backup-${time}`;
  for (let i = 1; ; i++) {
    const candidate = i === 1 ? name : `${name}-${i}`;
    if (!existsSync(candidate)) return candidate;
  }
}

function checkIntegrity(path: string): void {
  const copy = openForWriting(path);
  try {
    const found = copy.pragma('integrity_check', { simple: true });
    if (found !== 'ok') throw new Error(`the database is damaged (${String(found)})`);
  } finally {
    copy.close();
  }
}
