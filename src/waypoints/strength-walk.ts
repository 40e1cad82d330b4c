import type { Allowance } from './allowance.js';
import { rankOf } from './edge-cost.js';
import type { EdgeReader, Step, WalkOptions } from './edge-reader.js';
import { Heap } from './heap.js';
import { compareBytes } from './id-order.js';
import type { Preference } from './level-walk.js';
import { type Route, extended, startOf } from './route.js';

/** Memories whose waypoints are read at once: the one whose turn it is, and those that are likely to be next. */
const READ_AT_ONCE = 16;

/** A route that is the best to its memory of all with as few steps, and the steps that lead on from there. */
export interface Settled {
  readonly route: Route;
  readonly steps: readonly Step[];
}

/**
 * A walk that comes to memories in the order of how strong the way is, and of equally strong ones how short:
 * Dijkstra's algorithm. Because a path may have only so many steps, a weaker route to a memory counts too where it
 * is shorter than all stronger ones.
 */
export class StrengthWalk {
  /** The routes to each memory that had their turn: each weaker than the one before it, and shorter. */
  readonly settled = new Map<string, Route[]>();
  private readonly queue: Heap<Route>;
  private readonly stepsOf = new Map<string, Step[]>();
  /** For each memory the least cost of a route with so many steps, of those that were found. */
  private readonly costs = new Map<string, number[]>();

  /** @param preference of two routes to the same memory, as strong and as short */
  constructor(
    start: string,
    private readonly reader: EdgeReader,
    private readonly options: WalkOptions & { readonly maxDepth: number },
    preference: Preference,
  ) {
    this.queue = new Heap<Route>(
      (a, b) => rankOf(a) - rankOf(b) || compareBytes(a.id, b.id) || preference(a, b),
    );
    this.queue.push(startOf(start));
  }

  /** How many routes wait for their turn. */
  get waiting(): number {
    return this.queue.size;
  }

  /** The rank of the route whose turn is next; Infinity where there is none. */
  get nextRank(): number {
    for (let next = this.queue.peek(); next; next = this.queue.peek()) {
      if (!this.isSettledBetter(next)) return rankOf(next);
      this.queue.pop();
    }
    return Infinity;
  }

  /**
   * Gives the next route its turn.
   *
   * @param bound the rank of a path that is known, Infinity for none: routes behind it are not followed
   * @returns undefined when the allowance is spent
   */
  async settleNext(allowance: Allowance, bound: number): Promise<Settled | undefined> {
    const route = this.queue.pop()!;
    const known = this.settled.get(route.id);
    if (known) known.push(route);
    else this.settled.set(route.id, [route]);
    if (route.hops === this.options.maxDepth) return { route, steps: [] };
    if (!this.stepsOf.has(route.id) && !(await this.readFrom(route, allowance, bound))) return undefined;
    const steps = this.stepsOf.get(route.id)!;
    for (const step of steps) {
      const offer = extended(route, step);
      if (rankOf(offer) <= bound && this.isWorthwhile(offer)) this.queue.push(offer);
    }
    return { route, steps };
  }

  private async readFrom({ id: first }: Route, allowance: Allowance, bound: number): Promise<boolean> {
    const ids = new Set([first]);
    for (const route of this.queue.roughly()) {
      if (ids.size === READ_AT_ONCE) break;
      // Two walks that meet have come about half of the way each.
      const isLikely = 2 * rankOf(route) <= bound && route.hops < this.options.maxDepth;
      if (isLikely && !this.stepsOf.has(route.id)) ids.add(route.id);
    }
    for (const id of ids) this.stepsOf.set(id, []);
    const steps = await this.reader.stepsFrom([...ids], this.options, allowance);
    for (const step of steps) this.stepsOf.get(step.from)!.push(step);
    return allowance.memories(ids.size);
  }

  private isSettledBetter({ id, hops }: Route): boolean {
    const last = this.settled.get(id)?.at(-1);
    return last !== undefined && last.hops <= hops;
  }

  /** Whether no route that was found is both as strong and shorter, or stronger and as short. */
  private isWorthwhile({ id, hops, cost }: Route): boolean {
    let costs = this.costs.get(id);
    if (!costs) this.costs.set(id, (costs = []));
    for (let fewer = 0; fewer < hops; fewer += 1) if ((costs[fewer] ?? Infinity) <= cost) return false;
    if ((costs[hops] ?? Infinity) < cost) return false;
    costs[hops] = cost;
    return true;
  }
}
