import type Database from 'better-sqlite3';
import { prepareSqlite } from '../../../src/database/sqlite/sqlite-database.js';
import type { FactEdge } from '../../../src/facts/fact-edge.entity.js';
import { Fact } from '../../../src/facts/fact.entity.js';
import { makeScope, type ScopeInput } from '../../../src/tenancy/scope.js';
import { Tenancy } from '../../../src/tenancy/tenancy.js';
import { TenantContext } from '../../../src/tenancy/tenant-context.js';
import { TenantDataSource } from '../../../src/tenancy/tenant-data-source.js';
import { DatabaseView } from '../../harness/database-view.js';
import { isPostgresUrl } from '../../harness/postgres/postgres-databases.js';
import { copyOf, tenantOptions } from '../../harness/tenants.js';

/** A property of the tenancy layer, shown on an empty database of its own. */
export interface Check {
  readonly name: string;
  /** How much the database may grow, in pages; without limit where it is left out. On SQLite alone. */
  readonly room?: number;
  /** About the one connection that writes on SQLite. */
  readonly onSqlite?: true;
  /** Settings beside those of the database, on PostgreSQL. */
  readonly env?: NodeJS.ProcessEnv;
  readonly run: (house: House) => Promise<void>;
}

/** What a service has of the database, and a plain connection beside it that sees what is committed. */
export class House {
  readonly tenancy: Tenancy;
  readonly facts;

  private constructor(
    readonly path: string,
    readonly dataSource: TenantDataSource,
    readonly committed: DatabaseView,
    /** On SQLite the connection that all units write through. */
    readonly writer: Database.Database | undefined,
  ) {
    this.tenancy = new Tenancy(dataSource);
    this.facts = dataSource.getRepository(Fact);
  }

  /** @param template an empty, migrated database */
  static async open(template: string, { room, env }: Pick<Check, 'room' | 'env'> = {}): Promise<House> {
    const path = copyOf(template);
    let writer: Database.Database | undefined;
    const options = tenantOptions(path, env);
    const dataSource = new TenantDataSource({
      ...options,
      ...(!isPostgresUrl(path) && observed((database) => (writer = database), room)),
    } as never);
    await dataSource.initialize();
    return new House(path, dataSource, new DatabaseView(path), writer);
  }

  async close(): Promise<void> {
    this.committed.close();
    await this.dataSource.destroy();
  }

  get onPostgres(): boolean {
    return isPostgresUrl(this.path);
  }

  /** The ids of the facts that are committed, of all vaults, as `vault/id`. */
  stored(): string[] {
    const rows = this.committed.all<{ name: string }>(
      `SELECT vault_id || '/' || id AS name FROM facts ORDER BY 1`,
    );
    return rows.map(({ name }) => name);
  }

  add(id: string, fields: Partial<Fact> = {}): Promise<unknown> {
    return this.facts.insert({ ...newFact(id), ...fields });
  }

  /** The ids that the running scope sees. */
  async ids(): Promise<string[]> {
    return (await this.facts.find({ order: { id: 'ASC' } })).map(({ id }) => id);
  }
}

/** The options of a file whose writing connection is seen, and which may grow by so many pages. */
function observed(see: (database: Database.Database) => void, room: number | undefined): object {
  return {
    prepareDatabase: (database: Database.Database) => {
      see(database);
      prepareSqlite(database);
      const pages = database.pragma('page_count', { simple: true }) as number;
      if (room !== undefined) database.pragma(`max_page_count = ${pages + room}`);
    },
  };
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

/** Runs `work` in one unit of work of a vault's service. */
export function inUnit<T>(house: House, vaultId: string, work: () => Promise<T>): Promise<T> {
  return inVault(vaultId, () => house.tenancy.transaction(work));
}

/** One end of it is there at most: a reference that is refused. */
export function edgeToNothing(targetId: string): Omit<FactEdge, 'vaultId'> {
  return {
    id: 'e',
    userId: '',
    sourceId: 'none',
    targetId,
    relationType: 't',
    validFrom: 1,
    validTo: null,
    weight: 1,
    metadata: '{}',
  };
}

/** A point that one side waits for until the other has reached it. */
export class Signal {
  private resolve = () => {};
  readonly reached = new Promise<void>((resolve) => (this.resolve = resolve));

  reach(): void {
    this.resolve();
  }
}

/** What may fail before anybody waits for it. */
export function watched<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** Lets everything that can go on go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
