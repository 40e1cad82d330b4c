import type { KnownRows } from '../known-rows.js';
import type { Lease } from '../tenant-connections.js';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** How a transaction ends; one of the two is called, once. */
export interface TransactionEnd {
  /** Done when what it wrote is on the disk. When that fails, nothing of it has happened. */
  commit(): Promise<void>;
  /** Undoes what it did. @returns as `Lease.end` */
  rollback(): Promise<void> | undefined;
}

/** A transaction that has begun. Until it ends, what runs on its connection is part of it. */
export class SqliteLease implements Lease {
  private ended = false;

  constructor(
    private readonly connection: SqliteConnection,
    private readonly transaction: TransactionEnd,
    readonly known: KnownRows | undefined,
  ) {}

  get inTransaction(): boolean {
    return !this.ended && this.connection.inTransaction;
  }

  run(sql: string, values: readonly unknown[]): StatementResult | Promise<StatementResult> {
    return this.connection.run(sql, values);
  }

  list(sql: string, values: readonly unknown[]): ListedResult | Promise<ListedResult> {
    return this.connection.list(sql, values);
  }

  writes(sql: string): boolean {
    return this.connection.writes(sql);
  }

  control(sql: string): void | Promise<void> {
    if (sql.startsWith('ROLLBACK')) this.known?.clear();
    return this.connection.control(sql);
  }

  commit(): Promise<void> {
    this.ended = true;
    return this.transaction.commit();
  }

  end(): Promise<void> | undefined {
    if (this.ended) return undefined;
    this.ended = true;
    return this.transaction.rollback();
  }
}
