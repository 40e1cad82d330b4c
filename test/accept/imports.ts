import { type ImportCost, measureImport } from '../bench/import.js';
import { SEED } from '../bench/options.js';
import { type UpgradeCost, measurePostgresUpgrade } from '../bench/upgrade.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';
import { type Issue, type Row, attempt, row } from './row.js';
import { type TestFindings, runTests } from './tests.js';

const METAMORPH = 'test/import.metamorph.test.ts';
const MEMORY_MCP = 'test/import.memory-mcp.test.ts';
/** Whole, killed and run again, twice, taken back. */
const ALIKE = ['test/import.test.ts', 'test/import.kill.test.ts', METAMORPH, MEMORY_MCP];
const FORMATS = ['test/import.formats.test.ts', 'test/import.pieces.test.ts'];
const DUMPS = ['test/import.pg-dump.test.ts'];

const REHOME = ['test/rehome.test.ts', 'test/rehome.kill.test.ts', 'test/rehome.command.test.ts'];
const REHOMED_SAMPLES = 'test/rehome.samples.test.ts';
const SEED_DATA = 'test/seed-data.test.ts';

const ROWS = 100_000;
const ROWS_A_SECOND = 2_000;
/** With a fifth of the rows it needs nearly the same memory. */
const FEWER_ROWS = ROWS / 5;
const CONSTANT = 1.25;

/** Of OpenMemory's tables on PostgreSQL, as many as of its file for SQLite. */
const MEMORIES = 5_000;
const DIM = 1536;
const CPU_SECONDS = 10;
const RSS_MB = 300;
/** With vectors as bytes, and as those of pgvector. */
const SHAPES = ['1.3.0', 'HEAD'] as const;

/** Imports of other systems' files, and OpenMemory's tables on PostgreSQL. */
export const imports: Issue = {
  name: 'imports',
  title: 'Imports: the files of other systems, with nothing lost',

  async measure(): Promise<Row[]> {
    // What is timed comes first, with nothing beside it.
    const costs = [await onPostgres(), ...(await largeFile())];
    const findings = await attempt('imports', () =>
      runTests([...ALIKE, ...FORMATS, ...DUMPS, ...REHOME, REHOMED_SAMPLES, SEED_DATA]),
    );
    return [
      lost(findings, METAMORPH, 'Metamorph’s', ['import.rows', 'import.lost'], 1_000),
      lost(findings, MEMORY_MCP, 'Memory MCP’s', ['import.mcp-rows', 'import.mcp-lost'], 200),
      row(
        'import killed at any point and resumed; imported twice',
        'equal to one clean import',
        findings?.allPass(ALIKE),
      ),
      row('files of mem0, Zep, supermemory, OpenMemory, JSON lines', 'read', findings?.allPass(FORMATS)),
      row('dumps of PostgreSQL, however their values are written', 'read', findings?.allPass(DUMPS)),
      ...rehomed(findings),
      row('sample data added twice, taken away', 'once; exactly it', findings?.allPass([SEED_DATA])),
      ...costs,
    ];
  },
};

/** @param least rows that there have to be */
function lost(
  findings: TestFindings | undefined,
  test: string,
  whose: string,
  names: readonly [rows: string, lost: string],
  least: number,
): Row {
  const outcome = findings?.outcome(test, [...names], (figures) => {
    const [rows, missing] = names.map((name) => figures[name]);
    return { measured: `${missing} of ${rows}`, passed: missing === 0 && rows > least };
  });
  return row(`rows of ${whose} samples lost or changed`, '0', outcome);
}

/** Users of every sample in vaults of their own. */
function rehomed(findings: TestFindings | undefined): Row[] {
  const outcome = findings?.outcome(
    REHOMED_SAMPLES,
    ['rehome.rows', 'rehome.changed', 'rehome.torn'],
    (figures) => ({
      measured:
        `${figures['rehome.changed']} tables differ, ${figures['rehome.torn']} split ` +
        `(${figures['rehome.rows']} rows)`,
      passed:
        figures['rehome.changed'] === 0 && figures['rehome.torn'] === 0 && figures['rehome.rows'] > 1_000,
    }),
  );
  return [
    row('re-homing every sample: rows before = after; trees split', 'equal; 0', outcome),
    row('re-homing killed at any point and run again', 'equal to one clean run', findings?.allPass(REHOME)),
  ];
}

/** Needs a superuser's URL of a scratch server in TEST_DATABASE_URL. */
async function onPostgres(): Promise<Row> {
  const costs = await attempt('upgrade on PostgreSQL', async () => {
    if (TEST_DATABASE_URL === '') throw new Error('TEST_DATABASE_URL names no server');
    const all: UpgradeCost[] = [];
    for (const shape of SHAPES) all.push(await measurePostgresUpgrade(shape, MEMORIES, DIM, SEED));
    return all;
  });
  return row(
    `OpenMemory on PostgreSQL, ${MEMORIES} memories of ${DIM} dimensions, the whole command (1.3 / later)`,
    `≤ ${CPU_SECONDS} s of CPU, ≤ ${RSS_MB} MB`,
    costs && {
      measured: costs
        .map(({ cpu, peakRss }) => `${cpu.toFixed(1)} s, ${Math.round(peakRss / 1e6)} MB`)
        .join(' / '),
      passed: costs.every(({ cpu, peakRss }) => cpu <= CPU_SECONDS && peakRss <= RSS_MB * 1e6),
    },
  );
}

async function largeFile(): Promise<Row[]> {
  const few = await attempt(`import of ${FEWER_ROWS} rows`, () => measureImport(FEWER_ROWS, SEED));
  const many = await attempt(`import of ${ROWS} rows`, () => measureImport(ROWS, SEED));
  return [
    row(
      `${ROWS}-row import, the whole command`,
      `≥ ${ROWS_A_SECOND} rows per CPU second`,
      many && speed(many),
    ),
    row(
      `memory of it beside that of ${FEWER_ROWS} rows`,
      `≤ ${CONSTANT} times as much`,
      many && few && { measured: memory(few, many), passed: many.peakRss <= CONSTANT * few.peakRss },
    ),
  ];
}

function speed({ rows, cpu }: ImportCost) {
  return { measured: `${Math.round(rows / cpu)} (${cpu.toFixed(1)} s)`, passed: rows / cpu >= ROWS_A_SECOND };
}

function memory(few: ImportCost, many: ImportCost): string {
  const [less, more] = [few, many].map(({ peakRss }) => Math.round(peakRss / 1e6));
  return `${(many.peakRss / few.peakRss).toFixed(2)} (${more} MB, ${less} MB)`;
}
