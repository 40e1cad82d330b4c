import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { Tripwire } from '../tenancy/tripwire.js';
import { admitBytes, openPostgres } from './postgres/postgres-database.js';
import { openSqlite } from './sqlite/sqlite-database.js';
import type { TenantDatabase } from './tenant-database.js';

export function isPostgres({ options }: Pick<DataSource, 'options'>): boolean {
  return options.type === 'postgres';
}

/** Before a data source is opened: what TypeORM's driver has to be told of our entities. */
export function prepareDriver(dataSource: DataSource): void {
  if (isPostgres(dataSource)) admitBytes(dataSource.driver as PostgresDriver);
}

/** Opens what a tenant-aware data source works with, over the connection that TypeORM has opened. */
export function openTenantDatabase(dataSource: DataSource, tripwire: Tripwire): TenantDatabase {
  return isPostgres(dataSource)
    ? openPostgres(dataSource.driver as PostgresDriver, tripwire)
    : openSqlite(dataSource.driver as BetterSqlite3Driver, tripwire);
}

/** Bytes as a statement selects them, and what makes a buffer of their values. */
export interface BytesForm {
  select(column: string): string;
  read(value: unknown): unknown;
}

/**
 * The form in which many bytes are read with the least work; undefined where that is as they are. PostgreSQL's driver
 * gets them as text, of which base64 has two thirds and costs half as much as the digits it gets otherwise.
 */
export function bytesForm(dataSource: Pick<DataSource, 'options'>): BytesForm | undefined {
  return isPostgres(dataSource) ? BASE64 : undefined;
}

const BASE64: BytesForm = {
  select: (column) => `encode(${column}, 'base64')`,
  read: (value) => (typeof value === 'string' ? Buffer.from(value, 'base64') : value),
};

/**
 * The condition that columns hold one of some lists of values.
 *
 * @param columns as SQL
 * @param rows for each list the marks of its values, as SQL
 */
export function isOneOf(
  dataSource: Pick<DataSource, 'options'>,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lists = rows.map((marks) => `(${marks.join(', ')})`).join(', ');
  // PostgreSQL takes what stands in VALUES for text; SQLite knows lists of lists only there.
  return `(${columns.join(', ')}) IN (${isPostgres(dataSource) ? lists : `VALUES ${lists}`})`;
}
