import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ExplanationDto } from './explanation.dto.js';
import { CountedPageDto, MAX_LIMIT } from '../http/page.dto.js';
import { MemoryDto } from './memory-view.dto.js';
import { SECTORS, type Sector } from './sectors.js';
import { Absent, IsKnownId, IsMetadata, IsStorableText, IsTime } from '../http/field.validators.js';

const MAX_QUERY_CHARACTERS = 8_192;

/** Which memories, by what stands in columns. Every condition given must hold. */
class ColumnFiltersDto {
  @Absent()
  @IsKnownId()
  user_id?: string;

  @Absent()
  @IsStorableText()
  session_id?: string;

  @Absent()
  @IsStorableText()
  collection?: string;

  /** At this millisecond or later. */
  @Absent()
  @Type(() => Number)
  @IsTime()
  created_after?: number;

  /** Before this millisecond. */
  @Absent()
  @Type(() => Number)
  @IsTime()
  created_before?: number;
}

/** Which memories. Every condition given must hold. */
export class MemoryFiltersDto extends ColumnFiltersDto {
  /** At least one of these sectors. */
  @ApiPropertyOptional({ enum: SECTORS, isArray: true })
  @Absent()
  @IsArray()
  @ArrayMaxSize(SECTORS.length)
  @IsIn(SECTORS, { each: true })
  sectors?: Sector[];

  /** All of these tags. */
  @Absent()
  @IsArray()
  @ArrayMaxSize(64)
  @IsStorableText({ each: true })
  tags?: string[];

  /** Each of these keys with an equal value (nested values by their JSON). */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

export class SearchFiltersDto extends MemoryFiltersDto {
  /** Least score, 0 to 1. */
  @Absent()
  @IsNumber()
  @Min(0)
  @Max(1)
  min_score?: number;

  /** `true`: also memories from which a waypoint `superseded_by` leads to a newer one. */
  @Absent()
  @IsBoolean()
  include_superseded?: boolean;
}

export class SearchDto {
  @ApiProperty({ example: 'where does Ana like to sit?' })
  @IsString()
  @Length(1, MAX_QUERY_CHARACTERS)
  @IsStorableText()
  query: string;

  @Absent()
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;

  @Absent()
  @IsObject()
  @ValidateNested()
  @Type(() => SearchFiltersDto)
  filters?: SearchFiltersDto;

  /** `true`: with each result, all that its score is made of. For queries of at most 64 different terms. */
  @Absent()
  @IsBoolean()
  explain?: boolean;
}

export class FoundMemoryDto extends MemoryDto {
  /** How well it answers the query, 0 to 1; comparable within one answer. */
  score: number;
  /** Where `explain` was asked for. */
  explain?: ExplanationDto;
}

export class SearchResultDto {
  /** The best first. */
  results: FoundMemoryDto[];
}

/** The same conditions in a query string: one sector, one tag, metadata as JSON. */
export class MemoryFilterQueryDto extends ColumnFiltersDto {
  @ApiPropertyOptional({ enum: SECTORS })
  @Absent()
  @IsIn(SECTORS)
  sector?: Sector;

  @Absent()
  @IsStorableText()
  tag?: string;

  /** A JSON object: each of its keys with an equal value. */
  @Absent()
  @IsString()
  @MaxLength(4096)
  metadata?: string;
}

export class ListMemoriesDto extends IntersectionType(MemoryFilterQueryDto, CountedPageDto) {
  /** By creation time: `desc`, the newest first, or `asc`. */
  @Absent()
  @IsIn(['asc', 'desc'])
  order?: 'asc' | 'desc';
}

export class MemoryListDto {
  items: MemoryDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
  /** All that match, where `count=true` was asked for. */
  count?: number;
}

export class DeleteMemoriesDto extends MemoryFilterQueryDto {
  /** `true`: only count what would be deleted. */
  @Absent()
  @Type(() => Boolean)
  @IsBoolean()
  dry_run?: boolean;
}

export class DeletedDto {
  /** How many memories were deleted or, in a dry run, would be. */
  deleted: number;
  dry_run: boolean;
}
