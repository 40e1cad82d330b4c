import { ProgressLine } from '../../src/cli/progress-line.js';
import { measureColdStarts } from './cold-start.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { madeDatabase } from './measured-database.js';
import { USAGE, UsageError, readOptions } from './options.js';
import { LEGEND, costLine, costTable, spaceTable } from './report.js';
import { measureStands } from './stands.js';
import { median } from './statistics.js';
import { measureWhoami } from './whoami.js';

/**
 * `npm run bench`: what the built service's operations cost, on SQLite, or on PostgreSQL where TEST_DATABASE_URL names
 * a server.
 */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const database = TEST_DATABASE_URL === '' ? 'SQLite' : 'PostgreSQL';
  process.stdout.write(`${database}, seed ${options.seed}, ${options.rounds} rounds.\n${LEGEND}\n`);
  const progress = new ProgressLine(process.stderr);
  const results = await measureStands({ ...options, makeDatabase: madeDatabase }, (done, total, what) =>
    progress.show(done, total, what),
  );
  progress.clear();
  process.stdout.write(`${costTable(results)}\n\n${spaceTable(results)}\n`);
  if (options.partial) return;

  const { guarded, keyed, open } = await measureWhoami(madeDatabase);
  const starts = await measureColdStarts(madeDatabase);
  process.stdout.write(`
${costLine('whoami, guarded', guarded)}
${costLine('whoami, API key', keyed)}
${costLine('whoami, public', open)}
cold start: ${median(starts).toFixed(2)} s of CPU until ready (least ${Math.min(...starts).toFixed(2)})
`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
