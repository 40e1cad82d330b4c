import pg from 'pg';
import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { clientOptions } from '../../database/postgres/client-options.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { contextOf, migratorOf, withClient } from './migrator.js';

/** The database that every server has, for connections that want none in particular. */
const MAINTENANCE = 'postgres';

const INVALID_CATALOG_NAME = '3D000';
/** What a server answers where another process has made it meanwhile; the second in the middle of the making. */
const EXISTS = ['42P04', '23505'];

/**
 * Makes the database where it does not exist and OM_PG_AUTO_CREATE_DB is set. Its owner is the migrator.
 *
 * @param dryRun refuses instead, since this could not be undone
 * @returns whether it was made
 * @throws MigrationRefusedError with the command that mends it
 */
export async function createMissingDatabase(config: PostgresConfig, dryRun = false): Promise<boolean> {
  const server = migratorOf(config);
  if (!config.autoCreateDatabase || !(await isMissing(config))) return false;
  const name = quoteIdentifier(server.database);
  if (dryRun) {
    throw new MigrationRefusedError(
      `The database ${name} does not exist, and a rehearsal does not make it: run npm run migration:run without --dry-run.`,
    );
  }
  const context = contextOf(config, 'DATABASE_MIGRATOR_URL');
  return withClient({ ...server, database: MAINTENANCE }, context, async (client) => {
    try {
      await client.query(`CREATE DATABASE ${name}`);
      return true;
    } catch (error) {
      if (EXISTS.includes((error as { code?: string }).code ?? '')) return false;
      throw error;
    }
  });
}

/** Anything else that is the matter is for the migration to say. */
async function isMissing(config: PostgresConfig): Promise<boolean> {
  const client = new pg.Client(clientOptions(migratorOf(config)));
  client.on('error', () => {});
  try {
    await client.connect();
    return false;
  } catch (error) {
    return (error as { code?: string }).code === INVALID_CATALOG_NAME;
  } finally {
    await client.end().catch(() => {});
  }
}
