import { costOf } from '../../src/waypoints/edge-cost.js';

export interface NaiveEdge {
  readonly src: string;
  readonly dst: string;
  readonly type: string;
  readonly weight: number;
}

export interface Walk {
  readonly direction: 'out' | 'in' | 'both';
  readonly type?: string;
  readonly minWeight?: number;
}

/** A way through the graph. */
export interface NaiveRoute {
  readonly ids: readonly string[];
  readonly edges: readonly NaiveEdge[];
  readonly cost: number;
}

export interface NaiveNeighbour {
  readonly id: string;
  readonly distance: number;
  readonly weight: number;
  readonly via: NaiveEdge;
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function byIds(a: NaiveRoute, b: NaiveRoute): number {
  const differing = a.ids.findIndex((id, i) => id !== b.ids[i]);
  return differing < 0 ? 0 : byBytes(a.ids[differing], b.ids[differing]);
}

/** A graph in memory that answers by trying everything. */
export class NaiveGraph {
  private readonly known = new Map<string, NaiveRoute[]>();

  constructor(private readonly edges: readonly NaiveEdge[]) {}

  neighbours(start: string, depth: number, walk: Walk): NaiveNeighbour[] {
    const routes = this.routes(start, depth, walk);
    const ids = [...new Set(routes.map(({ ids }) => ids.at(-1)!))].filter((id) => id !== start);
    const found = ids.map((id) => {
      const best = shortest(routes.filter((route) => route.ids.at(-1) === id))!;
      return {
        id,
        distance: best.edges.length,
        cost: best.cost,
        weight: weightOf(best),
        via: best.edges.at(-1)!,
      };
    });
    found.sort((a, b) => a.distance - b.distance || a.cost - b.cost || byBytes(a.id, b.id));
    return found.map(({ cost: _, ...neighbour }) => neighbour);
  }

  path(
    from: string,
    to: string,
    mode: 'shortest' | 'strongest',
    depth: number,
    walk: Walk,
  ): NaiveRoute | undefined {
    return this.pathAmong(from, to, mode, depth, walk).best;
  }

  /** The best path, and how many there are of that length and strength. */
  pathAmong(
    from: string,
    to: string,
    mode: 'shortest' | 'strongest',
    depth: number,
    walk: Walk,
  ): { best: NaiveRoute | undefined; equals: number } {
    const routes = this.routes(from, depth, walk).filter(({ ids }) => ids.at(-1) === to);
    const best = mode === 'shortest' ? shortest(routes) : strongest(routes);
    const equals = routes.filter(
      ({ edges, cost }) => edges.length === best?.edges.length && cost === best.cost,
    );
    return { best, equals: equals.length };
  }

  /** Every way from a memory that comes to none twice. */
  private routes(start: string, depth: number, walk: Walk): NaiveRoute[] {
    const key = JSON.stringify([start, depth, walk]);
    const known = this.known.get(key);
    if (known) return known;
    const routes: NaiveRoute[] = [{ ids: [start], edges: [], cost: 0 }];
    this.known.set(key, routes);
    for (let i = 0; i < routes.length; i += 1) {
      const { ids, edges, cost } = routes[i];
      if (edges.length === depth) continue;
      for (const [next, edge] of this.stepsFrom(ids.at(-1)!, walk)) {
        if (ids.includes(next)) continue;
        routes.push({ ids: [...ids, next], edges: [...edges, edge], cost: cost + costOf(edge.weight) });
      }
    }
    return routes;
  }

  private stepsFrom(id: string, { direction, type, minWeight = 0 }: Walk): [next: string, edge: NaiveEdge][] {
    const best = new Map<string, NaiveEdge>();
    for (const edge of this.edges) {
      if ((type !== undefined && edge.type !== type) || edge.weight < minWeight) continue;
      const ends: string[] = [];
      if (edge.src === id && direction !== 'in') ends.push(edge.dst);
      if (edge.dst === id && direction !== 'out') ends.push(edge.src);
      for (const next of ends) {
        const known = best.get(next);
        if (!known || compareEdges(edge, known) < 0) best.set(next, edge);
      }
    }
    return [...best];
  }
}

function compareEdges(a: NaiveEdge, b: NaiveEdge): number {
  return b.weight - a.weight || byBytes(a.type, b.type) || byBytes(a.src, b.src);
}

function shortest(routes: readonly NaiveRoute[]): NaiveRoute | undefined {
  return routes.toSorted((a, b) => a.edges.length - b.edges.length || a.cost - b.cost || byIds(a, b)).at(0);
}

function strongest(routes: readonly NaiveRoute[]): NaiveRoute | undefined {
  return routes.toSorted((a, b) => a.cost - b.cost || a.edges.length - b.edges.length || byIds(a, b)).at(0);
}

export function weightOf({ edges }: Pick<NaiveRoute, 'edges'>): number {
  return edges.reduce((product, { weight }) => product * weight, 1);
}
