import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Drain } from '../http/drain.js';

/** Whether the service takes requests: not once it has begun to stop. */
@Injectable()
export class DrainHealth {
  constructor(
    private readonly drain: Drain,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(): HealthIndicatorResult<'service'> {
    const indicator = this.indicators.check('service');
    return this.drain.active ? indicator.down() : indicator.up();
  }
}
