import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { type TenancyReport, adoptTenancy } from '../../../src/upgrade/tenancy-adoption/adopt-tenancy.js';
import { TenancyPlan } from '../../../src/upgrade/tenancy-adoption/tenancy-plan.js';
import { type Finished, runBuilt } from '../built.js';
import { type Snapshot, comparable, takeSnapshot } from '../openmemory/snapshot.js';
import { type ListedIndex, listedIndexes } from './file.js';

/** Runs `npm run tenancy:adopt` on a file, as it is after the build. */
export function adopt(path: string, ...args: string[]): Promise<Finished> {
  return runBuilt('src/cli/tenancy-adopt', ['--database', path, ...args]);
}

/** The same in this process, for where the command itself is not what is looked at. */
export async function adoptHere(
  path: string,
  direction: 'up' | 'down' = 'up',
  plan: TenancyPlan = TenancyPlan.ofMetamorph(),
): Promise<TenancyReport & { lines: string[] }> {
  const lines: string[] = [];
  const report = await adoptTenancy({
    path,
    plan,
    direction,
    backup: false,
    log: (line) => lines.push(line),
  });
  return { ...report, lines };
}

/** The rows that are in the tables of `before` now, as far as these had columns then. */
export function rowsAsIn(before: Snapshot, path: string): object {
  const now = takeSnapshot(path);
  const tables = [...before.tables].map(([table, rows]) => {
    const columns = Object.keys(rows[0] ?? {});
    const present = (now.tables.get(table) ?? []).map((row) =>
      Object.fromEntries(columns.map((column) => [column, row[column]])),
    );
    return [table, present] as const;
  });
  return comparable({ schema: [], tables: new Map(tables) }).tables;
}

export function expectSameRows(before: Snapshot, path: string, except: readonly string[] = []): void {
  const tables = new Map([...before.tables].filter(([table]) => !except.includes(table)));
  const kept = { ...before, tables };
  expect(rowsAsIn(kept, path)).toEqual(comparable(kept).tables);
}

/** The indexes of the file that are in Metamorph's list, as SQLite reads them. */
export function vaultIndexes(path: string): ListedIndex[] {
  const names = listedIndexes().map(({ name }) => name);
  return withDatabase(path, (database) =>
    names.flatMap((name) => {
      const table = database
        .prepare(`SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?`)
        .pluck()
        .get(name) as string | undefined;
      if (table === undefined) return [];
      const columns = database
        .prepare('SELECT lower(name) FROM pragma_index_info(?) ORDER BY seqno')
        .pluck()
        .all(name);
      return [{ name, table, columns: columns as string[] }];
    }),
  );
}

export function withDatabase<T>(path: string, work: (database: Database.Database) => T): T {
  const database = new Database(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
