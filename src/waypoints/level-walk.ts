import type { Allowance } from './allowance.js';
import type { EdgeReader, Ends, WalkOptions } from './edge-reader.js';
import { type Route, compareEdges, compareIds, extended, memoriesOn, startOf } from './route.js';

/** Compares two routes of the same length to the same memory: less than 0 where `a` is to be kept. */
export type Preference = (a: Route, b: Route) => number;

/** The stronger; of equally strong ones the one whose memories, from the start, come first in byte order. */
export const fromTheStart: Preference = (a, b) =>
  a.cost - b.cost || compareIds(memoriesOn(a), memoriesOn(b)) || compareEdges(a.edge!, b.edge!);

/** The same for a walk that began at the end of the path that is looked for. */
export const fromTheEnd: Preference = (a, b) =>
  a.cost - b.cost ||
  compareIds(memoriesOn(a).reverse(), memoriesOn(b).reverse()) ||
  compareEdges(a.edge!, b.edge!);

/** A walk in all directions at once, a step further each time: it comes to every memory by the fewest steps. */
export class LevelWalk {
  /** The best route to every memory that was come to; with `any` ends some of those are not seen. */
  readonly routes = new Map<string, Route>();
  /** Those of them that the last step came to. */
  frontier: readonly Route[];
  hops = 0;

  constructor(
    start: string,
    private readonly reader: EdgeReader,
    private readonly options: WalkOptions,
    private readonly preference: Preference,
    /** `any`: of those that the last step came to, nobody has asked yet whether the scope sees them. */
    private readonly ends: Ends = 'seen',
  ) {
    const route = startOf(start);
    this.routes.set(start, route);
    this.frontier = [route];
  }

  /** Takes one step further. @returns false when the allowance is spent: not all was come to */
  async advance(allowance: Allowance): Promise<boolean> {
    if (this.ends === 'any' && this.hops > 0) await this.leaveOutUnseen();
    const here = new Map(this.frontier.map((route) => [route.id, route]));
    const steps = await this.reader.stepsFrom([...here.keys()], this.options, allowance, this.ends);
    const reached = new Map<string, Route>();
    for (const step of steps) {
      if (this.routes.has(step.to)) continue;
      const route = extended(here.get(step.from)!, step);
      const known = reached.get(step.to);
      if (!known || this.preference(route, known) < 0) reached.set(step.to, route);
    }
    for (const [id, route] of reached) this.routes.set(id, route);
    this.frontier = [...reached.values()];
    this.hops += 1;
    return allowance.memories(reached.size);
  }

  private async leaveOutUnseen(): Promise<void> {
    const seen = await this.reader.seen(this.frontier.map(({ id }) => id));
    this.frontier = this.frontier.filter(({ id }) => seen.has(id));
  }
}
