import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { IndexUpkeep } from '../recall/index-upkeep.js';

/**
 * Whether searches look at everything. While the index is rebuilt they look at what is there, and the service is
 * ready all the same. Of no vault in particular: anyone may ask.
 */
@Injectable()
export class IndexHealth {
  constructor(
    private readonly upkeep: IndexUpkeep,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(): HealthIndicatorResult<'index'> {
    const indicator = this.indicators.check('index');
    return this.upkeep.rebuilding ? indicator.up({ doing: 'rebuilding' }) : indicator.up();
  }
}
