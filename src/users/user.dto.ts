import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { Clearable, IsKnownId, IsStorableText } from '../http/field.validators.js';
import { PageDto } from '../http/page.dto.js';
import { ListMemoriesDto } from '../memories/memory-query.dto.js';
import { MemoryDto } from '../memories/memory-view.dto.js';

const MAX_SUMMARY_CHARACTERS = 10_000;

export class UserParamsDto {
  /** Percent-encoded. A new user's has 1 to 256 characters. */
  @ApiProperty({ example: 'ana' })
  @IsKnownId()
  user_id: string;
}

export class ListUsersDto extends PageDto {}

/** A user whom the vault knows. Times are milliseconds since 1970. */
export class UserEntryDto {
  @ApiProperty({ example: 'ana' })
  user_id: string;
  /** Living memories. */
  count: number;
  /** `created_at` of the earliest memory; null where there is none. */
  @ApiProperty({ type: Number, nullable: true })
  first_at: number | null;
  /** `created_at` of the latest memory; null where there is none. */
  @ApiProperty({ type: Number, nullable: true })
  last_at: number | null;
  /** Whether there is a summary to read. */
  has_summary: boolean;
  /** How many reflections were made of the user's memories. */
  reflection_count: number;
  /** When the user was first written to or named. */
  created_at: number;
  /** When the summary was last written by hand or given back, or a reflection was made. */
  updated_at: number;
}

export class UserListDto {
  items: UserEntryDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

export class SummaryDto {
  @ApiProperty({ example: 'ana' })
  user_id: string;
  /** Of the memories as they are now, unless it was written by hand; null where there is nothing to tell. */
  @ApiProperty({
    type: String,
    nullable: true,
    example: '1 memory on 2025-05-01.\nSectors: semantic 1.\nTopics: window, seats, trains.',
  })
  summary: string | null;
  /** Written by hand: it stays as it is until it is given back. */
  summary_manual: boolean;
  /** When it was made or written. */
  @ApiProperty({ type: Number, nullable: true })
  summary_at: number | null;
}

export class UserDto extends UserEntryDto {
  /** Of the memories as they are now, unless it was written by hand; null where there is nothing to tell. */
  @ApiProperty({ type: String, nullable: true })
  summary: string | null;
  /** Written by hand: it stays as it is until it is given back. */
  summary_manual: boolean;
  /** When the summary was made or written. */
  @ApiProperty({ type: Number, nullable: true })
  summary_at: number | null;
}

export class PutUserDto {
  /** A summary written by hand, which stays; null gives it back to the service. Absent: as it is. */
  @ApiPropertyOptional({ type: String, nullable: true, example: 'Ana travels a lot, mostly by night train.' })
  @Clearable()
  @IsString()
  @Length(1, MAX_SUMMARY_CHARACTERS)
  @IsStorableText()
  summary?: string | null;
}

/** As for the list of all memories; the user stands in the path. */
export class ListUserMemoriesDto extends OmitType(ListMemoriesDto, ['user_id'] as const) {}

export class ReflectionsDto {
  /** The memories made; none where nothing repeats that was not reflected on before. */
  reflections: MemoryDto[];
  /** How many memories were looked at: the latest 1,000 at most, without those that were reflected on before. */
  examined: number;
  /** How many groups of memories that say the same there are among them. */
  clusters: number;
}

export class ErasedUserDto {
  @ApiProperty({ example: 'ana' })
  user_id: string;
  /** How many rows were erased from each table that holds rows of users. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { memories: 3, memory_versions: 1, users: 1 },
  })
  erased: Record<string, number>;
}
