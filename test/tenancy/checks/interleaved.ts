import { expect } from 'vitest';
import { type Check, type House, inVault } from './check.js';

/** Numbers that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Gives others their turn, by one way or another, or not at all. */
async function pause(random: () => number): Promise<void> {
  const way = Math.floor(random() * 5);
  if (way === 1) await null;
  if (way === 2) await new Promise((resolve) => setImmediate(resolve));
  if (way === 3) await new Promise((resolve) => setTimeout(resolve, 1));
  if (way === 4) await new Promise((resolve) => process.nextTick(resolve));
}

/** What one request does; at every step it must find its own rows and nothing else. */
async function request(house: House, who: string, random: () => number): Promise<void> {
  const { facts, tenancy } = house;
  const own = { object: who };
  await pause(random);
  await house.add('1', own);
  await pause(random);
  await tenancy.transaction(async () => {
    await house.add('2', own);
    await pause(random);
    if (random() < 0.5) await tenancy.transaction(() => house.add('3', own));
    else await house.add('3', own);
  });
  await tenancy
    .transaction(async () => {
      await house.add('4', own);
      await pause(random);
      throw new Error('undone');
    })
    .catch(() => {});
  await pause(random);
  expect(await facts.count()).toBe(3);
  await tenancy.snapshot(async () => {
    await pause(random);
    for (const { id, vaultId, object } of await facts.find()) {
      expect([id, vaultId, object]).toEqual([expect.stringMatching(/^[123]$/), who, who]);
    }
  });
  await facts.update({ id: '1' }, { confidence: 0.5 });
  await pause(random);
  expect((await facts.delete({ id: '2' })).affected).toBe(1);
  await facts.upsert({ ...(await facts.findOneByOrFail({ id: '3' })), object: `${who}!` }, ['vaultId', 'id']);
  await pause(random);
  const left = await facts
    .createQueryBuilder('f')
    .select(['f.id AS id', 'f.object AS object'])
    .orderBy('f.id')
    .getRawMany();
  expect(left).toEqual([
    { id: '1', object: who },
    { id: '3', object: `${who}!` },
  ]);
}

const REQUESTS = 200;

export const interleavedChecks: readonly Check[] = [
  {
    name: `${REQUESTS} interleaved requests of as many vaults, with the same ids, find their own alone`,
    run: async (house) => {
      const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
      console.log(`interleaved requests: SEED=${seed}`);
      const random = randomOf(seed);
      const vaults = Array.from({ length: REQUESTS }, (_, i) => `v${i}`);
      await Promise.all(vaults.map((vault) => inVault(vault, () => request(house, vault, random))));
      expect(house.stored()).toEqual(vaults.flatMap((vault) => [`${vault}/1`, `${vault}/3`]).sort());
    },
  },
];
