import pg, { type Client } from 'pg';
import type { PostgresConfig, PostgresServer } from '../../config/postgres-config.js';
import { clientOptions } from '../../database/postgres/client-options.js';
import {
  type ConnectionContext,
  describeConnectionProblem,
  describePooler,
} from '../../database/postgres/connection-problem.js';
import { checkServerVersion } from '../../database/postgres/server-version.js';
import { valueTypes } from '../../database/postgres/value-types.js';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** The role that owns the tables. @throws MigrationRefusedError where no setting names one */
export function migratorOf({ migrator }: PostgresConfig): PostgresServer {
  if (migrator) return migrator;
  throw new MigrationRefusedError(
    'DATABASE_MIGRATOR_URL is not set. The service connects as a role that owns nothing, so migrations need ' +
      'another: make both by `npm run db:roles`, and set DATABASE_MIGRATOR_URL to a postgres:// URL of the second.',
  );
}

/**
 * Runs `work` with a connection, and ends it.
 *
 * @throws MigrationRefusedError where there is none to be had
 */
export async function withClient<T>(
  server: PostgresServer,
  context: ConnectionContext,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...clientOptions(server), types: valueTypes });
  // Heard of by whoever waits for an answer.
  client.on('error', () => {});
  try {
    await client.connect();
    await refuseOldServer(client);
    return await work(client);
  } catch (error) {
    const problem = describeConnectionProblem(error, server, context);
    throw problem === undefined ? error : new MigrationRefusedError(problem);
  } finally {
    await client.end().catch(() => {});
  }
}

/** What a connection of the service, or of a command, is called in messages. */
export function contextOf({ schema, roles }: PostgresConfig, setting: string): ConnectionContext {
  return { setting, schema, roles };
}

async function refuseOldServer(client: Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  const problem = checkServerVersion(Number(rows[0].server_version_num));
  if (problem !== undefined) throw new MigrationRefusedError(problem);
}

/**
 * Refuses a pooler that gives a connection away after each transaction: the lock that keeps migrations apart belongs
 * to a connection.
 *
 * @param first is left without an open transaction
 * @throws MigrationRefusedError
 */
export async function refusePooler(
  server: PostgresServer,
  context: ConnectionContext,
  first: Client,
): Promise<void> {
  const pidOf = async (client: Client) =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0].pid;
  const pid = await pidOf(first);
  await withClient(server, context, async (second) => {
    if ((await pidOf(second)) === pid) throw new MigrationRefusedError(describePooler(context.setting));
  });
}
