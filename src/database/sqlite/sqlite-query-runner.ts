import { QueryFailedError, QueryResult } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { BetterSqlite3QueryRunner } from 'typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js';
import { TenancyViolationError } from '../../tenancy/errors.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import type { Tripwire } from '../../tenancy/tripwire.js';
import type { Scope } from '../../tenancy/scope.js';
import { type UnitOfWork, isOpen } from '../../tenancy/unit-of-work.js';
import { BusyError } from '../busy.error.js';
import { StorageFullError } from '../storage-full.error.js';
import type { ListedResult, StatementResult } from '../statement-result.js';
import type { SqliteConnection } from './sqlite-connection.js';
import type { Lease, SqliteConnections } from './sqlite-connections.js';

/**
 * A query runner of a tenant. Outside a transaction a read goes to the shared read-only connection and a
 * write is a transaction of its own; in one, everything goes to the connection it holds. Every statement
 * passes the tripwire first.
 */
export class SqliteQueryRunner extends BetterSqlite3QueryRunner {
  /** The unit this runner belongs to; release and the outermost commit are then the unit's alone. */
  unit: UnitOfWork | undefined;
  private lease: Lease | undefined;
  private vaultId: string | undefined;

  constructor(
    driver: BetterSqlite3Driver,
    private readonly connections: SqliteConnections,
    private readonly tripwire: Tripwire,
  ) {
    super(driver);
  }

  /** TypeORM's way to the bare connection. */
  override connect(): Promise<never> {
    return Promise.reject(new TenancyViolationError('A tenant has no bare connection'));
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- TypeORM's own return type, overloaded by a flag
  override async query(sql: string, parameters: unknown[] = [], structured = false): Promise<any> {
    const turn = this.turn();
    if (turn) await turn;
    const result = await this.execute(sql, parameters, RUN);
    if (!structured) return result.rows ?? result.changes;
    const typed = new QueryResult();
    typed.raw = result.rows ?? result.changes;
    typed.records = (result.rows ?? []) as object[];
    typed.affected = result.rows ? undefined : result.changes;
    return typed;
  }

  /** As `query`, with rows as lists, and at once where nothing has to be waited for. */
  list(sql: string, parameters: readonly unknown[]): ListedResult | Promise<ListedResult> {
    const turn = this.turn();
    return turn ? turn.then(() => this.execute(sql, parameters, LIST)) : this.execute(sql, parameters, LIST);
  }

  override async startTransaction(): Promise<void> {
    if (this.unit && !this.lease) throw new TenancyViolationError('This unit of work has ended');
    if (this.transactionDepth > 0) {
      await this.lease?.connection.control(`SAVEPOINT nested_${this.transactionDepth}`);
      this.transactionDepth++;
      return;
    }
    await this.begin(false);
  }

  override async commitTransaction(): Promise<void> {
    if (!this.lease || this.transactionDepth === 0) throw new TenancyViolationError('No transaction is open');
    if (this.transactionDepth > 1) {
      await this.lease.connection.control(`RELEASE nested_${--this.transactionDepth}`);
      return;
    }
    if (this.unit) throw new TenancyViolationError('A unit of work commits when its function returns');
    await this.commit();
  }

  override async rollbackTransaction(): Promise<void> {
    if (!this.lease || this.transactionDepth === 0) throw new TenancyViolationError('No transaction is open');
    if (this.transactionDepth > 1) {
      const name = `nested_${--this.transactionDepth}`;
      await this.lease.connection.control(`ROLLBACK TO ${name}`);
      await this.lease.connection.control(`RELEASE ${name}`);
      return;
    }
    if (this.unit) throw new TenancyViolationError('A unit of work is rolled back by throwing');
    this.rollback();
  }

  /** Gives the connection back. Inside a unit of work it is a no-op: the unit holds the runner. */
  override async release(): Promise<void> {
    if (this.unit?.open) return;
    if (this.lease) this.rollback();
    this.isReleased = true;
  }

  /** Takes a connection and opens its transaction. */
  async begin(readOnly: boolean): Promise<void> {
    const { vaultId } = TenantContext.scope();
    const lease = readOnly ? await this.connections.leaseReader() : await this.connections.leaseWriter();
    try {
      await lease.connection.control(readOnly ? 'BEGIN' : 'BEGIN IMMEDIATE');
    } catch (error) {
      lease.release();
      throw error;
    }
    this.lease = lease;
    this.vaultId = vaultId;
    this.isTransactionActive = true;
    this.transactionDepth = 1;
  }

  async commit(): Promise<void> {
    try {
      await this.lease?.connection.control('COMMIT');
    } finally {
      this.rollback();
    }
  }

  /** Ends the transaction, if one is still open, and gives the connection back. */
  rollback(): void {
    const lease = this.lease;
    this.lease = undefined;
    this.vaultId = undefined;
    this.isTransactionActive = false;
    this.transactionDepth = 0;
    if (!lease) return;
    try {
      lease.connection.rollback();
    } finally {
      lease.release();
    }
  }

  /** Waits for the unit that is nested in the caller's, if there is one. */
  private turn(): Promise<void> | undefined {
    return this.unit && TenantContext.unit()?.nested && this.waitForNested();
  }

  private async waitForNested(): Promise<void> {
    const caller = TenantContext.unit();
    while (caller?.nested) await caller.nested;
  }

  /** Whether the caller may use this runner now, and in which scope. */
  private enter(): Scope {
    const scope = TenantContext.scope();
    if (this.isReleased) throw new TenancyViolationError('This query runner was released');
    if (this.vaultId !== undefined && this.vaultId !== scope.vaultId) {
      throw new TenancyViolationError('This transaction belongs to another vault');
    }
    if (!this.unit) return scope;
    const caller = TenantContext.unit();
    if (!caller || caller.runner !== this || !isOpen(caller)) {
      throw new TenancyViolationError('This unit of work has ended, or is not the one that is running');
    }
    return scope;
  }

  private execute<Result>(
    sql: string,
    parameters: readonly unknown[],
    run: Run<Result>,
  ): Result | Promise<Result> {
    const scope = this.enter();
    const values = this.tripwire.bind(sql, parameters, scope).map(toSqlite);
    // Without the values: they are what users stored.
    this.driver.dataSource.logger.logQuery(sql, undefined, this);
    const fail = (error: unknown): never => {
      const known = [BusyError, StorageFullError, TenancyViolationError];
      if (known.some((kind) => error instanceof kind)) throw error;
      throw new QueryFailedError(sql, undefined, error as Error);
    };
    try {
      const result = this.executeNow(sql, values, run);
      return result instanceof Promise ? result.catch(fail) : result;
    } catch (error) {
      return fail(error);
    }
  }

  private executeNow<Result>(sql: string, values: unknown[], run: Run<Result>): Result | Promise<Result> {
    if (this.lease) return this.executeIn(this.lease.connection, sql, values, run);
    const { reader } = this.connections;
    return reader.prepare(sql).readonly ? run(reader, sql, values) : this.writeAlone(sql, values, run);
  }

  private executeIn<Result>(
    connection: SqliteConnection,
    sql: string,
    values: unknown[],
    run: Run<Result>,
  ): Result | Promise<Result> {
    // Else what follows would be a transaction of its own, and stay when the unit fails.
    if (!connection.inTransaction) throw new TenancyViolationError('The database has ended this transaction');
    if (TenantContext.unit()?.readOnly && !connection.prepare(sql).readonly) {
      throw new TenancyViolationError('A reading unit of work cannot write');
    }
    return run(connection, sql, values);
  }

  /** One writing statement as a transaction of its own. */
  private async writeAlone<Result>(sql: string, values: unknown[], run: Run<Result>): Promise<Result> {
    const { connection, release } = await this.connections.leaseWriter();
    try {
      await connection.control('BEGIN IMMEDIATE');
      const result = await run(connection, sql, values);
      await connection.control('COMMIT');
      return result;
    } finally {
      connection.rollback();
      release();
    }
  }
}

/** A way to run a statement. */
type Run<Result> = (
  connection: SqliteConnection,
  sql: string,
  values: readonly unknown[],
) => Result | Promise<Result>;

const RUN: Run<StatementResult> = (connection, sql, values) => connection.run(sql, values);
const LIST: Run<ListedResult> = (connection, sql, values) => connection.list(sql, values);

/** better-sqlite3 binds numbers, strings, bigints, buffers and null. */
function toSqlite(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    throw new TypeError('A list or an object cannot be the value of a parameter');
  }
  return value ?? null;
}
