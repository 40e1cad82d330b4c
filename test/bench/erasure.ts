import { mintToken } from '../harness/tokens.js';
import { Load } from './load.js';
import { MeasuredServer } from './measured-server.js';
import { Store } from './store.js';

const MEMORIES = 10_000;
const ROUNDS = 3;

/**
 * What it costs to erase a vault of 10,000 memories with their waypoints, in microseconds of server CPU, one
 * figure a vault.
 *
 * @throws Error when the receipt says that rows are left, or that fewer were deleted
 */
export async function measureErasure(seed: number): Promise<number[]> {
  const server = await MeasuredServer.start('src/main.js');
  const load = new Load(server.baseUrl);
  const permissions = ['operator', 'vault'];
  const authorization = `Bearer ${mintToken({ vault: 'operations', permissions, expiresInSeconds: 24 * 3600 })}`;
  try {
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const vault = `erased-${round}`;
      await new Store(load, vault, seed + round).fill(MEMORIES);
      const start = await server.cpuMicroseconds();
      const answer = await fetch(`${server.baseUrl}/v1/vaults/${vault}`, {
        method: 'DELETE',
        headers: { authorization },
      });
      const receipt = (await answer.json()) as Record<'deleted' | 'left', Record<string, number>>;
      costs.push((await server.cpuMicroseconds()) - start);
      const left = Object.values(receipt.left).reduce((sum, rows) => sum + rows, 0);
      if (left > 0 || receipt.deleted.memories !== MEMORIES) {
        throw new Error(
          `Of ${MEMORIES} memories ${receipt.deleted.memories} were deleted, ${left} rows are left`,
        );
      }
    }
    return costs;
  } finally {
    load.close();
    await server.stop();
  }
}
