import type Database from 'better-sqlite3';
import type { Fingerprint } from '../fingerprint.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { hashRows } from '../row-hash.js';
import { quoteName } from '../sqlite-name.js';
import { foldName, ownColumns, tableNames } from './database-tables.js';

export type TableRows = ReadonlyMap<string, Fingerprint>;

/**
 * Counts and hashes the rows of every table.
 *
 * @param before what there was: its columns alone are read then, so that a column more makes no difference
 * @param except a table that is looked after elsewhere
 */
export function readTableRows(
  database: Database.Database,
  except: string,
  before: TableRows = new Map(),
): TableRows {
  const names = tableNames(database).filter((name) => foldName(name) !== foldName(except));
  return new Map(
    names.map((name) => {
      const columns = before.get(name)?.columns ?? ownColumns(database, name);
      return [name, { ...hashRows(database, columns, quoteName(name)), columns }];
    }),
  );
}

/**
 * @param dropped tables that were to go, which had no rows
 * @throws MigrationRefusedError naming each table whose rows are not what they were, to the byte
 */
export function checkUnchanged(before: TableRows, after: TableRows, dropped: readonly string[]): void {
  const changed = [...before].filter(([name, { rows, hash }]) => {
    const now = after.get(name);
    if (!now) return rows > 0 || !dropped.includes(name);
    return now.rows !== rows || now.hash !== hash;
  });
  if (changed.length === 0) return;
  const names = changed.map(
    ([name, { rows }]) => `${name} (${rows} rows before, ${after.get(name)?.rows ?? 0} after)`,
  );
  throw new MigrationRefusedError(`Undone, since rows are not what they were: ${names.join('; ')}.`);
}

export function countRows(tables: TableRows): number {
  return [...tables.values()].reduce((sum, { rows }) => sum + rows, 0);
}
