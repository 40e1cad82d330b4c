import type { QueryRunner } from 'typeorm';
import {
  columnNames,
  columnSql,
  createIndexes,
  createTable,
  dropTables,
  foreignKeySql,
  isPostgres,
  renameTable,
  type TableSpec,
} from './ddl.js';

interface AddedColumn {
  /** As in `TableSpec`. */
  readonly column: string;
  /** The SQL that gives it a value in a row that is there. */
  readonly value: string;
  /** The same where SQLite's cannot be read, for tables that were empty on PostgreSQL before this step. */
  readonly onPostgres?: string;
}

/** What a table of the step before gets in addition. */
export interface Addition {
  readonly table: string;
  /** Behind the columns it has. */
  readonly columns?: readonly AddedColumn[];
  readonly foreignKeys?: TableSpec['foreignKeys'];
  readonly indexes?: TableSpec['indexes'];
  /**
   * What SQLite's planner is told of an index (or, under the table's own name, of a primary key that holds the
   * rows): how many rows there are, and how many of them agree in the first column, in the first two, …
   * (sqlite_stat1).
   */
  readonly statistics?: Readonly<Record<string, string>>;
}

/**
 * Adds to tables, in the order given. SQLite cannot add a column that is NOT NULL and has no default, so a table is
 * rebuilt: create, copy, drop, rename.
 *
 * @param specOf a table as it is before
 */
export async function add(
  runner: QueryRunner,
  additions: readonly Addition[],
  specOf: (table: string) => TableSpec,
): Promise<void> {
  for (const addition of additions) {
    const { table, columns = [], indexes = [], statistics } = addition;
    const before = specOf(table);
    if (isPostgres(runner)) {
      await addInPlace(runner, addition);
    } else if (columns.length > 0) {
      const values = [...quoted(before), ...columns.map(({ value }) => value)];
      await rebuild(runner, extended(before, addition), values);
    }
    await createIndexes(runner, { ...before, indexes });
    if (statistics && !isPostgres(runner)) await tellPlanner(runner, table, statistics);
  }
}

/** Takes it all away again; every other column keeps what it holds. */
export async function remove(
  runner: QueryRunner,
  additions: readonly Addition[],
  specOf: (table: string) => TableSpec,
): Promise<void> {
  for (const { table, columns = [], indexes = [], statistics } of additions.toReversed()) {
    const onPostgres = isPostgres(runner);
    if (statistics && !onPostgres) await runner.query('DELETE FROM sqlite_stat1 WHERE tbl = ?', [table]);
    for (const { name } of indexes) await runner.query(`DROP INDEX "${name}"`);
    if (onPostgres) {
      // References of a column go with it.
      for (const name of namesOf(columns)) await runner.query(`ALTER TABLE "${table}" DROP COLUMN "${name}"`);
    } else if (columns.length > 0) await rebuild(runner, specOf(table), quoted(specOf(table)));
  }
}

async function addInPlace(
  runner: QueryRunner,
  { table, columns = [], foreignKeys = [] }: Addition,
): Promise<void> {
  for (const { column, value, onPostgres = value } of columns) {
    const [name] = namesOf([{ column }]);
    const isNullable = column.endsWith(' null');
    await runner.query(
      `ALTER TABLE "${table}" ADD COLUMN ${columnSql(runner, isNullable ? column : `${column} null`)}`,
    );
    await runner.query(`UPDATE "${table}" SET "${name}" = ${onPostgres}`);
    if (!isNullable) await runner.query(`ALTER TABLE "${table}" ALTER COLUMN "${name}" SET NOT NULL`);
  }
  for (const key of foreignKeys) await runner.query(`ALTER TABLE "${table}" ADD ${foreignKeySql(key)}`);
}

function namesOf(columns: readonly Pick<AddedColumn, 'column'>[]): string[] {
  return columns.map(({ column }) => column.split(' ')[0]);
}

function extended(before: TableSpec, { columns = [], foreignKeys = [] }: Addition): TableSpec {
  return {
    ...before,
    columns: [before.columns, ...columns.map(({ column }) => column)].join(', '),
    foreignKeys: [...(before.foreignKeys ?? []), ...foreignKeys],
  };
}

function quoted(table: TableSpec): string[] {
  return columnNames(table).map((name) => `"${name}"`);
}

/** @param values what goes into the columns of `to`, as SQL over a row of the table that is there */
async function rebuild(runner: QueryRunner, to: TableSpec, values: readonly string[]): Promise<void> {
  await createTable(runner, to, `${to.name}_new`);
  await runner.query(
    `INSERT INTO "${to.name}_new" (${quoted(to).join(', ')}) SELECT ${values.join(', ')} FROM "${to.name}"`,
  );
  await dropTables(runner, [to.name]);
  await renameTable(runner, `${to.name}_new`, to.name);
  await createIndexes(runner, to);
}

async function tellPlanner(
  runner: QueryRunner,
  table: string,
  statistics: NonNullable<Addition['statistics']>,
): Promise<void> {
  // Only ANALYZE can make the tables that hold statistics; of an empty table it has none.
  await runner.query('CREATE TABLE "analysed" (x)');
  await runner.query('ANALYZE "analysed"');
  await dropTables(runner, ['analysed']);
  for (const [index, rows] of Object.entries(statistics)) {
    await runner.query('DELETE FROM sqlite_stat1 WHERE tbl = ? AND idx = ?', [table, index]);
    await runner.query('INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?, ?, ?)', [table, index, rows]);
  }
}
