import { type Database, selectRows } from '../../../migrations/postgres/catalog.js';
import { qualified, quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import { RECORD_TABLES } from '../../../migrations/record-tables.js';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** What a table holds: how many rows, and a digest of all values of some columns, in whatever order the rows are. */
interface Digest {
  readonly columns: readonly string[];
  readonly rows: number;
  readonly hash: string;
}

/** By table. */
export type Digests = ReadonlyMap<string, Digest>;

/** Counts and hashes every table of the search path's schema, but for the records of migrations. */
export async function digestTables(database: Database, schema: string): Promise<Digests> {
  const digests = new Map<string, Digest>();
  for (const [table, columns] of await columnsOf(database, schema)) {
    digests.set(table, await digest(database, schema, table, columns));
  }
  return digests;
}

/**
 * Compares with what was there before: of tables that are still there the same columns, of those that are not that
 * they were empty.
 *
 * @throws MigrationRefusedError naming the first table that differs
 */
export async function checkNothingChanged(
  database: Database,
  schema: string,
  before: Digests,
): Promise<void> {
  const now = await columnsOf(database, schema);
  for (const [table, { columns, rows, hash }] of before) {
    const there = now.get(table);
    const kept = columns.filter((column) => there?.includes(column));
    const same =
      there && kept.length === columns.length
        ? (await digest(database, schema, table, columns)).hash === hash
        : rows === 0 || (there !== undefined && (await count(database, schema, table)) === rows);
    if (same) continue;
    throw new MigrationRefusedError(`Undone, since the rows of ${table} would not be what they were.`);
  }
}

async function digest(
  database: Database,
  schema: string,
  table: string,
  columns: readonly string[],
): Promise<Digest> {
  const row = `ROW(${columns.map((column) => `t.${quoteIdentifier(column)}`).join(', ')})::text`;
  // A sum, since rows have no order; of 60 bits each, which a million rows do not bring near a numeric's end.
  const [{ rows, hash }] = await selectRows<{ rows: number; hash: string }>(
    database,
    `SELECT count(*) AS rows, coalesce(sum(('x' || substr(md5(${row}), 1, 15))::bit(60)::bigint), 0)::text AS hash
       FROM ${qualified(schema, table)} t`,
  );
  return { columns, rows: Number(rows), hash: `${rows}/${hash}` };
}

async function count(database: Database, schema: string, table: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM ${qualified(schema, table)}`;
  const [{ n }] = await selectRows<{ n: number }>(database, sql);
  return Number(n);
}

async function columnsOf(database: Database, schema: string): Promise<Map<string, string[]>> {
  const found = await selectRows<{ name: string; column: string }>(
    database,
    `SELECT c.relname AS name, a.attname AS column FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname, a.attnum`,
    [schema],
  );
  const columns = new Map<string, string[]>();
  for (const { name, column } of found) {
    if (RECORD_TABLES.includes(name)) continue;
    columns.set(name, [...(columns.get(name) ?? []), column]);
  }
  return columns;
}
