import type { Sent } from './load.js';
import type { MeasuredServer } from './measured-server.js';

/** One thing to measure: sends requests to a server. */
export interface Operation {
  readonly server: MeasuredServer;
  /** How often it is done in a round: all these together are one figure. */
  readonly count: number;
  run(count: number): Promise<Sent>;
  /** Done before it in each round, and not counted. */
  before?(): Promise<unknown>;
}

/** What an operation cost. */
export interface Costs {
  /** Microseconds of server CPU (user and system) a time, one figure a round. */
  readonly cpu: number[];
  /** Milliseconds from request to answer, one figure a request. */
  readonly latency: number[];
}

/** Rounds before those that count. */
export const WARM_UP_ROUNDS = 2;

/**
 * Runs the operations in turn, round after round, so that whatever else the machine does falls on all of them
 * alike.
 *
 * @param onRound called before each round with the number of rounds that are over and that of all
 */
export async function measureInTurn<Name extends string>(
  rounds: number,
  operations: Record<Name, Operation>,
  onRound: (done: number, total: number) => void = () => {},
): Promise<Record<Name, Costs>> {
  const entries = Object.entries(operations) as [Name, Operation][];
  const costs = Object.fromEntries(
    entries.map(([name]) => [name, { cpu: [], latency: [] } as Costs]),
  ) as Record<Name, Costs>;
  const total = WARM_UP_ROUNDS + rounds;
  for (let round = 0; round < total; round++) {
    onRound(round, total);
    for (const [name, operation] of entries) {
      const { server, count } = operation;
      await operation.before?.();
      const start = await server.cpuMicroseconds();
      const { milliseconds } = await operation.run(count);
      const cost = ((await server.cpuMicroseconds()) - start) / count;
      if (round < WARM_UP_ROUNDS) continue;
      costs[name].cpu.push(cost);
      costs[name].latency.push(...milliseconds);
    }
  }
  return costs;
}
