import { Type } from 'class-transformer';
import { IsIn, IsInt, IsNumber, IsString, Length, Max, Min } from 'class-validator';
import { Absent, IsMetadata, IsName, IsStorableText } from '../http/field.validators.js';
import { MAX_CONTENT_CHARACTERS } from '../memories/memory.dto.js';
import { TYPES, type MetamorphType } from './metamorph-types.js';

/** As many as Metamorph's own server gives at most where nothing is said. */
const MAX_METAMORPH_LIMIT = 500;

export class ListMetamorphSessionsDto {
  @Absent()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_METAMORPH_LIMIT)
  limit?: number;
}

export class CreateMetamorphSessionDto {
  @Absent()
  @IsName()
  name?: string;
}

export class ListMetamorphMemoriesDto extends ListMetamorphSessionsDto {
  @Absent()
  @IsIn(TYPES)
  type?: MetamorphType;

  @Absent()
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(1)
  minImportance?: number;

  @Absent()
  @IsStorableText()
  sessionId?: string;
}

export class CreateMetamorphMemoryDto {
  @IsString()
  @Length(1, MAX_CONTENT_CHARACTERS)
  @IsStorableText()
  content: string;

  @Absent()
  @IsIn(TYPES)
  type?: MetamorphType;

  @Absent()
  @IsNumber()
  @Min(0)
  @Max(1)
  importance?: number;

  @Absent()
  @IsName()
  sessionId?: string;

  @Absent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

/** Times in Metamorph's shape are ISO 8601 texts in UTC. */
export interface MetamorphSession {
  readonly id: string;
  readonly name: string | null;
  readonly createdAt: string;
  readonly lastAccessed: string;
}

export interface MetamorphMemory {
  readonly id: string;
  readonly type: string;
  readonly content: string;
  /** 0 to 1: its salience at this moment. */
  readonly importance: number;
  readonly createdAt: string;
  readonly metadata: unknown;
}

export interface MetamorphDeletion {
  readonly success: true;
  readonly deletedAt: string;
}
