import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { processFolder } from './process-folder.js';
import { PostgresInspector } from './postgres/postgres-inspector.js';
import { isPostgresUrl } from './postgres/postgres-databases.js';
import { type Row, TABLES, type TableRow, insertRow, readTenants } from './tenant-rows.js';

/** Whether a row is the scope's own, to read and to change. */
export type Owns = (table: string, row: Row) => boolean;

/** A second, plain connection to a database of tenants, which sees everything and puts everything back. */
export interface TenantInspector {
  /** Where the database is: a file, or a superuser's URL. */
  readonly place: string;
  /** Every row of every tenant table, in a fixed order. */
  read(): TableRow[];
  /** Whether something may have been changed since the rows were last put back. */
  touched(): boolean;
  /** Whether the tables are there as they were. */
  intact(): boolean;
  /** Puts every row back. @throws Error where something still holds them: a transaction that was left open */
  restore(): void;
  close(): void;
}

/**
 * Copies a database for a world of its own.
 *
 * @param template a file, or a superuser's URL of a database that nobody uses
 * @param keep which of its rows there are in the copy
 */
export function copyTenants(template: string, keep: Owns): TenantInspector {
  return isPostgresUrl(template)
    ? PostgresInspector.copy(template, keep)
    : FileInspector.copy(template, keep);
}

class FileInspector implements TenantInspector {
  private readonly seed: readonly TableRow[];
  private readonly schemaVersion: unknown;
  private dataVersion: unknown;

  private constructor(
    readonly place: string,
    private readonly database: Database.Database,
  ) {
    this.seed = this.read();
    this.schemaVersion = this.pragma('schema_version');
    this.dataVersion = this.pragma('data_version');
  }

  static copy(template: string, keep: Owns): FileInspector {
    const path = join(processFolder(), 'world.sqlite');
    copyFileSync(template, path);
    const database = new Database(path, { timeout: 0 });
    replaceRows(
      database,
      readTenants(database).filter((entry) => keep(...entry)),
    );
    database.pragma('synchronous = OFF');
    return new FileInspector(path, database);
  }

  read(): TableRow[] {
    return readTenants(this.database);
  }

  touched(): boolean {
    return this.pragma('data_version') !== this.dataVersion;
  }

  intact(): boolean {
    return this.pragma('schema_version') === this.schemaVersion;
  }

  restore(): void {
    replaceRows(this.database, this.seed);
    this.dataVersion = this.pragma('data_version');
  }

  close(): void {
    this.database.close();
    for (const ending of ['', '-wal', '-shm']) rmSync(this.place + ending, { force: true });
  }

  private pragma(name: string): unknown {
    return this.database.pragma(name, { simple: true });
  }
}

/** Gives each table that differs these rows. */
function replaceRows(database: Database.Database, rows: readonly TableRow[]): void {
  database.pragma('foreign_keys = OFF');
  const now = readTenants(database);
  database.transaction(() => {
    for (const table of Object.keys(TABLES)) {
      const of = (all: readonly TableRow[]) => all.filter(([name]) => name === table);
      const wanted = of(rows);
      if (JSON.stringify(of(now)) === JSON.stringify(wanted)) continue;
      database.exec(`DELETE FROM "${table}"`);
      for (const [, row] of wanted) insertRow(database, table, row);
    }
  })();
}
