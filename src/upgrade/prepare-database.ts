import type { Config } from '../config/config.js';
import { TOKENISER_VERSION } from '../recall/terms.js';
import { vaultsToReindex } from './all-vaults.js';
import { type MigrationReport, migrateDatabase } from './migrate-database.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { readState } from './plan.js';
import { preparePostgres } from './postgres/prepare-postgres.js';
import { recognise } from './recognise.js';
import { currentVersion } from './schema-version.js';
import { shellWord } from './shell-word.js';

export interface Prepared extends MigrationReport {
  /** The vaults whose recall index has to be rebuilt while the service runs; undefined for none. */
  readonly staleVaults?: AsyncIterable<string>;
}

/**
 * Makes the database ready to be served: on SQLite an empty or older one of ours is migrated here and now, on
 * PostgreSQL the service never changes a schema.
 *
 * @param log gets what a migration does, a line at a time
 * @returns what was done; no steps when the schema was up to date
 * @throws MigrationRefusedError when the file is another program's, newer than this build, or cannot be
 *   migrated; the message holds the command to run where one would help
 */
export function prepareDatabase(
  { database }: Pick<Config, 'database'>,
  log?: (line: string) => void,
): Promise<Prepared> {
  return database.kind === 'postgres' ? preparePostgres(database, log) : prepareSqlite(database.path, log);
}

async function prepareSqlite(path: string, log?: (line: string) => void): Promise<Prepared> {
  const found = recognise(path);
  if (found.kind !== 'empty' && found.kind !== 'cairn') {
    throw new MigrationRefusedError(
      `The database is not Cairn's: ${path} is ${found.description}, and it was left as it is. ` +
        'Either set DATABASE_URL to another file, or have this one taken over (or see why it cannot be) by\n' +
        `  DATABASE_URL=${shellWord(`sqlite:${path}`)} npm run migration:run`,
    );
  }
  const state = readState(path);
  const report =
    state.pending.length === 0
      ? { steps: [], version: currentVersion(state) }
      : await migrateDatabase({ path, log });
  const staleVaults = await vaultsToReindex({ kind: 'sqlite', path }, TOKENISER_VERSION);
  return { ...report, staleVaults };
}
