import type Database from 'better-sqlite3';
import { openReadOnly } from '../sqlite-file.js';
import { quoteName } from '../sqlite-name.js';
import { checkAdoptable } from './adoptable.js';
import { MigrationRecords } from './migration-records.js';
import type { TenancyPlan } from './tenancy-plan.js';
import { VAULT_COLUMN, countWithoutVault } from './vault-column.js';

export interface MigrationStatus {
  readonly id: string;
  readonly description: string;
  /** As it was written down; undefined where it is not applied. */
  readonly appliedAt?: string;
  /** It is applied, and something of what it does is missing. */
  readonly isIncomplete: boolean;
}

export interface TableStatus {
  readonly table: string;
  readonly rows: number;
  readonly vaults: number;
  /** Rows whose vault is NULL or the empty text. */
  readonly withoutVault: number;
}

export interface TenancyStatus {
  /** What the database is. */
  readonly description: string;
  readonly migrations: readonly MigrationStatus[];
  /** Tables with a column for the vault. */
  readonly tables: readonly TableStatus[];
  readonly shortfalls: readonly string[];
}

/** Looks at what was done, and changes nothing. @throws MigrationRefusedError when it is another database */
export function readTenancyStatus(path: string, plan: TenancyPlan): TenancyStatus {
  const description = checkAdoptable(path, plan.tables);
  const database = openReadOnly(path);
  try {
    const applied = new MigrationRecords(database, plan.recordsTable).read();
    const migrations = plan.migrations.flatMap((migration) =>
      migration.records(database).map((id) => ({
        id,
        description: migration.description,
        appliedAt: applied.get(id),
        isIncomplete: applied.has(id) && migration.isIncomplete(database),
      })),
    );
    const tables = plan.vaults.adopted(database).map((table) => look(database, table));
    return { description, migrations, tables, shortfalls: plan.vaults.shortfalls(database) };
  } finally {
    database.close();
  }
}

function look(database: Database.Database, table: string): TableStatus {
  const sql = `SELECT count(*) AS rows, count(DISTINCT nullif(${VAULT_COLUMN}, '')) AS vaults FROM ${quoteName(table)}`;
  const counts = database.prepare(sql).get() as { rows: number; vaults: number };
  return { table, ...counts, withoutVault: countWithoutVault(database, table) };
}
