import type Database from 'better-sqlite3';
import type { Client } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { chain } from '../../../../migrations/chain.js';
import type { ChainStep } from '../../../../migrations/chain-step.js';
import { type RowHash, RowSum } from '../../row-hash.js';
import { temporarySqlite } from '../../sqlite-file.js';
import { shortened, type SqliteValue } from './old-values.js';
import { insertRows, readRows, type TableColumns } from './table-rows.js';

/**
 * A database of SQLite in which rows of PostgreSQL become other ones, by the very statements that make them so in a
 * file. It is gone when it is closed.
 */
export class Staging {
  private constructor(
    private readonly dataSource: DataSource,
    readonly runner: QueryRunner,
    readonly database: Database.Database,
  ) {}

  /** @throws MigrationRefusedError where SQLite is not installed */
  static async open(): Promise<Staging> {
    const dataSource = new DataSource({
      type: 'better-sqlite3',
      database: ':memory:',
      driver: temporarySqlite(),
      entities: [],
      migrations: [],
    });
    await dataSource.initialize();
    const runner = dataSource.createQueryRunner();
    const database = (await runner.connect()) as Database.Database;
    // Rebuilding a table drops one that others refer to.
    // Whole vectors fit into a page.
    database.pragma('page_size = 32768');
    database.pragma('foreign_keys = OFF');
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    return new Staging(dataSource, runner, database);
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
  }

  /** Walks the chain up to a version. @param prepare gets each step before it is run */
  async walk(version: string, prepare?: (step: ChainStep) => void): Promise<ChainStep[]> {
    const done: ChainStep[] = [];
    for (const Step of chain) {
      const step = new Step();
      prepare?.(step);
      await step.up(this.runner);
      done.push(step);
      if (step.version === version) return done;
    }
    throw new Error(`There is no version ${version}`);
  }

  /**
   * Copies rows of PostgreSQL into a table that has the same columns.
   *
   * @returns the hash of what was read
   */
  async take(
    client: Client,
    from: TableColumns,
    to: string,
    onRows?: (rows: number) => void,
  ): Promise<RowHash> {
    const names = from.columns.map(({ name }) => `"${name}"`).join(', ');
    const marks = from.columns.map(() => '?').join(', ');
    const insert = this.database.prepare(`INSERT INTO "${to}" (${names}) VALUES (${marks})`);
    const sum = new RowSum();
    this.database.exec('BEGIN');
    let rows = 0;
    await readRows(client, from, (row) => {
      insert.run(...row);
      sum.add(row);
      rows += 1;
      if (rows % 100 === 0) onRows?.(100);
    });
    this.database.exec('COMMIT');
    return sum.result();
  }

  /**
   * Copies a table's rows to PostgreSQL, and reads them there.
   *
   * @throws Error where they are not the same there
   */
  async give(
    client: Client,
    from: string,
    to: TableColumns,
    onRows?: (rows: number) => void,
  ): Promise<RowHash> {
    const names = to.columns.map(({ name }) => name);
    const list = names.map((name) => `"${name}"`).join(', ');
    const select = this.database.prepare(`SELECT ${list} FROM "${from}"`);
    const rows = select.raw(true).safeIntegers(true);
    const sum = new RowSum();
    await insertRows(client, to, counted(rows.iterate() as IterableIterator<SqliteValue[]>, sum), onRows);
    const given = sum.result();
    const there = await hashOf(client, to);
    if (there.rows !== given.rows || there.hash !== given.hash) {
      throw new Error(
        `${to.table}: of ${given.rows} rows that were given to PostgreSQL, the ${there.rows} there are not all the same`,
      );
    }
    return there;
  }
}

function* counted(rows: Iterable<SqliteValue[]>, sum: RowSum): Generator<SqliteValue[]> {
  for (const row of rows) {
    sum.add(row.map(shortened));
    yield row;
  }
}

/** What a table holds, by the digests of its long values: nothing of them has to be sent. */
async function hashOf(client: Client, of: TableColumns): Promise<RowHash> {
  const sum = new RowSum();
  await readRows(client, of, (row) => sum.add(row.map(shortened)), { shorten: true });
  return sum.result();
}
