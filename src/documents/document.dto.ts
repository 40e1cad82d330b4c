import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import {
  Absent,
  IsKnownId,
  IsMetadata,
  IsName,
  IsStorableText,
  IsTime,
  IsUserId,
} from '../http/field.validators.js';
import type { JsonText } from '../http/json-text.js';
import { PageDto } from '../http/page.dto.js';
import { MAX_TAGS } from '../memories/memory.dto.js';
import { DOCUMENT_TYPES, type DocumentType } from './document-sections.js';

export const MAX_DOCUMENT_CHARACTERS = 5_000_000;
/** Sections have ids of their own, made of the document's. */
const MAX_ID_CHARACTERS = 240;
export const SECTION_SIZE = { least: 500, usual: 3_000, most: 100_000 } as const;

export class CreateDocumentDto {
  /** The whole text. Stored to the letter, in sections. The body limit of the service holds too. */
  @ApiProperty({
    example: '# Night trains\n\nAna prefers window seats.\n\n## Vienna\n\nThe train leaves at 22:38.\n',
  })
  @IsString()
  @Length(1, MAX_DOCUMENT_CHARACTERS)
  @IsStorableText()
  content: string;

  /** How to read it: of Markdown, headings begin sections. Plain text when absent. */
  @ApiPropertyOptional({ enum: DOCUMENT_TYPES })
  @Absent()
  @IsIn(DOCUMENT_TYPES)
  content_type?: DocumentType;

  /** What it is called; the first heading of Markdown when absent. */
  @Absent()
  @IsName()
  title?: string;

  /** Whose it is. A token of one user may leave it out, or name that user; for a service token, absent means nobody's. */
  @Absent()
  @IsUserId()
  user_id?: string;

  /** Your own id for it, unique among the vault's memories; made up (UUIDv7) when absent. */
  @Absent()
  @IsName()
  @Matches(new RegExp(`^.{1,${MAX_ID_CHARACTERS}}$`, 'su'), {
    message: `must be at most ${MAX_ID_CHARACTERS} characters`,
  })
  id?: string;

  /** A named shelf inside the vault. */
  @Absent()
  @IsName()
  collection?: string;

  /** Labels to filter by, on every section. */
  @Absent()
  @IsArray()
  @ArrayMaxSize(MAX_TAGS)
  @IsName({ each: true })
  tags?: string[];

  /** Anything else about it, on every section. The name `document` is taken. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  /** When it came about, in milliseconds since 1970; now when absent. */
  @Absent()
  @IsTime()
  created_at?: number;

  /** From then on it does not exist. In milliseconds since 1970. */
  @Absent()
  @IsTime()
  expires_at?: number;

  /** The most characters of a section. */
  @ApiPropertyOptional({ default: SECTION_SIZE.usual })
  @Absent()
  @IsInt()
  @Min(SECTION_SIZE.least)
  @Max(SECTION_SIZE.most)
  section_size?: number;
}

/** A text that was taken in as memories: a root and its sections, all in the session of the document's id. */
export class DocumentSummaryDto {
  /** That of its root, and the `session_id` of all its memories. */
  id: string;
  @ApiProperty({ type: String, nullable: true })
  title: string | null;
  /** Null: its root says nothing of it any more. */
  @ApiProperty({ enum: DOCUMENT_TYPES, nullable: true })
  content_type: DocumentType | null;
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  @ApiProperty({ type: String, nullable: true })
  collection: string | null;
  tags: string[];
  /** Of its root. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Record<string, unknown> | JsonText;
  created_at: number;
  updated_at: number;
  @ApiProperty({ type: Number, nullable: true })
  expires_at: number | null;
}

/** A memory that holds a part of a document's text. */
export class DocumentSectionDto {
  id: string;
  /** The heading that it stands under, or the first in it. */
  @ApiProperty({ type: String, nullable: true })
  heading: string | null;
}

export class DocumentDto extends DocumentSummaryDto {
  /** In their order; empty where the root holds the text itself. */
  sections: DocumentSectionDto[];
}

/** The whole text of a document. */
export class DocumentContentDto {
  id: string;
  @ApiProperty({ enum: DOCUMENT_TYPES, nullable: true })
  content_type: DocumentType | null;
  /** The texts of its sections, one after another: what was sent, but for what was changed since. */
  content: string;
}

export class DocumentListDto {
  items: DocumentSummaryDto[];
  /** For the next page; null on the last. */
  @ApiProperty({ type: String, nullable: true })
  next_cursor: string | null;
}

export class ListDocumentsDto extends PageDto {
  /** For service tokens; absent: every owner's. A user's token may name that user only. */
  @Absent()
  @IsKnownId()
  user_id?: string;

  @Absent()
  @IsKnownId()
  collection?: string;
}

export class DeletedDocumentDto {
  /** How many memories were deleted with it. */
  deleted: number;
}
