import type { DataSourceOptions } from 'typeorm';
import type { Config } from '../config/config.js';
import { SQLITE_BUSY_TIMEOUT_MS, prepareSqlite } from './dialect.js';
import { entities } from './entities.js';

/**
 * The options of every data source: the service's tenant-aware one, and the plain one of migrations and the
 * TypeORM command line, which adds the migrations to it.
 */
export function dataSourceOptions(database: Pick<Config['database'], 'path'>): DataSourceOptions {
  return {
    type: 'better-sqlite3',
    database: database.path,
    timeout: SQLITE_BUSY_TIMEOUT_MS,
    prepareDatabase: prepareSqlite,
    entities,
    synchronize: false,
    logging: false,
    isolateWhereStatements: true,
    // Never "ignore": a condition whose value is missing must not become no condition.
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
  };
}
