import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, loadConfig } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { DatabaseModule } from '../database/database.module.js';
import { ApiKeysModule } from '../vaults/api-keys.module.js';
import { ApiKeysService } from '../vaults/api-keys.service.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { checkSchema } from './current-schema.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { whileBusy } from './while-busy.js';

/** What API keys need of the service, without HTTP. */
@Module({})
class ApiKeyDatabaseModule {
  static register(config: Config): DynamicModule {
    return {
      module: ApiKeyDatabaseModule,
      imports: [ConfigModule.register(config), DatabaseModule, ApiKeysModule, VaultsModule],
    };
  }
}

/**
 * Works on the API keys of a database, and lets go of it again; on PostgreSQL as the owner of the tables, for whom
 * row-level security holds too: whoever may make keys for any vault has more than the service's own password.
 *
 * @throws MigrationRefusedError when the database does not have the tables of this version, or is kept by another
 */
export async function withApiKeys<T>(
  database: Config['database'],
  work: (keys: ApiKeysService) => Promise<T>,
): Promise<T> {
  await checkSchema(database);
  // The credentials of the service may not be at hand.
  const config: Config = {
    ...loadConfig({}),
    database: database.kind === 'postgres' ? asOwner(database) : database,
  };
  const app = await NestFactory.createApplicationContext(ApiKeyDatabaseModule.register(config), {
    logger: false,
    abortOnError: false,
  });
  try {
    const keys = app.get(ApiKeysService, { strict: false });
    return await whileBusy(() => work(keys));
  } catch (error) {
    if ((error as Error).name !== 'BusyError') throw error;
    throw new MigrationRefusedError('Another process keeps the database for itself. Run this again.');
  } finally {
    await app.close();
  }
}

function asOwner(database: PostgresConfig): PostgresConfig {
  const { migrator } = database;
  if (migrator) return { ...database, service: migrator };
  throw new MigrationRefusedError(
    'DATABASE_MIGRATOR_URL is not set: keys of any vault are made as the role that owns the tables.',
  );
}
