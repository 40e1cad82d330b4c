import type Database from 'better-sqlite3';
import { RECORD_TABLES } from '../record-tables.js';
import { type OldTable, classify } from './tables.js';

/** What is found of OpenMemory in a database. */
export interface OldDatabase {
  readonly tables: readonly OldTable[];
  /** What no release has: tables, columns as `table.column`, views, triggers. */
  readonly unknown: readonly string[];
}

/** @param ours the database is ours: its records are no tables of OpenMemory */
export function findOldTables(database: Database.Database, { ours = false } = {}): OldDatabase {
  const shape = readShape(database, ['table', 'virtual']);
  if (ours) for (const table of RECORD_TABLES) shape.delete(table);
  const { tables, unknown } = classify(shape);
  const others = database
    .prepare(`SELECT type || ' ' || name FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name`)
    .pluck()
    .all() as string[];
  return { tables, unknown: [...unknown, ...others] };
}

/**
 * The columns of each table, or whatever else is of these types in SQLite's words. What cannot be used here, for want
 * of its module or of a function of its program, has none.
 */
export function readShape(database: Database.Database, types: readonly string[]): Map<string, string[]> {
  const names = database
    .prepare(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'
       AND type IN (${types.map(() => '?').join(', ')}) ORDER BY name`,
    )
    .pluck()
    .all(...types) as string[];
  const columns = database.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck();
  return new Map(names.map((name) => [name, readColumns(() => columns.all(name) as string[])]));
}

function readColumns(read: () => string[]): string[] {
  try {
    return read();
  } catch (error) {
    // Anything else is a matter of the file, and not of the one table.
    if ((error as { code?: unknown }).code !== 'SQLITE_ERROR') throw error;
    return [];
  }
}

/** The release that made the tables, as far as they tell. */
export function releaseOf(tables: readonly OldTable[]): string {
  const has = (kind: OldTable['kind'], column: string) =>
    tables.some((table) => table.kind === kind && table.columns.includes(column));
  if (has('memories', 'project_id')) return 'after 1.3.0';
  if (has('waypoints', 'user_id')) return '1.2.1 to 1.3.0';
  if (has('memories', 'user_id')) return '1.2.0';
  return '1.0 or 1.1';
}

export function hasMemories(tables: readonly OldTable[]): boolean {
  return tables.some(({ kind }) => kind === 'memories');
}
