import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, loadConfig } from '../../config/config.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { checkSchema } from '../current-schema.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { ImportModule } from './import.module.js';

/**
 * Starts what imports need of the service, without HTTP, and ends it again. Rows are written in the context of their
 * vault; on PostgreSQL by the owner of the tables, for whom row-level security holds too: the service itself has no
 * right to write the books of imports.
 *
 * @param env what else is set, such as WAYPOINTS_AUTOMATIC
 * @throws MigrationRefusedError when the database does not have the tables of this version
 */
export async function withImports<T>(
  database: Config['database'],
  env: NodeJS.ProcessEnv,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  await checkSchema(database);
  const { WAYPOINTS_AUTOMATIC } = env;
  const config: Config = {
    // The credentials of the service may not be at hand.
    ...loadConfig({ WAYPOINTS_AUTOMATIC }),
    database: database.kind === 'postgres' ? asOwner(database) : database,
  };
  const app = await NestFactory.createApplicationContext(ImportModule.register(config), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

function asOwner(database: PostgresConfig): PostgresConfig {
  const { migrator } = database;
  if (migrator) return { ...database, service: migrator };
  throw new MigrationRefusedError(
    'DATABASE_MIGRATOR_URL is not set: the role of DATABASE_URL may not write what an import notes down.',
  );
}
