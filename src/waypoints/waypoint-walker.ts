import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { Memory } from '../memories/memory.entity.js';
import { padded } from '../tenancy/padded-list.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { Allowance } from './allowance.js';
import { type Edge, EdgeReader } from './edge-reader.js';
import { compareBytes } from './id-order.js';
import { LevelWalk, fromTheStart } from './level-walk.js';
import { edgesOn, strengthOf } from './route.js';
import { shortestPath } from './shortest-path.js';
import { strongestPath } from './strongest-path.js';
import { MAX_PATH_DEPTH, type NeighboursQueryDto, type PathQueryDto } from './waypoint.dto.js';

const DEFAULT_NEIGHBOURS = 20;

export interface Neighbour {
  readonly memory: Memory;
  readonly distance: number;
  /** The product of the weights on the way. */
  readonly weight: number;
  /** The last waypoint of the way. */
  readonly via: Edge;
}

export interface Neighbourhood {
  readonly neighbours: Neighbour[];
  readonly truncated: boolean;
}

export interface Path {
  readonly memories: Memory[];
  readonly edges: readonly Edge[];
  readonly weight: number;
}

/** Walks along waypoints, over memories that the scope sees. */
@Injectable()
export class WaypointWalker {
  private readonly byIds: PreparedSelect<Memory>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    private readonly reader: EdgeReader,
    private readonly tenancy: Tenancy,
  ) {
    this.byIds = new PreparedSelect(memories, 'm', (query) => query.where('m.id IN (:...ids)'));
  }

  /** The memories around one, the nearest first, of those the strongest, then by id. @throws ApiError 404 */
  async neighbours(query: NeighboursQueryDto): Promise<Neighbourhood> {
    const { memory_id: start, depth = 1, limit = DEFAULT_NEIGHBOURS } = query;
    const allowance = new Allowance();
    return this.tenancy.snapshot(async () => {
      await this.existing({ memory_id: start });
      const walk = new LevelWalk(start, this.reader, optionsOf(query), fromTheStart);
      const found = [];
      // What is further away comes after all that is nearer, so it is not looked for in vain.
      while (walk.hops < depth && found.length < limit && walk.frontier.length > 0) {
        const isWhole = await walk.advance(allowance);
        found.push(...[...walk.frontier].sort((a, b) => a.cost - b.cost || compareBytes(a.id, b.id)));
        if (!isWhole) break;
      }
      const nearest = found.slice(0, limit);
      const memories = await this.memoriesOf(nearest.map(({ id }) => id));
      const neighbours = nearest.flatMap((route) => {
        const memory = memories.get(route.id);
        // None where its time has come since the walk came by.
        if (!memory) return [];
        return { memory, distance: route.hops, weight: strengthOf(edgesOn(route)), via: route.edge! };
      });
      return { neighbours, truncated: allowance.isSpent };
    });
  }

  /** @returns the path, undefined where none was found, and whether the search was given up. @throws ApiError 404 */
  async path(query: PathQueryDto): Promise<{ path: Path | undefined; truncated: boolean }> {
    const { from, to, mode, max_depth: maxDepth = MAX_PATH_DEPTH } = query;
    const search = mode === 'strongest' ? strongestPath : shortestPath;
    return this.tenancy.snapshot(async () => {
      for (;;) {
        await this.existing({ from, to });
        const allowance = new Allowance();
        const found = await search(this.reader, [from, to], { ...optionsOf(query), maxDepth }, allowance);
        if (!found) return { path: undefined, truncated: allowance.isSpent };
        const { edges } = found;
        const known = await this.memoriesOf(found.memories);
        const memories = found.memories.flatMap((id) => known.get(id) ?? []);
        // Where the time of one of them has come since, there may be another path.
        if (memories.length < found.memories.length) continue;
        return { path: { memories, edges, weight: strengthOf(edges) }, truncated: false };
      }
    });
  }

  /** @throws ApiError 404 naming the fields whose memory the scope does not see */
  private async existing(ids: Readonly<Record<string, string>>): Promise<void> {
    const found = await this.reader.seen(Object.values(ids));
    const missing = Object.keys(ids).filter((field) => !found.has(ids[field]));
    if (missing.length > 0) throw memoryNotFound(missing);
  }

  private async memoriesOf(ids: readonly string[]): Promise<Map<string, Memory>> {
    if (ids.length === 0) return new Map();
    const memories = await this.byIds.all({ ids: padded(ids) });
    return new Map(memories.map((memory) => [memory.id, memory]));
  }
}

/** 404 for what does not exist, or belongs to someone else, or has expired: all look alike. */
export function memoryNotFound(fields: readonly string[]): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no memory with this id; errors says which id.', {
    errors: fields.map((field) => ({ field, message: 'is the id of no memory' })),
  });
}

function optionsOf({ direction = 'both', type, min_weight: minWeight }: NeighboursQueryDto | PathQueryDto) {
  return { direction, type, minWeight };
}
