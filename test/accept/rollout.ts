import { measureFlags } from '../bench/flags.js';
import { median } from '../bench/statistics.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { type Issue, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const PHASES = 'test/rollout/phases.test.ts';
const PERCENTAGES = 'test/rollout/flag-percentages.test.ts';
const FAULTS = ['file', 'provider', 'http'].map((part) => `test/rollout/flags-${part}.test.ts`);

const ALL_PHASES = 5;
const HOT_PATH_US = 5;
/** Percentage points. */
const OFF_TARGET = 1;

/** The phases of a rollout; and its flags: what they cost, whom percentages take in, what becomes of faults. */
export const rollout: Issue = {
  name: 'rollout',
  title: 'Phased rollout behind feature flags',

  async measure(): Promise<Row[]> {
    // What is timed comes first, with nothing beside it.
    const speed = await hotPath();
    const findings = await attempt('percentages and faults of flags', () =>
      runTests([PERCENTAGES, ...FAULTS]),
    );
    const onFile = await attempt('the five phases', () => runTests([PHASES]));
    const onServer = await attempt('the five phases, on PostgreSQL', () => {
      if (TEST_DATABASE_URL === '') throw new Error('TEST_DATABASE_URL names no server');
      return runTests([PHASES], { TEST_DATABASE_URL });
    });
    return [
      phases('SQLite', onFile),
      phases('PostgreSQL', onServer),
      speed,
      percentages(findings),
      faults(findings),
    ];
  },
};

function phases(database: string, findings: TestFindings | undefined): Row {
  const names = ['rollout.phases', 'rollout.memories', 'rollout.lost'] as const;
  const outcome = findings?.outcome(PHASES, names, (figures) => {
    const [walked, memories, lost] = names.map((name) => figures[name]);
    return {
      measured: `${walked} phases walked; ${lost} of ${memories} memories lost`,
      passed: walked === ALL_PHASES && memories > 0 && lost === 0,
    };
  });
  return row(
    `five phases walked end to end, forward and back, on ${database}`,
    'all assertions hold; 0 rows lost',
    outcome,
  );
}

async function hotPath(): Promise<Row> {
  const costs = await attempt('flags of a vault', measureFlags);
  const known = costs && median(costs.known);
  const outcome =
    known === undefined
      ? undefined
      : {
          measured: `${known.toFixed(2)} µs (all nine asked of the provider: ${median(costs!.asked).toFixed(0)} µs)`,
          passed: known <= HOT_PATH_US,
        };
  return row('flag evaluation on the hot path, CPU', `≤ ${HOT_PATH_US} µs`, outcome);
}

function percentages(findings: TestFindings | undefined): Row {
  const names = ['flags.off-target-10', 'flags.off-target-50', 'flags.flipped-back'] as const;
  const outcome = findings?.outcome(PERCENTAGES, names, (figures) => {
    const off = [figures['flags.off-target-10'], figures['flags.off-target-50']];
    const back = figures['flags.flipped-back'];
    return {
      measured: `at most ${off.map((points) => points.toFixed(2)).join(' / ')} points off; ${back} flipped back`,
      passed: off.every((points) => points <= OFF_TARGET) && back === 0,
    };
  });
  return row(
    'percentages of 10,000 vaults at 10 % / 50 %; vaults that flip back as they grow',
    `within ${OFF_TARGET} point of the target; 0`,
    outcome,
  );
}

function faults(findings: TestFindings | undefined): Row {
  return row(
    'broken flags file, missing provider, provider that throws or hangs',
    'last good value or the safe default; no 500',
    findings?.allPass(FAULTS),
  );
}
