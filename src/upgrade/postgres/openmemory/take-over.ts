import type { Client } from 'pg';
import type { QueryRunner } from 'typeorm';
import type { Progress } from '../../../../migrations/chain-step.js';
import type { AdoptionOptions } from '../../../../migrations/openmemory/owners.js';
import { ADOPTION, type AdoptionRecord } from '../../../../migrations/openmemory/record.js';
import { qualified } from '../../../../migrations/postgres/identifiers.js';
import { MigrationRefusedError } from '../../migration-refused.error.js';
import type { RowHash } from '../../row-hash.js';
import { cairnTables } from './cairn-tables.js';
import { type KeptTable, type KeptTables, empty } from './kept-tables.js';
import { Staging } from './staging.js';
import { type TableColumns, readExactly } from './table-rows.js';

/** What `imports.counts` says of an adoption on PostgreSQL. */
export interface PostgresAdoptionRecord extends AdoptionRecord {
  readonly postgres: KeptTables;
}

export interface TakeOverOptions {
  /** The schema of Cairn, which has its tables, empty, and those of OpenMemory as `moveIn` has left them. */
  readonly schema: string;
  /** The version that it has. */
  readonly version: string;
  readonly adoption: AdoptionOptions;
  readonly onProgress?: Progress;
}

/** PostgreSQL's code for a value that is too large for an index. */
const PROGRAM_LIMIT_EXCEEDED = '54000';

/**
 * Brings the rows of OpenMemory's tables into those of Cairn, proves that every one of them is there, and empties
 * the former: all in the transaction that is open.
 *
 * @throws Error where a row would be lost
 */
export async function takeOver(
  runner: QueryRunner,
  kept: KeptTables,
  { schema, version, adoption, onProgress }: TakeOverOptions,
): Promise<PostgresAdoptionRecord> {
  const client = (await runner.connect()) as Client;
  await readExactly(client);
  const staging = await Staging.open();
  try {
    const read = await stage(client, staging, kept, schema, onProgress);
    const record = await convert(staging, version, adoption, onProgress);
    checkReadWhole(kept, read, record);
    await giveAll(client, staging, schema);
    const whole = { ...record, postgres: kept };
    await client.query(`UPDATE "imports" SET "counts" = $1 WHERE "id" = $2`, [
      JSON.stringify(whole),
      ADOPTION,
    ]);
    await empty(runner, kept, schema);
    return whole;
  } finally {
    await staging.close();
  }
}

/** What was read of each table, by the name it has in an SQLite file, and how many rows PostgreSQL counts. */
type Staged = ReadonlyMap<string, RowHash & { readonly counted: number }>;

/** Makes the tables as an SQLite file has them. */
async function stage(
  client: Client,
  staging: Staging,
  kept: KeptTables,
  schema: string,
  onProgress?: Progress,
): Promise<Staged> {
  const counts: number[] = [];
  for (const { name } of kept.tables) counts.push(await countRows(client, qualified(schema, name)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const staged = new Map<string, RowHash & { counted: number }>();
  let done = 0;
  for (const [i, table] of kept.tables.entries()) {
    const columns = table.columns.map(({ name }) => `"${name}"`);
    // Without types, so that values keep theirs.
    staging.database.exec(`CREATE TABLE "${table.as}" (${columns.join(', ')})`);
    const read = await staging.take(client, columnsOf(table, schema), table.as, (rows) => {
      done += rows;
      onProgress?.(done, total, `rows, reading ${table.was}`);
    });
    staged.set(table.as, { ...read, counted: counts[i] });
    for (const column of ['id', 'src_id']) {
      if (!table.columns.some(({ name }) => name === column)) continue;
      staging.database.exec(`CREATE INDEX "by_${column}_of_${table.as}" ON "${table.as}" ("${column}")`);
    }
  }
  return staged;
}

async function countRows(client: Client, table: string): Promise<number> {
  const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
  return Number(rows[0].n);
}

async function convert(
  staging: Staging,
  version: string,
  adoption: AdoptionOptions,
  onProgress?: Progress,
): Promise<AdoptionRecord> {
  staging.database.exec('BEGIN');
  const steps = await staging.walk(version, (step) => {
    step.adoption = adoption;
    step.onProgress = onProgress;
  });
  staging.database.exec('COMMIT');
  const record = steps.find(({ adopted }) => adopted)?.adopted;
  if (!record) throw new Error('The tables of OpenMemory were not recognised when they were staged');
  return record;
}

/** What was converted is what was read, and as many rows as PostgreSQL counts. */
function checkReadWhole(kept: KeptTables, read: Staged, record: AdoptionRecord): void {
  for (const { as, was } of kept.tables) {
    const { counted, rows, hash } = read.get(as)!;
    const account = record.tables.find((one) => one.table === as);
    if (rows !== counted || account?.rows !== rows || account.hash !== hash) {
      throw new Error(`${was}: its ${counted} rows were not all taken over as they are`);
    }
  }
}

async function giveAll(client: Client, staging: Staging, schema: string): Promise<void> {
  for (const table of await cairnTables(client, schema)) {
    try {
      await staging.give(client, table.table, table);
    } catch (error) {
      if ((error as { code?: string }).code !== PROGRAM_LIMIT_EXCEEDED) throw error;
      throw new MigrationRefusedError(
        `Undone: a row of ${table.table} has an id, or another name, that is too long for an index of PostgreSQL ` +
          '(2,700 bytes). Nothing was changed. Shorten it in the tables of OpenMemory, and run this again.',
      );
    }
  }
}

/** A kept table, column by column in the order in which its account was hashed. */
export function columnsOf(table: KeptTable, schema: string): TableColumns {
  return { schema, table: table.name, columns: table.columns };
}

/** For a person: the tables by the names that they had. */
export function underOldNames(record: PostgresAdoptionRecord): AdoptionRecord {
  const { schema, tables } = record.postgres;
  const nameOf = (table: string) => `${schema}.${tables.find(({ as }) => as === table)!.was}`;
  return { ...record, tables: record.tables.map((one) => ({ ...one, table: nameOf(one.table) })) };
}
