import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { hashRows } from '../../src/upgrade/row-hash.js';
import type { Progress } from '../chain-step.js';
import { columnNames, countRows } from '../ddl.js';
import { vaultTable } from '../vault-tables.js';
import type { Home, HomeOf } from './home.js';
import { givenBack, insertColumns, insertWhole, oldRows } from './legacy-rows.js';
import { memories, vectors, waypoints } from './memory-homes.js';
import { factEdges, facts, stats, users } from './other-homes.js';
import { placeEdges, placeFacts, placeMemories } from './places.js';
import type { SetAside } from './set-aside.js';
import type { OldKind } from './tables.js';

/** In this order: later ones look at what earlier ones have become. */
const HOMES: readonly (readonly [OldKind, HomeOf | undefined])[] = [
  ['memories', memories],
  ['vectors', vectors],
  ['waypoints', waypoints],
  ['users', users],
  ['stats', stats],
  ['facts', facts],
  ['factEdges', factEdges],
  ['logs', undefined],
  ['versions', undefined],
  ['fullText', undefined],
];

const REASONS: Partial<Record<OldKind, string>> = {
  logs: 'a log that nothing reads',
  versions: 'the record of another migration tool',
  fullText: 'an index that does not agree with the memories',
};

/** While rows are taken over, our tables have their own names. */
const finalName = (table: string) => table;

/** What became of an old table's rows. */
export interface Account {
  readonly table: string;
  readonly rows: number;
  /** Rows that are in a table of ours. */
  readonly home: number;
  /** Rows that are in `legacy_rows`, whole. */
  readonly legacy: number;
  /** The rows were an index, which the memories give back. */
  readonly derived: boolean;
  /** Of the rows, as `hashRows` makes it: the same before, and as they are given back. */
  readonly hash: string;
}

/** The home of an old table's rows; undefined where they have none. */
export function homeOf(
  table: SetAside,
  tables: readonly SetAside[],
  nameOf: (table: string) => string,
): Home | undefined {
  return HOMES.find(([kind]) => kind === table.kind)?.[1]?.({ table, tables, nameOf });
}

/**
 * Takes the rows of all tables that were set aside over into ours, and proves that they give back every one of
 * them.
 *
 * @param onProgress gets how many rows are done
 * @throws Error naming a table whose rows would not be given back
 */
export async function takeOver(
  runner: QueryRunner,
  tables: readonly SetAside[],
  onProgress?: Progress,
): Promise<Account[]> {
  const ordered = HOMES.flatMap(([kind]) => tables.filter((table) => table.kind === kind));
  const of = (kind: OldKind) => ordered.filter((table) => table.kind === kind);
  await placeMemories(runner, of('memories')[0]);
  await placeEdges(runner, of('waypoints'));
  await placeFacts(runner, of('facts'));
  let total = 0;
  for (const { staged } of ordered) total += await countRows(runner, `"${staged}"`);
  const accounts: Account[] = [];
  let done = 0;
  for (const table of ordered) {
    onProgress?.(done, total, `rows, ${table.name}`);
    const account = await takeTable(runner, table, ordered);
    done += account.rows;
    accounts.push(account);
  }
  for (const name of ['old_places', 'old_edges', 'old_facts']) await runner.query(`DROP TABLE "${name}"`);
  return accounts;
}

async function takeTable(
  runner: QueryRunner,
  table: SetAside,
  tables: readonly SetAside[],
): Promise<Account> {
  const database = (await runner.connect()) as Database.Database;
  const before = hashRows(database, table.columns, `"${table.staged}"`);
  const derived = table.kind === 'fullText' && before.hash === hashOfMemories(database, table, tables);
  let home = 0;
  let legacy = 0;
  if (!derived) {
    const place = homeOf(table, tables, finalName);
    if (place) home = await moveIn(runner, table, place);
    const reason = place ? [] : [REASONS[table.kind]];
    await runner.query(insertWhole(table, place), [...reason, Date.now()]);
    legacy = await countRows(runner, `"legacy_rows" WHERE "source_table" = '${table.name}'`);
    const parts = givenBack(table, place, finalName).map((select) => `SELECT * FROM (${select})`);
    const after = hashRows(database, table.columns, `(${parts.join(' UNION ALL ')})`);
    if (after.rows !== before.rows || after.hash !== before.hash) {
      throw new Error(
        `${table.name}: ${before.rows} rows were there, and the ${after.rows} that could be given back are not all the same`,
      );
    }
  }
  return { table: table.name, rows: before.rows, home, legacy, derived, hash: before.hash };
}

/** @returns how many rows found a home */
async function moveIn(runner: QueryRunner, table: SetAside, home: Home): Promise<number> {
  const columns = columnNames(vaultTable(home.to));
  const were = await countRows(runner, `"${home.to}"`);
  await runner.query(
    `INSERT INTO "${home.to}" (${columns.map((name) => `"${name}"`).join(', ')})
     SELECT ${columns.map((name) => home.values[name]).join(', ')}
     FROM ${oldRows(table)} ${home.join} WHERE ${home.where} ORDER BY old."row"`,
  );
  await runner.query(insertColumns(table, home), [Date.now()]);
  return (await countRows(runner, `"${home.to}"`)) - were;
}

/** What a full-text index hashes to that holds just what the memories hold. */
function hashOfMemories(database: Database.Database, index: SetAside, tables: readonly SetAside[]): string {
  const source = tables.find(({ kind }) => kind === 'memories')!;
  return hashRows(database, index.columns, `"${source.staged}"`).hash;
}
