import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Config } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
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
 * @param whyOwner where it is for what the service's own role has no right to: why, as the refusal says where nobody
 *   has named the owner of the tables. On PostgreSQL the database is then opened as that, for whom row-level security
 *   holds too
 * @throws MigrationRefusedError when the database does not have the tables of this version, or no owner is named
 */
export async function withServices<T>(
  config: Config,
  modules: readonly (Type | DynamicModule)[],
  work: (app: INestApplicationContext) => Promise<T>,
  whyOwner?: string,
): Promise<T> {
  const { database } = config;
  // Of the database as the service is told of it: the owner is none that a service may run as.
  await checkSchema(database);
  const opened = whyOwner === undefined ? config : { ...config, database: asOwner(database, whyOwner) };
  const imports = [ConfigModule.register(opened), RolloutModule, DatabaseModule, ...modules];
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

function asOwner(database: Config['database'], why: string): Config['database'] {
  if (database.kind === 'sqlite') return database;
  const { migrator } = database;
  if (migrator) return { ...database, service: migrator };
  throw new MigrationRefusedError(`DATABASE_MIGRATOR_URL is not set: ${why}.`);
}
