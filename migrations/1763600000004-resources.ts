import type { QueryRunner } from 'typeorm';
import type { ChainStep } from './chain-step.js';
import { columnNames, createIndexes, createTable, dropTables, renameTable, type TableSpec } from './ddl.js';
import { vaultTables } from './vault-tables.js';

/** What a table of the step before gets in addition. */
interface Addition {
  readonly table: string;
  /** Behind the columns it has: each as in `TableSpec`, with the SQL that gives it a value in a row that is there. */
  readonly columns?: readonly { readonly column: string; readonly value: string }[];
  readonly indexes?: TableSpec['indexes'];
  /**
   * What SQLite's planner is told of an index (or, under the table's own name, of a primary key that holds the
   * rows): how many rows there are, and how many of them agree in the first column, in the first two, …
   * (sqlite_stat1).
   */
  readonly statistics?: Readonly<Record<string, string>>;
}

const ADDITIONS: readonly Addition[] = [
  {
    table: 'users',
    columns: [
      // Whatever wrote the summaries that are there, it did not follow the memories.
      { column: 'summary_stale boolean', value: 'NOT "summary_manual"' },
      { column: 'summary_at bigint null', value: 'NULL' },
    ],
    indexes: [{ name: 'ix_users_stale', columns: 'vault_id, user_id', where: '"summary_stale"' }],
  },
  {
    table: 'memories',
    // Counts what has expired of one user, where others may have much more.
    indexes: [
      {
        name: 'ix_memories_owner_expires',
        columns: 'vault_id, user_id, expires_at',
        where: '"expires_at" IS NOT NULL',
      },
      // Sessions in the order of their list, and the memories of one without a look at the owner's others.
      {
        name: 'ix_memories_owner_session',
        columns: 'vault_id, user_id, session_id, created_at, id',
        where: '"session_id" IS NOT NULL',
      },
    ],
    // Without them it takes nine rows for a user, and walks through all of the user's memories for four ids.
    statistics: {
      sqlite_autoindex_memories_1: '1000000 10000 1',
      ux_memories_position: '1000000 10000 1000 1',
      ix_memories_owner_created: '1000000 10000 1000 2 1',
      ix_memories_created: '1000000 10000 2 1',
      ix_memories_content_hash: '1000000 10000 1000 2',
      ix_memories_session: '1000000 10000 20 2',
      ix_memories_collection: '1000000 10000 1000 2',
      ix_memories_expires: '100000 1000 2',
      ix_memories_owner_expires: '100000 1000 100 2',
      ix_memories_owner_session: '1000000 10000 1000 20 2 1',
    },
  },
  {
    table: 'waypoints',
    // Without them it takes ten rows for a vault, and walks through all of the vault's to find those that lead to
    // a memory: at 40,000 of them, 13 ms for every memory that is deleted.
    statistics: { waypoints: '1000000 10000 2 1 1', ix_waypoints_dst: '1000000 10000 2' },
  },
];

/**
 * What users, sessions, collections and waypoints need beyond the tables they have. SQLite cannot add a column
 * that is NOT NULL and has no default, so a table is rebuilt: create, copy, drop, rename.
 */
export class Resources1763600000004 implements ChainStep {
  readonly version = '2.1.0';
  readonly title = 'Users, sessions, collections and waypoints';

  async up(runner: QueryRunner): Promise<void> {
    for (const { table, columns = [], indexes = [], statistics } of ADDITIONS) {
      if (columns.length > 0) await addColumns(runner, specOf(table), columns);
      await createIndexes(runner, { ...specOf(table), indexes });
      if (statistics) await tellPlanner(runner, table, statistics);
    }
  }

  /** Every row stays as it was. What goes says only whether a summary follows the memories; `up` has it made anew. */
  async down(runner: QueryRunner): Promise<void> {
    for (const { table, columns = [], indexes = [], statistics } of ADDITIONS.toReversed()) {
      if (statistics) await runner.query('DELETE FROM sqlite_stat1 WHERE tbl = ?', [table]);
      for (const { name } of indexes) await runner.query(`DROP INDEX "${name}"`);
      if (columns.length > 0) await rebuild(runner, specOf(table), quoted(specOf(table)));
    }
  }
}

function specOf(name: string): TableSpec {
  return vaultTables.find((table) => table.name === name)!;
}

function quoted(table: TableSpec): string[] {
  return columnNames(table).map((name) => `"${name}"`);
}

async function addColumns(
  runner: QueryRunner,
  before: TableSpec,
  columns: NonNullable<Addition['columns']>,
): Promise<void> {
  const after = {
    ...before,
    columns: [before.columns, ...columns.map(({ column }) => column)].join(', '),
  };
  await rebuild(runner, after, [...quoted(before), ...columns.map(({ value }) => value)]);
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
