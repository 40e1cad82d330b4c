import { ApiProperty } from '@nestjs/swagger';
import { Absent, IsKnownId } from '../http/field.validators.js';
import { PageDto } from '../http/page.dto.js';

/** The memories of one owner that name the same session. Times are milliseconds since 1970. */
export class SessionDto {
  /** The `session_id` of its memories. */
  id: string;
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  /** Living memories. */
  count: number;
  /** `created_at` of the earliest memory. */
  first_at: number;
  /** `created_at` of the latest memory. */
  last_at: number;
}

export class SessionListDto {
  items: SessionDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

/** Whose session is meant: sessions of two users may have the same id. */
export class SessionOwnerDto {
  /** For service tokens; absent: every owner's. A user's token may name that user only. */
  @Absent()
  @IsKnownId()
  user_id?: string;
}

export class ListSessionsDto extends PageDto {
  /** For service tokens; absent: every owner's. A user's token may name that user only. */
  @Absent()
  @IsKnownId()
  user_id?: string;
}

export class SessionMemoriesDto extends ListSessionsDto {}

export class DeletedSessionDto {
  /** How many memories were deleted with it. */
  deleted: number;
}
