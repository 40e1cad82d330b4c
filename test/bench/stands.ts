import type { MakeDatabase } from './measured-database.js';
import type { OperationName } from './operations.js';
import { type Costs, type Operation, WARM_UP_ROUNDS, measureInTurn } from './rounds.js';
import { type Extent, type Space, Stand } from './stand.js';

/** How far a part of the work is. */
export type OnProgress = (done: number, total: number, what: string) => void;

export interface Plan {
  readonly extents: readonly Extent[];
  readonly operations: ReadonlySet<OperationName>;
  readonly rounds: number;
  readonly seed: number;
  /** Files of SQLite where it is left out. */
  readonly makeDatabase?: MakeDatabase;
}

/** An operation's costs, and those of the empty guarded route in the same rounds. */
export interface Measured {
  readonly costs: Costs;
  readonly whoami: Costs;
}

export interface Result {
  readonly extent: Extent;
  readonly operations: ReadonlyMap<OperationName, Measured>;
  /** After filling and reading, before anything more is written. */
  readonly space: Space;
}

/**
 * Fills one server for each extent and measures their operations side by side: first those that read, then
 * those that write.
 */
export async function measureStands(plan: Plan, onProgress: OnProgress = () => {}): Promise<Result[]> {
  const stands: Stand[] = [];
  try {
    for (const extent of plan.extents) stands.push(await Stand.start(extent, plan.seed, plan.makeDatabase));
    const filling = counter(total(plan.extents), 'memories filled in', onProgress);
    for (const stand of stands) await stand.fill(filling);
    await Promise.all(stands.map((stand) => stand.warmUp(plan.operations)));

    const reads = await inTurn(
      stands,
      plan,
      (stand) => stand.reads(plan.operations),
      'rounds of reads',
      onProgress,
    );
    const spaces: Space[] = [];
    for (const stand of stands) spaces.push(await stand.space());

    const writes = await measureWrites(stands, plan, onProgress);
    return stands.map(({ extent }, n) => ({
      extent,
      operations: new Map([...reads[n], ...writes[n]]),
      space: spaces[n],
    }));
  } finally {
    for (const stand of stands) await stand.stop();
  }
}

async function measureWrites(
  stands: readonly Stand[],
  plan: Plan,
  onProgress: OnProgress,
): Promise<ReadonlyMap<OperationName, Measured>[]> {
  if (!plan.operations.has('add') && !plan.operations.has('batch')) return stands.map(() => new Map());
  const rounds = plan.rounds + WARM_UP_ROUNDS;
  const needed = stands.reduce((sum, stand) => sum + stand.neededForWrites(rounds), 0);
  const filling = counter(needed, 'memories filled in for writes', onProgress);
  for (const stand of stands) await stand.prepareWrites(rounds, filling);
  return inTurn(stands, plan, (stand) => stand.writes(plan.operations), 'rounds of writes', onProgress);
}

/** Measures operations of all stands in the same rounds. @returns what each stand's cost, without whoami's */
async function inTurn(
  stands: readonly Stand[],
  { rounds }: Plan,
  operationsOf: (stand: Stand) => Record<string, Operation>,
  what: string,
  onProgress: OnProgress,
): Promise<ReadonlyMap<OperationName, Measured>[]> {
  const names = stands.map(operationsOf);
  const all = Object.fromEntries(
    names.flatMap((operations, n) =>
      Object.entries(operations).map(([name, operation]) => [`${n} ${name}`, operation]),
    ),
  );
  const costs = await measureInTurn(rounds, all, (done, of) => onProgress(done, of, what));
  return names.map((operations, n) => {
    const whoami = costs[`${n} whoami`];
    const measured = (Object.keys(operations) as (OperationName | 'whoami')[])
      .filter((name) => name !== 'whoami')
      .map((name) => [name, { costs: costs[`${n} ${name}`], whoami }] as const);
    return new Map(measured);
  });
}

function total(extents: readonly Extent[]): number {
  return extents.reduce((sum, { vaults, memories }) => sum + vaults * memories, 0);
}

/** Says how many there are by now, of all that there will be. */
function counter(of: number, what: string, onProgress: OnProgress): (more: number) => void {
  let done = 0;
  return (more) => onProgress((done += more), of, what);
}
