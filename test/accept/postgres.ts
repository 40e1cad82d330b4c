import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { type ClientsResult, measureClients } from '../bench/clients.js';
import { onPostgres } from '../bench/measured-database.js';
import { SEED } from '../bench/options.js';
import { type Result, measureStands } from '../bench/stands.js';
import { median, medianRatio } from '../bench/statistics.js';
import { type UnitCosts, measureUnitsOfWork } from '../bench/unit-of-work.js';
import { type Issue, type Outcome, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const ROW_SECURITY = 'test/postgres/row-security.test.ts';
const IMMEDIATE_STOP = 'test/postgres/immediate-stop.test.ts';
const MIGRATION_CUT = 'test/postgres/migration-cut.test.ts';
const NON_INTERFERENCE = ['test/non-interference.test.ts', 'test/non-interference.mutants.test.ts'];

/** Milliseconds of server CPU that a search may cost, by the memories of its user. */
const SEARCH = new Map([
  [1_000, 2.5],
  [10_000, 7],
  [100_000, 50],
]);
const ROUNDS = 9;
const SECURITY_COST = 1.35;
const STOPS = 10;
const RUNS = 300;

/** PostgreSQL: needs a superuser's URL of a scratch server in TEST_DATABASE_URL. */
export const postgres: Issue = {
  name: 'postgres',
  title: 'PostgreSQL in production: two independent lines of isolation, and real servers',

  async measure(): Promise<Row[]> {
    const onServer = <T>(what: string, measure: () => Promise<T>) =>
      attempt(what, () => {
        if (TEST_DATABASE_URL === '') throw new Error('TEST_DATABASE_URL names no server');
        return measure();
      });
    // What is timed comes first, one after another and with nothing beside it.
    const stands = await onServer('search', searches);
    const units = await onServer('cost of row-level security', () => measureUnitsOfWork(SEED));
    const clients = await onServer('eight clients', () => measureClients(SEED, onPostgres));
    const findings = await onServer('isolation, stops and cuts', () =>
      runTests([ROW_SECURITY, IMMEDIATE_STOP, MIGRATION_CUT, ...NON_INTERFERENCE], {
        TEST_DATABASE_URL,
        IMMEDIATE_STOPS: String(STOPS),
        MIGRATION_CUTS_TOGETHER: '1',
        NONINTERFERENCE_RUNS: String(RUNS),
      }),
    );
    return [
      row('8 clients × 500 adds and searches: errors; lost', '0; 0', clients && judgeClients(clients)),
      row(
        'search, CPU in Node at 1k / 10k / 100k memories of one user',
        `≤ ${[...SEARCH.values()].join(' / ')} ms`,
        stands && judgeSearch(stands),
      ),
      row(
        'row-level security and unit of work against without, five statements, CPU in Node',
        `≤ ${SECURITY_COST}x`,
        units && judgeUnits(units),
      ),
      row(
        'role of the service without context; with A’s, any statement on B: rows',
        '0; 0',
        findings?.allPass([ROW_SECURITY]),
      ),
      stops(findings),
      cuts(findings),
      interference(findings),
    ];
  },
};

function searches(): Promise<Result[]> {
  const extents = [...SEARCH.keys()].map((memories) => ({ vaults: 1, memories }));
  const operations = new Set(['search'] as const);
  return measureStands({ extents, operations, rounds: ROUNDS, seed: SEED, makeDatabase: onPostgres });
}

function judgeClients({ requests, errors, unfound, lost }: ClientsResult): Outcome {
  const which = errors.length > 0 ? ` ${[...new Set(errors)].join(', ')}` : '';
  return {
    measured: `${errors.length}${which}; ${lost} (${requests} requests, ${unfound} found others first)`,
    passed: errors.length === 0 && lost === 0 && requests >= 8_000,
  };
}

function judgeSearch(results: readonly Result[]): Outcome {
  const costs = [...SEARCH].map(([memories, bar]) => {
    const { operations } = results.find(({ extent }) => extent.memories === memories)!;
    const { costs: search, whoami } = operations.get('search')!;
    return { cost: median(search.cpu) / 1000, whoami: median(whoami.cpu) / 1000, bar };
  });
  // Where other work makes all CPU time longer, the empty guarded route in the same rounds shows it.
  const beside = costs.map(({ whoami }) => whoami.toFixed(2)).join(' / ');
  return {
    measured: `${costs.map(({ cost }) => cost.toFixed(2)).join(' / ')} ms (whoami ${beside})`,
    passed: costs.every(({ cost, bar }) => cost <= bar),
  };
}

function judgeUnits({ secured, bare, postgres: server }: UnitCosts): Outcome {
  const ratio = medianRatio(secured.cpu, bare.cpu);
  const ms = (cpu: readonly number[]) => (median(cpu) / 1000).toFixed(2);
  const there =
    server === undefined
      ? ''
      : `; PostgreSQL's own ${(server.secured / server.bare).toFixed(2)}x, ${server.secured.toFixed(2)} against ${server.bare.toFixed(2)}`;
  return {
    measured: `${ratio.toFixed(2)}x (${ms(secured.cpu)} against ${ms(bare.cpu)} ms${there})`,
    passed: ratio <= SECURITY_COST,
  };
}

function stops(findings: TestFindings | undefined): Row {
  const names = [
    'immediate-stop.stops',
    'immediate-stop.acknowledged',
    'immediate-stop.lost',
    'immediate-stop.refused',
  ] as const;
  const outcome = findings?.outcome(IMMEDIATE_STOP, names, (figures) => ({
    // Another answer than 503 meanwhile, or none afterwards, fails the test, and so the row.
    measured:
      `${figures['immediate-stop.lost']} of ${figures['immediate-stop.acknowledged']} lost over ` +
      `${figures['immediate-stop.stops']} stops, ${figures['immediate-stop.refused']} answers 503`,
    passed: figures['immediate-stop.lost'] === 0 && figures['immediate-stop.stops'] >= STOPS,
  }));
  return row(
    `server stopped with -m immediate under load and restarted, ${STOPS} times`,
    '0 acknowledged lost, 503 meanwhile, answers again without restart',
    outcome,
  );
}

function cuts(findings: TestFindings | undefined): Row {
  const names = ['migration-cut.statements', 'migration-cut.converged'] as const;
  const outcome = findings?.outcome(MIGRATION_CUT, names, (figures) => {
    const statements = figures['migration-cut.statements'];
    const converged = figures['migration-cut.converged'];
    return {
      measured: `${Math.floor((100 * converged) / statements)} % of ${statements} statements`,
      passed: statements > 50 && converged === statements,
    };
  });
  return row(
    'migration cut at every statement (backend terminated), run again',
    '100 % converge (pg_dump -s equal)',
    outcome,
  );
}

function interference(findings: TestFindings | undefined): Row {
  const outcome = findings?.outcome(NON_INTERFERENCE, ['non-interference.runs'], (figures) => ({
    // A difference fails the test, and so the row.
    measured: `0 in ${figures['non-interference.runs']} runs`,
    passed: figures['non-interference.runs'] >= RUNS,
  }));
  return row(`non-interference, ${RUNS} runs on PostgreSQL: differences`, '0', outcome);
}
