import { Load } from './load.js';
import { type MakeDatabase, onSqlite } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';
import {
  BATCH_ROWS,
  type OperationName,
  type StoresOf,
  adds,
  batches,
  inTurn,
  requests,
  searches,
} from './operations.js';
import type { Operation } from './rounds.js';
import { Store } from './store.js';
import { randomOf } from './texts.js';

/** How many vaults there are, of one user each, and how many memories each has. */
export interface Extent {
  readonly vaults: number;
  readonly memories: number;
}

/** What a stand takes, and how much of it there is. */
export interface Space {
  /** Memory of the server, bytes: now, and at most until now. */
  readonly rss: number;
  readonly peakRss: number;
  /** The database on disk, bytes a memory, less what it takes empty. */
  readonly bytesPerMemory: number;
}

/** Requests a round: enough that they cost some milliseconds, few where each costs much. */
const WHOAMIS = 300;
const GETS = 200;
const LISTS = 60;
const ADDS = 100;
const searchesAt = (memories: number) => (memories > 10_000 ? 10 : memories > 1_000 ? 30 : 60);
/**
 * What a server is warmed up with, for a user of its own: as many requests of a kind as V8 takes until it
 * compiles no more of what serves them (after 1,500 searches of 100 memories each cost a third of the first).
 * The user has as many memories as those who are measured, but no more than this.
 */
const WARM_UP = { memories: 1_000, whoami: 3_000, get: 2_000, list: 500, search: 1_500, add: 1_000 };
/** The writing of all rounds makes a user's memories more by this part at most; else others share it. */
const GROWTH = 0.25;

/** A built server of its own, filled, whose operations are measured in turn with those of other stands. */
export class Stand {
  private readonly stores: readonly Store[];
  /** Users with as many memories, to be written to in turn, so that none has many more in the end. */
  private writable: readonly Store[] = [];
  /** One more user, who is not measured. */
  private readonly beside: Store;
  private bytesPerMemory = NaN;
  private readonly random: () => number;

  private constructor(
    readonly extent: Extent,
    private readonly seed: number,
    private readonly server: MeasuredServer,
    private readonly load: Load,
    private readonly emptyBytes: number,
  ) {
    this.stores = Array.from({ length: extent.vaults }, (_, n) => this.storeOf(`vault-${n}`, seed + n));
    this.beside = this.storeOf('beside', seed - 1);
    this.random = randomOf(seed);
  }

  static async start(extent: Extent, seed: number, makeDatabase: MakeDatabase = onSqlite): Promise<Stand> {
    const server = await MeasuredServer.start('src/main.js', makeDatabase);
    try {
      const load = new Load(server.baseUrl);
      return new Stand(extent, seed, server, load, await server.databaseBytes());
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** @param onProgress called with how many more were stored */
  async fill(onProgress?: (stored: number) => void): Promise<void> {
    for (const store of this.stores) await store.fill(this.extent.memories, onProgress);
    const { vaults, memories } = this.extent;
    this.bytesPerMemory = ((await this.server.databaseBytes()) - this.emptyBytes) / (vaults * memories);
  }

  /** Has the server do what is to be measured until it does so as fast as it can. */
  async warmUp(only: ReadonlySet<OperationName>): Promise<void> {
    const store = this.beside;
    await store.fill(Math.min(WARM_UP.memories, this.extent.memories));
    await this.load.send(WARM_UP.whoami, () => store.whoami());
    for (const name of ['get', 'list', 'search', 'add'] as const) {
      if (only.has(name)) await this.load.send(WARM_UP[name], () => store[name]());
    }
  }

  /** Operations that change nothing, and the empty guarded route. */
  reads(only: ReadonlySet<OperationName>): Record<string, Operation> {
    const of = (count: number, callOf: (store: Store) => ReturnType<Store['get']>) =>
      requests(this.server, this.load, count, () => callOf(this.any(this.stores)));
    return {
      whoami: of(WHOAMIS, (store) => store.whoami()),
      ...(only.has('get') && { get: of(GETS, (store) => store.get()) }),
      ...(only.has('list') && { list: of(LISTS, (store) => store.list()) }),
      ...(only.has('search') && {
        search: this.searches(() => this.any(this.stores)),
      }),
    };
  }

  /**
   * Searches in the first vault alone, after as many in others: stands of the same seed get the same queries
   * there, however many other vaults they have.
   */
  searchesInOne(): Operation {
    const [first, ...others] = this.stores;
    const elsewhere = [...others, this.beside];
    const { count, run } = this.searches(() => this.any(elsewhere));
    return { ...this.searches(() => first), before: () => run(count) };
  }

  /** How many memories more it takes to write for so many rounds. */
  neededForWrites(rounds: number): number {
    return this.moreForWrites(rounds) * this.extent.memories;
  }

  /**
   * Makes ready for so many rounds of `writes`.
   *
   * @param onProgress called with how many more were stored
   */
  async prepareWrites(rounds: number, onProgress?: (stored: number) => void): Promise<void> {
    const { vaults, memories } = this.extent;
    const more = Array.from({ length: this.moreForWrites(rounds) }, (_, n) =>
      this.storeOf(`writable-${n}`, this.seed + vaults + n),
    );
    for (const store of more) await store.fill(memories, onProgress);
    this.writable = [...this.stores, ...more];
  }

  /** Operations that store memories, and the empty guarded route. */
  writes(only: ReadonlySet<OperationName>): Record<string, Operation> {
    const { server, load } = this;
    const storesOf = (): StoresOf =>
      this.extent.vaults > 1
        ? (writes) => Array.from({ length: writes }, () => this.any(this.writable))
        : inTurn(this.writable);
    return {
      whoami: requests(server, load, WHOAMIS, () => this.stores[0].whoami()),
      ...(only.has('add') && { add: adds(server, load, this.addsARound, storesOf()) }),
      ...(only.has('batch') && { batch: batches(server, load, storesOf()) }),
    };
  }

  async space(): Promise<Space> {
    const { rss, peakRss } = await this.server.usage();
    return { rss, peakRss, bytesPerMemory: this.bytesPerMemory };
  }

  async stop(): Promise<void> {
    this.load.close();
    await this.server.stop();
  }

  private searches(pick: () => Store): Operation {
    return searches(this.server, this.load, searchesAt(this.extent.memories), pick);
  }

  /** Of stores that share the writes of so many rounds. */
  private moreForWrites(rounds: number): number {
    const { vaults, memories } = this.extent;
    const growth = (rounds * (this.addsARound + BATCH_ROWS)) / memories;
    return Math.max(0, Math.min(rounds, Math.ceil(growth / GROWTH)) - vaults);
  }

  private get addsARound(): number {
    const { vaults, memories } = this.extent;
    return vaults > 1 ? ADDS : Math.max(20, Math.min(ADDS, memories / 10));
  }

  private storeOf(vault: string, seed: number): Store {
    return new Store(this.load, vault, seed);
  }

  private any(stores: readonly Store[]): Store {
    return stores[Math.floor(this.random() * stores.length)];
  }
}
