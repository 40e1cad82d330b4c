import { type DataSource, QueryFailedError, type QueryRunner, QueryResult } from 'typeorm';
import { TenancyViolationError } from '../tenancy/errors.js';
import type { Scope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { Tripwire } from '../tenancy/tripwire.js';
import { type UnitOfWork, isOpen } from '../tenancy/unit-of-work.js';
import { BusyError } from './busy.error.js';
import type { KnownRows } from './known-rows.js';
import type { ListedResult, StatementResult } from './statement-result.js';
import { StorageFullError } from './storage-full.error.js';
import type { Lease, Statements, TenantConnections } from './tenant-connections.js';

/** A query runner whose transaction a unit of work controls. */
export interface TenantQueryRunner extends QueryRunner {
  /** The unit this runner belongs to; release and the outermost commit are then the unit's alone. */
  unit: UnitOfWork | undefined;
  /** Runs a statement like any other, with rows as lists; at once where nothing has to be waited for. */
  list(sql: string, parameters: readonly unknown[]): ListedResult | Promise<ListedResult>;
  /** See `Lease.known`. */
  readonly known: KnownRows | undefined;
  /** Takes a connection and opens its transaction. */
  begin(readOnly: boolean): Promise<void>;
  commit(): Promise<void>;
  /** Ends the transaction, if one is still open, and gives the connection back. */
  rollback(): void;
}

/** What the runners of a database share. */
export interface RunnerSetting {
  readonly connections: TenantConnections;
  readonly tripwire: Tripwire;
  /** A value as the driver takes it. @throws TypeError for one that it cannot take */
  readonly toDriver: (value: unknown) => unknown;
}

/** What is used of TypeORM's runner beneath. */
interface RunnerBase {
  readonly dataSource: DataSource;
  isReleased: boolean;
  isTransactionActive: boolean;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what TypeScript asks of the base of a mixin
type RunnerClass = new (...given: any[]) => RunnerBase & QueryRunner;

/**
 * TypeORM's query runner of some database, made a tenant's. Outside a transaction every statement is one of its own;
 * in one, everything goes to the connection it holds. Every statement passes the tripwire first.
 */
export function tenantQueryRunner<Base extends RunnerClass>(Base: Base, setting: RunnerSetting) {
  const { connections, tripwire, toDriver } = setting;

  return class extends (Base as RunnerClass) implements TenantQueryRunner {
    unit: UnitOfWork | undefined;
    private lease: Lease | undefined;
    private vaultId: string | undefined;
    private depth = 0;
    /** What a transaction that was rolled back waits for, see `Lease.end`. */
    private seen: Promise<void> | void = undefined;

    get known(): KnownRows | undefined {
      return this.lease?.known;
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

    list(sql: string, parameters: readonly unknown[]): ListedResult | Promise<ListedResult> {
      const turn = this.turn();
      return turn
        ? turn.then(() => this.execute(sql, parameters, LIST))
        : this.execute(sql, parameters, LIST);
    }

    override async startTransaction(): Promise<void> {
      if (this.unit && !this.lease) throw new TenancyViolationError('This unit of work has ended');
      if (this.depth > 0) {
        await this.lease?.control(`SAVEPOINT nested_${this.depth}`);
        this.depth++;
        return;
      }
      await this.begin(false);
    }

    override async commitTransaction(): Promise<void> {
      if (!this.lease || this.depth === 0) throw new TenancyViolationError('No transaction is open');
      if (this.depth > 1) {
        await this.lease.control(`RELEASE SAVEPOINT nested_${this.depth - 1}`);
        // Only now: where it fails, as PostgreSQL lets it after an error, the savepoint is still to be rolled back.
        if (this.lease) this.depth--;
        return;
      }
      if (this.unit) throw new TenancyViolationError('A unit of work commits when its function returns');
      await this.commit();
    }

    override async rollbackTransaction(): Promise<void> {
      if (!this.lease || this.depth === 0) throw new TenancyViolationError('No transaction is open');
      if (this.depth > 1) {
        const name = `nested_${--this.depth}`;
        await this.lease.control(`ROLLBACK TO SAVEPOINT ${name}`);
        await this.lease.control(`RELEASE SAVEPOINT ${name}`);
        return;
      }
      if (this.unit) throw new TenancyViolationError('A unit of work is rolled back by throwing');
      this.rollback();
    }

    /** Gives the connection back. Inside a unit of work it is a no-op: the unit holds the runner. */
    override async release(): Promise<void> {
      if (this.unit?.open) return;
      this.rollback();
      this.isReleased = true;
      if (this.seen) await this.seen;
    }

    async begin(readOnly: boolean): Promise<void> {
      const scope = TenantContext.scope();
      this.lease = await connections.begin(scope, readOnly);
      this.vaultId = scope.vaultId;
      this.isTransactionActive = true;
      this.depth = 1;
    }

    async commit(): Promise<void> {
      await this.detach()?.commit();
    }

    rollback(): void {
      const lease = this.detach();
      if (lease) this.seen = lease.end();
    }

    private detach(): Lease | undefined {
      const { lease } = this;
      this.lease = undefined;
      this.vaultId = undefined;
      this.isTransactionActive = false;
      this.depth = 0;
      return lease;
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
      const values = tripwire.bind(sql, parameters, scope).map(toDriver);
      if (this.lease?.known) for (const table of tripwire.written(sql)) this.lease.known.forget(table);
      // Without the values: they are what users stored.
      this.dataSource.logger.logQuery(sql, undefined, this);
      const fail = (error: unknown): never => {
        const known = [BusyError, StorageFullError, TenancyViolationError];
        if (known.some((kind) => error instanceof kind)) throw error;
        throw new QueryFailedError(sql, undefined, error as Error);
      };
      try {
        const result = run(this.lease ? usable(this.lease, sql) : connections.alone(scope), sql, values);
        return result instanceof Promise ? result.catch(fail) : result;
      } catch (error) {
        return fail(error);
      }
    }
  };
}

/** @throws TenancyViolationError where the statement would not be part of the transaction, or may not be */
function usable(lease: Lease, sql: string): Lease {
  // Else what follows would be a transaction of its own, and stay when the unit fails.
  if (!lease.inTransaction) throw new TenancyViolationError('The database has ended this transaction');
  if (TenantContext.unit()?.readOnly && lease.writes(sql)) {
    throw new TenancyViolationError('A reading unit of work cannot write');
  }
  return lease;
}

type Run<Result> = (
  statements: Statements,
  sql: string,
  values: readonly unknown[],
) => Result | Promise<Result>;

const RUN: Run<StatementResult> = (statements, sql, values) => statements.run(sql, values);
const LIST: Run<ListedResult> = (statements, sql, values) => statements.list(sql, values);
