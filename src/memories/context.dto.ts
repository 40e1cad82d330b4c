import { ApiProperty, PickType } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { SearchDto } from './memory-query.dto.js';
import { MemoryDto } from './memory-view.dto.js';

export const MAX_TOKENS = 100_000;

export class ContextDto extends PickType(SearchDto, ['query', 'filters'] as const) {
  /** The text takes no more tokens than this, by an estimate from above. */
  @ApiProperty({ example: 1000 })
  @IsInt()
  @Min(1)
  @Max(MAX_TOKENS)
  max_tokens: number;
}

export class ContextMemoryDto extends MemoryDto {
  /** How well it answers the query, 0 to 1; null for one that is there because it stands beside one that does. */
  @ApiProperty({ type: Number, nullable: true })
  score: number | null;
}

export class ContextResultDto {
  /** Ready for a prompt; empty where nothing was found, or nothing of it fits. */
  @ApiProperty({ example: '2026-05-03\n- Ana: I would rather sit by the window.' })
  text: string;
  /** What the text is made of, in its order. */
  memories: ContextMemoryDto[];
  /** How many tokens the text takes, estimated from above. */
  tokens: number;
}
