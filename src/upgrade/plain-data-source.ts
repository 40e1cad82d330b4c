import { DataSource } from 'typeorm';
import type { BetterSqlite3DataSourceOptions } from 'typeorm/driver/better-sqlite3/BetterSqlite3DataSourceOptions.js';
import { chain } from '../../migrations/chain.js';
import { sqliteOptions } from '../database/data-source.js';
import { MIGRATIONS_TABLE } from '../../migrations/record-tables.js';
import { BUSY_TIMEOUT_MS } from './sqlite-file.js';

/**
 * A data source that knows nothing of tenants: for migrations and commands, which work on the schema or on
 * every vault. Only `src/upgrade` and `src/cli` may import it.
 */
export function plainDataSource(path: string, { migrations = chain } = {}): DataSource {
  return new DataSource({
    ...(sqliteOptions({ path }) as BetterSqlite3DataSourceOptions),
    timeout: BUSY_TIMEOUT_MS,
    migrations: [...migrations],
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: 'all',
  });
}
