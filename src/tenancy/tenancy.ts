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
