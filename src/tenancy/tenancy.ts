import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { TenancyViolationError } from './errors.js';
import { TenantContext } from './tenant-context.js';
import { TenantDataSource } from './tenant-data-source.js';

/** Units of work for services. Injected repositories join the running one by themselves. */
@Injectable()
export class Tenancy {
  constructor(@InjectDataSource() private readonly dataSource: TenantDataSource) {}

  /** Runs `fn` in one writing transaction: all of it happens, or nothing. Nested, it is a savepoint. */
  transaction<T>(fn: () => Promise<T>): Promise<T> {
    return this.dataSource.unitOfWork(fn);
  }

  /** Runs `fn` on one snapshot of the database; it cannot write. */
  snapshot<T>(fn: () => Promise<T>): Promise<T> {
    return this.dataSource.unitOfWork(fn, true);
  }

  /** Whether all that the running unit of work reads is committed: neither it nor one around it writes. */
  get readsOnly(): boolean {
    for (let unit = TenantContext.unit(); unit; unit = unit.parent) if (!unit.readOnly) return false;
    return true;
  }

  /**
   * What this unit of work, or an earlier one of this process, has kept; undefined too where there is no telling
   * whether it is still so, as on a database that others write to.
   *
   * @param kind a table, when it is to be forgotten as soon as a statement writes to the table; or another name
   */
  kept<Value>(kind: string, key: string): Value | undefined {
    const unit = TenantContext.unit();
    return unit?.runner.known?.get(kind, unit.vaultId, key) as Value | undefined;
  }

  /** What is kept or, where nothing is, what `read` gives, which is kept then; that something is not there is not. */
  async keptOrRead<Value extends object>(
    kind: string,
    key: string,
    read: () => Promise<Value | null>,
  ): Promise<Value | null> {
    const kept = this.kept<Value>(kind, key);
    if (kept) return kept;
    const value = await read();
    if (value) this.keep(kind, key, value);
    return value;
  }

  /**
   * Keeps what the running unit of work has read, or written, of its vault for those after it. What is written
   * without it, or by another process, or taken back, makes it be forgotten.
   */
  keep(kind: string, key: string, value: object): void {
    const unit = TenantContext.unit();
    unit?.runner.known?.set(kind, unit.vaultId, key, value);
  }

  /** Runs `done` once the running unit of work has committed, or at once where none runs. */
  afterCommit(done: () => void): void {
    const unit = TenantContext.unit();
    if (unit) unit.afterCommit.push(done);
    else done();
  }

  /**
   * Runs a call that leaves this process (a model, another service). A transaction held meanwhile would stop
   * every other writer, so inside a unit of work it throws.
   */
  async network<T>(call: () => Promise<T>): Promise<T> {
    if (TenantContext.unit()) throw new TenancyViolationError('No network call inside a unit of work');
    return call();
  }
}
