import { rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { type DataSource, Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import type { StepInfo } from '../../migrations/chain.js';
import { CannotRevertError, type ChainStep } from '../../migrations/chain-step.js';
import { type AdoptionOptions, DEFAULT_ADOPTION } from '../../migrations/openmemory/owners.js';
import type { AdoptionRecord } from '../../migrations/openmemory/record.js';
import { checkNothingLost, countLegacyRows, describeAdoption, describeTables } from './accounting.js';
import { backUp } from './backup.js';
import { fingerprint } from './fingerprint.js';
import { beginExclusiveWrite, withMigrationLock } from './lock.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { type Plan, planRevert, planRun } from './plan.js';
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
  /** Where the rows of an older database go. */
  readonly adoption?: AdoptionOptions;
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
  /** What was taken over of an older database. */
  readonly adopted?: AdoptionRecord;
}

/**
 * Brings the schema of an empty, a Cairn or an OpenMemory database up to this build, or takes one step back: alone,
 * with a backup, in one transaction, and with every row accounted for. On any error nothing has changed.
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
      const planned = plan();
      const version = currentVersion(planned.state);
      log?.(`[MIGRATE] Current database version: ${version}`);
      if (planned.steps.length === 0) return { steps: [], version };
      return new MigrationRun(options, planned).run();
    },
    { onWait, timeoutMs: lockTimeoutMs },
  );
}

/** One run, from its transaction's beginning to its end. */
class MigrationRun {
  private readonly dataSource: DataSource;
  private runner: QueryRunner;
  private database: Database.Database;
  private adopted?: AdoptionRecord;
  private backup?: string;

  constructor(
    private readonly options: MigrateOptions,
    private readonly plan: Plan,
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
      // It holds what the database holds.
      if (this.backup) rmSync(this.backup, { force: true });
      if (error instanceof CannotRevertError) {
        throw new MigrationRefusedError(
          `${error.message} Nothing was changed. To go back without that, put the backup from before the ` +
            `migration (${this.options.path}.backup-<time>) in the place of the database.`,
        );
      }
      throw error;
    } finally {
      await this.dataSource.destroy();
    }
  }

  private async inTransaction(): Promise<MigrationReport> {
    const { steps, takesOver } = this.plan;
    const { log, progress, direction } = this.options;
    progress?.(0, steps.length, 'counting rows');
    // What is taken over is counted and hashed where that is done.
    const before = takesOver && direction !== 'revert' ? undefined : this.takeStock();
    progress?.(0, steps.length, 'backing up');
    // Another connection still reads what was committed before this transaction.
    const isEmpty = before?.tables.size === 0;
    if (!isEmpty && this.options.backup !== false) this.backup = await backUp(this.options.path);

    const state = await this.applySteps();
    const after = before && this.takeStock();
    if (before && after && !this.adopted && !takesOver) checkNothingLost(before, after);
    this.checkReferences();
    if (this.backup) log?.(`[MIGRATE] Backup: ${this.backup}`);
    if (this.adopted) for (const line of describeAdoption(this.adopted)) log?.(`[MIGRATE] ${line}`);
    else if (before && after && !isEmpty) {
      for (const line of describeTables(before.tables, after.tables)) log?.(`[MIGRATE] ${line}`);
    }
    const version = direction === 'revert' && takesOver ? 'none' : currentVersion(state);
    return { steps, version, backup: this.backup, adopted: this.adopted };
  }

  private checkReferences(): void {
    const broken = this.database.pragma('foreign_key_check') as { table: string; parent: string }[];
    if (broken.length === 0 || (this.options.direction === 'revert' && this.plan.takesOver)) return;
    const { table, parent } = broken[0];
    throw new MigrationRefusedError(
      `Undone, since ${broken.length} references would lead nowhere, the first from ${table} to ${parent}.`,
    );
  }

  private async applySteps(): Promise<AppliedSteps> {
    const { steps } = this.plan;
    const reverting = this.options.direction === 'revert';
    for (const [i, step] of steps.entries()) {
      this.options.progress?.(i, steps.length, `${step.version} - ${step.title}`);
      // The tables of a first step that are there already are not made.
      const isQuiet = this.plan.takesOver && !reverting && i === 0;
      const log = isQuiet ? undefined : this.options.log;
      log?.(`[MIGRATE] ${reverting ? 'Reverting' : 'Running'} migration: ${step.version} - ${step.title}`);
      if (reverting) await this.takeBack(step, i);
      else await this.apply(step);
      log?.(`[MIGRATE] Migration ${step.version} ${reverting ? 'reverted' : 'completed'} successfully`);
    }
    this.options.progress?.(steps.length, steps.length, 'checking rows');
    // Where OpenMemory's own tables have come back, our records have gone with the others.
    if (reverting && this.plan.takesOver) return this.plan.state;
    await syncVersions(this.runner, readAppliedSteps(this.database).applied);
    return readAppliedSteps(this.database);
  }

  private async apply({ name }: StepInfo): Promise<void> {
    const migration = this.migrationNamed(name);
    const step = migration.instance as ChainStep;
    step.adoption = this.options.adoption ?? DEFAULT_ADOPTION;
    step.onProgress = this.options.progress;
    await new MigrationExecutor(this.dataSource, this.runner).executeMigration(migration);
    this.adopted ??= step.adopted;
  }

  private async takeBack({ name }: StepInfo, index: number): Promise<void> {
    // The first of the steps that took a database over gives it back, and with it goes what the others did.
    if (this.plan.takesOver && index > 0) return;
    const migration = this.migrationNamed(name);
    await migration.instance!.down(this.runner);
    if (!this.plan.takesOver) {
      await new MigrationExecutor(this.dataSource, this.runner).deleteMigration(migration);
    }
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
