import { type Database, selectRows } from '../../../../migrations/postgres/catalog.js';
import { vaultTables } from '../../../../migrations/vault-tables.js';
import { kindOf } from './old-values.js';
import type { TableColumns } from './table-rows.js';

/** The tables that hold rows of vaults, each after those that it refers to. */
export async function cairnTables(database: Database, schema: string): Promise<TableColumns[]> {
  const rows = await selectRows<{ table: string; name: string; type: string }>(
    database,
    `SELECT c.relname AS table, a.attname AS name, t.typname AS type
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE n.nspname = $1 AND c.relname = ANY($2) ORDER BY c.relname, a.attnum`,
    [schema, vaultTables.map(({ name }) => name)],
  );
  return vaultTables.map(({ name: table }) => ({
    schema,
    table,
    columns: rows
      .filter((row) => row.table === table)
      .map(({ name, type }) => ({ name, values: kindOf(type) })),
  }));
}
