import Database from 'better-sqlite3';
import type { DataSourceOptions } from 'typeorm';
import { sqliteOptions } from '../../../src/database/data-source.js';
import { prepareSqlite } from '../../../src/database/sqlite/sqlite-database.js';
import { Fact } from '../../../src/facts/fact.entity.js';
import { makeScope, type ScopeInput } from '../../../src/tenancy/scope.js';
import { Tenancy } from '../../../src/tenancy/tenancy.js';
import { TenantContext } from '../../../src/tenancy/tenant-context.js';
import { TenantDataSource } from '../../../src/tenancy/tenant-data-source.js';
import { copyOf } from '../../harness/tenants.js';

/** A property of the tenancy layer, shown on an empty database of its own. */
export interface Check {
  readonly name: string;
  /** How much the database may grow, in pages; without limit where it is left out. */
  readonly room?: number;
  readonly run: (house: House) => Promise<void>;
}

/** What a service has of the database, and a plain connection beside it that sees what is committed. */
export class House {
  readonly tenancy: Tenancy;
  readonly facts;

  private constructor(
    readonly path: string,
    readonly dataSource: TenantDataSource,
    readonly committed: Database.Database,
  ) {
    this.tenancy = new Tenancy(dataSource);
    this.facts = dataSource.getRepository(Fact);
  }

  /** @param template an empty, migrated database */
  static async open(template: string, { room }: Pick<Check, 'room'> = {}): Promise<House> {
    const path = copyOf(template);
    const dataSource = new TenantDataSource({
      ...sqliteOptions({ path }),
      prepareDatabase: (database: Database.Database) => {
        prepareSqlite(database);
        const pages = database.pragma('page_count', { simple: true }) as number;
        if (room !== undefined) database.pragma(`max_page_count = ${pages + room}`);
      },
    } as DataSourceOptions);
    await dataSource.initialize();
    return new House(path, dataSource, new Database(path, { readonly: true }));
  }

  async close(): Promise<void> {
    this.committed.close();
    await this.dataSource.destroy();
  }

  /** The ids of the facts that are committed, of all vaults, as `vault/id`. */
  stored(): string[] {
    return this.committed
      .prepare(`SELECT vault_id || '/' || id FROM facts ORDER BY 1`)
      .pluck()
      .all() as string[];
  }

  add(id: string, fields: Partial<Fact> = {}): Promise<unknown> {
    return this.facts.insert({ ...newFact(id), ...fields });
  }

  /** The ids that the running scope sees. */
  async ids(): Promise<string[]> {
    return (await this.facts.find({ order: { id: 'ASC' } })).map(({ id }) => id);
  }
}

export function newFact(id: string): Omit<Fact, 'vaultId'> {
  return {
    id,
    userId: '',
    collection: null,
    subject: 's',
    predicate: 'p',
    object: 'o',
    validFrom: 1,
    validTo: null,
    confidence: 1,
    metadata: '{}',
    lastUpdated: 1,
  };
}

/** Runs `fn` as the service of a vault, or as `who` says. */
export function inVault<T>(vaultId: string, fn: () => T, who: Partial<ScopeInput> = {}): T {
  return TenantContext.run(makeScope({ vaultId, permissions: [], ...who }), fn);
}

/** A point that one side waits for until the other has reached it. */
export class Signal {
  private resolve = () => {};
  readonly reached = new Promise<void>((resolve) => (this.resolve = resolve));

  reach(): void {
    this.resolve();
  }
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
