import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { CannotRevertError, type ChainStep } from '../chain-step.js';
import { dropTables, renameTable } from '../ddl.js';
import { RECORD_TABLES } from '../record-tables.js';
import { vaultTables } from '../vault-tables.js';
import { givenBack } from './legacy-rows.js';
import { findObstacles } from './obstacles.js';
import { type AdoptionRecord, readOldSchema } from './record.js';
import type { OldObject, SetAside } from './set-aside.js';
import { defineFunctions } from './sql-functions.js';
import { homeOf } from './take-over.js';

/** The names that our tables have while the old ones are made again. */
const nameOf = (table: string) => `cairn_${table}`;

/**
 * Makes the old tables again, as they were and with the rows they had, and what was written since as far as it is
 * of their kind.
 *
 * @throws CannotRevertError when they have no place for something
 */
export async function giveBack(step: ChainStep, runner: QueryRunner, record: AdoptionRecord): Promise<void> {
  const obstacles = await findObstacles(runner, record);
  const schema = await readOldSchema(runner);
  if (schema.length === 0) obstacles.push('what the old schema was: it went with its vault');
  if (obstacles.length > 0) throw new CannotRevertError(step, obstacles);

  defineFunctions((await runner.connect()) as Database.Database);
  for (const { name } of vaultTables) await renameTable(runner, name, nameOf(name));
  if (record.whole) await dropTables(runner, RECORD_TABLES);
  await make(runner, schema, 'table');
  const tables = record.tables.map((table): SetAside => ({
    ...table,
    name: table.table,
    staged: table.table,
  }));
  for (const [i, table] of tables.entries()) {
    const columns = table.columns.map((column) => `"${column}"`).join(', ');
    const selects = record.tables[i].derived
      ? [`SELECT "id", "content" FROM "memories"`]
      : givenBack(table, homeOf(table, tables, nameOf), nameOf);
    for (const select of selects) {
      await runner.query(`INSERT INTO "${table.name}" (${columns}) ${select}`);
    }
  }
  // Ours go first: an index of theirs may have the name of one of ours.
  await dropTables(runner, vaultTables.map(({ name }) => nameOf(name)).toReversed());
  await make(runner, schema, 'index');
  await restoreSequences(runner, record, schema);
}

/** Filling the tables has made sequences go on; they stand where they stood. */
async function restoreSequences(
  runner: QueryRunner,
  record: AdoptionRecord,
  schema: readonly OldObject[],
): Promise<void> {
  for (const { table } of record.tables) {
    await runner.query(`DELETE FROM sqlite_sequence WHERE name = ?`, [table]);
  }
  for (const { name, sql } of schema.filter(({ type }) => type === 'sequence')) {
    // As a BigInt: a number would be stored as a real.
    await runner.query(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, [name, BigInt(sql)]);
  }
}

async function make(runner: QueryRunner, schema: readonly OldObject[], type: string): Promise<void> {
  for (const object of schema) if (object.type === type) await runner.query(object.sql);
}
