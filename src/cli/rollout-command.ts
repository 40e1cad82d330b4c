import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type Config, loadLocalConfig, readEnvironment } from '../config/config.js';
import { ConfigModule } from '../config/config.module.js';
import { DatabaseModule } from '../database/database.module.js';
import { ApiError } from '../http/api-error.js';
import { RolloutDto } from '../rollout/rollout.dto.js';
import { RolloutReportModule } from '../rollout/rollout-report.module.js';
import { type RolloutReport, RolloutService } from '../rollout/rollout.service.js';
import { checkSchema } from '../upgrade/current-schema.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { whileBusy } from '../upgrade/while-busy.js';
import type { RolloutArguments } from './rollout-options.js';
import { describeRollout } from './rollout-report.js';

/** What the report needs of the service, without HTTP. */
@Module({})
class RolloutCommandModule {
  static register(config: Config): DynamicModule {
    return {
      module: RolloutCommandModule,
      imports: [ConfigModule.register(config), DatabaseModule, RolloutReportModule],
    };
  }
}

export async function execute({ vault, days, json }: RolloutArguments): Promise<void> {
  const report = await reportOf(loadLocalConfig(readEnvironment()), vault, days);
  if (json) console.log(JSON.stringify(RolloutDto.of(report), null, 2));
  else for (const line of describeRollout(report)) console.log(`[ROLLOUT] ${line}`);
}

async function reportOf(config: Config, vault: string, days: number): Promise<RolloutReport> {
  await checkSchema(config.database);
  const app = await NestFactory.createApplicationContext(RolloutCommandModule.register(config), {
    logger: false,
    abortOnError: false,
  });
  try {
    return await whileBusy(() => app.get(RolloutService, { strict: false }).report(vault, days));
  } catch (error) {
    if (error instanceof ApiError) throw new MigrationRefusedError(error.detail);
    if ((error as Error).name !== 'BusyError') throw error;
    throw new MigrationRefusedError('Another process keeps the database for itself. Run this again.');
  } finally {
    await app.close();
  }
}
