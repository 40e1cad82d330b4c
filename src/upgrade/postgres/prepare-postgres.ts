import type { PostgresConfig } from '../../config/postgres-config.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import type { Prepared } from '../prepare-database.js';
import { currentVersion } from '../schema-version.js';
import { contextOf, withClient } from './migrator.js';
import { readPostgresState } from './postgres-state.js';
import { checkAppRole } from './role-check.js';

/**
 * Checks that the schema is there and up to date, and that the service's role is one that row-level security holds
 * for; nothing is changed.
 *
 * @throws MigrationRefusedError with the command that mends it
 */
export function preparePostgres(database: PostgresConfig): Promise<Prepared> {
  const { service, schema } = database;
  return withClient(service, contextOf(database, 'DATABASE_URL'), async (client) => {
    const state = await readPostgresState(client, schema);
    if (state.pending.length > 0) {
      const what = state.applied.length === 0 ? 'has no tables of Cairn yet' : 'is of an older version';
      throw new MigrationRefusedError(
        `The schema ${schema} ${what}. With DATABASE_MIGRATOR_URL set, run npm run migration:run.`,
      );
    }
    const problems = await checkAppRole(client, schema);
    if (problems.length > 0) throw new MigrationRefusedError(problems.join('\n'));
    return { steps: [], version: currentVersion(state) };
  });
}
