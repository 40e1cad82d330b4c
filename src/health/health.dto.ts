import { ApiProperty } from '@nestjs/swagger';

/** What clients of OpenMemory show of the model behind the search: there is none, it goes by words. */
export class EmbeddingHealthDto {
  @ApiProperty({ example: 'none' })
  provider: string;

  fallback_chain: string[];
  dimensions: number;

  @ApiProperty({ example: 'none' })
  mode: string;

  batch_support: boolean;
  advanced_parallel: boolean;
  embed_delay_ms: number;
  configured: boolean;

  @ApiProperty({ example: 'none' })
  type: string;
}

export class HealthDto {
  @ApiProperty({ example: true })
  ok: boolean;

  @ApiProperty({ example: 'ok' })
  status: string;

  /** The version of the service. */
  @ApiProperty({ example: '0.1.0' })
  version: string;

  embedding: EmbeddingHealthDto;

  /** How memories are found. For clients of OpenMemory, as are those that follow. */
  @ApiProperty({ example: 'words' })
  tier: string;

  /** Dimensions of vectors. */
  dim: number;

  /** Segments of vectors kept in memory. */
  cache: number;
}

export class LivenessDto {
  @ApiProperty({ example: 'ok' })
  status: string;
}

export class ReadinessDto {
  @ApiProperty({ example: 'ok' })
  status: string;

  /**
   * What was looked at, each `up`; `index` is `rebuilding` while memories stored by an older version are still
   * missing from searches.
   */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { database: 'up', index: 'up', schema: 'up', service: 'up' },
  })
  checks: Record<string, string>;
}
