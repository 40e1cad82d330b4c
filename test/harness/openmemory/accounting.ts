import Database from 'better-sqlite3';
import { type Collections, type Home, homeOf, memoryKey } from './homes.js';
import { readLegacyData } from './legacy-data.js';
import { type Snapshot, type TypedRow, readRows, show } from './snapshot.js';

/** What became of the rows of a database. */
export interface Accounting {
  /** Rows that were there. */
  readonly rows: number;
  /** Those that are in their new home, as a whole or with the rest of their columns in `legacy_rows`. */
  readonly homed: number;
  /** Those that are in `legacy_rows` as a whole. */
  readonly kept: number;
  /** Those of which a value is nowhere, with that value. */
  readonly lost: readonly string[];
  /** Rows of the new tables and of `legacy_rows` that were never there. */
  readonly invented: readonly string[];
}

interface Legacy {
  readonly memory: string;
  readonly data: TypedRow;
  used: boolean;
}

interface Homed {
  readonly row: TypedRow;
  used: boolean;
}

/**
 * Looks for every value of every row of an adopted database in the new tables and in `legacy_rows`: by the old
 * columns' names and the new tables alone, whatever the adoption says of itself.
 */
export function account(before: Snapshot, path: string): Accounting {
  const database = new Database(path, { readonly: true });
  try {
    return new Account(before, database).result();
  } finally {
    database.close();
  }
}

class Account {
  private readonly homes = new Map<string, Homed[]>();
  private readonly legacy = new Map<string, Legacy[]>();
  private readonly collections: Collections;
  private readonly lost: string[] = [];
  private rows = 0;
  private homed = 0;
  private kept = 0;

  constructor(
    private readonly before: Snapshot,
    private readonly database: Database.Database,
  ) {
    const memories = readRows(database, 'memories');
    this.collections = new Map(
      memories.map(({ vault_id, id, collection }) => [memoryKey(vault_id, id), collection]),
    );
    for (const row of readRows(database, 'legacy_rows')) {
      const source = text(row.source_table);
      if (!this.legacy.has(source)) this.legacy.set(source, []);
      const data = readLegacyData(text(row.data));
      this.legacy
        .get(source)!
        .push({ memory: memoryKey(row.vault_id, row.memory_id ?? 'n'), data, used: false });
    }
  }

  result(): Accounting {
    for (const [table, rows] of this.before.tables) {
      if (!table.startsWith('sqlite_')) this.table(table, rows);
    }
    const { rows, homed, kept, lost } = this;
    return { rows, homed, kept, lost, invented: this.invented() };
  }

  private table(table: string, rows: readonly TypedRow[]): void {
    this.rows += rows.length;
    const left = this.isIndexOfMemories(table, rows) ? [] : this.takeWhole(table, rows);
    const home = homeOf(table, Object.keys(rows[0] ?? {}));
    // Those of whom nothing else is kept come first, so that they do not take what others need.
    const columns = this.legacy.get(`${table}.columns`) ?? [];
    const byMemory = groupBy(columns, ({ memory }) => memory);
    const index = home && this.indexOf(home);
    for (const row of left) {
      const found = home && index && this.findHome(home, index, byMemory, row);
      if (found) this.homed += 1;
      else this.lost.push(this.describe(table, home, index, row));
    }
  }

  /** A full-text table that holds what the memories hold needs no other place. */
  private isIndexOfMemories(table: string, rows: readonly TypedRow[]): boolean {
    if (table !== 'memories_fts' || this.legacy.has(table)) return false;
    const memories = this.before.tables.get('memories')!.map(({ id, content }) => keyOf({ id, content }));
    const isIndex = memories.sort().join() === rows.map(keyOf).sort().join();
    if (isIndex) this.homed += rows.length;
    return isIndex;
  }

  /** @returns the rows that `legacy_rows` does not hold as they were */
  private takeWhole(table: string, rows: readonly TypedRow[]): TypedRow[] {
    const whole = groupBy(this.legacy.get(table) ?? [], ({ data }) => keyOf(data));
    return rows.filter((row) => {
      const match = whole.get(keyOf(row))?.pop();
      if (match) {
        match.used = true;
        this.kept += 1;
      }
      return !match;
    });
  }

  private indexOf({ table, key, accepts }: Home): Map<string, Homed[]> {
    if (!this.homes.has(table)) {
      this.homes.set(
        table,
        readRows(this.database, table).map((row) => ({ row, used: false })),
      );
    }
    const rows = this.homes.get(table)!.filter(({ row }) => !accepts || accepts(row));
    return groupBy(rows, ({ row }) => key.map(([, now]) => row[now]).join(' '));
  }

  private findHome(
    home: Home,
    index: Map<string, Homed[]>,
    byMemory: Map<string, Legacy[]>,
    row: TypedRow,
  ): boolean {
    const keyed = index.get(home.key.map(([old]) => row[old]).join(' ')) ?? [];
    // A key that its new column cannot hold is in `legacy_rows`, so every row of the table may be the one.
    for (const candidates of [keyed, [...index.values()].flat()]) {
      for (const homed of candidates.filter(({ used }) => !used)) {
        const missing = missingColumns(home, homed.row, row, this.collections);
        const memory = home.memoryId ? homed.row[home.memoryId] : 'n';
        const rest = byMemory.get(memoryKey(homed.row.vault_id, memory)) ?? [];
        const match = rest.find(({ used, data }) => !used && completes(data, row, missing));
        if (missing.length > 0 && !match) continue;
        homed.used = true;
        if (match) match.used = true;
        return true;
      }
    }
    return false;
  }

  private describe(
    table: string,
    home: Home | undefined,
    index: Map<string, Homed[]> | undefined,
    row: TypedRow,
  ) {
    const name = `${table} ${show(row.id ?? row.src_id ?? row.user_id ?? row.version)}`;
    const near = home && index?.get(home.key.map(([old]) => row[old]).join(' '))?.[0];
    if (!near) return `${name}: the row is nowhere`;
    const values = missingColumns(home, near.row, row, this.collections).map(
      (column) => `${column} = ${show(row[column])}`,
    );
    return `${name}: not found: ${values.join(', ')}`;
  }

  private invented(): string[] {
    const rows = [...this.homes].flatMap(([table, homed]) =>
      homed
        .filter(({ used }) => !used)
        .map(({ row }) => `${table} ${Object.values(row).slice(0, 3).map(show).join(' ')}`),
    );
    const legacy = [...this.legacy]
      .filter(([source]) => source !== 'sqlite_schema')
      .flatMap(([source, all]) =>
        all
          .filter(({ used }) => !used)
          .map(
            ({ data }) =>
              `legacy_rows of ${source}: ${Object.entries(data)
                .map(([name, value]) => `${name}=${show(value)}`)
                .join(' ')}`,
          ),
      );
    return [...rows, ...legacy];
  }
}

/** The old columns whose value the new row does not hold. NULL in a column without a home needs none. */
function missingColumns(home: Home, now: TypedRow, row: TypedRow, collections: Collections): string[] {
  return Object.keys(row).filter((name) => {
    const places = home.columns[name] ?? [];
    if (places.length === 0 && row[name] === 'n') return false;
    return !places.some((place) => place(now, collections) === row[name]);
  });
}

/** Whether `data` holds what is missing, and nothing of another row. */
function completes(data: TypedRow, row: TypedRow, missing: readonly string[]): boolean {
  return (
    missing.every((name) => data[name] === row[name]) &&
    Object.keys(data).every((name) => !(name in row) || data[name] === row[name])
  );
}

function keyOf(row: TypedRow): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function text(value: string): string {
  return Buffer.from(value.slice(1), 'hex').toString('utf8');
}

function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOfItem(item));
    if (group) group.push(item);
    else groups.set(keyOfItem(item), [item]);
  }
  return groups;
}
