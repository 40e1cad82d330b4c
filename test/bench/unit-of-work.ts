import { vaultTables } from '../../migrations/vault-tables.js';
import { asSuperuser } from '../harness/postgres/scratch-server.js';
import { backendCpu } from './backend-cpu.js';
import { CONNECTIONS, Load } from './load.js';
import { type MakeDatabase, onPostgres } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';
import { Store } from './store.js';

const MEMORIES = 1_000;
const ROUNDS = 15;
const REQUESTS = 400;
const WARM_UP = 3_000;

export interface UnitCosts {
  /** With row-level security and units of work. */
  readonly secured: Costs;
  /** The same code, with neither. */
  readonly bare: Costs;
  /** The CPU of PostgreSQL for the same requests, in ms a request; undefined where it cannot be read. */
  readonly postgres: { readonly secured: number; readonly bare: number } | undefined;
}

/** What a request of five statements costs with isolation by the database and without, both in the same rounds. */
export async function measureUnitsOfWork(seed: number): Promise<UnitCosts> {
  const stands: UnitStand[] = [];
  try {
    for (const make of [secured, withoutSecurity]) stands.push(await UnitStand.start(make, seed));
    const [one, other] = stands;
    await Promise.all(stands.map((stand) => stand.operation.run(WARM_UP)));
    const before = stands.map(({ postgres }) => postgres());
    const costs = await measureInTurn(ROUNDS, { secured: one.operation, bare: other.operation });
    const after = stands.map(({ postgres }) => postgres());
    const spent = stands.map((stand, i) => {
      const [from, to] = [before[i], after[i]];
      return from === undefined || to === undefined ? undefined : (to - from) / stand.requests;
    });
    const postgres =
      spent[0] === undefined || spent[1] === undefined ? undefined : { secured: spent[0], bare: spent[1] };
    return { ...costs, postgres };
  } finally {
    for (const stand of stands) await stand.stop();
  }
}

class UnitStand {
  /** Since the warming up. */
  requests = 0;

  private constructor(
    private readonly server: MeasuredServer,
    private readonly load: Load,
    private readonly store: Store,
    /** ms of CPU that the server's connections have used. */
    readonly postgres: () => number | undefined,
  ) {}

  static async start(make: MakeDatabase, seed: number): Promise<UnitStand> {
    const server = await MeasuredServer.start('test/bench/unit-server.js', make);
    const load = new Load(server.baseUrl);
    try {
      const store = new Store(load, 'units', seed);
      await store.fill(MEMORIES);
      await load.send(100, () => five(store));
      return new UnitStand(server, load, store, await backendCpu(server.settings.DATABASE_URL!));
    } catch (error) {
      load.close();
      await server.stop();
      throw error;
    }
  }

  get operation(): Operation {
    const { server, load, store } = this;
    return {
      server,
      count: REQUESTS,
      run: (count) => {
        this.requests += count;
        return load.send(count, () => five(store));
      },
    };
  }

  async stop(): Promise<void> {
    this.load.close();
    await this.server.stop();
  }
}

function five(store: Store) {
  const call = store.get();
  return { ...call, path: call.path.replace('/v1/memories', '/bench/five') };
}

const secured: MakeDatabase = async () => {
  const database = await onPostgres();
  // As many connections as requests at once: none is idle for so long that it is closed, and its CPU forgotten.
  return { ...database, settings: { ...database.settings, DATABASE_POOL_SIZE: String(CONNECTIONS) } };
};

/** A database where nothing but the service keeps vaults apart. */
const withoutSecurity: MakeDatabase = async () => {
  const database = await secured();
  const name = new URL(database.settings.DATABASE_URL!).pathname.slice(1);
  await asSuperuser(async (client) => {
    for (const table of vaultTables) {
      await client.query(`ALTER TABLE cairn."${table.name}" DISABLE ROW LEVEL SECURITY`);
    }
  }, name);
  return { ...database, settings: { ...database.settings, BARE_CONNECTIONS: 'true' } };
};
