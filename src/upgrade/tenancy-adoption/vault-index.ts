import type Database from 'better-sqlite3';
import { quoteName } from '../sqlite-name.js';
import { allColumns, findTable, foldName, hasColumn, primaryKey } from './database-tables.js';
import type { Decision } from './decision.js';
import { VAULT_COLUMN, columnObstacle } from './vault-column.js';

export interface VaultIndex {
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
  readonly unique?: boolean;
}

/**
 * The index of a table that is no table of Metamorph's: by vault and primary key, or `id` where it has no key.
 *
 * @returns undefined where the primary key itself begins with the vault
 */
export function indexOf(database: Database.Database, wanted: string): VaultIndex | undefined {
  const table = findTable(database, wanted)?.name ?? wanted;
  const name = `idx_${table}_vault_id`;
  // Of what takes no column nothing more can be asked: its module may not be here.
  if (columnObstacle(database, table)) return { table, name, columns: [VAULT_COLUMN] };
  const key = primaryKey(database, table);
  if (key.length > 0 && foldName(key[0]) === VAULT_COLUMN) return undefined;
  const id = key.length > 0 ? key : allColumns(database, table).filter((column) => foldName(column) === 'id');
  const others = id.filter((column) => foldName(column) !== VAULT_COLUMN);
  return { table, name, columns: [VAULT_COLUMN, ...others] };
}

/** Whether the index is to be made, and why or why not. */
export function decideIndex(database: Database.Database, index: VaultIndex): Decision {
  const obstacle = columnObstacle(database, index.table);
  if (obstacle) return { act: false, reason: obstacle };
  if (isMade(database, index)) return { act: false, reason: 'index already exists' };
  const taken = nameTaken(database, index);
  if (taken) return { act: false, reason: `its name is that of ${taken}` };
  const columns = allColumns(database, index.table);
  // SQLite would take a name in quotation marks that is no column for a text.
  const missing = index.columns.find((column) => !hasColumn(columns, column));
  if (missing !== undefined) return { act: false, reason: `column ${missing} does not exist` };
  return { act: true, reason: 'index created successfully' };
}

export function createIndex(database: Database.Database, { table, name, columns, unique }: VaultIndex): void {
  const list = columns.map(quoteName).join(', ');
  // As Metamorph writes it: the text stands in the schema.
  database.exec(`CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoteName(name)} ON ${quoteName(table)}(${list})`);
}

export function dropIndex(database: Database.Database, name: string): void {
  database.exec(`DROP INDEX ${quoteName(name)}`);
}

/** Whether there is an index of this name, and it is this one: another's is not ours to drop. */
export function isMade(database: Database.Database, { table, name, columns, unique }: VaultIndex): boolean {
  const found = database
    .prepare(
      `SELECT "unique", partial FROM pragma_index_list(?, 'main') WHERE name = ? COLLATE NOCASE AND origin = 'c'`,
    )
    .get(table, name) as { unique: number; partial: number } | undefined;
  if (!found || found.partial === 1 || (found.unique === 1) !== Boolean(unique)) return false;
  const keys = database
    .prepare(`SELECT name, "desc" FROM pragma_index_xinfo(?, 'main') WHERE key = 1 ORDER BY seqno`)
    .all(name) as { name: string | null; desc: number }[];
  return (
    keys.length === columns.length &&
    keys.every(
      ({ name: key, desc }, i) => key !== null && desc === 0 && foldName(key) === foldName(columns[i]),
    )
  );
}

/** What else bears its name already: `another index, on messages`, `a table`. */
export function nameTaken(database: Database.Database, index: VaultIndex): string | undefined {
  if (isMade(database, index)) return undefined;
  const sql = `SELECT type, tbl_name AS "table" FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type <> 'trigger'`;
  const found = database.prepare(sql).get(index.name) as { type: string; table: string } | undefined;
  if (!found) return undefined;
  return found.type === 'index' ? `another index, on ${found.table}` : `a ${found.type}`;
}
