import { type Call, Load } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';
import { Store } from './store.js';

const ROWS = 10_000;
const ROUNDS = 5;

/**
 * What one row of a batch of 10,000 costs, as a JSON array and as newline-delimited JSON; each batch for a user
 * who had nothing before.
 *
 * @throws Error when a row is missing afterwards
 */
export async function measureLargeBatch(seed: number): Promise<Record<'array' | 'lines', Costs>> {
  const server = await MeasuredServer.start('src/main.js');
  const load = new Load(server.baseUrl);
  let users = 0;
  const batch = (callOf: (store: Store) => Call): Operation => {
    let store: Store;
    let call: Call;
    return {
      server,
      count: ROWS,
      before: async () => {
        if (store) await expectStored(load, store);
        store = new Store(load, `vault-${users++}`, seed);
        call = callOf(store);
      },
      run: async () => {
        const sent = await load.send(1, () => call);
        store.keep(sent.bodies);
        return sent;
      },
    };
  };
  try {
    const operations = {
      array: batch((store) => store.batch(ROWS)),
      lines: batch((store) => store.lines(ROWS)),
    };
    const costs = await measureInTurn(ROUNDS, operations);
    // Has the last ones counted too.
    for (const operation of Object.values(operations)) await operation.before?.();
    return costs;
  } finally {
    load.close();
    await server.stop();
  }
}

async function expectStored(load: Load, store: Store): Promise<void> {
  const [body] = (await load.send(1, () => store.count())).bodies;
  const { count } = JSON.parse(body) as { count: number };
  if (count !== ROWS) throw new Error(`Of a batch of ${ROWS}, ${count} are stored`);
}
