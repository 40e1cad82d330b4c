import { parseArgs } from 'node:util';
import { ProgressLine } from '../../src/cli/progress-line.js';
import { CATEGORIES, DatasetError, readLocomo } from './locomo.js';
import { type RecallFigures, RANKS } from './recall-figures.js';
import { type RecallResult, measureRecall } from './recall.js';
import { table } from './report.js';

const USAGE = `npm run bench:recall -- --dataset FILE
  FILE: conversations in the form of LoCoMo (locomo10.json)
`;

/** `npm run bench:recall`: how much of what answers a question is found, of the built service over HTTP. */
async function main(): Promise<void> {
  const conversations = readLocomo(datasetOf(process.argv.slice(2)));
  const progress = new ProgressLine(process.stderr);
  const result = await measureRecall(conversations, (done, total, what) => progress.show(done, total, what));
  progress.clear();
  process.stdout.write(report(result));
  if (result.notStored > 0) process.exitCode = 1;
}

/** @throws DatasetError when none is named */
function datasetOf(args: string[]): string {
  try {
    const { values } = parseArgs({ args, options: { dataset: { type: 'string' } } });
    if (values.dataset) return values.dataset;
  } catch (error) {
    throw new DatasetError(`${(error as Error).message}\n\n${USAGE}`);
  }
  throw new DatasetError(`No data set was named.\n\n${USAGE}`);
}

function report({ overall, byCategory, added, notStored }: RecallResult): string {
  const rows = [...byCategory].map(([category, figures]) => rowOf(CATEGORIES[category], figures));
  const head = ['questions', 'count', ...RANKS.map((rank) => `R@${rank}`), 'MRR'];
  return `${table(1, head, [...rows, rowOf('all', overall)])}

Adds answered: ${added}; of these not stored, or not whole: ${notStored}
`;
}

function rowOf(name: string, { questions, recall, reciprocalRank }: RecallFigures): string[] {
  const percent = (value: number) => (100 * value).toFixed(1);
  return [name, String(questions), ...RANKS.map((rank) => percent(recall[rank])), percent(reciprocalRank)];
}

try {
  await main();
} catch (error) {
  if (!(error instanceof DatasetError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
