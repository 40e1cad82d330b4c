import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { loadDatabaseConfig } from '../../src/config/config.js';
import { dataSourceOptions } from '../../src/database/data-source.js';
import { prepareDriver } from '../../src/database/dialect.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';
import { SCHEMA, copyDatabase, isPostgresUrl, settingsOf } from './postgres/postgres-databases.js';
import { processFolder } from './process-folder.js';
import { type Owns, type TenantInspector, copyTenants } from './tenant-inspector.js';
import type { TableRow } from './tenant-rows.js';

/** A copy of a database that nobody has open. */
export function copyOf(place: string): string {
  if (isPostgresUrl(place)) return copyDatabase(place);
  const copy = join(processFolder(), 'cairn.sqlite');
  copyFileSync(place, copy);
  return copy;
}

/**
 * The options of the service's data source for a test's database.
 *
 * @param env settings beside those of the database
 */
export function tenantOptions(place: string, env: NodeJS.ProcessEnv = {}): DataSourceOptions {
  if (!isPostgresUrl(place)) return dataSourceOptions({ kind: 'sqlite', path: place });
  const options = dataSourceOptions(loadDatabaseConfig({ ...settingsOf(place), ...env }));
  // Names without a schema are found, as on SQLite, so that SQL by hand is refused for what it does.
  Object.assign(options.extra as object, { options: `-c search_path=${SCHEMA}` });
  return options;
}

export function openTenants(place: string): Promise<DataSource> {
  return new TenantDataSource(tenantOptions(place)).initialize();
}

/** What the tenant-aware data source is measured against: on PostgreSQL a superuser's. */
export function openPlain(place: string): Promise<DataSource> {
  const env = isPostgresUrl(place) ? { DATABASE_URL: place } : {};
  const dataSource = new DataSource(tenantOptions(place, env));
  prepareDriver(dataSource);
  return dataSource.initialize();
}

/** What became of the rows: the own ones, and all others. */
export interface Changes {
  readonly own: boolean;
  readonly foreign: boolean;
}

/** A database with a second, plain connection that sees everything and puts everything back. */
export class TenantWorld {
  private readonly seed: readonly TableRow[];

  private constructor(
    private readonly copy: () => TenantInspector,
    private readonly open: (place: string) => Promise<DataSource>,
    public dataSource: DataSource,
    private inspector: TenantInspector,
  ) {
    this.seed = inspector.read();
  }

  /**
   * @param template the database to start from
   * @param keep which of its rows there are in this world
   */
  static async open(
    template: string,
    open: (place: string) => Promise<DataSource>,
    keep: Owns = () => true,
  ): Promise<TenantWorld> {
    const copy = () => copyTenants(template, keep);
    const inspector = copy();
    return new TenantWorld(copy, open, await open(inspector.place), inspector);
  }

  /** The rows that are `owns`'s, and all others, as text. */
  digest(owns: Owns): { own: string; foreign: string } {
    const rows = this.inspector.read();
    const part = (own: boolean) => JSON.stringify(rows.filter((entry) => owns(...entry) === own));
    return { own: part(true), foreign: part(false) };
  }

  /** What has been done to the rows, and to the tables, since they were last put back. */
  changes(owns: Owns): Changes {
    if (!this.inspector.touched()) return { own: false, foreign: false };
    if (!this.inspector.intact()) return { own: true, foreign: true };
    const now = this.inspector.read();
    const differ = (own: boolean) => {
      const part = (rows: readonly TableRow[]) => rows.filter((entry) => owns(...entry) === own);
      return JSON.stringify(part(now)) !== JSON.stringify(part(this.seed));
    };
    return { own: differ(true), foreign: differ(false) };
  }

  /** @param unsettled whether the connections themselves may be in another state */
  async restore(unsettled = false): Promise<void> {
    if (this.inspector.intact() && !unsettled) {
      try {
        this.inspector.restore();
        return;
      } catch {
        // Something still holds the rows: a transaction that was left open.
      }
    }
    await this.close();
    this.inspector = this.copy();
    this.dataSource = await this.open(this.inspector.place);
  }

  async close(): Promise<void> {
    this.inspector.close();
    await this.dataSource.destroy();
  }
}
