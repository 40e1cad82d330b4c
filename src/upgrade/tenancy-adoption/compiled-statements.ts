import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { quoteName } from '../sqlite-name.js';
import { findTable, ownColumns } from './database-tables.js';

const OK = 'ok';

/** A statement that leads SQLite through a view or through triggers, and what it says of it: `ok`, or an error. */
interface Compiled {
  readonly what: string;
  readonly sql: string;
  readonly verdict: string;
}

/**
 * Compiles what uses the views and the triggers of a database; nothing is run. A column more can break them: a
 * trigger that copies rows with `SELECT *`, a view with a list of names, a name that is in two tables now.
 */
export function compileDependents(database: Database.Database): readonly Compiled[] {
  const dependents = database
    .prepare(`SELECT DISTINCT type, tbl_name AS name FROM sqlite_schema WHERE type IN ('view', 'trigger')`)
    .all() as { type: string; name: string }[];
  return dependents.flatMap(({ type, name }) =>
    (type === 'view' ? [`SELECT * FROM ${quoteName(name)}`] : changesOf(database, name)).map((sql) => ({
      what: type === 'view' ? `the view ${name}` : `a trigger on ${name}`,
      sql,
      verdict: verdictOn(database, sql),
    })),
  );
}

/** @throws MigrationRefusedError naming what could be used before, and no longer can */
export function checkStillCompile(database: Database.Database, before: readonly Compiled[]): void {
  const broken = before
    .filter(({ verdict }) => verdict === OK)
    .map(({ what, sql }) => ({ what, now: verdictOn(database, sql) }))
    .filter(({ now }) => now !== OK);
  if (broken.length === 0) return;
  const reasons = [...new Set(broken.map(({ what, now }) => `${what} (${now})`))];
  throw new MigrationRefusedError(
    `Undone, since this would no longer work: ${reasons.join('; ')}. Nothing was changed. ` +
      'Drop it, or name the columns in it instead of "*", and run this again.',
  );
}

/** What cannot be looked at: it does not work here to begin with, for want of the program's own functions perhaps. */
export function notCompiled(before: readonly Compiled[]): string[] {
  const lines = before
    .filter(({ verdict }) => verdict !== OK)
    .map(({ what, verdict }) => `${what} (${verdict})`);
  return [...new Set(lines)];
}

/** With the columns there are now, so that the same statement can be compiled later. */
function changesOf(database: Database.Database, table: string): string[] {
  const name = quoteName(findTable(database, table)?.name ?? table);
  const columns = ownColumns(database, table).map(quoteName);
  return [
    `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => 'NULL').join(', ')})`,
    `UPDATE ${name} SET ${columns.map((column) => `${column} = ${column}`).join(', ')}`,
    `DELETE FROM ${name}`,
  ];
}

function verdictOn(database: Database.Database, sql: string): string {
  try {
    database.prepare(sql);
    return OK;
  } catch (error) {
    return (error as Error).message;
  }
}
