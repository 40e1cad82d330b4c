import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { sqliteOptions } from '../../src/database/data-source.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';
import { processFolder } from './process-folder.js';
import { type Row, TABLES, type TableRow, insertRow, readTenants } from './tenant-rows.js';

/** A copy of a database that nobody has open. */
export function copyOf(path: string): string {
  const copy = join(processFolder(), 'cairn.sqlite');
  copyFileSync(path, copy);
  return copy;
}

export function openTenants(path: string): Promise<DataSource> {
  return new TenantDataSource(sqliteOptions({ path })).initialize();
}

/** What the tenant-aware data source is measured against. */
export function openPlain(path: string): Promise<DataSource> {
  return new DataSource(sqliteOptions({ path })).initialize();
}

/** Whether a row is the scope's own, to read and to change. */
export type Owns = (table: string, row: Row) => boolean;

/** What became of the rows: the own ones, and all others. */
export interface Changes {
  readonly own: boolean;
  readonly foreign: boolean;
}

/** A database with a second, plain connection that sees everything and puts everything back. */
export class TenantWorld {
  private readonly seed: readonly TableRow[];
  private readonly schemaVersion: unknown;
  private dataVersion: unknown;

  private constructor(
    private readonly path: string,
    private readonly template: string,
    private readonly open: (path: string) => Promise<DataSource>,
    public dataSource: DataSource,
    private inspector: Database.Database,
  ) {
    this.seed = readTenants(inspector);
    this.schemaVersion = this.pragma('schema_version');
    this.dataVersion = this.pragma('data_version');
  }

  /**
   * @param template the file to start from
   * @param keep which of its rows there are in this world
   */
  static async open(
    template: string,
    open: (path: string) => Promise<DataSource>,
    keep: Owns = () => true,
  ): Promise<TenantWorld> {
    const folder = processFolder();
    const start = join(folder, 'template.sqlite');
    copyFileSync(template, start);
    const database = new Database(start);
    const kept = readTenants(database).filter((entry) => keep(...entry));
    replaceRows(database, kept);
    database.close();
    const path = join(folder, 'world.sqlite');
    copyFileSync(start, path);
    return new TenantWorld(path, start, open, await open(path), openInspector(path));
  }

  /** The rows that are `owns`'s, and all others, as text. */
  digest(owns: Owns): { own: string; foreign: string } {
    const rows = readTenants(this.inspector);
    const part = (own: boolean) => JSON.stringify(rows.filter((entry) => owns(...entry) === own));
    return { own: part(true), foreign: part(false) };
  }

  /** What has been done to the rows, and to the tables, since they were last put back. */
  changes(owns: Owns): Changes {
    if (this.pragma('data_version') === this.dataVersion) return { own: false, foreign: false };
    if (!this.intact()) return { own: true, foreign: true };
    const now = readTenants(this.inspector);
    const differ = (own: boolean) => {
      const part = (rows: readonly TableRow[]) => rows.filter((entry) => owns(...entry) === own);
      return JSON.stringify(part(now)) !== JSON.stringify(part(this.seed));
    };
    return { own: differ(true), foreign: differ(false) };
  }

  /** @param unsettled whether the connections themselves may be in another state */
  async restore(unsettled = false): Promise<void> {
    if (this.intact() && !unsettled) {
      try {
        replaceRows(this.inspector, this.seed);
        this.dataVersion = this.pragma('data_version');
        return;
      } catch {
        // Something still holds the file: a transaction that was left open.
      }
    }
    await this.close();
    for (const ending of ['', '-wal', '-shm']) rmSync(this.path + ending, { force: true });
    copyFileSync(this.template, this.path);
    this.dataSource = await this.open(this.path);
    this.inspector = openInspector(this.path);
    this.dataVersion = this.pragma('data_version');
  }

  async close(): Promise<void> {
    this.inspector.close();
    await this.dataSource.destroy();
  }

  /** Whether the tables are there as they were. */
  private intact(): boolean {
    return this.pragma('schema_version') === this.schemaVersion;
  }

  private pragma(name: string): unknown {
    return this.inspector.pragma(name, { simple: true });
  }
}

function openInspector(path: string): Database.Database {
  const inspector = new Database(path, { timeout: 0 });
  inspector.pragma('synchronous = OFF');
  return inspector;
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
