import { Load } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, measureInTurn } from './rounds.js';

const ROUNDS = 9;
const REQUESTS = 2_000;

/** The cost of `GET /v1/whoami` with a token, and of the same handler marked public in the same process. */
export async function measureWhoami(rounds = ROUNDS): Promise<Costs<'guarded' | 'open'>> {
  const server = await MeasuredServer.start('test/bench/server.js');
  const load = new Load(server.baseUrl, 'acme');
  const calls = (path: string) => ({
    count: REQUESTS,
    run: (count: number) => load.send(count, () => ({ method: 'GET', path })),
  });
  try {
    return await measureInTurn(server, rounds, {
      open: calls('/bench/whoami'),
      guarded: calls('/v1/whoami'),
    });
  } finally {
    load.close();
    await server.stop();
  }
}
