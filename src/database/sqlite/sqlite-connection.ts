import type Database from 'better-sqlite3';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError } from '../busy.error.js';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { Statements } from '../tenant-connections.js';
import { StorageFullError } from '../storage-full.error.js';

const CACHED_STATEMENTS = 500;
/** How long another process may hold the file before a caller is told to come back. */
const BUSY_LIMIT_MS = 5_000;
const LONGEST_PAUSE_MS = 50;

const NO_COLUMNS: readonly string[] = [];
const NO_ROWS: readonly unknown[][] = [];

/**
 * One SQLite connection with its prepared statements. better-sqlite3 is synchronous and waiting is not: what need
 * not wait is there at once, and not in a promise, of which each costs about as much as a small statement.
 */
export class SqliteConnection implements Statements {
  private readonly statements = new Map<string, Database.Statement>();
  private readonly columns = new WeakMap<Database.Statement, readonly string[]>();
  /** What the last statement that failed was refused with. */
  failure: unknown;

  constructor(readonly database: Database.Database) {}

  prepare(sql: string): Database.Statement {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    if (this.statements.size >= CACHED_STATEMENTS) this.statements.clear();
    this.statements.set(sql, statement);
    return statement;
  }

  /** Whether the statement changes something. */
  writes(sql: string): boolean {
    return !this.prepare(sql).readonly;
  }

  /** @throws BusyError after 5 s of another process holding the file, StorageFullError when the disk is full */
  run(sql: string, parameters: readonly unknown[]): StatementResult | Promise<StatementResult> {
    return this.retryWhileBusy(() => {
      const statement = this.prepare(sql);
      // As one list: of several arguments each may be a list itself, and would shift the values after it.
      if (statement.reader) return { rows: statement.raw(false).all(parameters), changes: 0 };
      return { changes: statement.run(parameters).changes };
    });
  }

  /** The same, with rows as lists. @throws as `run` */
  list(sql: string, parameters: readonly unknown[]): ListedResult | Promise<ListedResult> {
    return this.retryWhileBusy(() => {
      const statement = this.prepare(sql);
      if (!statement.reader)
        return { columns: NO_COLUMNS, rows: NO_ROWS, changes: statement.run(parameters).changes };
      const rows = statement.raw(true).all(parameters) as unknown[][];
      return { columns: this.columnsOf(statement), rows, changes: 0 };
    });
  }

  /** Transaction control: `BEGIN IMMEDIATE`, `COMMIT`, `SAVEPOINT …`. */
  control(sql: string): void | Promise<void> {
    return this.retryWhileBusy(() => void this.prepare(sql).run());
  }

  /** False too when SQLite ended the transaction by itself, as it does on a full disk. */
  get inTransaction(): boolean {
    return this.database.inTransaction;
  }

  /** Ends whatever transaction is open; after an error SQLite may have ended it already. */
  rollback(): void {
    if (this.database.inTransaction) this.database.exec('ROLLBACK');
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }

  private columnsOf(statement: Database.Statement): readonly string[] {
    let columns = this.columns.get(statement);
    if (!columns) {
      columns = statement.columns().map(({ name }) => name);
      this.columns.set(statement, columns);
    }
    return columns;
  }

  private retryWhileBusy<T>(attempt: () => T): T | Promise<T> {
    try {
      return attempt();
    } catch (error) {
      this.refuseUnlessBusy(error);
      return this.retry(attempt);
    }
  }

  private async retry<T>(attempt: () => T): Promise<T> {
    const deadline = Date.now() + BUSY_LIMIT_MS;
    for (let pause = 2; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      await sleep(pause);
      try {
        return attempt();
      } catch (error) {
        this.refuseUnlessBusy(error);
        if (Date.now() >= deadline) throw new BusyError();
      }
    }
  }

  /** @throws every error but that of a file which another process holds */
  private refuseUnlessBusy(error: unknown): void {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code)) return;
    this.failure = code === 'SQLITE_FULL' ? new StorageFullError() : error;
    throw this.failure;
  }
}
