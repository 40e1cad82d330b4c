import type { Allowance } from './allowance.js';
import { type EdgeReader, OPPOSITE, type WalkOptions } from './edge-reader.js';
import { LevelWalk, fromTheEnd, fromTheStart } from './level-walk.js';
import { type FoundPath, type Route, comparePaths, edgesOn, memoriesOn } from './route.js';

/**
 * The path over the fewest waypoints; of several the strongest, then the one whose memories come first in byte
 * order. Looks from both ends at once: where each memory has b neighbours and the path d steps, that comes to
 * 2·b^(d/2) memories instead of b^d (Pohl, "Bi-directional search", Machine Intelligence 6, 1971).
 *
 * @returns undefined where there is none, or the allowance is spent
 */
export async function shortestPath(
  reader: EdgeReader,
  [from, to]: readonly [from: string, to: string],
  options: WalkOptions & { readonly maxDepth: number },
  allowance: Allowance,
): Promise<FoundPath | undefined> {
  const opposite = { ...options, direction: OPPOSITE[options.direction] };
  const there = new LevelWalk(from, reader, options, fromTheStart, 'any');
  const back = new LevelWalk(to, reader, opposite, fromTheEnd, 'any');
  if (from === to) return { memories: [from], edges: [] };
  while (there.hops + back.hops < options.maxDepth) {
    const [walk, other] = isNext(there, back) ? [there, back] : [back, there];
    if (!(await walk.advance(allowance)) || walk.frontier.length === 0) return undefined;
    // Both walks know all memories up to where they are, so the first ones they share are in the midst of
    // every shortest path, at the same distance from either end.
    const met = walk.frontier.map(({ id }) => id).filter((id) => other.routes.has(id));
    const seen = await reader.seen(met);
    const shared = met.filter((id) => seen.has(id));
    if (shared.length === 0) continue;
    const joined = shared.map((id) => join(there.routes.get(id)!, back.routes.get(id)!));
    return joined.reduce((best, next) => (compare(next, best) < 0 ? next : best));
  }
  return undefined;
}

/** Whether the next step is this walk's: the one from fewer memories, or where there are as many the shorter. */
function isNext(walk: LevelWalk, other: LevelWalk): boolean {
  return (walk.frontier.length - other.frontier.length || walk.hops - other.hops) <= 0;
}

interface Joined extends FoundPath {
  readonly cost: number;
}

function join(there: Route, back: Route): Joined {
  return {
    cost: there.cost + back.cost,
    memories: [...memoriesOn(there), ...memoriesOn(back).reverse().slice(1)],
    edges: [...edgesOn(there), ...edgesOn(back).reverse()],
  };
}

function compare(a: Joined, b: Joined): number {
  return a.cost - b.cost || comparePaths(a, b);
}
