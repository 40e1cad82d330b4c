import type { PoolClient, QueryArrayResult } from 'pg';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { Lease } from '../tenant-connections.js';
import { databaseFailure, isLost } from './database-failure.js';
import { listedResult, send, statementResult, writes } from './statement.js';

/** A connection of the pool with an open transaction. */
export class PostgresLease implements Lease {
  /** Other processes write to the same database. */
  readonly known = undefined;
  private opening: Promise<unknown> | undefined;
  /** Why the transaction did not open. */
  private unopened: { readonly error: unknown } | undefined;
  private ended = false;
  private lost = false;

  /**
   * @param client may have the statements that open the transaction still under way
   * @param release gives the connection back, and says whether it is broken; called once
   * @param opening their answers; nothing that comes after them counts unless they succeed
   */
  constructor(
    private readonly client: PoolClient,
    private readonly release: (broken: boolean) => void,
    opening: Promise<unknown>,
  ) {
    this.opening = opening;
    // Whoever sends the first statement hears of it; after it nothing is sent, which might be carried out by itself.
    opening.catch((error: unknown) => (this.unopened = { error }));
  }

  get inTransaction(): boolean {
    return !this.ended;
  }

  async run(sql: string, values: readonly unknown[]): Promise<StatementResult> {
    return statementResult(await this.send(sql, values));
  }

  async list(sql: string, values: readonly unknown[]): Promise<ListedResult> {
    return listedResult(sql, await this.send(sql, values, 'array'));
  }

  writes(sql: string): boolean {
    return writes(sql);
  }

  async control(sql: string): Promise<void> {
    await this.send(sql, []);
  }

  async commit(): Promise<void> {
    if (this.ended) throw new Error('The transaction has ended');
    // From here on nobody else may give the connection back.
    this.ended = true;
    let command: string;
    try {
      ({ command } = await this.send('COMMIT', []));
    } catch (error) {
      this.giveBack();
      throw error;
    }
    this.release(false);
    // What PostgreSQL answers where a statement has failed and nobody minded.
    if (command !== 'COMMIT') throw new Error('A unit of work went on after a statement of it had failed');
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.giveBack();
  }

  /** When nothing of the transaction is left on it. */
  private giveBack(): void {
    if (this.lost) {
      this.release(true);
      return;
    }
    this.client.query('ROLLBACK').then(
      () => this.release(false),
      () => this.release(true),
    );
  }

  private async send(
    sql: string,
    values: readonly unknown[],
    rowMode?: 'array',
  ): Promise<QueryArrayResult<unknown[]>> {
    try {
      if (this.unopened) throw this.unopened.error;
      const answer = send(this.client, sql, values, rowMode);
      if (this.opening) {
        // First, for its failure is the cause of all that follow it.
        answer.catch(() => {});
        await this.opening;
        this.opening = undefined;
      }
      return await answer;
    } catch (error) {
      if (isLost(error)) this.lost = true;
      throw databaseFailure(error);
    }
  }
}
