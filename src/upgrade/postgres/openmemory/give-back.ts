import type { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import { Vaults1763600000003 } from '../../../../migrations/1763600000003-vaults.js';
import { CannotRevertError } from '../../../../migrations/chain-step.js';
import { dropTables } from '../../../../migrations/ddl.js';
import { ADOPTION } from '../../../../migrations/openmemory/record.js';
import { RECORD_TABLES } from '../../../../migrations/record-tables.js';
import { cairnTables } from './cairn-tables.js';
import { type KeptTables, findObstaclesToMoveOut, moveOut } from './kept-tables.js';
import { Staging } from './staging.js';
import { readExactly } from './table-rows.js';
import { type PostgresAdoptionRecord, columnsOf } from './take-over.js';

/** PostgreSQL's classes of errors about values that a column, or a rule for them, does not take. */
const NO_PLACE = /^2[23]/;

/** What was taken over; undefined where nothing was, or it is not known any more. Row-level security must not hide it. */
export async function readPostgresAdoption(runner: QueryRunner): Promise<PostgresAdoptionRecord | undefined> {
  const rows = (await runner.query(
    `SELECT "counts" FROM "imports" WHERE "id" = $1 AND "source" = 'openmemory'`,
    [ADOPTION],
  )) as { counts: string }[];
  return rows.length === 1 ? (JSON.parse(rows[0].counts) as PostgresAdoptionRecord) : undefined;
}

/**
 * Gives OpenMemory's tables their rows back, and what was written since as far as it is of their kind, moves them to
 * where they were, and drops Cairn's, which have the version that took them over.
 *
 * @throws CannotRevertError where the old tables have no place for something
 */
export async function giveBack(runner: QueryRunner, kept: KeptTables, schema: string): Promise<void> {
  const step = new Vaults1763600000003();
  const client = (await runner.connect()) as Client;
  await readExactly(client);
  const obstacles = await findObstaclesToMoveOut(client, kept, schema);
  if (obstacles.length > 0) throw new CannotRevertError(step, obstacles);

  const staging = await Staging.open();
  try {
    await staging.walk(step.version);
    for (const table of await cairnTables(client, schema)) {
      await staging.take(client, table, table.table);
    }
    for (const table of RECORD_TABLES) staging.database.exec(`CREATE TABLE "${table}" (name)`);
    await step.down(staging.runner);
    for (const table of kept.tables) {
      try {
        await staging.give(client, table.as, columnsOf(table, schema));
      } catch (error) {
        const { code } = error as { code?: string };
        if (code === undefined || !NO_PLACE.test(code)) throw error;
        throw new CannotRevertError(step, [
          `rows of ${table.was} that were written since (SQLSTATE ${code})`,
        ]);
      }
    }
  } finally {
    await staging.close();
  }
  const tables = await cairnTables(client, schema);
  await dropTables(runner, tables.map(({ table }) => table).toReversed());
  await dropTables(runner, RECORD_TABLES);
  await moveOut(runner, kept, schema);
}
