import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../src/version.js';
import type { Outcome } from './row.js';

/** What test files found: whether each passed, and the figures they recorded (test/harness/figures.ts). */
export class TestFindings {
  constructor(
    private readonly passed: ReadonlySet<string>,
    private readonly figures: ReadonlyMap<string, number>,
  ) {}

  /**
   * The outcome of a row that test files measure. Each must have passed as a whole, whatever its figures.
   *
   * @param names of the figures that the row needs; when one is missing it was not measured
   */
  outcome<Name extends string>(
    files: string | readonly string[],
    names: readonly Name[],
    judge: (figures: Record<Name, number>) => Outcome,
  ): Outcome | undefined {
    if (!names.every((name) => this.figures.has(name))) return undefined;
    const figures = Object.fromEntries(names.map((name) => [name, this.figures.get(name)!]));
    const { measured, passed } = judge(figures as Record<Name, number>);
    const all = this.allPass([files].flat());
    return all.passed ? { measured, passed } : { measured: `${measured}; ${all.measured}`, passed: false };
  }

  /** The outcome of a row that holds when these test files pass, each as a whole. */
  allPass(files: readonly string[]): Outcome {
    const failing = files.filter((file) => !this.passed.has(file));
    return failing.length === 0
      ? { measured: `${files.length} of ${files.length} test files pass`, passed: true }
      : { measured: `${failing.join(', ')} ${failing.length > 1 ? 'fail' : 'fails'}`, passed: false };
  }
}

/**
 * Runs test files, as `npm test` would: on SQLite, unless the settings name a server in TEST_DATABASE_URL. A figure
 * recorded more than once counts as the sum.
 *
 * @param settings of the tests, beside those of this process
 */
export async function runTests(
  files: readonly string[],
  settings: NodeJS.ProcessEnv = {},
): Promise<TestFindings> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-accept-'));
  const report = join(folder, 'report.json');
  const figures = join(folder, 'figures');
  try {
    await runVitest([...files, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
      TEST_DATABASE_URL: undefined,
      ...settings,
      FIGURES_FILE: figures,
    });
    return new TestFindings(readPassed(report), readFigures(figures));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runVitest(args: readonly string[], settings: NodeJS.ProcessEnv): Promise<void> {
  const vitest = join(packageRoot, 'node_modules/vitest/vitest.mjs');
  // Standard output belongs to the table.
  const child = spawn(
    process.execPath,
    [vitest, 'run', '-c', 'test/vitest.config.ts', '--root', '.', ...args],
    { cwd: packageRoot, env: { ...process.env, ...settings }, stdio: ['ignore', 2, 2] },
  );
  await once(child, 'close');
}

/** The files that passed, from the root of the project. */
function readPassed(report: string): Set<string> {
  if (!existsSync(report)) return new Set();
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
  };
  const passed = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'passed' &&
      assertionResults.length > 0 &&
      assertionResults.every((test) => test.status === 'passed'),
  );
  return new Set(passed.map(({ name }) => resolve(name).slice(packageRoot.length + 1)));
}

function readFigures(file: string): Map<string, number> {
  const figures = new Map<string, number>();
  if (!existsSync(file)) return figures;
  for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const { name, value } = JSON.parse(line) as { name: string; value: number };
    figures.set(name, (figures.get(name) ?? 0) + value);
  }
  return figures;
}
