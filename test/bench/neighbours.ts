import { type Costs, measureInTurn } from './rounds.js';
import { Stand } from './stand.js';
import type { OnProgress } from './stands.js';

const MEMORIES = 1_000;
const VAULTS = 100;
const ROUNDS = 21;
/** Searches before those that count, in that same vault. */
const WARM_UP = 1_000;

/**
 * What searching costs in a vault of 1,000 memories alone on its server, and in one with the same memories
 * and queries beside 99 others of as many, which are searched too.
 */
export async function measureNeighbours(
  seed: number,
  onProgress: OnProgress = () => {},
): Promise<Record<'alone' | 'beside', Costs>> {
  const stands: Stand[] = [];
  const only = new Set(['search'] as const);
  try {
    for (const vaults of [1, VAULTS]) stands.push(await Stand.start({ vaults, memories: MEMORIES }, seed));
    for (const stand of stands) {
      await stand.fill();
      await stand.warmUp(only);
    }
    const [alone, beside] = stands.map((stand) => stand.searchesInOne());
    await Promise.all([alone.run(WARM_UP), beside.run(WARM_UP)]);
    return await measureInTurn(ROUNDS, { alone, beside }, (done, total) =>
      onProgress(done, total, 'rounds of searches beside other vaults'),
    );
  } finally {
    for (const stand of stands) await stand.stop();
  }
}
