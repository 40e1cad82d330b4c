import type { PostgresConfig } from '../../config/postgres-config.js';
import { TOKENISER_VERSION } from '../../recall/terms.js';
import { vaultsToReindex } from '../all-vaults.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import type { Prepared } from '../prepare-database.js';
import { currentVersion } from '../schema-version.js';
import { contextOf, withClient } from './migrator.js';
import { findOldSchema, namesIn } from './openmemory/old-tables.js';
import { readPostgresState } from './postgres-state.js';
import { checkAppRole } from './role-check.js';

/**
 * Checks that the service can be started, and finds, where there is an operator who may look, which vaults' recall
 * index has to be rebuilt.
 *
 * @param log gets why nobody looked
 * @throws MigrationRefusedError with the command that mends it
 */
export async function preparePostgres(
  database: PostgresConfig,
  log?: (line: string) => void,
): Promise<Prepared> {
  const prepared = { steps: [], version: await checkPostgres(database) };
  // The owner of the tables could look too, but would lock them, and a service knows no owner.
  const { operator } = database;
  if (!operator) return prepared;
  try {
    const staleVaults = await vaultsToReindex({ ...database, migrator: undefined }, TOKENISER_VERSION);
    return { ...prepared, staleVaults };
  } catch (error) {
    if (!(error instanceof MigrationRefusedError)) throw error;
    log?.(`Whether the recall index is up to date is not known: ${error.message}`);
    return prepared;
  }
}

/**
 * Checks that the schema is there and up to date, and that the service's role is one that row-level security holds
 * for; nothing is changed.
 *
 * @returns the version of the schema
 * @throws MigrationRefusedError with the command that mends it
 */
export function checkPostgres(database: PostgresConfig): Promise<string> {
  const { service, schema, openMemory } = database;
  return withClient(service, contextOf(database, 'DATABASE_URL'), async (client) => {
    const old = await findOldSchema(client, openMemory);
    const state = await readPostgresState(client, schema, namesIn(old, schema));
    if (state.pending.length > 0) {
      const what = state.applied.length === 0 ? 'has no tables of Cairn yet' : 'is of an older version';
      throw new MigrationRefusedError(
        `The schema ${schema} ${what}. With DATABASE_MIGRATOR_URL set, run npm run migration:run.`,
      );
    }
    const problems = await checkAppRole(client, schema);
    if (problems.length > 0) throw new MigrationRefusedError(problems.join('\n'));
    return currentVersion(state);
  });
}
