import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsInt, Max, Min } from 'class-validator';
import { PERMISSIONS, type Permission } from '../auth/permissions.js';
import { Absent, IsName, IsTime, IsUserId } from '../http/field.validators.js';
import { PageDto } from '../http/page.dto.js';
import { KEY_PERMISSIONS } from './api-key-permissions.js';

/** Thirty days. */
const MAX_GRACE_SECONDS = 30 * 86_400;

export class CreateApiKeyDto {
  /** What it is for, to be read in lists. */
  @ApiProperty({ example: 'the agent on my laptop' })
  @IsName()
  name: string;

  /** The user it acts for; without one it acts for the whole vault. A user's own keys are always that user's. */
  @Absent()
  @IsUserId()
  user_id?: string;

  /** Each of them the caller's as well; without this, those of `read`, `write` and `delete` that the caller has. */
  @ApiPropertyOptional({ enum: KEY_PERMISSIONS, isArray: true })
  @Absent()
  @IsArray()
  @ArrayMaxSize(KEY_PERMISSIONS.length)
  @IsIn(KEY_PERMISSIONS, { each: true })
  permissions?: Permission[];

  /** From then on it is refused; in milliseconds since 1970. Without this it holds until it is revoked. */
  @Absent()
  @IsTime()
  expires_at?: number;
}

export class RotateApiKeyDto {
  /** How long the old key goes on working beside the new one; without this, not at all. */
  @Absent()
  @IsInt()
  @Min(0)
  @Max(MAX_GRACE_SECONDS)
  grace_seconds?: number;

  /** When the new one expires, in milliseconds since 1970; without this, when the old one would have. */
  @Absent()
  @IsTime()
  expires_at?: number;
}

/** A key without its secret, which nobody has but whoever it was given to. */
export class ApiKeyDto {
  /** The part of the key between the vault and the secret. */
  id: string;
  name: string;
  /** Null: the whole vault. */
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  permissions: Permission[];
  created_at: number;
  /** Null: it does not. */
  @ApiProperty({ type: Number, nullable: true })
  expires_at: number | null;
  @ApiProperty({ type: Number, nullable: true })
  revoked_at: number | null;
  /** To a minute or so; null where no use is known. */
  @ApiProperty({ type: Number, nullable: true })
  last_used_at: number | null;
}

export class NewApiKeyDto extends ApiKeyDto {
  /** The key itself. It is shown this once, and kept nowhere. */
  @ApiProperty({ example: 'cairn_YWNtZQ_…' })
  key: string;
}

export class ApiKeyListDto {
  /** From the oldest on. */
  items: ApiKeyDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

export class ListApiKeysDto extends PageDto {}
