import type { Lease } from '../tenant-connections.js';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { SqliteConnection } from './sqlite-connection.js';

/** One of the connections, with the transaction that has it to itself. */
export class SqliteLease implements Lease {
  private ended = false;

  /** @param release gives the connection back */
  constructor(
    private readonly connection: SqliteConnection,
    private readonly release: () => void,
  ) {}

  get inTransaction(): boolean {
    return this.connection.inTransaction;
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
    return this.connection.control(sql);
  }

  commit(): void | Promise<void> {
    return this.connection.control('COMMIT');
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    try {
      this.connection.rollback();
    } finally {
      this.release();
    }
  }
}
