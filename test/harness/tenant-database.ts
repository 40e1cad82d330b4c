import { join } from 'node:path';
import Database from 'better-sqlite3';
import { prepareDatabase } from '../../src/upgrade/prepare-database.js';
import { ROLES, SCHEMA, createDatabase, onPostgres, openAsSuperuser } from './postgres/postgres-databases.js';
import { processFolder } from './process-folder.js';
import { seedTenants, tenantRows } from './tenant-rows.js';

/**
 * A migrated database of its own, empty or with rows of two vaults in every table.
 *
 * @param kind the one that the suite runs on, where it is left out
 * @returns a file, or a superuser's URL
 */
export async function makeDatabase(
  rows: 'empty' | 'seeded',
  kind: 'sqlite' | 'postgres' = onPostgres ? 'postgres' : 'sqlite',
): Promise<string> {
  return kind === 'postgres' ? makePostgres(rows) : makeFile(rows);
}

async function makeFile(rows: 'empty' | 'seeded'): Promise<string> {
  const path = join(processFolder(), 'cairn.sqlite');
  await prepareDatabase({ database: { url: `sqlite:${path}`, kind: 'sqlite', path, source: 'test' } });
  const database = new Database(path);
  if (rows === 'seeded') seedTenants(database);
  // One file, so that it can be copied.
  database.pragma('journal_mode = DELETE');
  database.close();
  return path;
}

function makePostgres(rows: 'empty' | 'seeded'): string {
  const url = createDatabase();
  const database = openAsSuperuser(url);
  // What privileges keep from the service is another line of defence, which must hide no gap in this one.
  database.run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${SCHEMA} TO ${ROLES.app}`);
  for (const [table, row] of rows === 'empty' ? [] : tenantRows()) {
    const marks = Object.keys(row).map(() => '?');
    const columns = Object.keys(row).join('", "');
    const sql = `INSERT INTO "${table}" ("${columns}") VALUES (${marks.join(', ')})`;
    database.run(sql, ...Object.values(row));
  }
  database.close();
  return url;
}
