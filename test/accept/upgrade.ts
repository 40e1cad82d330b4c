import { SEED } from '../bench/options.js';
import { type FileUpgradeCost, measureUpgrade } from '../bench/upgrade.js';
import { type Issue, type Outcome, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const SAMPLES = 'test/openmemory-samples.test.ts';
const KILL = 'test/openmemory.kill.test.ts';
const SAFETY = 'test/openmemory-safety.test.ts';
/** Every value, every release, and what its own migrations leave behind. */
const EVERY_ROW = [
  'test/openmemory-adoption.test.ts',
  'test/openmemory-awkward.test.ts',
  'test/openmemory-erasure.test.ts',
  'test/openmemory-output.test.ts',
  'test/openmemory-ownership.test.ts',
  'test/openmemory-recognition.test.ts',
  'test/openmemory-revert.test.ts',
  'test/openmemory-vectors.test.ts',
  'test/openmemory-manual-sql.test.ts',
];

const CPU_SECONDS = 10;
const RSS_MB = 300;
/** What a HEAD server stores by default, and in its hybrid tier. */
const FULL_DIM = 1536;
const SMALL_DIM = 256;
const SIZES = [5_000, 20_000, 100_000];
/** Linear: a further memory of the largest file costs at most this many times as much as one of the middle one. */
const LINEAR = 1.5;
const RUNNERS = 8;

/** Upgrade of OpenMemory's SQLite databases: nothing lost, found at once, and reversible. */
export const upgrade: Issue = {
  name: 'upgrade',
  title: 'Upgrade in place: every OpenMemory SQLite database, with nothing lost',

  async measure(): Promise<Row[]> {
    // What is timed comes first, one after another and with nothing beside it.
    const costs = [await fiveThousand(), await linear()];
    const findings = await attempt('samples, kills, runners and every release', () =>
      runTests([SAMPLES, KILL, SAFETY, ...EVERY_ROW]),
    );
    return [
      rows(findings),
      found(findings),
      ...costs,
      killed(findings),
      roundTrips(findings),
      runners(findings),
      tests(findings),
    ];
  },
};

function rows(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(SAMPLES, ['upgrade.rows', 'upgrade.lost'], (figures) => ({
    measured: `${figures['upgrade.lost']} of ${figures['upgrade.rows']}`,
    passed: figures['upgrade.lost'] === 0 && figures['upgrade.rows'] > 1_000,
  }));
  return row('rows lost or changed over every sample', '0', outcome);
}

function found(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(SAMPLES, ['upgrade.searched', 'upgrade.missed'], (figures) => {
    const searched = figures['upgrade.searched'];
    const first = searched - figures['upgrade.missed'];
    return {
      measured: `${((100 * first) / searched).toFixed(1)} % (${first} of ${searched})`,
      passed: searched > 0 && first === searched,
    };
  });
  return row(
    'memories found by their own distinctive words after upgrade, 200 sampled per file',
    '100 %',
    outcome,
  );
}

async function fiveThousand(): Promise<Row> {
  const cost = await attempt('upgrade of 5,000 memories', () => measureUpgrade(SIZES[0], FULL_DIM, SEED));
  const outcome = cost && {
    measured: describe(cost),
    passed: cost.cpu <= CPU_SECONDS && cost.peakRss <= RSS_MB * 1e6,
  };
  return row(
    `5,000 memories of ${FULL_DIM} dimensions with index, the whole command`,
    `≤ ${CPU_SECONDS} s of CPU, ≤ ${RSS_MB} MB`,
    outcome,
  );
}

async function linear(): Promise<Row> {
  const costs = await attempt('upgrade of up to 100,000 memories', async () => {
    const all: FileUpgradeCost[] = [];
    for (const memories of SIZES) all.push(await measureUpgrade(memories, SMALL_DIM, SEED));
    return all;
  });
  return row(
    `${SIZES.map((size) => `${size / 1000}k`).join(' / ')} memories of ${SMALL_DIM} dimensions: linear`,
    `≤ ${LINEAR}x for a further memory`,
    costs && judgeLinear(costs),
  );
}

function judgeLinear(costs: readonly FileUpgradeCost[]): Outcome {
  const [few, more, most] = costs;
  const further = (from: FileUpgradeCost, to: FileUpgradeCost) =>
    (to.cpu - from.cpu) / (to.memories - from.memories);
  const growth = further(more, most) / further(few, more);
  return {
    measured: `${costs.map(describe).join(' / ')}; ${growth.toFixed(2)}x`,
    passed: growth <= LINEAR,
  };
}

function describe({ cpu, peakRss, fileBytes }: FileUpgradeCost): string {
  return `${cpu.toFixed(1)} s, ${(peakRss / 1e6).toFixed(0)} MB (file of ${(fileBytes / 1e6).toFixed(0)} MB)`;
}

function killed(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(KILL, ['upgrade.kills', 'upgrade.kills.samples'], (figures) => ({
    // A difference fails the test, and so the row.
    measured: `100 % of ${figures['upgrade.kills']} statements, ${figures['upgrade.kills.samples']} samples among the files`,
    passed: figures['upgrade.kills'] > 1_000 && figures['upgrade.kills.samples'] > 0,
  }));
  return row('killed at every statement, then run again: converge to the clean run', '100 %', outcome);
}

function roundTrips(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(SAMPLES, ['upgrade.round trips'], (figures) => ({
    measured: `equal on ${figures['upgrade.round trips']} samples`,
    passed: figures['upgrade.round trips'] > 0,
  }));
  return row('up → down → up on each sample', 'equal hashes', outcome);
}

function runners(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(SAFETY, ['upgrade.runners'], (figures) => ({
    measured: `${figures['upgrade.runners']} of ${RUNNERS} exit 0, each step once`,
    passed: figures['upgrade.runners'] === RUNNERS,
  }));
  return row('eight runners at once', 'each step once, all exit 0', outcome);
}

function tests(findings: TestFindings | undefined): Row {
  return row(
    'every release, half-done migration, odd value, owner and vault',
    'tests pass',
    findings?.allPass(EVERY_ROW),
  );
}
