import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Allowance } from './allowance.js';
import { costOf, rankOf } from './edge-cost.js';
import { type EdgeReader, OPPOSITE, type Step, type WalkOptions } from './edge-reader.js';
import { fromTheEnd, fromTheStart } from './level-walk.js';
import { type FoundPath, type Route, comparePaths, edgesOn, memoriesOn } from './route.js';
import { shortestPath } from './shortest-path.js';
import { StrengthWalk } from './strength-walk.js';

/** Routes that get their turn before other requests get theirs. */
const ROUTES_A_TURN = 50;

/**
 * The path with the highest product of weights; of equally strong ones the shortest, then the one whose memories
 * come first in byte order. Looks from both ends at once, as `shortestPath` does: whatever has not been settled
 * from either end is no part of a path as good as the best one found, once the next two routes together rank
 * behind that.
 *
 * @returns undefined where there is none, or the allowance is spent
 */
export async function strongestPath(
  reader: EdgeReader,
  [from, to]: readonly [from: string, to: string],
  options: WalkOptions & { readonly maxDepth: number },
  allowance: Allowance,
): Promise<FoundPath | undefined> {
  if (from === to) return { memories: [from], edges: [] };
  const there = new StrengthWalk(from, reader, options, fromTheStart);
  const direction = OPPOSITE[options.direction];
  const back = new StrengthWalk(to, reader, { ...options, direction }, fromTheEnd);
  // A path to compare with from the start on spares most of the search.
  const shortest = await shortestPath(reader, [from, to], options, allowance);
  if (!shortest) return undefined;
  let best = candidateOf(shortest);
  for (let turn = 1; ; turn += 1) {
    const ranks = there.nextRank + back.nextRank;
    // A walk that is at its end has come to all there is, and so met the other, if only at its start.
    if (turn > 2 && ranks > best.rank) return best;
    const isThere = turn > 2 ? there.waiting <= back.waiting : turn === 1;
    const [walk, other] = isThere ? [there, back] : [back, there];
    const settled = await walk.settleNext(allowance, best.rank);
    if (!settled) return undefined;
    for (const step of settled.steps) {
      for (const rest of other.settled.get(step.to) ?? []) {
        const rank = rankOfJoined(settled.route, step, rest);
        if (settled.route.hops + 1 + rest.hops > options.maxDepth || rank > best.rank) continue;
        const [start, end] = walk === there ? [settled.route, rest] : [rest, settled.route];
        const candidate = joined(start, step, end, rank);
        if (rank < best.rank || comparePaths(candidate, best) < 0) best = candidate;
      }
    }
    if (turn % ROUTES_A_TURN === 0) await nextTurn();
  }
}

interface Candidate extends FoundPath {
  readonly rank: number;
}

function candidateOf(path: FoundPath): Candidate {
  const cost = path.edges.reduce((sum, { weight }) => sum + costOf(weight), 0);
  return { ...path, rank: rankOf({ cost, hops: path.edges.length }) };
}

function rankOfJoined(route: Route, { edge }: Step, rest: Route): number {
  const cost = route.cost + costOf(edge.weight) + rest.cost;
  return rankOf({ cost, hops: route.hops + 1 + rest.hops });
}

/** @param end a route from the end of the path, as it was walked */
function joined(start: Route, { edge }: Step, end: Route, rank: number): Candidate {
  return {
    rank,
    memories: [...memoriesOn(start), ...memoriesOn(end).reverse()],
    edges: [...edgesOn(start), edge, ...edgesOn(end).reverse()],
  };
}
