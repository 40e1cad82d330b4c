import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { DatabaseModule } from '../database/database.module.js';
import { RolloutModule } from '../rollout/rollout.module.js';
import { checkSchema } from './current-schema.js';
import { MigrationRefusedError } from './migration-refused.error.js';

/** What a command makes the parts of the service that it needs from. */
class ServiceContext {}

/**
 * Starts parts of the service on a database, without HTTP, and ends them again.
 *
 * @param modules what is needed, beside the configuration, the database and the flags
 * @throws MigrationRefusedError when the database does not have the tables of this version
 */
export async function withServices<T>(
  config: Config,
  modules: readonly (Type | DynamicModule)[],
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  await checkSchema(config.database);
  const imports = [ConfigModule.register(config), RolloutModule, DatabaseModule, ...modules];
  const app = await NestFactory.createApplicationContext(
    { module: ServiceContext, imports },
    { logger: false, abortOnError: false },
  );
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/**
 * The database as it is opened for what the service's own role has no right to: on PostgreSQL as the owner of the
 * tables, for whom row-level security holds too.
 *
 * @param why that is, as the refusal says where nobody has named the owner
 * @throws MigrationRefusedError there
 */
export function asOwner(database: Config['database'], why: string): Config['database'] {
  if (database.kind === 'sqlite') return database;
  const { migrator }: PostgresConfig = database;
  if (migrator) return { ...database, service: migrator };
  throw new MigrationRefusedError(`DATABASE_MIGRATOR_URL is not set: ${why}.`);
}
