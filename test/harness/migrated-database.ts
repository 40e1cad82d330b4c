import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDatabaseConfig } from '../../src/config/config.js';
import type { AnyDatabase } from '../../src/upgrade/all-vaults.js';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import { migratePostgres } from '../../src/upgrade/postgres/migrate-postgres.js';
import {
  copyDatabase,
  createDatabase,
  createSchema,
  isPostgresUrl,
  onPostgres,
  settingsOf,
} from './postgres/postgres-databases.js';
import { tempFolder } from './temp-folder.js';

/**
 * A database of the running test with the tables of a version.
 *
 * @param to the last migration; the newest if left out
 * @returns its place: a file, or on PostgreSQL a superuser's URL
 */
export async function migratedDatabase(to?: string): Promise<string> {
  if (onPostgres && to === undefined) return createDatabase();
  const place = emptyDatabase();
  const database = configOf(place);
  if (database.kind === 'postgres') await migratePostgres({ database, to });
  else await migrateDatabase({ path: place, to });
  return place;
}

/** A database of the running test without tables: a file that is not there yet, or on PostgreSQL an empty schema. */
export function emptyDatabase(): string {
  return onPostgres ? createSchema() : join(tempFolder(), 'cairn.sqlite');
}

/** A copy of a database that nobody uses, for the running test. */
export function copyOf(place: string): string {
  if (isPostgresUrl(place)) return copyDatabase(place);
  const copy = join(tempFolder(), 'cairn.sqlite');
  copyFileSync(place, copy);
  return copy;
}

/** How a service, or a command, is told of a database. */
export function environmentOf(place: string): NodeJS.ProcessEnv {
  return isPostgresUrl(place) ? settingsOf(place) : { DATABASE_URL: `sqlite:${place}` };
}

/** What a service, or a command, makes of that. */
export function configOf(place: string): AnyDatabase {
  return loadDatabaseConfig(environmentOf(place));
}
