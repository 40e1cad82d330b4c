import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';

interface Key {
  readonly name: string;
  /** Column names, separated by commas. */
  readonly columns: string;
}

interface ForeignKey extends Key {
  readonly references: string;
  readonly referencedColumns: string;
  readonly onDelete: 'CASCADE' | 'NO ACTION';
}

interface Index extends Key {
  readonly unique?: boolean;
  /** Condition of a partial index. */
  readonly where?: string;
}

/** A table as a migration makes it. */
export interface TableSpec {
  readonly name: string;
  /**
   * `name type` in physical order, separated by commas; NOT NULL unless `null` follows. Types are those that
   * every supported database knows under the same name, and `blob`.
   */
  readonly columns: string;
  readonly primaryKey: Key;
  readonly foreignKeys?: readonly ForeignKey[];
  readonly indexes?: readonly Index[];
  /** On SQLite the rows lie in the primary key itself. */
  readonly withoutRowid?: boolean;
}

export function isPostgres(runner: QueryRunner): boolean {
  return runner.dataSource.options.type === 'postgres';
}

/** The type of columns that hold bytes. */
export function bytesType(runner: QueryRunner): string {
  return isPostgres(runner) ? 'bytea' : 'blob';
}

/** The column names of a table, in physical order. */
export function columnNames(table: TableSpec): string[] {
  return splitList(table.columns).map((column) => column.split(' ')[0]);
}

/** @param name another name than the table's own, to be renamed later */
export async function createTable(runner: QueryRunner, table: TableSpec, name = table.name): Promise<void> {
  const parts = [
    ...splitList(table.columns).map((column) => columnSql(runner, column)),
    `CONSTRAINT "${table.primaryKey.name}" PRIMARY KEY (${quoteList(table.primaryKey.columns)})`,
    ...(table.foreignKeys ?? []).map(foreignKeySql),
  ];
  const tail = table.withoutRowid && !isPostgres(runner) ? ' WITHOUT ROWID' : '';
  await runner.query(`CREATE TABLE "${name}" (${parts.join(', ')})${tail}`);
}

export async function createIndexes(runner: QueryRunner, table: TableSpec): Promise<void> {
  for (const { name, columns, unique, where } of table.indexes ?? []) {
    await runner.query(
      `CREATE ${unique ? 'UNIQUE ' : ''}INDEX "${name}" ON "${table.name}" (${quoteList(columns)})` +
        (where ? ` WHERE ${where}` : ''),
    );
  }
}

export async function dropTables(runner: QueryRunner, names: readonly string[]): Promise<void> {
  for (const name of names) await runner.query(`DROP TABLE "${name}"`);
}

export async function renameTable(runner: QueryRunner, from: string, to: string): Promise<void> {
  await runner.query(`ALTER TABLE "${from}" RENAME TO "${to}"`);
}

export function hasTable(database: Database.Database, name: string): boolean {
  const sql = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`;
  return database.prepare(sql).get(name) !== undefined;
}

export async function countRows(runner: QueryRunner, source: string): Promise<number> {
  const [{ n }] = (await runner.query(`SELECT count(*) AS n FROM ${source}`)) as [{ n: number | string }];
  return Number(n);
}

/** A column of `TableSpec.columns` as the database is told of it. */
export function columnSql(runner: QueryRunner, column: string): string {
  const [, name, type, nullable] = /^(\w+) (.+?)( null)?$/.exec(column)!;
  return `"${name}" ${typeSql(runner, type)}${nullable ? '' : ' NOT NULL'}`;
}

/** Text is in the order of its bytes, as on SQLite, whatever the collation of a database is. */
function typeSql(runner: QueryRunner, type: string): string {
  if (type === 'blob') return bytesType(runner);
  return type === 'text' && isPostgres(runner) ? 'text COLLATE "C"' : type;
}

export function foreignKeySql(key: ForeignKey): string {
  return (
    `CONSTRAINT "${key.name}" FOREIGN KEY (${quoteList(key.columns)}) ` +
    `REFERENCES "${key.references}" (${quoteList(key.referencedColumns)}) ` +
    `ON DELETE ${key.onDelete} ON UPDATE NO ACTION`
  );
}

function quoteList(names: string): string {
  return splitList(names)
    .map((name) => `"${name}"`)
    .join(', ');
}

function splitList(list: string): string[] {
  return list.split(',').map((item) => item.trim().replaceAll(/\s+/g, ' '));
}
