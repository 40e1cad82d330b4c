import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { Absent, Clearable, IsMetadata, IsName, IsStorableText } from '../http/field.validators.js';
import type { JsonText } from '../http/json-text.js';
import { PageDto } from '../http/page.dto.js';

const MAX_DESCRIPTION_CHARACTERS = 4_096;

/** What a collection says of itself. */
export class DescribeCollectionDto {
  /** What belongs in it; with null nothing is said. */
  @ApiPropertyOptional({ type: String, nullable: true })
  @Clearable()
  @IsString()
  @Length(1, MAX_DESCRIPTION_CHARACTERS)
  @IsStorableText()
  description?: string | null;

  /** Takes the place of all that was there. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

export class CreateCollectionDto extends DescribeCollectionDto {
  @ApiProperty({ example: 'travel' })
  @IsName()
  name: string;
}

export class CollectionDto {
  name: string;
  @ApiProperty({ type: String, nullable: true })
  description: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Record<string, unknown> | JsonText;
  /** Living memories in it that the caller may see. */
  count: number;
  /** Null: it was never described, and is there because a memory names it. */
  @ApiProperty({ type: Number, nullable: true })
  created_at: number | null;
  @ApiProperty({ type: Number, nullable: true })
  updated_at: number | null;
}

export class CollectionListDto {
  /** By name, in byte order. */
  items: CollectionDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

export class ListCollectionsDto extends PageDto {}
