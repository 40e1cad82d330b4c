import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsString, Length } from 'class-validator';
import { SECTORS, type Sector } from './sectors.js';
import {
  Absent,
  Clearable,
  IsMetadata,
  IsName,
  IsStorableText,
  IsTime,
  IsUserId,
} from '../http/field.validators.js';

export const MAX_CONTENT_CHARACTERS = 200_000;
export const MAX_TAGS = 64;

/** What creating and changing have in common. */
class MemoryDetailsDto {
  /** Overrides the sector that is read off the text. */
  @ApiPropertyOptional({ enum: SECTORS })
  @Absent()
  @IsIn(SECTORS)
  sector?: Sector;

  /** Labels to filter by. In a change they take the place of all former ones. */
  @Absent()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsName({ each: true })
  tags?: string[];

  /** Anything else about it, as a JSON object. In a change it takes the place of all that was there. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

export class CreateMemoryDto extends MemoryDetailsDto {
  /** What to remember. Stored whole, exactly as sent. */
  @ApiProperty({ example: 'Ana prefers window seats on night trains.' })
  @IsString()
  @Length(1, MAX_CONTENT_CHARACTERS)
  @IsStorableText()
  content: string;

  /** Whose memory it is. A token of one user may leave it out, or name that user; for a service token, absent means nobody's. */
  @Absent()
  @IsUserId()
  user_id?: string;

  /** Your own id for it, unique in the vault; made up (UUIDv7) when absent. */
  @Absent()
  @IsName()
  id?: string;

  /** The conversation or run it belongs to. */
  @Absent()
  @IsName()
  session_id?: string;

  /** A named shelf inside the vault. */
  @Absent()
  @IsName()
  collection?: string;

  /** When it came about, in milliseconds since 1970; now when absent. */
  @Absent()
  @IsTime()
  created_at?: number;

  /** From then on it does not exist. In milliseconds since 1970. */
  @Absent()
  @IsTime()
  expires_at?: number;

  /** `return`: where the same owner already has this very content, answer with that memory and store nothing. */
  @Absent()
  @IsIn(['store', 'return'])
  on_duplicate?: 'store' | 'return';
}

/** What is stored: as a request says it, or with what no request of v1 can say. */
export type NewMemory = CreateMemoryDto & {
  /** 0 to 1; that of its sectors when absent. */
  readonly salience?: number;
};

export class PatchMemoryDto extends MemoryDetailsDto {
  /** Takes the place of the former content, which stays in the history. The sectors are read off anew. */
  @Absent()
  @IsString()
  @Length(1, MAX_CONTENT_CHARACTERS)
  @IsStorableText()
  content?: string;

  /** Gives it to another user, or with null to nobody. For service tokens. */
  @ApiPropertyOptional({ type: String, nullable: true })
  @Clearable()
  @IsUserId()
  user_id?: string | null;

  /** Moves it to another session, or with null to none. */
  @ApiPropertyOptional({ type: String, nullable: true })
  @Clearable()
  @IsName()
  session_id?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true })
  @Clearable()
  @IsName()
  collection?: string | null;

  /** Null: never. */
  @ApiPropertyOptional({ type: Number, nullable: true })
  @Clearable()
  @IsTime()
  expires_at?: number | null;
}
