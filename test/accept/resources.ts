import { measureErasure } from '../bench/erasure.js';
import { measureMemories } from '../bench/memories.js';
import { SEED } from '../bench/options.js';
import { median } from '../bench/statistics.js';
import { measureWaypoints } from '../bench/waypoints.js';
import { type Issue, type Outcome, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const NON_INTERFERENCE = ['test/non-interference.test.ts', 'test/non-interference.mutants.test.ts'];
const WALKS = 'test/list-walks.test.ts';
const ERASURE = 'test/vaults.test.ts';
const HOSTILE_INPUTS = 'test/hostile-inputs.test.ts';

const RUNS = 300;
const ADD_MS = 1;
const WALK_MS = 5;
const ERASURE_SECONDS = 5;

/** Users, sessions, collections, waypoints, stats, vaults: what they cost, and that they hold. */
export const resources: Issue = {
  name: 'resources',
  title: 'Users, sessions, collections, waypoints, stats, vaults: the whole resource API',

  async measure(): Promise<Row[]> {
    // What is timed comes first, one after another and with nothing beside it.
    const speed = [await add(), await walks(), await erasure()];
    const files = [...NON_INTERFERENCE, WALKS, ERASURE, HOSTILE_INPUTS];
    const findings = await attempt('isolation and robustness', () => runTests(files));
    return [interference(findings), listWalks(findings), ...speed, traces(findings), hostile(findings)];
  },
};

function interference(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(NON_INTERFERENCE, ['non-interference.runs'], (figures) => ({
    // A difference fails the test, and so the row.
    measured: `0 in ${figures['non-interference.runs']} runs`,
    passed: figures['non-interference.runs'] >= RUNS,
  }));
  return row(`non-interference over every route, ${RUNS} runs: differences`, '0', outcome);
}

function listWalks(findings: TestFindings | undefined): Row {
  const names = ['walks.lists', 'walks.rows', 'walks.doubled', 'walks.missed'] as const;
  const outcome = findings?.outcome(WALKS, names, (figures) => ({
    measured: `${figures['walks.doubled']}; ${figures['walks.missed']} (${figures['walks.lists']} lists, ${figures['walks.rows']} rows)`,
    passed:
      figures['walks.doubled'] === 0 &&
      figures['walks.missed'] === 0 &&
      figures['walks.rows'] >= 10_000 * figures['walks.lists'],
  }));
  return row('lists of 10,000 walked while others write: rows twice; rows missed', '0; 0', outcome);
}

async function add(): Promise<Row> {
  const costs = await attempt('add with summaries and waypoints', () => measureMemories());
  const outcome = costs && judgeMs([median(costs['add at 10000'].cpu)], ADD_MS);
  return row('add at 10k with summaries and automatic waypoints, server CPU', `≤ ${ADD_MS} ms`, outcome);
}

async function walks(): Promise<Row> {
  const costs = await attempt('walks along waypoints', () => measureWaypoints(SEED));
  const outcome =
    costs && judgeMs([median(costs.neighbours.cpu), median(costs['shortest path'].cpu)], WALK_MS);
  return row('neighbours depth 2; shortest path at 10k memories, server CPU', `≤ ${WALK_MS} ms`, outcome);
}

/** @param costs in microseconds */
function judgeMs(costs: readonly number[], bar: number): Outcome {
  const milliseconds = costs.map((cost) => cost / 1000);
  return {
    measured: `${milliseconds.map((cost) => cost.toFixed(2)).join('; ')} ms`,
    passed: milliseconds.every((cost) => cost <= bar),
  };
}

async function erasure(): Promise<Row> {
  const costs = await attempt('erasing vaults', () => measureErasure(SEED));
  const seconds = costs && median(costs) / 1e6;
  const outcome =
    seconds === undefined
      ? undefined
      : { measured: `0 rows, ${seconds.toFixed(2)} s`, passed: seconds <= ERASURE_SECONDS };
  return row('erasing a vault of 10,000: rows left, server CPU', `0 rows, ≤ ${ERASURE_SECONDS} s`, outcome);
}

function traces(findings: TestFindings | undefined): Row {
  const outcome = findings?.allPass([ERASURE]);
  return row('erasing a vault: rows and canaries in any table', '0; 0', outcome);
}

function hostile(findings: TestFindings | undefined): Row {
  const names = ['hostile.failures', 'hostile.inputs', 'hostile.routes'] as const;
  const outcome = findings?.outcome(HOSTILE_INPUTS, names, (figures) => ({
    measured: `${figures['hostile.failures']} of ${figures['hostile.inputs']} on ${figures['hostile.routes']} routes`,
    passed:
      figures['hostile.failures'] === 0 && figures['hostile.inputs'] >= 1_000 * figures['hostile.routes'],
  }));
  return row('1,000 hostile inputs a route: 5xx', '0', outcome);
}
