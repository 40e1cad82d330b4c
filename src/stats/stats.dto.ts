import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Absent, IsTime } from '../http/field.validators.js';

export class StatsQueryDto {
  /** Days and events from the UTC day of this millisecond on; 30 days before `to` when absent. */
  @Absent()
  @Type(() => Number)
  @IsTime()
  from?: number;

  /** Days and events up to and with the UTC day of this millisecond; today when absent. At most 366 days after `from`. */
  @Absent()
  @Type(() => Number)
  @IsTime()
  to?: number;
}

export class SectorCountDto {
  sector: string;
  count: number;
}

export class UserCountDto {
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  count: number;
}

export class CollectionCountDto {
  @ApiProperty({ type: String, nullable: true })
  collection: string | null;
  count: number;
}

export class DayCountDto {
  /** A UTC day. */
  @ApiProperty({ example: '2026-03-01' })
  day: string;
  count: number;
}

export class EventCountDto extends DayCountDto {
  /**
   * add, update, delete, expire, search, reinforce, reflect, import …, and for services token-without-vault; older
   * databases may hold others.
   */
  @ApiProperty({ example: 'add' })
  type: string;
}

/** Counts of what the caller may see: of the vault for a service token, of the user for a user's. */
export class StatsDto {
  /** Living memories. */
  memories: number;
  /** By primary sector. */
  sectors: SectorCountDto[];
  /** By owner, the hundred with the most. */
  users: UserCountDto[];
  /** By collection, the hundred with the most. */
  collections: CollectionCountDto[];
  /** Memories by the UTC day of `created_at`, in the days asked for that have any. */
  days: DayCountDto[];
  /** What happened, by type and day, in the days asked for. */
  events: EventCountDto[];
}
