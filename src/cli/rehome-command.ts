import { loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { rehomeUsers } from '../upgrade/rehome/rehome-users.js';
import { ProgressLine } from './progress-line.js';
import type { RehomeArguments } from './rehome-options.js';
import { describeGroup, describeReport, summaryOf } from './rehome-report.js';

/** @returns the exit status */
export async function execute({ vault, destinations, dryRun }: RehomeArguments): Promise<number> {
  const database = loadDatabaseConfig(readEnvironment());
  const line = new ProgressLine(process.stderr);
  const mark = dryRun ? '[DRY RUN]' : '[REHOME]';
  const print = (lines: readonly string[]) =>
    line.above(() => lines.forEach((one) => console.log(`${mark} ${one}`)));
  let hasMoved = false;
  try {
    const report = await rehomeUsers({
      database,
      from: vault,
      destinations,
      dryRun,
      progress: (done, total) => line.show(done, total, 'users'),
      onGroup: (group) => {
        hasMoved ||= group.outcome === 'moved' && !dryRun;
        print(describeGroup(group, vault));
      },
    });
    line.clear();
    print(describeReport(report, vault, dryRun));
    console.log(`${dryRun ? mark : '[SUCCESS]'} ${summaryOf(report, dryRun)}`);
    return report.refused > 0 ? 1 : 0;
  } catch (error) {
    line.clear();
    if (error instanceof MigrationRefusedError && !hasMoved) throw error;
    const { name, message, stack } = error as Error;
    const isPlain = error instanceof MigrationRefusedError;
    const reason =
      name === 'BusyError' ? 'Another process keeps the database for itself.' : isPlain ? message : stack;
    console.error(`[ERROR] Not all were moved; run it again to go on. ${reason}`);
    return 1;
  } finally {
    line.clear();
  }
}
