import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';
import { prepareDatabase } from '../../src/upgrade/prepare-database.js';
import { type Row, TABLES, insertRow, readTenants, seedTenants } from './tenant-rows.js';

/** A folder that goes with the process. */
export function processFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-tenants-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A migrated database in a file of its own, empty or with rows of two vaults in every table. */
export async function makeDatabase(rows: 'empty' | 'seeded'): Promise<string> {
  const path = join(processFolder(), 'cairn.sqlite');
  await prepareDatabase({ database: { url: `sqlite:${path}`, kind: 'sqlite', path, source: 'test' } });
  const database = new Database(path);
  if (rows === 'seeded') seedTenants(database);
  // One file, so that it can be copied.
  database.pragma('journal_mode = DELETE');
  database.close();
  return path;
}

/** A copy of a database that nobody has open. */
export function copyOf(path: string): string {
  const copy = join(processFolder(), 'cairn.sqlite');
  copyFileSync(path, copy);
  return copy;
}

export function openTenants(path: string): Promise<DataSource> {
  return new TenantDataSource(dataSourceOptions({ path })).initialize();
}

/** What the tenant-aware data source is measured against. */
export function openPlain(path: string): Promise<DataSource> {
  return new DataSource(dataSourceOptions({ path })).initialize();
}

/** Whether a row is the scope's own, to read and to change. */
export type Owns = (table: string, row: Row) => boolean;

/** A database with a second, plain connection that sees everything and puts everything back. */
export class TenantWorld {
  private readonly seed: [string, Row][];
  private readonly schemaVersion: unknown;

  private constructor(
    private readonly path: string,
    private readonly template: string,
    private readonly open: (path: string) => Promise<DataSource>,
    public dataSource: DataSource,
    private inspector: Database.Database,
  ) {
    this.seed = readTenants(inspector);
    this.schemaVersion = inspector.pragma('schema_version', { simple: true });
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
    const kept = readTenants(database).filter(([table, row]) => keep(table, row));
    replaceRows(database, kept);
    database.close();
    const path = join(folder, 'world.sqlite');
    copyFileSync(start, path);
    return new TenantWorld(path, start, open, await open(path), openInspector(path));
  }

  /** The rows that are `owns`'s, and all others, as text. */
  digest(owns: Owns): { own: string; foreign: string } {
    const own: unknown[] = [];
    const foreign: unknown[] = [];
    for (const entry of readTenants(this.inspector)) (owns(...entry) ? own : foreign).push(entry);
    return { own: JSON.stringify(own), foreign: JSON.stringify(foreign) };
  }

  /** Whether the tables are there as they were. */
  intact(): boolean {
    return this.inspector.pragma('schema_version', { simple: true }) === this.schemaVersion;
  }

  /** @param unsettled whether the connections themselves may be in another state */
  async restore(unsettled = false): Promise<void> {
    if (this.intact() && !unsettled) {
      try {
        replaceRows(this.inspector, this.seed);
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
  }

  async close(): Promise<void> {
    this.inspector.close();
    await this.dataSource.destroy();
  }
}

function openInspector(path: string): Database.Database {
  const inspector = new Database(path, { timeout: 0 });
  inspector.pragma('synchronous = OFF');
  return inspector;
}

function replaceRows(database: Database.Database, rows: readonly [string, Row][]): void {
  database.pragma('foreign_keys = OFF');
  database.transaction(() => {
    for (const table of Object.keys(TABLES)) database.exec(`DELETE FROM "${table}"`);
    for (const [table, row] of rows) insertRow(database, table, row);
  })();
}
