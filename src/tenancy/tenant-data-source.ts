import {
  DataSource,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
} from 'typeorm';
import { isOneOf, openTenantDatabase, prepareDriver } from '../database/dialect.js';
import type { ListedResult } from '../database/statement-result.js';
import type { TenantDatabase } from '../database/tenant-database.js';
import type { TenantQueryRunner } from '../database/tenant-query-runner.js';
import type { DirectoryEntry, DirectoryPage } from '../database/vault-directory.js';
import { TenancyViolationError } from './errors.js';
import { checkEntities } from './entity-rules.js';
import { TenantContext } from './tenant-context.js';
import { TenantEntityManager } from './tenant-entity-manager.js';
import { TenantSelectQueryBuilder } from './tenant-query-builders.js';
import { Tripwire } from './tripwire.js';
import { type UnitOfWork, isOpen } from './unit-of-work.js';

/**
 * A TypeORM DataSource whose every statement is confined to the running scope, so that an ordinary
 * `Repository<Memory>` is safe anywhere. Without a scope nothing reaches the database.
 */
export class TenantDataSource extends DataSource {
  private database: TenantDatabase | undefined;

  override async initialize(): Promise<this> {
    prepareDriver(this);
    await super.initialize();
    try {
      checkEntities(this.entityMetadatas);
      this.database = openTenantDatabase(this, new Tripwire(this.entityMetadatas));
    } catch (error) {
      await super.destroy();
      throw error;
    }
    // The driver's own runner knows no tenant.
    this.driver.createQueryRunner = () => this.createQueryRunner();
    return this;
  }

  override async destroy(): Promise<void> {
    this.database?.close();
    this.database = undefined;
    await super.destroy();
  }

  /** Whether the database answers. Needs no scope and touches no table. */
  async ping(): Promise<void> {
    return this.opened().ping();
  }

  /** The names of the migrations that were applied. Needs no scope. */
  async appliedMigrations(): Promise<string[]> {
    return this.opened().appliedMigrations();
  }

  /**
   * A page of all vaults, by id; undefined where the service has no role that sees them.
   *
   * @throws TenancyViolationError unless the running scope is an operator's
   */
  async vaultDirectory(page: DirectoryPage): Promise<DirectoryEntry[] | undefined> {
    if (!TenantContext.scope().permissions.has('operator')) {
      throw new TenancyViolationError('Only operators look over all vaults');
    }
    return this.opened().directory?.(page);
  }

  /**
   * How many rows the running scope's vault has in each table that the database's own catalog knows, expired
   * ones and all. @throws TenancyViolationError in a user's scope
   */
  vaultRows(): Promise<Record<string, number>> {
    const scope = TenantContext.scope();
    if (scope.userId !== undefined) {
      throw new TenancyViolationError('A user does not count the vault’s rows');
    }
    return this.opened().rowsOf(scope);
  }

  /** The condition that columns hold one of some lists of values: all of it as SQL, the values by their marks. */
  isOneOf(columns: readonly string[], rows: readonly (readonly string[])[]): string {
    return isOneOf(this, columns, rows);
  }

  override createQueryRunner(): TenantQueryRunner {
    const database = this.opened();
    TenantContext.scope();
    return TenantContext.unit()?.runner ?? this.newRunner(database);
  }

  /**
   * Runs a statement in the running unit of work, or by itself. For the prepared statements of this folder.
   *
   * @param parameters the scope's own values among them as TenantValue
   */
  list(sql: string, parameters: readonly unknown[]): ListedResult | Promise<ListedResult> {
    const runner = this.createQueryRunner();
    return runner.unit ? runner.list(sql, parameters) : this.listAlone(runner, sql, parameters);
  }

  override createQueryBuilder<Entity extends ObjectLiteral>(
    entityOrRunner?: EntityTarget<Entity> | QueryRunner,
    alias?: string,
    queryRunner?: QueryRunner,
  ): TenantSelectQueryBuilder<Entity> {
    TenantContext.scope();
    if (alias === undefined) {
      return new TenantSelectQueryBuilder<Entity>(this, entityOrRunner as QueryRunner | undefined);
    }
    const { target } = this.getMetadata(entityOrRunner as EntityTarget<Entity>);
    return new TenantSelectQueryBuilder<Entity>(this, queryRunner)
      .select(alias)
      .from(target as EntityTarget<Entity>, alias) as TenantSelectQueryBuilder<Entity>;
  }

  override createEntityManager(queryRunner?: QueryRunner): EntityManager {
    return new TenantEntityManager(this, queryRunner);
  }

  override transaction<T>(
    isolationOrFn: unknown,
    maybeFn?: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.unitOfWork((maybeFn ?? isolationOrFn) as (manager: EntityManager) => Promise<T>);
  }

  /**
   * Runs `fn` in one transaction that everything inside it joins; when it throws, nothing of it happened.
   * Inside a running unit it is a savepoint. A reading unit sees one snapshot and cannot write.
   */
  async unitOfWork<T>(fn: (manager: EntityManager) => Promise<T>, readOnly = false): Promise<T> {
    const { vaultId } = TenantContext.scope();
    const outer = TenantContext.unit();
    if (outer) return this.nested(outer, fn, readOnly);
    const runner = this.newRunner(this.opened());
    await runner.begin(readOnly);
    const unit: UnitOfWork = {
      runner,
      vaultId,
      readOnly,
      parent: undefined,
      open: true,
      nested: undefined,
      afterCommit: [],
    };
    runner.unit = unit;
    try {
      const result = await TenantContext.runInUnit(unit, () => fn(runner.manager));
      // A nested unit that nobody waited for belongs to this one: half of it must not be committed.
      while (unit.nested) await unit.nested;
      unit.open = false;
      await runner.commit();
      for (const done of unit.afterCommit) done();
      return result;
    } finally {
      unit.open = false;
      runner.rollback();
      await runner.release();
    }
  }

  private async nested<T>(
    outer: UnitOfWork,
    fn: (manager: EntityManager) => Promise<T>,
    readOnly: boolean,
  ): Promise<T> {
    if (outer.readOnly && !readOnly) throw new TenancyViolationError('A reading unit of work cannot write');
    while (outer.nested) await outer.nested;
    if (!isOpen(outer)) throw new TenancyViolationError('This unit of work has ended');
    const unit: UnitOfWork = {
      ...outer,
      parent: outer,
      readOnly,
      open: true,
      nested: undefined,
      afterCommit: [],
    };
    let finish = () => {};
    outer.nested = new Promise((resolve) => {
      finish = () => {
        outer.nested = undefined;
        resolve();
      };
    });
    const { runner } = outer;
    try {
      await runner.startTransaction();
      try {
        const result = await TenantContext.runInUnit(unit, () => fn(runner.manager));
        while (unit.nested) await unit.nested;
        unit.open = false;
        await runner.commitTransaction();
        outer.afterCommit.push(...unit.afterCommit);
        return result;
      } catch (error) {
        // At once: what came after the savepoint is rolled back would be the outer unit's.
        unit.open = false;
        // Where the outer unit has failed meanwhile, nothing is left to roll back.
        if (isOpen(outer)) await runner.rollbackTransaction();
        throw error;
      } finally {
        unit.open = false;
      }
    } finally {
      finish();
    }
  }

  private async listAlone(
    runner: TenantQueryRunner,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<ListedResult> {
    try {
      return await runner.list(sql, parameters);
    } finally {
      await runner.release();
    }
  }

  private newRunner(database: TenantDatabase) {
    const runner = database.createQueryRunner();
    Object.assign(runner, { manager: this.createEntityManager(runner) });
    return runner;
  }

  private opened(): TenantDatabase {
    if (!this.database) throw new TenancyViolationError('The data source is not open');
    return this.database;
  }
}
