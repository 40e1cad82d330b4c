import type Database from 'better-sqlite3';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError } from '../busy.error.js';
import { StorageFullError } from '../storage-full.error.js';

const CACHED_STATEMENTS = 500;
/** How long another process may hold the file before a caller is told to come back. */
const BUSY_LIMIT_MS = 5_000;
const LONGEST_PAUSE_MS = 50;

/** What a statement gave: rows, or how many it changed. Never a row number: those count every vault's rows. */
export interface StatementResult {
  readonly rows?: unknown[];
  readonly changes: number;
}

/** One SQLite connection with its prepared statements. better-sqlite3 is synchronous; waiting is not. */
export class SqliteConnection {
  private readonly statements = new Map<string, Database.Statement>();

  constructor(readonly database: Database.Database) {}

  prepare(sql: string): Database.Statement {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    if (this.statements.size >= CACHED_STATEMENTS) this.statements.clear();
    this.statements.set(sql, statement);
    return statement;
  }

  /** @throws BusyError after 5 s of another process holding the file, StorageFullError when the disk is full */
  run(sql: string, parameters: readonly unknown[]): Promise<StatementResult> {
    return this.retryWhileBusy(() => {
      const statement = this.prepare(sql);
      // As one list: of several arguments each may be a list itself, and would shift the values after it.
      if (statement.reader) return { rows: statement.all(parameters), changes: 0 };
      return { changes: statement.run(parameters).changes };
    });
  }

  /** Transaction control: `BEGIN IMMEDIATE`, `COMMIT`, `SAVEPOINT …`. */
  async control(sql: string): Promise<void> {
    await this.retryWhileBusy(() => this.prepare(sql).run());
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

  private async retryWhileBusy<T>(attempt: () => T): Promise<T> {
    let deadline = 0;
    for (let pause = 2; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return attempt();
      } catch (error) {
        const code = (error as { code?: unknown }).code;
        if (code === 'SQLITE_FULL') throw new StorageFullError();
        if (typeof code !== 'string' || !/^SQLITE_(BUSY|LOCKED)/.test(code)) throw error;
        deadline ||= Date.now() + BUSY_LIMIT_MS;
        if (Date.now() >= deadline) throw new BusyError();
      }
      await sleep(pause);
    }
  }
}
