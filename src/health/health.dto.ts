import { ApiProperty } from '@nestjs/swagger';

export class HealthDto {
  @ApiProperty({ example: true })
  ok: boolean;

  @ApiProperty({ example: 'ok' })
  status: string;

  /** The version of the service. */
  @ApiProperty({ example: '0.1.0' })
  version: string;
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
