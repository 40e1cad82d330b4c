import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { type MigrationRecords, RECORDS_OF_METAMORPH, RECORDS_OF_TABLES } from './migration-records.js';
import { SandboxMigration } from './sandbox-migration.js';
import type { Applied, Log, TenancyMigration } from './tenancy-migration.js';
import { VaultMigration } from './vault-migration.js';

/** Which tables of a database are to have vaults, by which migrations, and where that is written down. */
export class TenancyPlan {
  private constructor(
    /** The migration that gives tables vaults. */
    readonly vaults: VaultMigration,
    /** All, in their order. */
    readonly migrations: readonly TenancyMigration[],
    readonly recordsTable: string,
    /** The names of tables; undefined for Metamorph's. */
    readonly tables?: readonly string[],
    private readonly only?: string,
  ) {}

  /** @param only a migration's id, or its beginning; undefined: all. @throws MigrationRefusedError for none of them */
  static ofMetamorph(only?: string): TenancyPlan {
    const vaults = VaultMigration.ofMetamorph();
    const migrations = [vaults, new SandboxMigration()];
    if (only === undefined) return new TenancyPlan(vaults, migrations, RECORDS_OF_METAMORPH);
    const found = migrations.filter(({ id }) => only !== '' && id.startsWith(only));
    if (found.length !== 1) {
      const ids = migrations.map(({ id }) => id).join(', ');
      throw new MigrationRefusedError(
        `Migration not found: ${only}. There are: ${ids}. Nothing was changed.`,
      );
    }
    return new TenancyPlan(vaults, migrations, RECORDS_OF_METAMORPH, undefined, found[0].id);
  }

  static ofTables(tables: readonly string[]): TenancyPlan {
    const vaults = VaultMigration.ofTables(tables);
    return new TenancyPlan(vaults, [vaults], RECORDS_OF_TABLES, tables);
  }

  /** Ids that this plan may have, or has, in the table of records. */
  recordIds(database: Database.Database, applied: Applied): string[] {
    return this.migrations.flatMap((migration) => [
      ...migration.records(database),
      ...migration.recorded(applied),
    ]);
  }

  /** What there is to be done, said in the words of Metamorph's migrator. */
  select(
    database: Database.Database,
    records: MigrationRecords,
    direction: 'up' | 'down',
    log: Log,
  ): TenancyMigration[] {
    const applied = records.read();
    const chosen = this.migrations.filter(({ id }) => this.only === undefined || id === this.only);
    if (direction === 'up') {
      const pending = chosen.filter((migration) => this.isPending(database, applied, migration));
      if (this.only === undefined) log(`[Migrator] Found ${pending.length} pending migrations`);
      else if (pending.length === 0) log(`[Migrator] Migration already applied: ${this.only}`);
      return pending;
    }
    const done = chosen
      .map((migration) => ({ migration, tables: migration.recorded(applied) }))
      .filter(({ tables }) => tables.length > 0)
      // Of the tables named only those that have been through it.
      .map(({ migration, tables }) => (this.tables ? VaultMigration.ofTables(tables) : migration));
    if (this.only !== undefined && done.length === 0) log(`[Migrator] Migration not applied: ${this.only}`);
    else log(`[Migrator] Rolling back ${Math.min(done.length, 1)} migrations`);
    return done.slice(-1);
  }

  /** One that was applied is to be run again where something of it is missing, a table made since for instance. */
  private isPending(database: Database.Database, applied: Applied, migration: TenancyMigration): boolean {
    return migration.records(database).some((id) => !applied.has(id)) || migration.isIncomplete(database);
  }
}
