import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { quoteName } from '../sqlite-name.js';
import { allColumns, findTable, tableNames } from './database-tables.js';
import type { Decision } from './decision.js';
import { SANDBOX_TABLES, type SandboxTable } from './sandbox-tables.js';
import { type Applied, type Log, Tally, type TenancyMigration } from './tenancy-migration.js';
import { createIndex, decideIndex } from './vault-index.js';

/** Makes Metamorph's tables for sandboxes and the accounts they run under. */
export class SandboxMigration implements TenancyMigration {
  readonly id = '002_add_vercel_sandbox_tables';
  readonly description = 'Add vercel_connections, sandboxes, and sandbox_resource_usage tables';

  get checksum(): string {
    return createHash('sha256').update(JSON.stringify(SANDBOX_TABLES)).digest('hex').slice(0, 8);
  }

  records(): string[] {
    return [this.id];
  }

  recorded(applied: Applied): string[] {
    return applied.has(this.id) ? [this.id] : [];
  }

  isIncomplete(database: Database.Database): boolean {
    return SANDBOX_TABLES.some(
      (table) =>
        decideTable(database, table).act || table.indexes.some((index) => decideIndex(database, index).act),
    );
  }

  up(database: Database.Database, log: Log): void {
    log('[Migration 002] Creating Vercel and Sandbox tables...');
    log('\n[Step 1] Creating tables...');
    const tables = new Tally(log);
    for (const table of SANDBOX_TABLES) {
      const decision = decideTable(database, table);
      const { name, columns, constraints } = table;
      if (decision.act) {
        database.exec(`CREATE TABLE ${name} (\n  ${[...columns, ...constraints].join(',\n  ')}\n)`);
      }
      tables.add(name, decision);
    }
    log('\n[Step 2] Creating indexes...');
    const indexes = new Tally(log);
    for (const index of SANDBOX_TABLES.flatMap((table) => table.indexes)) {
      const decision = decideIndex(database, index);
      if (decision.act) createIndex(database, index);
      indexes.add(index.name, decision);
    }
    log('\n[Migration 002] Summary:');
    log(`  Tables created: ${tables}`);
    log(`  Indexes created: ${indexes}`);
    log('[Migration 002] Tables created successfully');
  }

  down(database: Database.Database, log: Log): readonly string[] {
    log('[Migration 002 Rollback] Dropping Vercel and Sandbox tables...');
    const made = SANDBOX_TABLES.filter((table) => isMade(database, table)).map(({ name }) => name);
    checkDroppable(database, made);
    for (const { name } of SANDBOX_TABLES.toReversed()) {
      if (made.includes(name)) {
        database.exec(`DROP TABLE ${quoteName(name)}`);
        log(`  [-] Dropped table: ${name}`);
      } else if (findTable(database, name)) {
        log(`  [!] ${name} has other columns than this migration gives it, and stays.`);
      }
    }
    log('[Migration 002 Rollback] Tables dropped successfully');
    return made;
  }
}

function decideTable(database: Database.Database, { name }: SandboxTable): Decision {
  if (findTable(database, name)) return { act: false, reason: 'table already exists' };
  return { act: true, reason: 'table created successfully' };
}

/** One that has other columns is somebody else's. */
function isMade(database: Database.Database, { name, columns }: SandboxTable): boolean {
  const wanted = columns.map((column) => column.split(' ')[0]);
  return findTable(database, name)?.type === 'table' && allColumns(database, name).join() === wanted.join();
}

/** @throws MigrationRefusedError where rows, or references, would go with the tables */
function checkDroppable(database: Database.Database, tables: readonly string[]): void {
  const filled = tables
    .map((name) => ({
      name,
      rows: database
        .prepare(`SELECT count(*) FROM ${quoteName(name)}`)
        .pluck()
        .get() as number,
    }))
    .filter(({ rows }) => rows > 0);
  if (filled.length > 0) {
    const counts = filled
      .map(({ name, rows }) => `${name} ${rows} ${rows === 1 ? 'row' : 'rows'}`)
      .join(', ');
    throw new MigrationRefusedError(
      `Rolling this back drops tables that hold rows: ${counts}. Nothing was changed. ` +
        'Delete the rows first if nobody needs them.',
    );
  }
  const others = tableNames(database).filter((name) => !tables.includes(name));
  const referring = others.filter((name) => {
    const targets = database
      .prepare(`SELECT "table" FROM pragma_foreign_key_list(?, 'main')`)
      .pluck()
      .all(name);
    return (targets as string[]).some((target) => tables.includes(target.toLowerCase()));
  });
  if (referring.length === 0) return;
  throw new MigrationRefusedError(
    `Rolling this back drops tables to which others refer: ${referring.join(', ')}. Nothing was changed.`,
  );
}
