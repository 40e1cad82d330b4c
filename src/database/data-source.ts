import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import type { SqliteConfig } from '../config/config.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { entities } from './entities.js';
import { clientOptions } from './postgres/client-options.js';
import type { PostgresExtra } from './postgres/postgres-database.js';
import { valueTypes } from './postgres/value-types.js';
import { SQLITE_BUSY_TIMEOUT_MS, prepareSqlite } from './sqlite/sqlite-database.js';

const COMMON = {
  entities,
  synchronize: false,
  logging: false,
  isolateWhereStatements: true,
  // Never "ignore": a condition whose value is missing must not become no condition.
  invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
} as const satisfies Partial<DataSourceOptions>;

/**
 * The options of every data source: the service's tenant-aware one, and the plain one of migrations and the
 * TypeORM command line, which adds the migrations to it.
 */
export function dataSourceOptions(
  database: Pick<SqliteConfig, 'kind' | 'path'> | PostgresConfig,
): DataSourceOptions {
  return database.kind === 'postgres' ? postgresOptions(database) : sqliteOptions(database);
}

export function sqliteOptions({ path }: Pick<SqliteConfig, 'path'>) {
  return {
    ...COMMON,
    type: 'better-sqlite3' as const,
    database: path,
    timeout: SQLITE_BUSY_TIMEOUT_MS,
    prepareDatabase: prepareSqlite,
  };
}

function postgresOptions({ service, operator, schema, pool }: PostgresConfig): DataSourceOptions {
  const { statementTimeoutMs, idleInTransactionTimeoutMs } = pool;
  const extra: PostgresExtra = {
    ...clientOptions(service),
    max: pool.size,
    connectionTimeoutMillis: pool.acquireTimeoutMs,
    // What opens a transaction, its statement and its end are sent without waiting in between.
    pipeline: true,
    types: valueTypes,
    limits: { statementTimeoutMs, idleInTransactionTimeoutMs },
    operator: operator && { ...clientOptions(operator), types: valueTypes },
  };
  return {
    ...COMMON,
    type: 'postgres',
    driver: pg,
    schema,
    // The service never runs DDL.
    installExtensions: false,
    extra,
    // Lost connections are told to whoever uses them.
    poolErrorHandler: () => {},
  };
}
