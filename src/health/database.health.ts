import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';

/** A database that takes longer to say anything cannot serve requests. Milliseconds. */
const PATIENCE = 2_000;

/** Whether the database answers. Touches no table, and so needs no tenant. */
@Injectable()
export class DatabaseHealth {
  constructor(
    private readonly dataSource: TenantDataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(): Promise<HealthIndicatorResult<'database'>> {
    const indicator = this.indicators.check('database');
    const giveUp = new AbortController();
    try {
      const answered = await Promise.race([
        this.dataSource.ping().then(() => true),
        sleep(PATIENCE, false, { signal: giveUp.signal, ref: false }),
      ]);
      return answered ? indicator.up() : indicator.down();
    } catch {
      return indicator.down();
    } finally {
      giveUp.abort();
    }
  }
}
