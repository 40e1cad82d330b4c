import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import { MIGRATIONS_TABLE } from '../../../migrations/record-tables.js';
import { TenancyViolationError } from '../../tenancy/errors.js';
import type { Tripwire } from '../../tenancy/tripwire.js';
import type { TenantDatabase } from '../tenant-database.js';
import { tenantQueryRunner } from '../tenant-query-runner.js';
import { TextCache } from '../text-cache.js';
import { directoryEntry, directorySql, directoryValues } from '../vault-directory.js';
import type { SqliteConnection } from './sqlite-connection.js';
import { SqliteConnections } from './sqlite-connections.js';

/** Milliseconds that SQLite itself blocks the process on a lock; longer waits are asynchronous. */
export const SQLITE_BUSY_TIMEOUT_MS = 10;

/**
 * What a reading connection keeps of the file, beside the system, from which the rest comes nearly as fast. There
 * are several, and each would come to hold the same.
 */
const READER_CACHE_KIB = 1024;

/** The settings of every connection that writes: durable at commit, references checked, no code in the schema. */
export function prepareSqlite(database: Database.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
}

/** Opens what a tenant-aware data source works with, over the connection that TypeORM has opened. */
export function openSqlite(driver: BetterSqlite3Driver, tripwire: Tripwire): TenantDatabase {
  const writer = driver.databaseConnection as Database.Database;
  if (writer.pragma('foreign_keys', { simple: true }) !== 1)
    throw new Error('SQLite does not check references');
  const path = driver.options.database;
  const connections = new SqliteConnections(writer, () => {
    const Sqlite = createRequire(import.meta.url)('better-sqlite3') as typeof Database;
    const reader = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: SQLITE_BUSY_TIMEOUT_MS });
    reader.pragma(`cache_size = -${READER_CACHE_KIB}`);
    return reader;
  });
  driver.escapeQueryWithParameters = bindSqlite;
  hideConnection(driver);
  const Runner = tenantQueryRunner(BetterSqlite3QueryRunner, { connections, tripwire, toDriver: toSqlite });
  return {
    createQueryRunner: () => new Runner(driver),
    ping: async () => void (await connections.reader.run('SELECT 1', [])),
    directory: async (page) => {
      const sql = directorySql(
        (name) => driver.escape(name),
        () => '?',
      );
      const { rows = [] } = await connections.reader.run(sql, directoryValues(page));
      return rows.map((row) => directoryEntry(row as Record<string, unknown>));
    },
    rowsOf: async ({ vaultId }) => {
      const counts: Record<string, number> = {};
      for (const table of await tenantTables(connections.reader)) {
        const sql = `SELECT count(*) AS n FROM ${driver.escape(table)} WHERE vault_id = ?`;
        const { rows = [] } = await connections.reader.run(sql, [vaultId]);
        counts[table] = (rows[0] as { n: number }).n;
      }
      return counts;
    },
    appliedMigrations: async () => {
      const { rows = [] } = await connections.reader.run(`SELECT name FROM "${MIGRATIONS_TABLE}"`, []);
      return rows.map((row) => (row as { name: string }).name);
    },
    close: () => {
      connections.close();
      // TypeORM closes the writer itself, and opens another when the data source is opened again.
      Object.defineProperty(driver, 'databaseConnection', {
        value: writer,
        writable: true,
        configurable: true,
      });
    },
  };
}

/** The tables with a vault in each row. */
async function tenantTables(connection: SqliteConnection): Promise<string[]> {
  const { rows = [] } = await connection.run(
    `SELECT t.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c
      WHERE t.type = 'table' AND c.name = 'vault_id' ORDER BY t.name`,
    [],
  );
  return rows.map((row) => (row as { name: string }).name);
}

/** TypeORM's driver keeps the connection in plain sight, with no tenant on it. */
function hideConnection(driver: BetterSqlite3Driver): void {
  const refuse = (): never => {
    throw new TenancyViolationError('A tenant has no bare connection');
  };
  Object.defineProperty(driver, 'databaseConnection', { get: refuse, set: refuse, configurable: true });
}

/** better-sqlite3 binds numbers, strings, bigints, buffers and null. */
function toSqlite(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    throw new TypeError('A list or an object cannot be the value of a parameter');
  }
  return value ?? null;
}

const PLACEHOLDER = /:(\.\.\.)?([A-Za-z0-9_.]+)/g;

/** A statement's parameters in order, and its text with a mark for each; without a text where one is a list. */
interface Placeholders {
  readonly names: readonly string[];
  readonly text: string | undefined;
}

const placeholders = new TextCache<Placeholders>();

function readPlaceholders(sql: string): Placeholders {
  const found = [...sql.matchAll(PLACEHOLDER)];
  const hasList = found.some(([, isList]) => isList);
  return {
    names: found.map(([, , name]) => name),
    text: hasList ? undefined : sql.replaceAll(PLACEHOLDER, '?'),
  };
}

/**
 * TypeORM's way from named parameters to values, but for numbers too: TypeORM writes those into the text,
 * which makes a new statement of every position and time.
 */
function bindSqlite(sql: string, parameters: Record<string, unknown>): [string, unknown[]] {
  const { names, text } = placeholders.get(sql, readPlaceholders);
  if (text !== undefined && names.every((name) => Object.hasOwn(parameters, name))) {
    return [text, names.map((name) => parameters[name])];
  }
  const values: unknown[] = [];
  const withMarks = sql.replaceAll(PLACEHOLDER, (full, isList: string | undefined, name: string) => {
    if (!Object.hasOwn(parameters, name)) return full;
    const value = parameters[name];
    const list = isList ? (value as unknown[]) : [value];
    values.push(...list);
    return list.map(() => '?').join(', ');
  });
  return [withMarks, values];
}
