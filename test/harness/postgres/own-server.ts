import { Client } from 'pg';
import type { PostgresConfig } from '../../../src/config/postgres-config.js';
import { applyRoles } from '../../../src/upgrade/postgres/apply-roles.js';
import { migratePostgres } from '../../../src/upgrade/postgres/migrate-postgres.js';
import { postgresConfig } from './connection-attempt.js';
import { environmentOf } from './migration-place.js';
import { TEST_PASSWORD, uniqueRoles } from './scratch-server.js';
import {
  SUPERUSER,
  SUPERUSER_PASSWORD,
  type PostgresServerProcess,
  startPostgres,
} from './server-process.js';

/** A server of a test's own with the service's tables, to be stopped and started at will. */
export interface OwnServer extends PostgresServerProcess {
  /** The settings of a service. */
  readonly env: NodeJS.ProcessEnv;
  /** A superuser's URL of the database. */
  readonly url: string;
}

/** @param settings lines of postgresql.conf */
export async function startOwnServer(settings: readonly string[] = []): Promise<OwnServer> {
  const server = await startPostgres(settings, ['host all all 127.0.0.1/32 scram-sha-256']);
  const roles = uniqueRoles();
  const urlOf = (database: string, role: string, password = TEST_PASSWORD) =>
    `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${database}`;
  const url = urlOf('postgres', SUPERUSER, SUPERUSER_PASSWORD);
  const env = environmentOf('postgres', roles, urlOf);
  try {
    const client = new Client({ connectionString: url });
    await client.connect();
    const passwords = Object.fromEntries(Object.keys(roles).map((kind) => [kind, TEST_PASSWORD]));
    await applyRoles(client, { database: 'postgres', schema: 'cairn', roles }, passwords);
    await client.end();
    await migratePostgres({ database: postgresConfig(env) as PostgresConfig });
  } catch (error) {
    server.stop();
    throw error;
  }
  return { ...server, env, url };
}
