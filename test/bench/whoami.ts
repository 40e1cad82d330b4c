import { Load, credentialOf } from './load.js';
import { type MakeDatabase, onSqlite } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';

const ROUNDS = 9;
const REQUESTS = 2_000;

/** The cost of `GET /v1/whoami` with a token, and of the same handler marked public in the same process. */
export async function measureWhoami(
  makeDatabase: MakeDatabase = onSqlite,
): Promise<Record<'guarded' | 'open', Costs>> {
  const server = await MeasuredServer.start('test/bench/server.js', makeDatabase);
  const load = new Load(server.baseUrl);
  const credential = credentialOf('acme', 'u1');
  const calls = (path: string): Operation => ({
    server,
    count: REQUESTS,
    run: (count) => load.send(count, () => ({ method: 'GET', path, credential })),
  });
  try {
    return await measureInTurn(ROUNDS, { open: calls('/bench/whoami'), guarded: calls('/v1/whoami') });
  } finally {
    load.close();
    await server.stop();
  }
}
