/**
 * The seed of a random test, printed so that a failure can be had again: set SEED to it.
 *
 * @param name whose seed it is, in the line printed
 */
export function randomSeed(name: string): number {
  const given = Number(process.env.SEED);
  const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31);
  console.log(`${name} seed ${seed}`);
  return seed;
}
