import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { quoteName } from '../sqlite-name.js';
import { allColumns, findTable, hasColumn } from './database-tables.js';

/** Where Metamorph's own migrator keeps its record. */
export const RECORDS_OF_METAMORPH = 'schema_migrations';
/** Where the record of other programs' tables is kept: they may have a `schema_migrations` of another kind. */
export const RECORDS_OF_TABLES = 'tenancy_adoptions';

const COLUMNS = ['id', 'applied_at', 'checksum'];

/** The table that tells which migrations were applied, when, and in which form. */
export class MigrationRecords {
  private readonly table: string;

  /**
   * @param name one of the two above
   * @throws MigrationRefusedError where something else bears that name
   */
  constructor(
    private readonly database: Database.Database,
    private readonly name: string,
  ) {
    this.table = quoteName(name);
    const found = findTable(database, name);
    if (!found) return;
    const columns = allColumns(database, name);
    const missing = COLUMNS.filter((column) => !hasColumn(columns, column));
    if (found.type === 'table' && missing.length === 0) return;
    throw new MigrationRefusedError(
      `The ${found.type} "${name}" is not what migrations are recorded in: it has no column ` +
        `${missing.join(', ') || 'of its own'}. Another program made it. Rename it and run this again. Nothing was changed.`,
    );
  }

  /** Applied migrations with their times, as they were written down. */
  read(): Map<string, string> {
    if (!this.exists()) return new Map();
    const rows = this.database.prepare(`SELECT id, applied_at FROM ${this.table} ORDER BY id`).raw().all();
    return new Map((rows as [unknown, unknown][]).map(([id, time]) => [String(id), String(time)]));
  }

  /** What was noted of others than these. It is nobody's to change. */
  others(ids: readonly string[]): string {
    if (!this.exists()) return '[]';
    const rows = this.database.prepare(`SELECT * FROM ${this.table} ORDER BY id`).all();
    return JSON.stringify((rows as { id: unknown }[]).filter(({ id }) => !ids.includes(String(id))));
  }

  /** One that is there already keeps its time. */
  add(id: string, checksum: string): void {
    this.database.exec(
      `CREATE TABLE IF NOT EXISTS ${this.table} (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL, checksum TEXT NOT NULL)`,
    );
    if (this.read().has(id)) return;
    this.database
      .prepare(`INSERT INTO ${this.table} (id, applied_at, checksum) VALUES (?, ?, ?)`)
      .run(id, new Date().toISOString(), checksum);
  }

  /** Our own table goes with the last of them; Metamorph's stays, as with its own migrator. */
  remove(id: string): void {
    this.database.prepare(`DELETE FROM ${this.table} WHERE id = ?`).run(id);
    if (this.name === RECORDS_OF_TABLES && this.read().size === 0)
      this.database.exec(`DROP TABLE ${this.table}`);
  }

  private exists(): boolean {
    return findTable(this.database, this.name) !== undefined;
  }
}
