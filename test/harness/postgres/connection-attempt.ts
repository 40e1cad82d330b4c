import pg, { type Client } from 'pg';
import { loadDatabaseConfig } from '../../../src/config/config.js';
import type { PostgresConfig, PostgresServer } from '../../../src/config/postgres-config.js';
import { clientOptions } from '../../../src/database/postgres/client-options.js';
import { describeConnectionProblem } from '../../../src/database/postgres/connection-problem.js';

export function postgresConfig(env: NodeJS.ProcessEnv): PostgresConfig {
  const config = loadDatabaseConfig(env);
  if (config.kind !== 'postgres') throw new Error('This test needs a PostgreSQL URL');
  return config;
}

/** Connects as the service would, does `work`, and ends the connection. */
export async function connected<T>(server: PostgresServer, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(clientOptions(server));
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * What people are told when connecting, or `work`, fails.
 *
 * @throws Error when nothing fails, and when what fails has no description
 */
export async function problemOf(
  env: NodeJS.ProcessEnv,
  work: (client: Client) => Promise<unknown> = (client) => client.query('SELECT 1'),
): Promise<string> {
  const { service, schema, roles } = postgresConfig(env);
  try {
    await connected(service, work);
  } catch (error) {
    const described = describeConnectionProblem(error, service, { setting: 'DATABASE_URL', schema, roles });
    if (described === undefined) throw error;
    return described;
  }
  throw new Error('Nothing failed');
}
