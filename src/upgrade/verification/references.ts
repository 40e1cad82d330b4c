import type Database from 'better-sqlite3';
import { type Report, quoted } from './finding.js';

/** Tables whose vault has a row of its own in `vaults`, which no key of theirs says. */
const OF_A_VAULT = ['users', 'sessions', 'collections', 'scopes', 'facts'];
/** Rows that carry the owner of their memory. */
const OWNED_BY_MEMORY = [
  ['memory_versions', 'memory_id'],
  ['vectors', 'memory_id'],
  ['waypoints', 'src_id'],
] as const;

interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
  readonly to: string;
  readonly toColumns: readonly string[];
}

/**
 * Looks for rows that belong to rows that are not there, or to another owner than theirs.
 *
 * @param expected a database with the references as they should be: the one that is looked at may have lost some
 */
export function verifyReferences(
  database: Database.Database,
  expected: Database.Database,
  vaultId: string | undefined,
  report: Report,
): void {
  const look = (sql: string, found: (row: Record<string, unknown>) => void) => {
    const where = vaultId === undefined ? '' : ' AND c.vault_id = ?';
    const rows = database
      .prepare(sql.replace(':where', where))
      .iterate(...(vaultId === undefined ? [] : [vaultId]));
    for (const row of rows) found(row as Record<string, unknown>);
  };
  for (const reference of referencesIn(expected)) {
    const { table, columns, to, toColumns } = reference;
    look(
      `SELECT ${keyOf(expected, table)} FROM "${table}" c WHERE ${columns.map((name) => `c."${name}" IS NOT NULL`).join(' AND ')} :where
       AND NOT EXISTS (SELECT 1 FROM "${to}" p WHERE ${toColumns.map((name, i) => `p."${name}" = c."${columns[i]}"`).join(' AND ')})`,
      (row) => report('references', `${rowName(table, row)} belongs to a row of ${to} that is not there`),
    );
  }
  for (const table of OF_A_VAULT) {
    look(
      `SELECT DISTINCT c.vault_id FROM "${table}" c
       WHERE NOT EXISTS (SELECT 1 FROM vaults v WHERE v.vault_id = c.vault_id) :where`,
      ({ vault_id }) =>
        report('references', `${table} has rows of vault ${quoted(vault_id)}, which is not in vaults`),
    );
  }
  for (const [table, column] of OWNED_BY_MEMORY) {
    look(
      `SELECT ${keyOf(expected, table)} FROM "${table}" c JOIN memories m ON m.vault_id = c.vault_id AND m.id = c."${column}"
       WHERE m.user_id <> c.user_id :where`,
      (row) => report('references', `${rowName(table, row)} has another owner than its memory`),
    );
  }
}

function referencesIn(database: Database.Database): Reference[] {
  const rows = database
    .prepare(
      `SELECT t.name AS "table", k.id, k."table" AS "to", json_group_array(k."from") AS columns,
         json_group_array(k."to") AS toColumns
       FROM (SELECT name FROM pragma_table_list WHERE schema = 'main' ORDER BY name) t,
         pragma_foreign_key_list(t.name) k
       GROUP BY t.name, k.id, k."table"`,
    )
    .all() as { table: string; to: string; columns: string; toColumns: string }[];
  return rows.map(({ table, to, columns, toColumns }) => ({
    table,
    to,
    columns: JSON.parse(columns) as string[],
    toColumns: JSON.parse(toColumns) as string[],
  }));
}

/** The columns that a row is known by. */
function keyOf(database: Database.Database, table: string): string {
  const names = database
    .prepare('SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk')
    .pluck()
    .all(table);
  return (names as string[]).map((name) => `c."${name}"`).join(', ');
}

function rowName(table: string, row: Record<string, unknown>): string {
  const key = Object.entries(row).map(([name, value]) => `${name} ${quoted(value)}`);
  return `the row of ${table} with ${key.join(', ')}`;
}
