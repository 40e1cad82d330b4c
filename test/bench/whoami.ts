import { Load, credentialOf } from './load.js';
import { type MakeDatabase, onSqlite } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';
import { type Costs, type Operation, measureInTurn } from './rounds.js';

const ROUNDS = 9;
const REQUESTS = 2_000;

/** The cost of `GET /v1/whoami` with a token, with an API key, and of the same handler marked public in the same process. */
export async function measureWhoami(
  makeDatabase: MakeDatabase = onSqlite,
): Promise<Record<'guarded' | 'keyed' | 'open', Costs>> {
  const server = await MeasuredServer.start('test/bench/server.js', makeDatabase);
  const load = new Load(server.baseUrl);
  const credential = credentialOf('acme', 'u1');
  const calls = (path: string, as = credential): Operation => ({
    server,
    count: REQUESTS,
    run: (count) => load.send(count, () => ({ method: 'GET', path, credential: as })),
  });
  try {
    const key = await keyOf(load);
    return await measureInTurn(ROUNDS, {
      open: calls('/bench/whoami'),
      guarded: calls('/v1/whoami'),
      keyed: calls('/v1/whoami', `x-api-key: ${key}`),
    });
  } finally {
    load.close();
    await server.stop();
  }
}

/** A key of the same user. */
async function keyOf(load: Load): Promise<string> {
  const { bodies } = await load.send(1, () => ({
    method: 'POST',
    path: '/v1/vault/api-keys',
    body: { name: 'measured', user_id: 'u1' },
    status: 201,
    credential: credentialOf('acme', undefined, ['read', 'write', 'delete', 'admin', 'vault']),
  }));
  return (JSON.parse(bodies[0]) as { key: string }).key;
}
