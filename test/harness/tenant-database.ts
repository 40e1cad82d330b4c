import { join } from 'node:path';
import Database from 'better-sqlite3';
import { prepareDatabase } from '../../src/upgrade/prepare-database.js';
import { seedTenants } from './tenant-rows.js';
import { processFolder } from './process-folder.js';

/** A migrated database in a file of its own, empty or with rows of two vaults in every table. */
export async function makeDatabase(rows: 'empty' | 'seeded'): Promise<string> {
  const path = join(processFolder(), 'cairn.sqlite');
  await prepareDatabase({ database: { url: `sqlite:${path}`, kind: 'sqlite', path, source: 'test' } });
  const database = new Database(path);
  if (rows === 'seeded') seedTenants(database);
  // One file, so that it can be copied.
  database.pragma('journal_mode = DELETE');
  database.close();
  return path;
}
