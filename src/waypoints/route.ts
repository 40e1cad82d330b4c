import { costOf } from './edge-cost.js';
import type { Edge, Step } from './edge-reader.js';
import { compareBytes } from './id-order.js';

/** A memory that a walk has come to, and the way it came. */
export interface Route {
  readonly id: string;
  /** How many steps. */
  readonly hops: number;
  /** Sum of the steps' costs. */
  readonly cost: number;
  /** Undefined at the start. */
  readonly before: Route | undefined;
  /** The last waypoint. */
  readonly edge: Edge | undefined;
}

/** A way from one memory to another. */
export interface FoundPath {
  readonly memories: readonly string[];
  readonly edges: readonly Edge[];
}

export function startOf(id: string): Route {
  return { id, hops: 0, cost: 0, before: undefined, edge: undefined };
}

/** @param before a route to where the step begins */
export function extended(before: Route, { to, edge }: Step): Route {
  return { id: to, hops: before.hops + 1, cost: before.cost + costOf(edge.weight), before, edge };
}

/** The memories on a route, from the start. */
export function memoriesOn(route: Route): string[] {
  const ids: string[] = [];
  for (let at: Route | undefined = route; at; at = at.before) ids.push(at.id);
  return ids.reverse();
}

/** The waypoints on a route, from the start. */
export function edgesOn(route: Route): Edge[] {
  const edges: Edge[] = [];
  for (let at: Route | undefined = route; at?.edge; at = at.before) edges.push(at.edge);
  return edges.reverse();
}

/** The product of the weights, from the start on. */
export function strengthOf(edges: readonly Edge[]): number {
  return edges.reduce((product, { weight }) => product * weight, 1);
}

/** Whichever of two lists of ids has the smaller one, in byte order, at the first place where they differ. */
export function compareIds(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    if (a[i] !== b[i]) return compareBytes(a[i], b[i]);
  }
  return a.length - b.length;
}

/** By the memories on the way, and where they are the same by the waypoints between them. */
export function comparePaths(a: FoundPath, b: FoundPath): number {
  const byIds = compareIds(a.memories, b.memories);
  if (byIds !== 0) return byIds;
  const i = a.edges.findIndex((edge, at) => compareEdges(edge, b.edges[at]) !== 0);
  return i < 0 ? 0 : compareEdges(a.edges[i], b.edges[i]);
}

/** Of two waypoints between the same two memories the one to take where both are as strong. */
export function compareEdges(a: Edge, b: Edge): number {
  return compareBytes(a.type, b.type) || compareBytes(a.srcId, b.srcId);
}
