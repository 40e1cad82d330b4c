import type { Call, Load } from './load.js';
import type { MeasuredServer } from './measured-server.js';
import type { Operation } from './rounds.js';
import type { Store } from './store.js';

export const OPERATIONS = ['add', 'batch', 'get', 'list', 'search'] as const;

export type OperationName = (typeof OPERATIONS)[number];

/** Rows of a batch, whose cost is given for one row. */
export const BATCH_ROWS = 200;

const NOTHING_FOUND = JSON.stringify({ results: [] });

/** The stores that the writes of a round go to. */
export type StoresOf = (writes: number) => readonly Store[];

/** All to one. */
export function every(store: Store): StoresOf {
  return (writes) => new Array<Store>(writes).fill(store);
}

/** All of a round to one, those of the next round to the next. */
export function inTurn(stores: readonly Store[]): StoresOf {
  let round = 0;
  return (writes) => every(stores[round++ % stores.length])(writes);
}

/** Requests to a server, of one kind. */
export function requests(server: MeasuredServer, load: Load, count: number, callOf: () => Call): Operation {
  return { server, count, run: (times) => load.send(times, callOf) };
}

/**
 * Searches.
 *
 * @throws Error when hardly any finds something: a search that finds nothing costs next to nothing
 */
export function searches(server: MeasuredServer, load: Load, count: number, pick: () => Store): Operation {
  return {
    server,
    count,
    run: async (times) => {
      const sent = await load.send(times, () => pick().search());
      const successful = sent.bodies.filter((body) => body !== NOTHING_FOUND).length;
      if (successful < times / 2) throw new Error(`Of ${times} searches, ${successful} found something`);
      return sent;
    },
  };
}

/** Adds of single memories, whose ids the stores keep. */
export function adds(server: MeasuredServer, load: Load, count: number, storesOf: StoresOf): Operation {
  return {
    server,
    count,
    run: async (times) => {
      const stores = storesOf(times);
      const sent = await load.send(times, (n) => stores[n].add());
      stores.forEach((store, n) => store.keep([sent.bodies[n]]));
      return sent;
    },
  };
}

/** One batch a round. Its cost is one row's; its latency the whole batch's. */
export function batches(server: MeasuredServer, load: Load, storesOf: StoresOf): Operation {
  return {
    server,
    count: BATCH_ROWS,
    run: async (rows) => {
      const [store] = storesOf(1);
      const sent = await load.send(1, () => store.batch(rows));
      store.keep(sent.bodies);
      return sent;
    },
  };
}
