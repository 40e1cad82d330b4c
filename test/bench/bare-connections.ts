import type { Pool, PoolClient } from 'pg';
import { databaseFailure } from '../../src/database/postgres/database-failure.js';
import { listedResult, send, statementResult, writes } from '../../src/database/postgres/statement.js';
import type { ListedResult, StatementResult } from '../../src/database/statement-result.js';
import type { Lease, Statements, TenantConnections } from '../../src/database/tenant-connections.js';

/**
 * What the service would do without its second line of isolation: every statement goes to a connection of the pool as
 * it is, in no transaction, and no vault is set. For a database without row-level security, and to be measured against.
 */
export class BareConnections implements TenantConnections {
  constructor(private readonly pool: Pool) {}

  async begin(): Promise<Lease> {
    return new BareLease(await this.pool.connect());
  }

  alone(): Statements {
    const once = async <Result>(work: (lease: BareLease) => Promise<Result>): Promise<Result> => {
      const lease = new BareLease(await this.pool.connect());
      try {
        return await work(lease);
      } finally {
        lease.end();
      }
    };
    return {
      run: (sql, values) => once((lease) => lease.run(sql, values)),
      list: (sql, values) => once((lease) => lease.list(sql, values)),
    };
  }
}

class BareLease implements Lease {
  readonly known = undefined;
  inTransaction = true;

  constructor(private readonly client: PoolClient) {}

  async run(sql: string, values: readonly unknown[]): Promise<StatementResult> {
    return statementResult(await this.send(sql, values));
  }

  async list(sql: string, values: readonly unknown[]): Promise<ListedResult> {
    return listedResult(sql, await this.send(sql, values, 'array'));
  }

  writes(sql: string): boolean {
    return writes(sql);
  }

  control(): void {}

  commit(): Promise<void> {
    this.end();
    return Promise.resolve();
  }

  end(): void {
    if (!this.inTransaction) return;
    this.inTransaction = false;
    this.client.release();
  }

  private async send(sql: string, values: readonly unknown[], rowMode?: 'array') {
    try {
      return await send(this.client, sql, values, rowMode);
    } catch (error) {
      throw databaseFailure(error);
    }
  }
}
