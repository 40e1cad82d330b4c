import type { AnyDatabase } from '../upgrade/all-vaults.js';
import type { Print } from './migrate-output.js';
import { ProgressLine } from './progress-line.js';
import { describeReindex } from './reindex-report.js';

/**
 * Rows that a migration took over, and what an older version indexed, are not found by searches before.
 *
 * @returns whether it was done
 */
export async function fillIndex(database: AnyDatabase, print: Print): Promise<boolean> {
  const line = new ProgressLine(process.stderr);
  const progress = (done: number, total: number) => line.show(done, total, 'memories looked at');
  try {
    // Most of the service comes with it, which the other commands do without.
    const { reindexDatabase } = await import('../upgrade/reindex-database.js');
    const report = await reindexDatabase({ database, progress });
    line.clear();
    if (report.memories > 0) print(`[MIGRATE] Recall index: ${describeReindex(report)}`);
    return true;
  } catch (error) {
    line.clear();
    console.error(
      `[ERROR] The migration is done, but the recall index is not filled (${(error as Error).message}): ` +
        'run `npm run reindex`, or start the service, which fills it while it runs.',
    );
    return false;
  } finally {
    line.clear();
  }
}
