import type { PostgresConfig, PostgresRoles } from '../../../src/config/postgres-config.js';
import { applyRoles } from '../../../src/upgrade/postgres/apply-roles.js';
import { type Finished, runBuilt } from '../built.js';
import { postgresConfig } from './connection-attempt.js';
import {
  TEST_PASSWORD,
  asSuperuser,
  createDatabase,
  dropDatabase,
  uniqueRoles,
  urlOf,
} from './scratch-server.js';

/** A database with nothing in it but the roles, and the schema where it is wanted: what a migration begins with. */
export interface MigrationPlace {
  readonly database: string;
  readonly roles: PostgresRoles;
  readonly env: NodeJS.ProcessEnv;
  readonly config: PostgresConfig;
  /** Runs the built command: `run`, `show`, `revert`. */
  migrate(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  drop(): Promise<void>;
}

/** @param schema whether it is there already, owned by the migrator; else its role may make it */
export async function makePlace(schema: 'with schema' | 'without schema'): Promise<MigrationPlace> {
  const database = await createDatabase();
  const roles = uniqueRoles();
  const passwords = Object.fromEntries(Object.keys(roles).map((kind) => [kind, TEST_PASSWORD]));
  await asSuperuser(async (client) => {
    await applyRoles(client, { database, schema: 'cairn', roles }, passwords);
    if (schema === 'with schema') return;
    await client.query('DROP SCHEMA cairn');
    await client.query(`GRANT CREATE ON DATABASE ${database} TO ${roles.migrator}`);
  }, database);
  const env = environmentOf(database, roles);
  return {
    database,
    roles,
    env,
    config: postgresConfig(env),
    migrate: (args, more = {}) => runBuilt('src/cli/migrate', args, { ...env, ...more }),
    drop: () => dropDatabase(database, Object.values(roles)),
  };
}

/** The settings of a service and its migrations. @param url of a database for a role, by default on the scratch server */
export function environmentOf(
  database: string,
  roles: PostgresRoles,
  url: (database: string, role: string) => string = urlOf,
): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: url(database, roles.app),
    DATABASE_MIGRATOR_URL: url(database, roles.migrator),
    DATABASE_SCHEMA: 'cairn',
    OM_PG_MIGRATOR_ROLE: roles.migrator,
    OM_PG_APP_ROLE: roles.app,
    DATABASE_OPERATOR_ROLE: roles.operator,
    DATABASE_BACKUP_ROLE: roles.backup,
  };
}
