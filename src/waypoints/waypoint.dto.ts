import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNotIn, IsNumber, Max, Min } from 'class-validator';
import { Absent, IsKnownId, IsMetadata, IsName } from '../http/field.validators.js';
import { CountedPageDto, MAX_LIMIT } from '../http/page.dto.js';
import { DEFAULT_TYPE, RESERVED_TYPES } from './waypoint-types.js';

export const MAX_NEIGHBOUR_DEPTH = 5;
export const MAX_PATH_DEPTH = 10;

/** Along waypoints from their source to their destination (`out`), the other way, or either way. */
export const DIRECTIONS = ['out', 'in', 'both'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const PATH_MODES = ['shortest', 'strongest'] as const;

const IsWeight = (): PropertyDecorator => (target, property) => {
  for (const check of [IsNumber(), Min(0), Max(1)]) check(target, property);
};

export class PutWaypointDto {
  /** The memory that it starts from. */
  @ApiProperty({ example: '0199a2c4-7a53-7d1e-9b7e-3f6f2f0c8a11' })
  @IsKnownId()
  src_id: string;

  /** The memory that it leads to: another one, of the same owner. */
  @ApiProperty({ example: '0199a2c5-1be0-7c44-8f12-b1a9d3a70e52' })
  @IsKnownId()
  dst_id: string;

  /** What the one is to the other. Two memories may be joined by one waypoint of each type. */
  @ApiPropertyOptional({ default: DEFAULT_TYPE, example: 'contradicts' })
  @Absent()
  @IsName()
  @IsNotIn(RESERVED_TYPES, { message: 'must not be a type of the waypoints that the service makes' })
  type?: string;

  /** How strong it is, 0 to 1. */
  @ApiPropertyOptional({ default: 1, example: 0.8 })
  @Absent()
  @IsWeight()
  weight?: number;

  /** Anything else about it. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

/** Which waypoint: ids may hold any character, so they stand in the query. */
export class WaypointKeyDto {
  @IsKnownId()
  src_id: string;

  @IsKnownId()
  dst_id: string;

  @ApiPropertyOptional({ default: DEFAULT_TYPE })
  @Absent()
  @IsName()
  type?: string;
}

/** Which waypoints count. */
class WaypointFiltersDto {
  /** Only this type. */
  @Absent()
  @IsName()
  type?: string;

  /** Only those at least this strong, 0 to 1. */
  @Absent()
  @Type(() => Number)
  @IsWeight()
  min_weight?: number;
}

export class ListWaypointsDto extends IntersectionType(WaypointFiltersDto, CountedPageDto) {
  /** Those that start from this memory or lead to it, as `direction` says. */
  @Absent()
  @IsKnownId()
  memory_id?: string;

  /** With `memory_id`: those that start from it (`out`), lead to it (`in`), or both. */
  @ApiPropertyOptional({ enum: DIRECTIONS, default: 'both' })
  @Absent()
  @IsIn(DIRECTIONS)
  direction?: Direction;

  @Absent()
  @IsKnownId()
  src_id?: string;

  @Absent()
  @IsKnownId()
  dst_id?: string;

  /** Between memories of this user. A user's token may name that user only. */
  @Absent()
  @IsKnownId()
  user_id?: string;

  /** By the creation time of the memory they start from: `desc`, the newest first, or `asc`. */
  @ApiPropertyOptional({ enum: ['asc', 'desc'], default: 'desc' })
  @Absent()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc';
}

/** Which waypoints to walk, and which way. */
class WalkDto extends WaypointFiltersDto {
  @ApiPropertyOptional({ enum: DIRECTIONS, default: 'both' })
  @Absent()
  @IsIn(DIRECTIONS)
  direction?: Direction;
}

export class NeighboursQueryDto extends WalkDto {
  @IsKnownId()
  memory_id: string;

  /** How many waypoints away at most. */
  @ApiPropertyOptional({ default: 1 })
  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_NEIGHBOUR_DEPTH)
  depth?: number;

  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;
}

export class PathQueryDto extends WalkDto {
  @IsKnownId()
  from: string;

  @IsKnownId()
  to: string;

  /** `shortest`: over the fewest waypoints, of those the strongest. `strongest`: the highest product of weights. */
  @ApiPropertyOptional({ enum: PATH_MODES, default: 'shortest' })
  @Absent()
  @IsIn(PATH_MODES)
  mode?: (typeof PATH_MODES)[number];

  /** How many waypoints it may have at most. */
  @ApiPropertyOptional({ default: MAX_PATH_DEPTH })
  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PATH_DEPTH)
  max_depth?: number;
}
