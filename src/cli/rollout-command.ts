import { type Config, loadLocalConfig, readEnvironment } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { Flags } from '../rollout/flags.service.js';
import { RolloutDto } from '../rollout/rollout.dto.js';
import { RolloutReportModule } from '../rollout/rollout-report.module.js';
import { type RolloutReport, RolloutService } from '../rollout/rollout.service.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { withServices } from '../upgrade/service-context.js';
import { refuseBusy, whileBusy } from '../upgrade/while-busy.js';
import type { RolloutArguments } from './rollout-options.js';
import { describeRollout } from './rollout-report.js';

export async function execute({ vault, days, json }: RolloutArguments): Promise<void> {
  const report = await reportOf(loadLocalConfig(readEnvironment()), vault, days);
  if (json) console.log(JSON.stringify(RolloutDto.of(report), null, 2));
  else for (const line of describeRollout(report)) console.log(`[ROLLOUT] ${line}`);
}

async function reportOf(config: Config, vault: string, days: number): Promise<RolloutReport> {
  try {
    return await refuseBusy(() =>
      withServices(config, [RolloutReportModule], async (app) => {
        const { problem } = app.get(Flags, { strict: false });
        if (problem !== undefined)
          console.error(`[WARNING] These are not the flags that were set up: ${problem}`);
        return whileBusy(() => app.get(RolloutService, { strict: false }).report(vault, days));
      }),
    );
  } catch (error) {
    throw error instanceof ApiError ? new MigrationRefusedError(error.detail) : error;
  }
}
