import type { Scope } from '../tenancy/scope.js';
import type { KnownRows } from './known-rows.js';
import type { ListedResult, StatementResult } from './statement-result.js';

/** A way to have a statement carried out: rows as objects, or as lists. */
export interface Statements {
  /** @throws BusyError, StorageFullError, or the driver's own error */
  run(sql: string, values: readonly unknown[]): StatementResult | Promise<StatementResult>;
  /** The same, with rows as lists. @throws as `run` */
  list(sql: string, values: readonly unknown[]): ListedResult | Promise<ListedResult>;
}

/** A connection with an open transaction, which belongs to one caller until it ends it. */
export interface Lease extends Statements {
  /** False too when the database ended the transaction by itself, as SQLite does on a full disk. */
  readonly inTransaction: boolean;
  /** Only in a writing transaction, and only where nothing else can write while none of this process does. */
  readonly known: KnownRows | undefined;
  /** Whether the statement changes something; only asked in a reading transaction. */
  writes(sql: string): boolean;
  /** Savepoints. */
  control(sql: string): void | Promise<void>;
  /** Commits and gives the connection back; where that fails, nothing of the transaction has happened. */
  commit(): Promise<void>;
  /**
   * Rolls back and gives the connection back. Does nothing where the transaction has ended.
   *
   * @returns where it may have read what is not on the disk yet: done when that is; else what it read is not true
   */
  end(): Promise<void> | void;
}

/** The connections of one process to its database: every transaction has one to itself. */
export interface TenantConnections {
  /** A transaction in this scope; a reading one sees one snapshot. @throws BusyError when none is to be had */
  begin(scope: Scope, readOnly: boolean): Promise<Lease>;
  /** For single statements: a transaction of its own for each, where it needs one. */
  alone(scope: Scope): Statements;
}
