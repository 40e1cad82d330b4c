import pg, { type Client, DatabaseError } from 'pg';
import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import type { PostgresConfig, PostgresServer } from '../../config/postgres-config.js';
import { clientOptions } from '../../database/postgres/client-options.js';
import { describeConnectionProblem } from '../../database/postgres/connection-problem.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { contextOf } from './migrator.js';

/** PostgreSQL's code for a database that does not exist. */
const INVALID_CATALOG_NAME = '3D000';

/**
 * Connects to the service's database as the administrator, whichever database the administrator's URL names.
 *
 * @throws MigrationRefusedError when that is not possible, or there is no administrator
 */
export async function connectAsAdmin(config: PostgresConfig): Promise<Client> {
  const { admin, service, autoCreateDatabase } = config;
  if (!admin) {
    throw new MigrationRefusedError(
      'DATABASE_ADMIN_URL is not set: it names who may create roles, as postgres://user:password@host:port/database.',
    );
  }
  const server = { ...admin, database: service.database };
  try {
    return await connected(server);
  } catch (error) {
    const isMissing = error instanceof DatabaseError && error.code === INVALID_CATALOG_NAME;
    if (!isMissing || !autoCreateDatabase) throw refused(config, server, error);
  }
  await createDatabase(config, admin);
  return connected(server).catch((error: unknown) => {
    throw refused(config, server, error);
  });
}

async function createDatabase(config: PostgresConfig, admin: PostgresServer): Promise<void> {
  const name = quoteIdentifier(config.service.database);
  const client = await connected(admin).catch((error: unknown) => {
    throw refused(config, admin, error);
  });
  try {
    await client.query(`CREATE DATABASE ${name}`);
  } catch (error) {
    throw new MigrationRefusedError(`The database ${name} could not be made: ${(error as Error).message}.`);
  } finally {
    await client.end();
  }
}

async function connected(server: PostgresServer): Promise<Client> {
  const client = new pg.Client(clientOptions(server));
  // What breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function refused(config: PostgresConfig, server: PostgresServer, error: unknown): unknown {
  const problem = describeConnectionProblem(error, server, contextOf(config, 'DATABASE_ADMIN_URL'));
  return problem === undefined ? error : new MigrationRefusedError(problem);
}
