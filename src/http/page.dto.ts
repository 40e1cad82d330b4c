import { Type } from 'class-transformer';
import { IsBoolean, IsInt, IsString, Length, Max, Min } from 'class-validator';
import { Absent } from './field.validators.js';

/** Rows of a page where nothing is said, and at most. */
export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;
/** As much as the header of a request, 16 KiB of it all, has room for beside a token. */
const MAX_CURSOR_CHARACTERS = 12_288;

/** Which page of a list. */
export class PageDto {
  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  limit?: number;

  /** `next_cursor` of the page before, with the same filters and order. */
  @Absent()
  @IsString()
  @Length(1, MAX_CURSOR_CHARACTERS)
  cursor?: string;
}

/** Which page of a list whose rows can be counted. */
export class CountedPageDto extends PageDto {
  /** `true`: also say how many there are in all. */
  @Absent()
  @Type(() => Boolean)
  @IsBoolean()
  count?: boolean;
}
