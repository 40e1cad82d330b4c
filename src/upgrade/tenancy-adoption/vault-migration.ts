import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { findTable, foldName } from './database-tables.js';
import { METAMORPH_INDEXES, METAMORPH_TABLES } from './metamorph-tables.js';
import { type Applied, type Log, Tally, type TenancyMigration } from './tenancy-migration.js';
import { addVaultColumn, columnObstacle, decideColumn, hasVault } from './vault-column.js';
import {
  type VaultIndex,
  createIndex,
  decideIndex,
  dropIndex,
  indexOf,
  isMade,
  nameTaken,
} from './vault-index.js';

/** Gives tables a column for the vault, and indexes that begin with it. */
export class VaultMigration implements TenancyMigration {
  private constructor(
    readonly id: string,
    readonly description: string,
    /** What its lines begin with. */
    private readonly title: string,
    private readonly tables: readonly string[],
    /** Those of Metamorph; of other tables each has one, which its key decides. */
    private readonly listed?: readonly VaultIndex[],
  ) {}

  static ofMetamorph(): VaultMigration {
    return new VaultMigration(
      '001_add_vault_id',
      'Add vault_id column to all tables for multitenancy support',
      'Migration 001',
      METAMORPH_TABLES,
      METAMORPH_INDEXES,
    );
  }

  static ofTables(tables: readonly string[]): VaultMigration {
    return new VaultMigration('add_vault_id', 'Add vault_id column to the tables named', 'Tenancy', tables);
  }

  get checksum(): string {
    const form = JSON.stringify(this.listed ? [this.tables, this.listed] : this.id);
    return createHash('sha256').update(form).digest('hex').slice(0, 8);
  }

  records(database: Database.Database): string[] {
    if (this.listed) return [this.id];
    return this.tables
      .filter((table) => columnObstacle(database, table) === undefined)
      .map((table) => findTable(database, table)!.name);
  }

  recorded(applied: Applied): string[] {
    if (this.listed) return applied.has(this.id) ? [this.id] : [];
    const tables = this.tables.map(foldName);
    return [...applied.keys()].filter((table) => tables.includes(foldName(table)));
  }

  isIncomplete(database: Database.Database): boolean {
    return (
      this.tables.some((table) => decideColumn(database, table).act) ||
      this.indexes(database).some((index) => decideIndex(database, index).act)
    );
  }

  up(database: Database.Database, log: Log): void {
    log(`[${this.title}] Adding vault_id columns for multitenancy...`);
    log('\n[Step 1] Adding vault_id columns...');
    const columns = new Tally(log);
    for (const table of this.tables) {
      const decision = decideColumn(database, table);
      if (decision.act) addVaultColumn(database, table);
      columns.add(table, decision);
    }
    log('\n[Step 2] Creating composite indexes...');
    const indexes = new Tally(log);
    for (const index of this.indexes(database)) {
      const decision = decideIndex(database, index);
      if (decision.act) createIndex(database, index);
      indexes.add(index.name, decision);
    }
    log(`\n[${this.title}] Summary:`);
    log(`  Columns added: ${columns}`);
    log(`  Indexes created: ${indexes}`);
  }

  /** The columns stay, and with them the vaults that rows have been given. */
  down(database: Database.Database, log: Log): readonly string[] {
    log(`[${this.title} Rollback] Removing vault_id indexes...`);
    log('Note: vault_id columns will be preserved for safety.');
    const made = this.indexes(database).filter((index) => isMade(database, index));
    for (const { name } of made) {
      dropIndex(database, name);
      log(`  [-] Dropped index: ${name}`);
    }
    log(`\n[${this.title} Rollback] Removed ${made.length} indexes`);
    return [];
  }

  /** Tables that can have the column, and have it. */
  adopted(database: Database.Database): string[] {
    return this.tables
      .filter((table) => columnObstacle(database, table) === undefined && hasVault(database, table))
      .map((table) => findTable(database, table)!.name);
  }

  /** What was asked for and cannot be had, with the reason. Nobody has asked for all of Metamorph's tables. */
  shortfalls(database: Database.Database): string[] {
    const tables = this.listed ? [] : this.tables;
    const without = tables
      .map((table) => ({ name: table, obstacle: columnObstacle(database, table) }))
      .filter(({ obstacle }) => obstacle !== undefined)
      .map(({ name, obstacle }) => `${name}: ${obstacle}`);
    const unindexed = this.indexes(database)
      .filter(({ table }) => columnObstacle(database, table) === undefined)
      .map((index) => ({ name: index.name, taken: nameTaken(database, index) }))
      .filter(({ taken }) => taken !== undefined)
      .map(({ name, taken }) => `${name}: its name is that of ${taken}`);
    return [...without, ...unindexed];
  }

  private indexes(database: Database.Database): readonly VaultIndex[] {
    return (
      this.listed ??
      this.tables.map((table) => indexOf(database, table)).filter((index) => index !== undefined)
    );
  }
}
