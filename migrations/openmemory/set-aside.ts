import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { dropTables, hasTable, renameTable } from '../ddl.js';
import { type OldTable, classify } from './tables.js';

/** Where the SQL of the old schema is kept while the tables are set aside. */
const SCHEMA = 'old_schema';
const PREFIX = 'old_';

/** A table of OpenMemory under the name it has meanwhile. */
export interface SetAside extends OldTable {
  readonly staged: string;
}

/** A line of the old `sqlite_schema`: tables first, in the order in which they were made. */
export interface OldObject {
  readonly position: number;
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** Takes the tables out of the way of those that are made, and notes what they were. */
export async function setAside(runner: QueryRunner, tables: readonly OldTable[]): Promise<void> {
  await runner.query(
    `CREATE TABLE "${SCHEMA}" ("position" integer PRIMARY KEY, "type" text NOT NULL, "name" text NOT NULL,
       "tbl_name" text NOT NULL, "sql" text NOT NULL)`,
  );
  const marks = tables.map(() => '?').join(', ');
  await runner.query(
    `INSERT INTO "${SCHEMA}" SELECT row_number() OVER (ORDER BY type <> 'table', rowid), type, name, tbl_name, sql FROM sqlite_schema
     WHERE sql IS NOT NULL AND tbl_name IN (${marks}) AND name <> '${SCHEMA}'`,
    tables.map(({ name }) => name),
  );
  if (hasTable((await runner.connect()) as Database.Database, 'sqlite_sequence')) {
    // A sequence goes on where it stood, should the table come back.
    await runner.query(
      `INSERT INTO "${SCHEMA}" ("type", "name", "tbl_name", "sql")
       SELECT 'sequence', name, name, seq FROM sqlite_sequence WHERE name IN (${marks})`,
      tables.map(({ name }) => name),
    );
  }
  for (const { name } of tables) await renameTable(runner, name, PREFIX + name);
}

/** The tables that were set aside; undefined where none was. */
export async function findSetAside(runner: QueryRunner): Promise<SetAside[] | undefined> {
  const database = (await runner.connect()) as Database.Database;
  if (!hasTable(database, SCHEMA)) return undefined;
  const names = database
    .prepare(`SELECT "name" FROM "${SCHEMA}" WHERE "type" = 'table' ORDER BY "position"`)
    .pluck()
    .all() as string[];
  const columns = database.prepare('SELECT name FROM pragma_table_info(?) ORDER BY cid').pluck();
  const staged = new Map(names.map((name) => [name, columns.all(PREFIX + name) as string[]]));
  const { tables } = classify(staged);
  return tables.map((table) => ({ ...table, staged: PREFIX + table.name }));
}

/** The old schema, in the order in which its objects were made. */
export async function oldSchema(runner: QueryRunner): Promise<OldObject[]> {
  return (await runner.query(
    `SELECT "position", "type", "name", "sql" FROM "${SCHEMA}" ORDER BY "position"`,
  )) as OldObject[];
}

export async function dropSetAside(runner: QueryRunner, tables: readonly SetAside[]): Promise<void> {
  await dropTables(runner, [...tables.map(({ staged }) => staged), SCHEMA]);
}
