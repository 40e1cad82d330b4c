import type { PoolClient, QueryArrayResult } from 'pg';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { Lease } from '../tenant-connections.js';
import { databaseFailure, isLost } from './database-failure.js';
import { type Answer, columnsOf, send, writes } from './statement.js';

/** A connection of the pool with an open transaction. */
export class PostgresLease implements Lease {
  private opening: Promise<unknown> | undefined;
  private ended = false;
  private lost = false;

  /**
   * @param client may have the statements that open the transaction still under way
   * @param giveBack called once, with whether the connection is broken
   * @param opening their answers; nothing that comes after them counts unless they succeed
   */
  constructor(
    private readonly client: PoolClient,
    private readonly giveBack: (broken: boolean) => void,
    opening: Promise<unknown>,
  ) {
    this.opening = opening;
    // Whoever sends the first statement hears of it.
    opening.catch(() => {});
  }

  get inTransaction(): boolean {
    return !this.ended;
  }

  async run(sql: string, values: readonly unknown[]): Promise<StatementResult> {
    const { fields, rows, rowCount } = (await this.send(sql, values)) as Answer;
    return fields.length > 0 ? { rows, changes: 0 } : { changes: rowCount ?? 0 };
  }

  async list(sql: string, values: readonly unknown[]): Promise<ListedResult> {
    const { fields, rows, rowCount } = await this.send(sql, values, 'array');
    return { columns: columnsOf(sql, fields), rows, changes: fields.length > 0 ? 0 : (rowCount ?? 0) };
  }

  writes(sql: string): boolean {
    return writes(sql);
  }

  async control(sql: string): Promise<void> {
    await this.send(sql, []);
  }

  async commit(): Promise<void> {
    const { command } = await this.send('COMMIT', []);
    this.ended = true;
    this.giveBack(this.lost);
    // What PostgreSQL answers where a statement has failed and nobody minded.
    if (command !== 'COMMIT') throw new Error('A unit of work went on after a statement of it had failed');
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.lost) {
      this.giveBack(true);
      return;
    }
    this.client.query('ROLLBACK').then(
      () => this.giveBack(false),
      () => this.giveBack(true),
    );
  }

  private async send(
    sql: string,
    values: readonly unknown[],
    rowMode?: 'array',
  ): Promise<QueryArrayResult<unknown[]>> {
    try {
      const answer = send(this.client, sql, values, rowMode);
      if (!this.opening) return await answer;
      const [, first] = await Promise.all([this.opening, answer]);
      this.opening = undefined;
      return first;
    } catch (error) {
      if (isLost(error)) this.lost = true;
      throw databaseFailure(error);
    }
  }
}
