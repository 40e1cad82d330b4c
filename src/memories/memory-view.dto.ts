import { ApiProperty } from '@nestjs/swagger';
import type { JsonText } from '../http/json-text.js';
import type { Memory } from './memory.entity.js';
import type { MemoryVersion } from './memory-version.entity.js';
import { salienceAt } from './salience.js';
import { SECTORS } from './sectors.js';
import { jsonAnswer, jsonStrings } from './stored-json.js';

/** What a memory says, now or formerly. */
class MemoryStateDto {
  content: string;
  @ApiProperty({ enum: SECTORS })
  primary_sector: string;
  @ApiProperty({ enum: SECTORS, isArray: true })
  sectors: string[];
  /** An adopted tag that is no text is given by its JSON. */
  tags: string[];
  /** To the letter of what an adopted database holds, also numbers that JavaScript would round. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Record<string, unknown> | JsonText;
}

function stateOf(row: Memory | MemoryVersion): MemoryStateDto {
  return {
    content: row.content,
    primary_sector: row.primarySector,
    sectors: jsonStrings(row.sectors),
    tags: jsonStrings(row.tags),
    metadata: jsonAnswer(row.metadata),
  };
}

/** A memory. Times are milliseconds since 1970. */
export class MemoryDto extends MemoryStateDto {
  id: string;
  @ApiProperty({ type: String, nullable: true })
  user_id: string | null;
  @ApiProperty({ type: String, nullable: true })
  session_id: string | null;
  @ApiProperty({ type: String, nullable: true })
  collection: string | null;
  /** How much it stands out at this moment, 0 to 1: fades with every whole day since `last_seen_at`. */
  salience: number;
  /** Counts the changes, from 1; the ETag of the memory. */
  version: number;
  created_at: number;
  updated_at: number;
  /** When it was last reinforced; before that, when it came about. Reading it changes nothing. */
  last_seen_at: number;
  @ApiProperty({ type: Number, nullable: true })
  expires_at: number | null;

  /** @param now ms since 1970 */
  static of(memory: Memory, now = Date.now()): MemoryDto {
    return {
      id: memory.id,
      user_id: memory.userId || null,
      session_id: memory.sessionId,
      collection: memory.collection,
      ...stateOf(memory),
      // Beyond six decimals it says nothing, and what has faded shows as 0.
      salience: Math.round(salienceAt(memory, now) * 1e6) / 1e6,
      version: memory.version,
      created_at: memory.createdAt,
      updated_at: memory.updatedAt,
      last_seen_at: memory.lastSeenAt,
      expires_at: memory.expiresAt,
    };
  }
}

/** A former state of a memory. */
export class MemoryVersionDto extends MemoryStateDto {
  version: number;
  /** When this version was written. */
  updated_at: number;
  /** When the next one took its place. */
  replaced_at: number;

  static of(version: MemoryVersion): MemoryVersionDto {
    return {
      version: version.version,
      ...stateOf(version),
      updated_at: version.updatedAt,
      replaced_at: version.replacedAt,
    };
  }
}

export class HistoryDto {
  /** The former states, the latest first; the present one is the memory itself. */
  items: MemoryVersionDto[];
}
