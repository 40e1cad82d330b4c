import { measureColdStarts } from '../bench/cold-start.js';
import { measureMemories } from '../bench/memories.js';
import { median } from '../bench/statistics.js';
import { measureWhoami } from '../bench/whoami.js';
import { type Issue, type Outcome, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const BATTERY = 'test/tenancy/battery.test.ts';
const MUTANTS = 'test/tenancy/mutants.test.ts';
const HOSTILE_JWTS = 'test/auth.hostile.test.ts';
const KILL = 'test/kill.test.ts';
const HOSTILE_INPUTS = 'test/hostile-inputs.test.ts';

/** Flat: ten times the memories cost at most this many times as much. */
const FLAT = 1.5;

/** The core: a running service whose ORM cannot leak. */
export const core: Issue = {
  name: 'core',
  title: 'The core: a running service whose ORM cannot leak',

  async measure(): Promise<Row[]> {
    // What is timed comes first, one after another and with nothing beside it.
    const speed = [await whoami(), await addAndGet(), await coldStart()];
    const files = [BATTERY, MUTANTS, HOSTILE_JWTS, KILL, HOSTILE_INPUTS];
    const findings = await attempt('isolation and robustness', () => runTests(files));
    return [...isolation(findings), kill(findings), ...speed, hostileInputs(findings)];
  },
};

function isolation(findings: TestFindings | undefined): Row[] {
  const battery = findings?.outcome(
    BATTERY,
    ['battery.leaks.vaults', 'battery.leaks.users', 'battery.paths'],
    (figures) => ({
      measured: `${figures['battery.leaks.vaults']}; ${figures['battery.leaks.users']} (${figures['battery.paths']} paths)`,
      passed:
        figures['battery.leaks.vaults'] === 0 &&
        figures['battery.leaks.users'] === 0 &&
        figures['battery.paths'] >= 91,
    }),
  );
  const mutants = findings?.outcome(MUTANTS, ['mutants.caught', 'mutants.total'], (figures) => {
    const caught = figures['mutants.caught'];
    const total = figures['mutants.total'];
    const percent = Math.floor((100 * caught) / total);
    return { measured: `${percent} % (${caught} of ${total})`, passed: total > 0 && caught === total };
  });
  const tokens = findings?.outcome(HOSTILE_JWTS, ['jwt.accepted', 'jwt.hostile'], (figures) => ({
    measured: `${figures['jwt.accepted']} of ${figures['jwt.hostile']}`,
    passed: figures['jwt.accepted'] === 0 && figures['jwt.hostile'] >= 2_000,
  }));
  return [
    row('access-path battery: leaks between vaults; between users', '0; 0', battery),
    row('mutants of the scoping caught', '100 %', mutants),
    row('hostile JWTs accepted', '0', tokens),
  ];
}

function kill(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(KILL, ['kill.lost', 'kill.unindexed', 'kill.cycles'], (figures) => ({
    measured: `${figures['kill.lost']}; ${figures['kill.unindexed']} (${figures['kill.cycles']} cycles)`,
    passed: figures['kill.lost'] === 0 && figures['kill.unindexed'] === 0 && figures['kill.cycles'] >= 10,
  }));
  return row(
    'kill -9 under 8 writers: acknowledged writes lost; rows without index entries',
    '0; 0',
    outcome,
  );
}

function hostileInputs(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(
    HOSTILE_INPUTS,
    ['hostile.failures', 'hostile.inputs', 'hostile.routes'],
    (figures) => ({
      measured: `${figures['hostile.failures']} of ${figures['hostile.inputs']} on ${figures['hostile.routes']} routes`,
      passed:
        figures['hostile.failures'] === 0 &&
        figures['hostile.routes'] > 0 &&
        figures['hostile.inputs'] >= 1_000 * figures['hostile.routes'],
    }),
  );
  return row('1,000 hostile inputs a route: 5xx or hangs', '0', outcome);
}

async function whoami(): Promise<Row> {
  const costs = await attempt('whoami', () => measureWhoami());
  const outcome = costs && judgeWhoami(median(costs.guarded.cpu), median(costs.open.cpu));
  return row(
    'GET /v1/whoami with JWT against the same handler public, server CPU',
    '≤ 2.2x, ≤ 100 µs more',
    outcome,
  );
}

function judgeWhoami(guarded: number, open: number): Outcome {
  const ratio = guarded / open;
  const more = guarded - open;
  return {
    measured: `${ratio.toFixed(2)}x, ${more.toFixed(0)} µs more (${guarded.toFixed(0)} against ${open.toFixed(0)})`,
    passed: ratio <= 2.2 && more <= 100,
  };
}

async function addAndGet(): Promise<Row> {
  const costs = await attempt('add and get', () => measureMemories());
  const outcome =
    costs &&
    judgeMemories(
      median(costs['add at 1000'].cpu),
      median(costs['add at 10000'].cpu),
      median(costs['get at 1000'].cpu),
      median(costs['get at 10000'].cpu),
    );
  return row('add; get: server CPU per request at 1k and 10k memories', '≤ 1 ms, flat', outcome);
}

/** Microseconds with a thousand memories and with ten thousand. */
function judgeMemories(add: number, addToMany: number, get: number, getOfMany: number): Outcome {
  const ms = (microseconds: number) => (microseconds / 1000).toFixed(2);
  return {
    measured: `${ms(add)} and ${ms(addToMany)} ms; ${ms(get)} and ${ms(getOfMany)} ms`,
    passed:
      Math.max(add, addToMany, get, getOfMany) <= 1_000 && addToMany <= FLAT * add && getOfMany <= FLAT * get,
  };
}

async function coldStart(): Promise<Row> {
  const seconds = await attempt('cold start', () => measureColdStarts());
  const outcome = seconds && { measured: `${median(seconds).toFixed(2)} s`, passed: median(seconds) <= 2 };
  return row('cold start, built: CPU time until ready', '≤ 2 s', outcome);
}
