import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { type Issue, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const CONTRACT = 'test/openmemory-contract.test.ts';
const ISOLATION = 'test/openmemory-isolation.test.ts';
const HABITS = 'test/openmemory-clients.test.ts';
const MCP = ['clients', 'context', 'protocol', 'readme', 'stdio', 'tools'].map(
  (part) => `test/mcp.${part}.test.ts`,
);
const NON_INTERFERENCE = ['test/non-interference.test.ts'];

const FLAWS = 14;
const FACTS = 100;
const MOST_LISTED = 0.15;
const RUNS = 300;

/** The clients that there are: keys, the REST contract of OpenMemory, MCP. */
export const clients: Issue = {
  name: 'clients',
  title: 'Existing clients keep working: API keys, the OpenMemory contract, and MCP',

  async measure(): Promise<Row[]> {
    const runs = { NONINTERFERENCE_RUNS: String(RUNS) };
    const files = [CONTRACT, ISOLATION, HABITS, ...MCP, ...NON_INTERFERENCE];
    const findings = await attempt('clients', () => runTests(files, runs));
    const onServer = await attempt('clients, on PostgreSQL', () => {
      if (TEST_DATABASE_URL === '') throw new Error('TEST_DATABASE_URL names no server');
      return runTests(NON_INTERFERENCE, { ...runs, TEST_DATABASE_URL });
    });
    return [
      exchanges(findings),
      flaws(findings),
      facts(findings),
      row(
        'official clients of MCP: every tool, wrong arguments, protocol errors',
        'all',
        findings?.allPass(MCP),
      ),
      interference('SQLite', findings),
      interference('PostgreSQL', onServer),
    ];
  },
};

function exchanges(findings: TestFindings | undefined): Row {
  const names = ['openmemory.exchanges', 'openmemory.listed', 'openmemory.differ'] as const;
  const outcome = findings?.outcome(CONTRACT, names, (figures) => {
    const [all, listed, differ] = names.map((name) => figures[name]);
    return {
      measured: `${all - differ} of ${all}; ${listed} listed (${((100 * listed) / all).toFixed(1)} %)`,
      passed: all > 0 && differ === 0 && listed <= MOST_LISTED * all,
    };
  });
  return row('recorded exchanges alike, or listed with a reason', '100 %; listed ≤ 15 %', outcome);
}

function flaws(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(
    ISOLATION,
    ['openmemory.leaks', 'openmemory.flaws'],
    ({ 'openmemory.leaks': leaks, 'openmemory.flaws': tried }) => ({
      measured: `${leaks} (${tried} flaws tried)`,
      passed: leaks === 0 && tried === FLAWS,
    }),
  );
  return row(`the ${FLAWS} flaws of isolation that OpenMemory had: leaks`, '0', outcome);
}

function facts(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(HABITS, ['openmemory.facts'], ({ 'openmemory.facts': kept }) => ({
    measured: String(kept),
    passed: kept === FACTS,
  }));
  return row(`${FACTS} distinct short facts stored one by one: kept`, String(FACTS), outcome);
}

function interference(database: string, findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(NON_INTERFERENCE, ['non-interference.runs'], (figures) => ({
    // A difference fails the test, and so the row.
    measured: `0 in ${figures['non-interference.runs']} runs`,
    passed: figures['non-interference.runs'] >= RUNS,
  }));
  return row(`non-interference over these routes and tools, ${RUNS} runs, ${database}`, '0', outcome);
}
