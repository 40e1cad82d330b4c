import type { Client } from 'pg';
import { type SecurityReport, secure } from '../../../migrations/postgres/security.js';
import { loadDatabaseConfig } from '../../../src/config/config.js';
import type { PostgresConfig, PostgresRoles } from '../../../src/config/postgres-config.js';
import { migratePostgres } from '../../../src/upgrade/postgres/migrate-postgres.js';
import { applyRoles } from '../../../src/upgrade/postgres/apply-roles.js';
import {
  TEST_PASSWORD,
  asSuperuser,
  connectTo,
  createDatabase,
  dropDatabase,
  uniqueRoles,
  urlOf,
} from './scratch-server.js';
import { tenantRows } from '../tenant-rows.js';

/** A schema as `db:roles` and the migrations make it. */
export interface PostgresSchema {
  readonly database: string;
  readonly schema: string;
  readonly roles: PostgresRoles;
  /** A connection of its own, with the schema in its search path. */
  connect(role: keyof PostgresRoles): Promise<Client>;
  /** Something done by a superuser in this database. */
  asSuperuser<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** Closes the schema once more, as its owner. */
  secure(): Promise<SecurityReport>;
  /** Takes the database and the roles away. */
  drop(): Promise<void>;
}

/** Where a schema goes; everything that is left out is made, under a name of its own. */
export interface SchemaPlace {
  readonly database?: string;
  readonly schema?: string;
  readonly roles?: PostgresRoles;
}

/** Makes the roles and the schema, and closes it. */
export async function makeSchema(place: SchemaPlace = {}): Promise<PostgresSchema> {
  const database = place.database ?? (await createDatabase());
  const { schema = 'cairn', roles = uniqueRoles() } = place;
  const passwords = Object.fromEntries(Object.keys(roles).map((kind) => [kind, TEST_PASSWORD]));
  await asSuperuser((client) => applyRoles(client, { database, schema, roles }, passwords), database);
  const made: PostgresSchema = {
    database,
    schema,
    roles,
    connect: async (role) => {
      const client = await connectTo(database, roles[role]);
      await client.query(`SET search_path = "${schema}"`);
      return client;
    },
    asSuperuser: (work) => asSuperuser(work, database),
    secure: () => asOwner(made, (owner) => secure(owner, { schema, roles })),
    drop: () => dropDatabase(database, Object.values(roles)),
  };
  const config = loadDatabaseConfig({
    DATABASE_URL: urlOf(database, roles.app),
    DATABASE_MIGRATOR_URL: urlOf(database, roles.migrator),
    DATABASE_SCHEMA: schema,
    OM_PG_MIGRATOR_ROLE: roles.migrator,
    OM_PG_APP_ROLE: roles.app,
    DATABASE_OPERATOR_ROLE: roles.operator,
    DATABASE_BACKUP_ROLE: roles.backup,
  });
  await migratePostgres({ database: config as PostgresConfig });
  return made;
}

/** In one transaction, as migrations run. */
async function asOwner<T>({ connect }: PostgresSchema, work: (owner: Client) => Promise<T>): Promise<T> {
  const owner = await connect('migrator');
  try {
    await owner.query('BEGIN');
    const result = await work(owner);
    await owner.query('COMMIT');
    return result;
  } finally {
    await owner.end();
  }
}

/** Fills every table with rows of two vaults, A and B. */
export async function seedSchema({
  asSuperuser,
  schema,
}: Pick<PostgresSchema, 'asSuperuser' | 'schema'>): Promise<void> {
  await asSuperuser(async (client) => {
    for (const [table, row] of tenantRows()) {
      const columns = Object.keys(row);
      const marks = columns.map((_, i) => `$${i + 1}`).join(', ');
      await client.query(
        `INSERT INTO "${schema}"."${table}" ("${columns.join('", "')}") VALUES (${marks})`,
        Object.values(row),
      );
    }
  });
}

/** Runs in a transaction of one vault, which is rolled back. */
export async function inVault<T>(client: Client, vaultId: string, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL app.vault_id = '${vaultId}'`);
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

/** The code by which PostgreSQL refuses a statement, or nothing. */
export async function refusalOf(
  client: Client,
  sql: string,
  values: unknown[] = [],
): Promise<string | undefined> {
  await client.query('SAVEPOINT attempt');
  try {
    await client.query(sql, values);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT attempt');
  }
}
