import 'reflect-metadata';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { fingerprint } from '../src/upgrade/fingerprint.js';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { runBuilt } from './harness/built.js';
import { readCatalog } from './harness/catalog.js';
import { storeMultiUserRows } from './harness/multi-user-rows.js';
import { tempFolder } from './harness/temp-folder.js';

const MIGRATE_AND_DIE = 'test/harness/migrate-and-die';
const AT_ONCE = 2;

/** Everything but times: schema, rows, and the records of what was applied. */
function stateOf(path: string) {
  const database = new Database(path);
  try {
    const tables = [...fingerprint(database)].map(([name, { rows, hash }]) =>
      // These hold the time of the migration itself.
      ['vaults', 'legacy_rows', 'imports'].includes(name) ? [name, rows] : [name, rows, hash],
    );
    return {
      catalog: readCatalog(database),
      tables,
      versions: database.prepare('SELECT version FROM schema_version ORDER BY version').pluck().all(),
      migrations: database.prepare('SELECT name FROM migrations ORDER BY id').pluck().all(),
      integrity: database.pragma('integrity_check', { simple: true }),
    };
  } finally {
    database.close();
  }
}

/**
 * Kills a migration of a copy of `original` (none: an absent file) before every `stride`th statement, then runs
 * it again.
 */
async function killBefore(stride: number, folder: string, original?: string): Promise<void> {
  const fresh = (name: string) => {
    const path = join(folder, `${name}.sqlite`);
    if (original) copyFileSync(original, path);
    return path;
  };
  const whole = fresh('whole');
  const { stdout, stderr } = await runBuilt(MIGRATE_AND_DIE, [whole, '0']);
  const statements = Number(stdout);
  expect(statements, stderr).toBeGreaterThan(50);
  const expected = stateOf(whole);

  const first = 1 + Math.floor(Math.random() * stride);
  const numbers: number[] = [];
  for (let n = first; n <= statements; n += stride) numbers.push(n);
  console.log(`killing before statements ${first}, ${first + stride}, … of ${statements}`);
  const worker = async () => {
    for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
      const path = fresh(`killed-${n}`);
      const { signal } = await runBuilt(MIGRATE_AND_DIE, [path, String(n)]);
      expect(signal, `statement ${n}`).toBe('SIGKILL');
      await migrateDatabase({ path });
      expect(stateOf(path), `killed before statement ${n}`).toEqual(expected);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe('kill -9 before any statement of a migration, and run again', () => {
  it('comes to the same schema from an empty database', async () => {
    await killBefore(1, tempFolder());
  });

  it('comes to the same schema and rows from a database with rows', async () => {
    const folder = tempFolder();
    const original = join(folder, 'original.sqlite');
    await migrateDatabase({ path: original, to: '1.2.0' });
    const database = new Database(original);
    storeMultiUserRows(database);
    database.close();
    await killBefore(6, folder, original);
  });
});
