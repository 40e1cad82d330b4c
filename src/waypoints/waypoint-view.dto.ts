import { ApiProperty } from '@nestjs/swagger';
import type { JsonText } from '../http/json-text.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { jsonAnswer } from '../memories/stored-json.js';
import { effectiveWeight } from './edge-cost.js';
import type { Edge } from './edge-reader.js';
import type { Waypoint } from './waypoint.entity.js';

/** A waypoint as a step from one memory to another. */
export class EdgeDto {
  src_id: string;
  dst_id: string;
  type: string;
  /** 0 to 1. */
  weight: number;

  static of({ srcId, dstId, type, weight }: Edge): EdgeDto {
    return { src_id: srcId, dst_id: dstId, type, weight };
  }
}

/** A directed, weighted edge from one memory to another. Times are milliseconds since 1970. */
export class WaypointDto extends EdgeDto {
  /** The owner of both memories. */
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Record<string, unknown> | JsonText;
  created_at: number;
  updated_at: number;

  static override of(waypoint: Waypoint): WaypointDto {
    return {
      ...EdgeDto.of({ ...waypoint, weight: effectiveWeight(waypoint.weight) }),
      user_id: waypoint.userId || null,
      metadata: jsonAnswer(waypoint.metadata),
      created_at: waypoint.createdAt,
      updated_at: waypoint.updatedAt,
    };
  }
}

export class WaypointListDto {
  items: WaypointDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
  /** All that match, where `count=true` was asked for. */
  count?: number;
}

export class NeighbourDto {
  memory: MemoryDto;
  /** How many waypoints away it is, 1 or more. */
  distance: number;
  /** The product of the weights on the strongest of the shortest ways to it, 0 to 1. */
  weight: number;
  /** The last waypoint of that way. */
  via: EdgeDto;
}

export class NeighboursDto {
  /** The nearest first, of equally near ones the strongest. */
  items: NeighbourDto[];
  /** Whether the walk was given up at its bounds, so that neighbours may be missing or have stronger ways. */
  truncated: boolean;
}

export class PathDto {
  /** The memories on the way, from the first to the last; null where there is no way, or none was found in bounds. */
  @ApiProperty({ type: [MemoryDto], nullable: true })
  path: MemoryDto[] | null;
  /** The waypoints between them, one fewer. */
  edges: EdgeDto[];
  /** The product of their weights, 0 to 1; null without a path. */
  @ApiProperty({ type: Number, nullable: true })
  weight: number | null;
  /** Whether the search was given up at its bounds: a path may exist nevertheless. */
  truncated: boolean;
}
