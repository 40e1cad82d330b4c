import type { Outcome } from './flag-client.js';
import { FLAG_NAMES, type FlagName, type FlagValue, type FlagValues } from './flags.js';

/** How long values are fresh, and how long where some could not be had. */
export interface Freshness {
  readonly goodMs: number;
  readonly badMs: number;
}

/** How long anybody waits for values. */
const WAIT_MS = 250;
/** How long answers are waited for in the background. */
const ASK_MS = 2_000;
const MOST_VAULTS = 10_000;
/** Vaults whose answers are late at a time: a provider that hangs must not be given ever more to do. */
const MOST_HANGING = 200;

type Outcomes = ReadonlyMap<FlagName, Outcome>;

interface Entry {
  values: FlagValues;
  /** What the provider said last of each flag. */
  readonly good: Map<FlagName, FlagValue>;
  /** The state of the provider that `values` come from; -1 before they do. */
  epoch: number;
  freshUntil: number;
  asking: { readonly epoch: number; readonly soon: Promise<FlagValues> } | undefined;
}

/**
 * The flags of the vaults asked for last. Values that are no longer fresh are used while they are asked for again.
 * A flag that cannot be had keeps its last value, or has its safe one; the others do not depend on it.
 */
export class FlagCache {
  private readonly entries = new Map<string, Entry>();
  private epoch = 0;
  private hanging = 0;

  /**
   * @param ask never fails
   * @param onTrouble told of flags that could not be had
   */
  constructor(
    private readonly safe: FlagValues,
    private readonly freshness: Freshness,
    private readonly ask: (flag: FlagName, vault: string) => Promise<Outcome>,
    private readonly onTrouble: (outcomes: Outcomes) => void,
  ) {}

  /** The values themselves, or, where they are unknown or known to have changed, a promise of them. */
  load(vault: string): FlagValues | Promise<FlagValues> {
    const entry = this.entryOf(vault);
    const isCurrent = entry.epoch === this.epoch;
    if (isCurrent && performance.now() < entry.freshUntil) return entry.values;
    const soon = this.askAgain(vault, entry);
    return isCurrent ? entry.values : soon;
  }

  /** The values as far as they are known; without any, the safe ones. */
  of(vault: string): FlagValues {
    const entry = this.entryOf(vault);
    if (entry.epoch !== this.epoch || performance.now() >= entry.freshUntil) void this.askAgain(vault, entry);
    return entry.values;
  }

  /** The value that stands in for a flag that cannot be had. */
  standIn(vault: string, flag: FlagName): { readonly value: FlagValue; readonly isLastGood: boolean } {
    const last = this.entries.get(vault)?.good.get(flag);
    return { value: last ?? this.safe[flag], isLastGood: last !== undefined };
  }

  /** All is asked for again when it is wanted next. */
  expire(): void {
    this.epoch += 1;
  }

  private entryOf(vault: string): Entry {
    let entry = this.entries.get(vault);
    // Behind all others: those asked for longest ago come first.
    if (entry) this.entries.delete(vault);
    else entry = { values: this.safe, good: new Map(), epoch: -1, freshUntil: 0, asking: undefined };
    this.entries.set(vault, entry);
    if (this.entries.size > MOST_VAULTS) this.entries.delete(this.entries.keys().next().value!);
    return entry;
  }

  private askAgain(vault: string, entry: Entry): Promise<FlagValues> {
    if (entry.asking?.epoch === this.epoch) return entry.asking.soon;
    const epoch = this.epoch;
    const outcomes = new Map<FlagName, Outcome>();
    if (this.hanging >= MOST_HANGING) return Promise.resolve(this.take(entry, epoch, outcomes));
    let hangs = false;
    const answers = Promise.all(
      FLAG_NAMES.map(async (flag) => outcomes.set(flag, await this.ask(flag, vault))),
    );
    const done = atMost(ASK_MS, answers).then(() => {
      if (hangs) this.hanging -= 1;
      this.take(entry, epoch, outcomes);
      if (entry.asking === asking) entry.asking = undefined;
      this.onTrouble(outcomes);
    });
    const soon = atMost(WAIT_MS, done).then((isDone): FlagValues => {
      if (isDone) return entry.values;
      hangs = true;
      this.hanging += 1;
      // For now what has come.
      return this.take(entry, epoch, outcomes);
    });
    const asking: Entry['asking'] = { epoch, soon };
    entry.asking = asking;
    return soon;
  }

  private take(entry: Entry, epoch: number, outcomes: Outcomes): FlagValues {
    // Answers to what was asked before a change may come after those to what was asked since.
    if (epoch < entry.epoch) return entry.values;
    let all = true;
    const values = FLAG_NAMES.map((flag): [FlagName, FlagValue] => {
      const outcome = outcomes.get(flag);
      if (outcome?.ok) entry.good.set(flag, outcome.value);
      else all = false;
      return [flag, entry.good.get(flag) ?? this.safe[flag]];
    });
    entry.values = Object.freeze(Object.fromEntries(values)) as unknown as FlagValues;
    entry.epoch = epoch;
    entry.freshUntil = performance.now() + (all ? this.freshness.goodMs : this.freshness.badMs);
    return entry.values;
  }
}

/** Ends with `work`, or after so long without it. @returns whether it was with it */
function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    // Nobody waits for it who would need the process kept for it.
    const timer = setTimeout(() => resolve(false), ms).unref();
    void work.finally(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
