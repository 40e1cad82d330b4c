import type Database from 'better-sqlite3';

export interface DatabaseTable {
  /** As the database spells it: SQLite finds `Sessions` by `sessions`. */
  readonly name: string;
  /** `table`, `view`, `virtual` (of a module) or `shadow` (what such a module keeps its data in). */
  readonly type: string;
}

/** The table or view of this name in whatever case, if there is one. */
export function findTable(database: Database.Database, name: string): DatabaseTable | undefined {
  const sql = `SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE`;
  return database.prepare(sql).get(name) as DatabaseTable | undefined;
}

/** The names of all tables that hold rows of their own, in the order of their names. */
export function tableNames(database: Database.Database): string[] {
  const sql = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')
    AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name`;
  return database.prepare(sql).pluck().all() as string[];
}

/** The columns of a table as it spells them, those that are computed included. */
export function allColumns(database: Database.Database, table: string): string[] {
  return database.prepare(`SELECT name FROM pragma_table_xinfo(?, 'main')`).pluck().all(table) as string[];
}

/** Those whose values are stored by themselves, and not computed. */
export function ownColumns(database: Database.Database, table: string): string[] {
  return database.prepare(`SELECT name FROM pragma_table_info(?, 'main')`).pluck().all(table) as string[];
}

/** As SQLite compares names of columns: in whatever case, of the letters from A to Z. */
export function hasColumn(columns: readonly string[], wanted: string): boolean {
  const folded = foldName(wanted);
  return columns.some((column) => foldName(column) === folded);
}

/** The columns of its primary key in the order of the key; none where it has none. */
export function primaryKey(database: Database.Database, table: string): string[] {
  const sql = `SELECT name FROM pragma_table_xinfo(?, 'main') WHERE pk > 0 ORDER BY pk`;
  return database.prepare(sql).pluck().all(table) as string[];
}

export function foldName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
