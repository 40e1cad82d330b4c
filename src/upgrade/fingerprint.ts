import type Database from 'better-sqlite3';
import { type RowHash, hashRows } from './row-hash.js';
import { MIGRATIONS_TABLE, VERSION_TABLE } from '../../migrations/record-tables.js';

/** What a table holds, whatever the order of its rows and columns. */
export interface Fingerprint extends RowHash {
  readonly columns: readonly string[];
}

/** The fingerprint of every table, by name. Indexes and the records of the migrations are left out. */
export function fingerprint(database: Database.Database): Map<string, Fingerprint> {
  const tables = database
    .prepare(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT IN (?, ?)
       ORDER BY name`,
    )
    .pluck()
    .all(MIGRATIONS_TABLE, VERSION_TABLE) as string[];
  return new Map(tables.map((table) => [table, fingerprintTable(database, table)]));
}

function fingerprintTable(database: Database.Database, table: string): Fingerprint {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
  columns.sort();
  return { ...hashRows(database, columns, `"${table}"`), columns };
}
