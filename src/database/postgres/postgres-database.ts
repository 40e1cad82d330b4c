import pg, { type Pool, type PoolConfig } from 'pg';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner.js';
import { MIGRATIONS_TABLE } from '../../../migrations/record-tables.js';
import { TenancyViolationError } from '../../tenancy/errors.js';
import type { Tripwire } from '../../tenancy/tripwire.js';
import type { TenantDatabase } from '../tenant-database.js';
import { tenantQueryRunner } from '../tenant-query-runner.js';
import { directoryEntry, directorySql, directoryValues } from '../vault-directory.js';
import { databaseFailure } from './database-failure.js';
import { PostgresConnections, type TransactionLimits } from './postgres-connections.js';
import type { PostgresLease } from './postgres-lease.js';

/** What a data source on PostgreSQL carries beside TypeORM's own options (`extra`). */
export interface PostgresExtra extends PoolConfig {
  readonly limits: TransactionLimits;
  /** How the operator's role connects; undefined where there is none. */
  readonly operator?: PoolConfig;
}

/** Columns of bytes are `blob` in the entities, as on SQLite. */
export function admitBytes(driver: PostgresDriver): void {
  driver.supportedDataTypes.push('blob');
  const normalizeType = driver.normalizeType.bind(driver);
  driver.normalizeType = (column) => (column.type === 'blob' ? 'bytea' : normalizeType(column));
}

/** Opens what a tenant-aware data source works with, over the pool that TypeORM has opened. */
export function openPostgres(driver: PostgresDriver, tripwire: Tripwire): TenantDatabase {
  const pool = driver.master as Pool;
  const schema = driver.options.schema!;
  const { limits, operator } = driver.options.extra as PostgresExtra;
  const connections = new PostgresConnections(pool, schema, limits);
  driver.escapeQueryWithParameters = bindPostgres;
  const showPool = hidePool(driver, pool);
  const Runner = tenantQueryRunner(PostgresQueryRunner, { connections, tripwire, toDriver: toPostgres });
  const table = (name: string) => `${driver.escape(schema)}.${driver.escape(name)}`;
  return {
    createQueryRunner: () => new Runner(driver, 'master'),
    ping: async () => void (await connections.look('SELECT 1')),
    directory:
      operator &&
      (async (page) => {
        // Rarely used, and never by two requests at once for long.
        const client = new pg.Client(operator);
        client.on('error', () => {});
        try {
          await client.connect();
          const sql = directorySql(table, (n) => `$${n}`);
          const { rows } = await client.query<Record<string, unknown>>(sql, directoryValues(page));
          return rows.map(directoryEntry);
        } catch (error) {
          throw databaseFailure(error);
        } finally {
          client.end().catch(() => {});
        }
      }),
    rowsOf: async (scope) => {
      const lease = await connections.begin(scope, true);
      try {
        return await countRows(lease, schema, table);
      } finally {
        lease.end();
      }
    },
    appliedMigrations: async () => {
      const { rows } = await connections.look(`SELECT name FROM ${table(MIGRATIONS_TABLE)}`);
      return rows.map(([name]) => name as string);
    },
    close: showPool,
  };
}

async function countRows(
  lease: PostgresLease,
  schema: string,
  table: (name: string) => string,
): Promise<Record<string, number>> {
  const { rows } = await lease.list(
    `SELECT c.relname FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = 'vault_id' AND NOT a.attisdropped
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname`,
    [schema],
  );
  const counts: Record<string, number> = {};
  for (const [name] of rows as [string][]) {
    const { rows: counted } = await lease.list(`SELECT count(*) FROM ${table(name)}`, []);
    counts[name] = counted[0][0] as number;
  }
  return counts;
}

/** TypeORM's driver keeps the pool in plain sight, with no tenant on it. @returns what undoes it */
function hidePool(driver: PostgresDriver, pool: Pool): () => void {
  const refuse = (): never => {
    throw new TenancyViolationError('A tenant has no bare connection');
  };
  Object.defineProperty(driver, 'master', { get: refuse, set: refuse, configurable: true });
  return () => {
    Object.defineProperty(driver, 'master', { value: pool, writable: true, configurable: true });
  };
}

/** pg would make an array or JSON of lists and objects. */
function toPostgres(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) {
    throw new TypeError('A list or an object cannot be the value of a parameter');
  }
  return value ?? null;
}

const PLACEHOLDER = /:(\.\.\.)?([A-Za-z0-9_.]+)/g;

/**
 * TypeORM's way from named parameters to values, but with a mark of its own for each place: PostgreSQL takes one mark
 * for one type, and a value such as null may stand in columns of several.
 */
function bindPostgres(sql: string, parameters: Record<string, unknown>): [string, unknown[]] {
  const values: unknown[] = [];
  const mark = (value: unknown) => `$${values.push(value)}`;
  const text = sql.replaceAll(PLACEHOLDER, (full, isList: string | undefined, name: string) => {
    if (!Object.hasOwn(parameters, name)) return full;
    const value = parameters[name];
    return isList ? (value as unknown[]).map(mark).join(', ') : mark(value);
  });
  return [text, values];
}
