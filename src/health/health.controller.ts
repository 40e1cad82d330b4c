import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Public } from '../auth/route-access.decorators.js';
import { ApiError } from '../http/api-error.js';
import { version } from '../version.js';
import { DatabaseHealth } from './database.health.js';
import { DrainHealth } from './drain.health.js';
import { type EmbeddingHealthDto, HealthDto, LivenessDto, ReadinessDto } from './health.dto.js';
import { IndexHealth } from './index.health.js';
import { SchemaHealth } from './schema.health.js';

const NO_EMBEDDING: EmbeddingHealthDto = {
  ...{ provider: 'none', fallback_chain: [], dimensions: 0, mode: 'none', batch_support: false },
  ...{ advanced_parallel: false, embed_delay_ms: 0, configured: false, type: 'none' },
};

@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseHealth,
    private readonly schema: SchemaHealth,
    private readonly index: IndexHealth,
    private readonly drain: DrainHealth,
  ) {}

  @Get()
  @ApiOperation({ summary: 'That the service is there, and which version' })
  @ApiOkResponse({ type: HealthDto })
  overview(): HealthDto {
    return { ok: true, status: 'ok', version, embedding: NO_EMBEDDING, tier: 'words', dim: 0, cache: 0 };
  }

  @Get('live')
  @ApiOperation({ summary: 'That the process answers; looks at nothing else' })
  @ApiOkResponse({ type: LivenessDto })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  /** @throws ApiError 503 NOT_READY naming what is down */
  @Get('ready')
  @ApiOperation({ summary: 'Whether the service may be sent requests: 503 when not' })
  @ApiOkResponse({ type: ReadinessDto })
  async ready(): Promise<ReadinessDto> {
    let details: HealthCheckResult['details'];
    try {
      ({ details } = await this.health.check([
        () => this.drain.check(),
        () => this.database.check(),
        () => this.schema.check(),
        () => this.index.check(),
      ]));
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw notReady((error.getResponse() as HealthCheckResult).details);
    }
    return {
      status: 'ok',
      checks: Object.fromEntries(
        Object.entries(details).map(([name, { status, doing }]) => [name, doing ?? status]),
      ),
    };
  }
}

function notReady(details: HealthCheckResult['details']): ApiError {
  const down = Object.entries(details).filter(([, { status }]) => status === 'down');
  return new ApiError(503, 'NOT_READY', 'The service cannot take requests now.', {
    errors: down.map(([name]) => ({ field: name, message: 'is down' })),
    headers: { 'Retry-After': '1' },
  });
}
