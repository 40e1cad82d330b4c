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
  const rows = database
    .prepare(
      `SELECT t.name AS tbl, c.name AS col FROM pragma_table_list t JOIN pragma_table_info(t.name) c
       WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~'
       ORDER BY t.name, c.cid`,
    )
    .all() as { tbl: string; col: string }[];
  const shape = new Map<string, string[]>();
  for (const { tbl, col } of rows) {
    if (!ours || !RECORD_TABLES.includes(tbl)) shape.set(tbl, [...(shape.get(tbl) ?? []), col]);
  }
  const { tables, unknown } = classify(shape);
  const others = database
    .prepare(`SELECT type || ' ' || name FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name`)
    .pluck()
    .all() as string[];
  return { tables, unknown: [...unknown, ...others] };
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
