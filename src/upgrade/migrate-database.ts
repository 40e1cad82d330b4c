import type Database from 'better-sqlite3';
import { type DataSource, Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import type { StepInfo } from '../../migrations/chain.js';
import { CannotRevertError } from '../../migrations/chain-step.js';
import { checkNothingLost, countLegacyRows, describeTables } from './accounting.js';
import { backUp } from './backup.js';
import { fingerprint } from './fingerprint.js';
import { beginExclusiveWrite, withMigrationLock } from './lock.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { planRevert, planRun } from './plan.js';
import { plainDataSource } from './plain-data-source.js';
import { type AppliedSteps, currentVersion, readAppliedSteps, syncVersions } from './schema-version.js';

export interface MigrateOptions {
  /** The SQLite file; made when it is not there. */
  readonly path: string;
  /** `revert` takes the newest step back. */
  readonly direction?: 'run' | 'revert';
  /** The last step to run: its class, its version, or the beginning of its name. */
  readonly to?: string;
  /** Copy a database that holds something before changing it; true unless said otherwise. */
  readonly backup?: boolean;
  /** How long to wait for another migration, in ms. */
  readonly lockTimeoutMs?: number;
  /** Gets what is going on, a line at a time. */
  readonly log?: (line: string) => void;
  /** Gets how far it is: steps done, of how many, and the one that runs. */
  readonly progress?: (done: number, total: number, what: string) => void;
}

export interface MigrationReport {
  /** The steps that were run or taken back, in that order; empty when there was nothing to do. */
  readonly steps: readonly StepInfo[];
  /** The schema's version now, `none` for no schema. */
  readonly version: string;
  readonly backup?: string;
}

/**
 * Brings the schema of an empty or a Cairn database up to this build, or takes one step back: alone, with a
 * backup, in one transaction, and with every row accounted for. On any error nothing has changed.
 *
 * @throws MigrationRefusedError with what is the matter and what to do
 */
export async function migrateDatabase(options: MigrateOptions): Promise<MigrationReport> {
  const plan = () =>
    options.direction === 'revert' ? planRevert(options.path) : planRun(options.path, options.to);
  plan(); // Refuses another program's file before anything is laid beside it.
  const { log, lockTimeoutMs } = options;
  const onWait = () => log?.('[MIGRATE] Waiting for another process to finish its migration...');
  return withMigrationLock(
    options.path,
    async () => {
      const { steps, state } = plan();
      log?.(`[MIGRATE] Current database version: ${currentVersion(state)}`);
      if (steps.length === 0) return { steps, version: currentVersion(state) };
      return new MigrationRun(options, steps).run();
    },
    { onWait, timeoutMs: lockTimeoutMs },
  );
}

/** One run, from its transaction's beginning to its end. */
class MigrationRun {
  private readonly dataSource: DataSource;
  private runner: QueryRunner;
  private database: Database.Database;

  constructor(
    private readonly options: MigrateOptions,
    private readonly steps: readonly StepInfo[],
  ) {
    this.dataSource = plainDataSource(options.path);
  }

  async run(): Promise<MigrationReport> {
    await this.dataSource.initialize();
    try {
      this.runner = this.dataSource.createQueryRunner();
      this.database = (this.dataSource.driver as BetterSqlite3Driver).databaseConnection as Database.Database;
      // Rebuilding a table drops one that others refer to. The setting cannot change inside a transaction.
      this.database.pragma('foreign_keys = OFF');
      await beginExclusiveWrite(this.database, this.options.path);
      const report = await this.inTransaction();
      this.database.exec('COMMIT');
      this.database.pragma('foreign_keys = ON');
      if (this.database.pragma('foreign_keys', { simple: true }) !== 1) {
        throw new Error('SQLite does not check references any more');
      }
      return report;
    } catch (error) {
      if (this.database?.inTransaction) this.database.exec('ROLLBACK');
      if (error instanceof CannotRevertError) throw new MigrationRefusedError(error.message);
      throw error;
    } finally {
      await this.dataSource.destroy();
    }
  }

  private async inTransaction(): Promise<MigrationReport> {
    const total = this.steps.length;
    this.options.progress?.(0, total, 'counting rows');
    const before = this.takeStock();
    this.options.progress?.(0, total, 'backing up');
    // Another connection still reads what was committed before this transaction.
    const backup =
      before.tables.size > 0 && this.options.backup !== false ? await backUp(this.options.path) : undefined;
    if (backup) this.options.log?.(`[MIGRATE] Backup: ${backup}`);

    const state = await this.applySteps();
    const after = this.takeStock();
    checkNothingLost(before, after);
    const broken = this.database.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (broken.length > 0) {
      const { table, parent } = broken[0];
      throw new MigrationRefusedError(
        `Undone, since ${broken.length} references would lead nowhere, the first from ${table} to ${parent}.`,
      );
    }
    if (before.tables.size > 0) {
      for (const line of describeTables(before.tables, after.tables)) this.options.log?.(`[MIGRATE] ${line}`);
    }
    return { steps: this.steps, version: currentVersion(state), backup };
  }

  private async applySteps(): Promise<AppliedSteps> {
    const { log, progress, direction } = this.options;
    const reverting = direction === 'revert';
    const executor = new MigrationExecutor(this.dataSource, this.runner);
    for (const [i, { name, version, title }] of this.steps.entries()) {
      progress?.(i, this.steps.length, `${version} - ${title}`);
      log?.(`[MIGRATE] ${reverting ? 'Reverting' : 'Running'} migration: ${version} - ${title}`);
      const migration = this.migrationNamed(name);
      if (reverting) {
        await migration.instance!.down(this.runner);
        await executor.deleteMigration(migration);
      } else {
        await executor.executeMigration(migration);
      }
      log?.(`[MIGRATE] Migration ${version} ${reverting ? 'reverted' : 'completed'} successfully`);
    }
    progress?.(this.steps.length, this.steps.length, 'checking rows');
    await syncVersions(this.runner, readAppliedSteps(this.database).applied);
    return readAppliedSteps(this.database);
  }

  private migrationNamed(name: string): Migration {
    const instance = this.dataSource.migrations.find((candidate) => candidate.constructor.name === name);
    // TypeORM takes the time from the last 13 characters of a migration's name.
    return new Migration(undefined, Number(name.slice(-13)), name, instance);
  }

  private takeStock() {
    return { tables: fingerprint(this.database), legacy: countLegacyRows(this.database) };
  }
}
