import { Load } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { adds, every, requests } from './operations.js';
import { type Costs, measureInTurn } from './rounds.js';
import { Store } from './store.js';

const ROUNDS = 9;
/** Enough that each round has its share of SQLite's checkpoints, few enough that 1,000 memories stay about that. */
const ADDS = 100;
const GETS = 500;
const SEED = 20_220;
/** 150 characters on average. */
const LENGTH = { least: 8, most: 40 };

type Size = 1_000 | 10_000;
export type MemoryOperation = `${'add' | 'get'} at ${Size}`;

/** The cost of adding and reading where one user has a thousand and ten thousand memories. */
export async function measureMemories(rounds = ROUNDS): Promise<Record<MemoryOperation, Costs>> {
  const server = await MeasuredServer.start('src/main.js');
  const load = new Load(server.baseUrl);
  const small = new Store(load, 'small', SEED, LENGTH);
  const large = new Store(load, 'large', SEED, LENGTH);
  try {
    await small.fill(1_000);
    await large.fill(10_000);
    return await measureInTurn(rounds, {
      'add at 1000': adds(server, load, ADDS, every(small)),
      'add at 10000': adds(server, load, ADDS, every(large)),
      'get at 1000': requests(server, load, GETS, () => small.get()),
      'get at 10000': requests(server, load, GETS, () => large.get()),
    });
  } finally {
    load.close();
    await server.stop();
  }
}
