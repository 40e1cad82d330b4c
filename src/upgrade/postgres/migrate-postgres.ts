import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type Client } from 'pg';
import { DataSource, Migration, MigrationExecutor, type QueryRunner } from 'typeorm';
import { type StepInfo, chain } from '../../../migrations/chain.js';
import { CannotRevertError, type ChainStep } from '../../../migrations/chain-step.js';
import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import { CannotSecureError, secure } from '../../../migrations/postgres/security.js';
import { DEFAULT_ADOPTION } from '../../../migrations/openmemory/owners.js';
import { MIGRATIONS_TABLE } from '../../../migrations/record-tables.js';
import { vaultTables } from '../../../migrations/vault-tables.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { clientOptions } from '../../database/postgres/client-options.js';
import { lockKey } from '../../database/postgres/lock-key.js';
import { valueTypes } from '../../database/postgres/value-types.js';
import { describeAdoption } from '../accounting.js';
import type { MigrateOptions, MigrationReport } from '../migrate-database.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { refuseHalf, stepsUpTo, VAULTS } from '../plan.js';
import { currentVersion, syncVersions } from '../schema-version.js';
import { createMissingDatabase } from './missing-database.js';
import { contextOf, migratorOf, refusePooler, withClient } from './migrator.js';
import { giveBack, readPostgresAdoption } from './openmemory/give-back.js';
import { moveIn } from './openmemory/kept-tables.js';
import { checkOldSchema } from './openmemory/old-schema-check.js';
import { type OldSchema, findOldSchema, namesIn } from './openmemory/old-tables.js';
import { type PostgresAdoptionRecord, takeOver, underOldNames } from './openmemory/take-over.js';
import { type PostgresState, readPostgresState } from './postgres-state.js';
import { isSchemaMissing } from './precheck.js';
import { type Digests, checkNothingChanged, digestTables } from './row-digests.js';

export interface PostgresMigrateOptions extends Omit<MigrateOptions, 'path' | 'backup'> {
  readonly database: PostgresConfig;
  /** Does everything, and undoes it. */
  readonly dryRun?: boolean;
}

const LOCK_TIMEOUT_MS = 60_000;
const PAUSE_MS = 100;

/**
 * Brings a schema of PostgreSQL up to this build, or takes one step back: alone, in one transaction, with every row
 * accounted for, and closed to everybody but its own roles. On any error nothing has changed.
 *
 * @throws MigrationRefusedError with what is the matter and what to do
 */
export async function migratePostgres(options: PostgresMigrateOptions): Promise<MigrationReport> {
  const { database, log, dryRun, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  const server = migratorOf(database);
  const context = contextOf(database, 'DATABASE_MIGRATOR_URL');
  if (await createMissingDatabase(database, dryRun)) {
    log?.(`[MIGRATE] Made the database ${server.database}`);
  }
  return withClient(server, context, async (client) => {
    await refusePooler(server, context, client);
    const isNew = await isSchemaMissing(client, database);
    await lock(client, database.schema, lockTimeoutMs, () =>
      log?.('[MIGRATE] Waiting for another process to finish its migration...'),
    );
    const old = await findOldSchema(client, database.openMemory);
    const state = await readPostgresState(client, database.schema, namesIn(old, database.schema));
    const takesOver = await isToBeTakenOver(client, options, state, old);
    return new PostgresMigration(options, state, isNew, takesOver ? old : undefined).run();
  });
}

/** Held by the connection, and so until it ends, however that happens. */
async function lock(client: Client, schema: string, timeoutMs: number, onWait: () => void): Promise<void> {
  const key = lockKey('cairn migration', schema);
  const deadline = performance.now() + timeoutMs;
  for (let first = true; ; first = false) {
    const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${key}) AS taken`);
    if (rows[0].taken) return;
    if (first) onWait();
    if (performance.now() >= deadline) {
      throw new MigrationRefusedError(
        `Another process has been migrating the schema ${schema} for ${Math.round(timeoutMs / 1000)} s. Run this ` +
          'again when it has finished.',
      );
    }
    await sleep(PAUSE_MS);
  }
}

/** @throws MigrationRefusedError where there are tables of OpenMemory, and something is in the way */
async function isToBeTakenOver(
  client: Client,
  { database, direction, to, log }: PostgresMigrateOptions,
  state: PostgresState,
  old: OldSchema,
): Promise<boolean> {
  if (direction === 'revert') return false;
  for (const note of state.applied.length === 0 ? old.notes : []) log?.(`[MIGRATE] Note: ${note}`);
  if (old.tables.length === 0) return false;
  if (state.applied.length > 0) {
    log?.(
      `[MIGRATE] Note: the tables of OpenMemory in the schema ${old.schema} are left alone, since the schema ` +
        `${database.schema} is in use already: to take them over, set DATABASE_SCHEMA to one that is not there yet`,
    );
    return false;
  }
  refuseHalf(to);
  await checkOldSchema(client, old);
  return true;
}

/** Thrown to undo a rehearsal. */
class Rehearsed extends Error {}

/** One run, from its transaction's beginning to its end. */
class PostgresMigration {
  private readonly dataSource: DataSource;
  private runner: QueryRunner;

  constructor(
    private readonly options: PostgresMigrateOptions,
    private readonly state: PostgresState,
    private readonly isNew: boolean,
    /** The tables of OpenMemory that this run takes over. */
    private readonly old: OldSchema | undefined,
  ) {
    const { database } = options;
    this.dataSource = new DataSource({
      type: 'postgres',
      driver: pg,
      schema: database.schema,
      entities: [],
      migrations: [...chain],
      migrationsTableName: MIGRATIONS_TABLE,
      installExtensions: false,
      extra: { ...clientOptions(migratorOf(database)), max: 1, types: valueTypes },
    });
  }

  async run(): Promise<MigrationReport> {
    const { direction, to, log, dryRun } = this.options;
    const steps = direction === 'revert' ? this.state.applied.slice(-1) : stepsUpTo(this.state.pending, to);
    const version = currentVersion({ ...this.state, peerVersion: this.old?.peerVersion });
    log?.(`[MIGRATE] Current database version: ${version}`);
    // What is there is closed anew even where nothing is pending: a role may have come since.
    if (steps.length === 0 && (direction === 'revert' || this.state.applied.length === 0)) {
      return { steps, version };
    }
    await this.dataSource.initialize();
    let report: MigrationReport | undefined;
    try {
      this.runner = this.dataSource.createQueryRunner();
      await this.runner.startTransaction();
      report = await this.inTransaction(steps);
      if (dryRun) throw new Rehearsed();
      await this.runner.commitTransaction();
      return report;
    } catch (error) {
      if (this.runner?.isTransactionActive) await this.runner.rollbackTransaction().catch(() => {});
      if (error instanceof Rehearsed) return report!;
      throw refusalOf(error);
    } finally {
      await this.runner?.release();
      await this.dataSource.destroy();
    }
  }

  private async inTransaction(steps: readonly StepInfo[]): Promise<MigrationReport> {
    const { database, progress, direction } = this.options;
    const { schema } = database;
    // Another process may have made it before this one got the lock.
    if (this.isNew) await this.runner.query(`CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(schema)}`);
    await this.runner.query(`SET LOCAL search_path TO ${quoteIdentifier(schema)}`);
    await this.runner.query(`SET LOCAL lock_timeout = '10s'`);
    progress?.(0, Math.max(1, steps.length), 'counting rows');
    await this.open();
    if (direction === 'revert') {
      const record = await this.readAdoption(steps);
      if (record) return this.giveBack(record);
    }
    if (this.old) return this.takeOver(this.old, steps);
    const before: Digests = steps.length > 0 ? await digestTables(this.runner, schema) : new Map();
    const now = await this.applyAll(steps);
    await checkNothingChanged(this.runner, schema, before);
    await this.close();
    return { steps, version: now.at(-1)?.version ?? 'none' };
  }

  /** @returns all that are applied now */
  private async applyAll(steps: readonly StepInfo[]): Promise<readonly StepInfo[]> {
    const { progress, direction } = this.options;
    for (const [i, step] of steps.entries()) await this.apply(step, i, steps.length);
    progress?.(steps.length, Math.max(1, steps.length), 'checking rows');
    const names = steps.map(({ name }) => name);
    const { applied } = this.state;
    const now =
      direction === 'revert'
        ? applied.filter(({ name }) => !names.includes(name))
        : [...applied, ...steps.filter((step) => !applied.includes(step))];
    if (steps.length > 0) await syncVersions(this.runner, now);
    return now;
  }

  /** What is taken over is counted and hashed where that is done. */
  private async takeOver(old: OldSchema, steps: readonly StepInfo[]): Promise<MigrationReport> {
    const { database, log, progress, adoption = DEFAULT_ADOPTION } = this.options;
    const { schema } = database;
    const kept = await moveIn(this.runner, old, schema);
    const now = await this.applyAll(steps);
    const version = now.at(-1)!.version;
    const record = await takeOver(this.runner, kept, { schema, version, adoption, onProgress: progress });
    await this.close();
    for (const line of describeAdoption(underOldNames(record))) log?.(`[MIGRATE] ${line}`);
    return { steps, version, adopted: record };
  }

  private async readAdoption(steps: readonly StepInfo[]): Promise<PostgresAdoptionRecord | undefined> {
    return steps.at(0)?.version === VAULTS ? readPostgresAdoption(this.runner) : undefined;
  }

  /** The steps that took the tables over are taken back as one. */
  private async giveBack({ postgres }: PostgresAdoptionRecord): Promise<MigrationReport> {
    const { database, log } = this.options;
    const steps = this.state.applied.toReversed();
    for (const { version, title } of steps) log?.(`[MIGRATE] Reverting migration: ${version} - ${title}`);
    await giveBack(this.runner, postgres, database.schema);
    for (const { version } of steps) log?.(`[MIGRATE] Migration ${version} reverted successfully`);
    return { steps, version: 'none' };
  }

  /** Row-level security holds for the owner too, and would hide the rows that a step is to change. */
  private async open(): Promise<void> {
    for (const table of this.state.tables) {
      if (!vaultTables.some(({ name }) => name === table)) continue;
      await this.runner.query(`ALTER TABLE ${quoteIdentifier(table)} NO FORCE ROW LEVEL SECURITY`);
    }
  }

  private async close(): Promise<void> {
    const { database, log } = this.options;
    const { schema, roles } = database;
    const { tables } = await readPostgresState(this.runner, schema);
    // Before there are vaults there is nothing to keep apart.
    if (!tables.includes('vaults')) return;
    const { notes } = await secure(this.runner, { schema, roles });
    for (const note of notes) log?.(`[MIGRATE] Note: ${note}`);
  }

  private async apply(info: StepInfo, index: number, total: number): Promise<void> {
    const { direction, progress } = this.options;
    // The tables of the first step are there already where they are taken over.
    const log = this.old && index === 0 ? undefined : this.options.log;
    const reverting = direction === 'revert';
    progress?.(index, total, `${info.version} - ${info.title}`);
    log?.(`[MIGRATE] ${reverting ? 'Reverting' : 'Running'} migration: ${info.version} - ${info.title}`);
    const instance = this.dataSource.migrations.find(({ constructor }) => constructor.name === info.name);
    // TypeORM takes the time from the last 13 characters of a migration's name.
    const migration = new Migration(undefined, Number(info.name.slice(-13)), info.name, instance);
    const executor = new MigrationExecutor(this.dataSource, this.runner);
    if (reverting) {
      await (instance as ChainStep).down(this.runner);
      await executor.deleteMigration(migration);
    } else await executor.executeMigration(migration);
    log?.(`[MIGRATE] Migration ${info.version} ${reverting ? 'reverted' : 'completed'} successfully`);
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof CannotRevertError) {
    return new MigrationRefusedError(
      `${error.message} Nothing was changed. To go back without that, restore a dump from before the migration.`,
    );
  }
  if (error instanceof CannotSecureError)
    return new MigrationRefusedError(`${error.message} Nothing was changed.`);
  return error;
}
