import { Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { steps } from '../../migrations/chain.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';

/** What was found out holds this long: anyone may ask. Milliseconds. */
const REMEMBERED = 5_000;

/** Whether the database has the schema of this build: not after somebody has reverted a migration beneath us. */
@Injectable()
export class SchemaHealth {
  private current: boolean | undefined;
  private lookedAt = -Infinity;

  constructor(
    private readonly dataSource: TenantDataSource,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(): Promise<HealthIndicatorResult<'schema'>> {
    if (performance.now() - this.lookedAt > REMEMBERED) {
      this.current = await this.look();
      this.lookedAt = performance.now();
    }
    const indicator = this.indicators.check('schema');
    // A database that does not answer is reported as such, and may have any schema.
    return this.current === false ? indicator.down() : indicator.up();
  }

  /** Undefined where nobody can tell. */
  private async look(): Promise<boolean | undefined> {
    try {
      const applied = await this.dataSource.appliedMigrations();
      return steps.length === applied.length && steps.every(({ name }) => applied.includes(name));
    } catch {
      return this.dataSource.ping().then(
        () => false,
        () => undefined,
      );
    }
  }
}
