import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { CONFIG, type Config } from '../config/config.js';
import { pendingMigrations } from '../upgrade/plan.js';

/** What was found out holds this long: anyone may ask, and looking means opening the file. Milliseconds. */
const REMEMBERED = 5_000;

/** Whether the database has the schema of this build: not after somebody has reverted a migration beneath us. */
@Injectable()
export class SchemaHealth {
  private current = false;
  private lookedAt = -Infinity;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly indicators: HealthIndicatorService,
  ) {}

  check(): HealthIndicatorResult<'schema'> {
    if (performance.now() - this.lookedAt > REMEMBERED) {
      this.current = this.look();
      this.lookedAt = performance.now();
    }
    const indicator = this.indicators.check('schema');
    return this.current ? indicator.up() : indicator.down();
  }

  private look(): boolean {
    try {
      return pendingMigrations(this.config.database.path).length === 0;
    } catch {
      return false;
    }
  }
}
