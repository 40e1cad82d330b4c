import { realpathSync, rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { describeTables } from '../accounting.js';
import { backUp } from '../backup.js';
import { inUse } from '../file-holders.js';
import { beginExclusiveWrite, withMigrationLock } from '../lock.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { isBusy, openForWriting } from '../sqlite-file.js';
import { checkAdoptable, checkWritable } from './adoptable.js';
import { checkStillCompile, compileDependents, notCompiled } from './compiled-statements.js';
import { MigrationRecords } from './migration-records.js';
import type { TenancyPlan } from './tenancy-plan.js';
import type { Log, TenancyMigration } from './tenancy-migration.js';
import { checkUnchanged, countRows, readTableRows } from './table-rows.js';
import { countWithoutVault } from './vault-column.js';

export interface AdoptTenancyOptions {
  readonly path: string;
  readonly plan: TenancyPlan;
  /** `down` takes back what was done. */
  readonly direction: 'up' | 'down';
  /** Copy the database before changing it; true unless said otherwise. */
  readonly backup?: boolean;
  /** How long to wait for another migration, in ms. */
  readonly lockTimeoutMs?: number;
  /** Gets what is going on, a line at a time. */
  readonly log: Log;
  /** Gets how far it is. */
  readonly progress?: (done: number, total: number, what: string) => void;
}

export interface TenancyReport {
  /** The migrations that were run or taken back, in that order. */
  readonly migrations: readonly TenancyMigration[];
  readonly backup?: string;
  /** What was asked for and cannot be had, with the reasons. */
  readonly shortfalls: readonly string[];
  /** Tables with rows that have no vault, in a column that was there before. */
  readonly ownerless: readonly { readonly table: string; readonly rows: number }[];
}

/** What it does one after the other, for who watches. */
const STAGES = ['counting rows', 'backing up', 'changing tables', 'counting rows again'] as const;

/**
 * Gives the tables of another program's database vaults, or takes the indexes and the empty tables of that back:
 * alone, with a backup, in one transaction, every row proven to be what it was. On any error nothing has changed.
 *
 * @throws MigrationRefusedError with what is the matter and what to do
 */
export async function adoptTenancy(options: AdoptTenancyOptions): Promise<TenancyReport> {
  const { plan, log, lockTimeoutMs } = options;
  // Refuses what is not to be touched before anything is laid beside it.
  checkAdoptable(options.path, plan.tables);
  checkWritable(options.path);
  // A link and the file have one lock.
  const path = realpathSync(options.path);
  checkWritable(path);
  const onWait = () => log('[Migrator] Waiting for another process to finish its migration...');
  return withMigrationLock(
    path,
    async () => {
      checkAdoptable(path, plan.tables);
      const database = openForWriting(path);
      try {
        return await inTransaction(database, { ...options, path });
      } finally {
        database.close();
      }
    },
    { onWait, timeoutMs: lockTimeoutMs },
  );
}

async function inTransaction(
  database: Database.Database,
  options: AdoptTenancyOptions,
): Promise<TenancyReport> {
  const { path, plan, direction, log } = options;
  let backup: string | undefined;
  let isCommitted = false;
  try {
    await beginExclusiveWrite(database, path);
    const records = new MigrationRecords(database, plan.recordsTable);
    const migrations = plan.select(database, records, direction, log);
    if (migrations.length > 0) {
      const change = new TenancyChange(database, records, options);
      change.takeStock();
      if (options.backup !== false) backup = await change.backUp();
      change.apply(migrations);
      change.check(migrations);
      if (backup) log(`[BACKUP] ${backup}`);
    }
    const shortfalls = direction === 'up' ? plan.vaults.shortfalls(database) : [];
    const ownerless = direction === 'up' ? rowsWithoutVault(database, plan) : [];
    database.exec('COMMIT');
    isCommitted = true;
    for (const { id } of migrations) {
      log(`[Migrator] Successfully ${direction === 'up' ? 'applied' : 'rolled back'}: ${id}`);
    }
    return { migrations, backup, shortfalls, ownerless };
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    // It holds what the database holds.
    if (backup && !isCommitted) rmSync(backup, { force: true });
    throw refusal(error, path);
  }
}

/** One change, from counting the rows to counting them again. */
class TenancyChange {
  private before: ReturnType<typeof readTableRows>;
  private dependents: ReturnType<typeof compileDependents>;
  private recordIds: readonly string[];
  private othersRecords: string;
  private dropped: string[] = [];

  constructor(
    private readonly database: Database.Database,
    private readonly records: MigrationRecords,
    private readonly options: AdoptTenancyOptions,
  ) {}

  takeStock(): void {
    this.stage(0);
    const { plan } = this.options;
    this.before = readTableRows(this.database, plan.recordsTable);
    this.dependents = compileDependents(this.database);
    this.recordIds = plan.recordIds(this.database, this.records.read());
    this.othersRecords = this.records.others(this.recordIds);
    for (const what of notCompiled(this.dependents)) {
      this.options.log(`  [!] Not checked, since it cannot be used here as it is: ${what}`);
    }
  }

  /** Another connection still reads what was committed before this transaction. */
  backUp(): Promise<string> {
    this.stage(1);
    return backUp(this.options.path);
  }

  apply(migrations: readonly TenancyMigration[]): void {
    this.stage(2);
    const { direction, log } = this.options;
    for (const migration of migrations) {
      log(`[Migrator] ${direction === 'up' ? 'Running' : 'Rolling back'} migration: ${migration.id}`);
      log(`  Description: ${migration.description}`);
      if (direction === 'up') migration.up(this.database, log);
      else this.dropped.push(...migration.down(this.database, log));
      if (direction === 'up') {
        for (const id of migration.records(this.database)) this.records.add(id, migration.checksum);
      } else {
        for (const id of migration.recorded(this.records.read())) this.records.remove(id);
      }
    }
  }

  /** @throws MigrationRefusedError where something is not as it was that has to be */
  check(migrations: readonly TenancyMigration[]): void {
    this.stage(3);
    const { plan, log } = this.options;
    const after = readTableRows(this.database, plan.recordsTable, this.before);
    checkUnchanged(this.before, after, this.dropped);
    checkStillCompile(this.database, this.dependents);
    if (this.records.others(this.recordIds) !== this.othersRecords) {
      throw new MigrationRefusedError(`Undone, since ${plan.recordsTable} is not what it was.`);
    }
    if (
      migrations.some((migration) => this.options.direction === 'up' && migration.isIncomplete(this.database))
    ) {
      throw new MigrationRefusedError('Undone, since it did not come to what it was to come to.');
    }
    for (const line of describeTables(this.before, after)) log(`[VERIFY] ${line}`);
    log(`[VERIFY] ${this.before.size} tables, ${countRows(this.before)} rows: every one is what it was.`);
  }

  private stage(number: number): void {
    this.options.progress?.(number, STAGES.length, STAGES[number]);
  }
}

function rowsWithoutVault(database: Database.Database, { vaults }: TenancyPlan): TenancyReport['ownerless'] {
  return vaults
    .adopted(database)
    .map((table) => ({ table, rows: countWithoutVault(database, table) }))
    .filter(({ rows }) => rows > 0);
}

/** What SQLite says of a table is more to a person than where in this program it was said. */
function refusal(error: unknown, path: string): unknown {
  if (isBusy(error)) return inUse(path);
  const { code, message } = error as { code?: unknown; message: string };
  if (error instanceof MigrationRefusedError || typeof code !== 'string' || !code.startsWith('SQLITE_'))
    return error;
  return new MigrationRefusedError(`Undone, since SQLite says: ${message} (${code}). Nothing was changed.`);
}
