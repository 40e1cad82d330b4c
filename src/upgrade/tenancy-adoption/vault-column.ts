import type Database from 'better-sqlite3';
import { quoteName } from '../sqlite-name.js';
import { allColumns, findTable, hasColumn } from './database-tables.js';
import type { Decision } from './decision.js';
import { RECORDS_OF_METAMORPH, RECORDS_OF_TABLES } from './migration-records.js';

export const VAULT_COLUMN = 'vault_id';
/** The vault that rows come into which had none. */
export const DEFAULT_VAULT = 'default-vault';

const RECORDS = [RECORDS_OF_METAMORPH, RECORDS_OF_TABLES];
/** Why what is no ordinary table gets no column. */
const NO_TABLE: Readonly<Record<string, string>> = {
  view: 'is a view, which takes no column',
  virtual: 'is a virtual table, which takes no column',
  shadow: 'belongs to a virtual table',
};

/** Why a table of this name cannot have the column; undefined where it can, or has it. */
export function columnObstacle(database: Database.Database, table: string): string | undefined {
  const found = findTable(database, table);
  if (!found) return 'table does not exist';
  if (found.name.startsWith('sqlite_')) return 'belongs to SQLite';
  if (RECORDS.includes(found.name)) return 'keeps the record of migrations';
  return NO_TABLE[found.type];
}

/** Whether the column is to be added to the table, and why or why not, in the words of Metamorph's guide. */
export function decideColumn(database: Database.Database, table: string): Decision {
  const obstacle = columnObstacle(database, table);
  if (obstacle) return { act: false, reason: obstacle };
  if (hasVault(database, table)) return { act: false, reason: 'column already exists' };
  return { act: true, reason: 'column added successfully' };
}

/** Adds the column; every row there is comes into the default vault. Nothing is rewritten: it takes no time. */
export function addVaultColumn(database: Database.Database, table: string): void {
  // As Metamorph writes it: the text stands in the schema.
  database.exec(
    `ALTER TABLE ${quoteName(table)} ADD COLUMN ${VAULT_COLUMN} TEXT NOT NULL DEFAULT '${DEFAULT_VAULT}'`,
  );
}

export function hasVault(database: Database.Database, table: string): boolean {
  return hasColumn(allColumns(database, table), VAULT_COLUMN);
}

/** Rows that belong to no vault, where the column was there before and allows that. */
export function countWithoutVault(database: Database.Database, table: string): number {
  const sql = `SELECT count(*) FROM ${quoteName(table)} WHERE ${withoutVault}`;
  return database.prepare(sql).pluck().get() as number;
}

/** The statement that gives those rows a vault. */
export function giveVault(table: string): string {
  return `UPDATE ${quoteName(table)} SET ${VAULT_COLUMN} = '${DEFAULT_VAULT}' WHERE ${withoutVault};`;
}

const withoutVault = `${VAULT_COLUMN} IS NULL OR ${VAULT_COLUMN} = ''`;
