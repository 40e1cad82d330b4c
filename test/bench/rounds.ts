import type { MeasuredServer } from './measured-server.js';

/** One thing to measure: does something `count` times. */
export interface Operation {
  readonly count: number;
  run(count: number): Promise<unknown>;
}

/** What each operation cost, in microseconds of server CPU a time, round by round. */
export type Costs<Name extends string> = Record<Name, number[]>;

/**
 * Runs the operations in turn, round after round, so that whatever else the machine does falls on all of them
 * alike. One further round comes first and is not counted: it warms up.
 */
export async function measureInTurn<Name extends string>(
  server: MeasuredServer,
  rounds: number,
  operations: Record<Name, Operation>,
): Promise<Costs<Name>> {
  const names = Object.keys(operations) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Costs<Name>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const { count, run } = operations[name];
      const before = await server.cpuMicroseconds();
      await run(count);
      const cost = ((await server.cpuMicroseconds()) - before) / count;
      if (round > 0) costs[name].push(cost);
    }
  }
  return costs;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
