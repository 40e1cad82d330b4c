import type { DataSource } from 'typeorm';
import { isPostgres } from '../../src/database/dialect.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { TenantWorld } from '../harness/tenants.js';
import { Attempt, type Outcome, type Path } from './attempt.js';
import { PATHS } from './paths/all.js';
import type { Setting } from './settings.js';

export interface Finding {
  readonly path: string;
  readonly outcome: Outcome;
  readonly expected: Outcome;
  /** What got out, or was changed; undefined where nothing did. */
  readonly leak?: string;
  /** What it threw. */
  readonly error?: string;
}

/** Findings that are not as they must be. */
export function failures(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ leak, outcome, expected }) => leak !== undefined || outcome !== expected);
}

/**
 * Goes every path in one setting, twice: in a world with the others' rows, and in one where they never were.
 * A leak is a foreign canary in the answer, a change of a foreign row, or an answer that is not the same in
 * both worlds (which finds counts, sums, ids and error messages that tell of others).
 *
 * @param template a seeded database
 * @param enough whether the findings so far will do
 */
export async function runBattery(
  template: string,
  setting: Setting,
  open: (path: string) => Promise<DataSource>,
  enough: (findings: readonly Finding[]) => boolean = () => false,
): Promise<Finding[]> {
  const full = await TenantWorld.open(template, open);
  const alone = await TenantWorld.open(template, open, setting.reads);
  const findings: Finding[] = [];
  try {
    for (const path of PATHS) {
      if (enough(findings)) break;
      const seen = await go(path, full, setting);
      const expected = expectation(path, setting, isPostgres(full.dataSource));
      let leak = seen.leak;
      if (!leak && !(path.tellsTakenIds && setting.name !== 'vaults')) {
        const { answer } = await go(path, alone, setting);
        if (inNoOrder(answer) !== inNoOrder(seen.answer))
          leak = `answers ${seen.answer}, and without the others' rows ${answer}`;
      }
      findings.push({ path: path.name, outcome: seen.outcome, expected, leak, error: seen.error });
    }
  } finally {
    await full.close();
    await alone.close();
  }
  return findings;
}

interface Seen {
  readonly answer: string;
  readonly outcome: Outcome;
  readonly error?: string;
  readonly leak?: string;
}

async function go(path: Path, world: TenantWorld, setting: Setting): Promise<Seen> {
  const attempt = new Attempt(world.dataSource, setting);
  let answer: string;
  let error: string | undefined;
  try {
    const result = await TenantContext.run(setting.scope, async () => path.run(attempt));
    answer = asText(result);
  } catch (thrown) {
    error = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    answer = error;
  }
  const changed = world.changes(setting.writes);
  const unsettled = path.unsettling === true && attempt.byHand;
  if (unsettled || changed.own || changed.foreign) await world.restore(unsettled);
  const canaries = [...new Set(answer.match(/canary\.\w+\.[\w-]+\./g) ?? [])];
  const stolen = canaries.find((text) => !setting.readsCanary(text));
  const worked = changed.own || canaries.length > 0 || tellsSomething(answer);
  return {
    answer,
    error,
    outcome: error !== undefined ? 'refused' : worked ? 'scoped' : 'nothing',
    leak: changed.foreign ? 'changed rows of others' : stolen && `holds ${stolen} in ${answer.slice(0, 300)}`,
  };
}

/** A number that is not 0, or `true`: a count, a sum or an existence. */
function tellsSomething(answer: string): boolean {
  return /(?:^|[:[,"])(?:true|-?[1-9]\d*(?:\.\d+)?|0?\.\d+)(?=$|[,\]}"])/.test(answer);
}

function expectation({ expect, expectOnPostgres }: Path, { name }: Setting, onPostgres: boolean): Outcome {
  if (onPostgres && expectOnPostgres) return expectOnPostgres;
  if (typeof expect === 'string') return expect;
  const [vaults, users, sharing = users] = expect;
  return { vaults, users, sharing }[name];
}

function asText(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'bigint') return String(inner);
      if (inner instanceof Map) return [...inner];
      const bytes = inner as { type?: unknown; data?: unknown } | null;
      if (bytes?.type === 'Buffer' && Array.isArray(bytes.data)) {
        return Buffer.from(bytes.data as number[]).toString('latin1');
      }
      return inner;
    }) ?? ''
  );
}

/**
 * An answer as the same text in whatever order its rows are: where none is asked for, PostgreSQL gives them as they
 * lie and as its plan takes them, those of its catalog too: which table it refuses first says nothing of any row. On
 * SQLite the order counts.
 */
function inNoOrder(answer: string | undefined): string | undefined {
  if (!onPostgres || answer === undefined) return answer;
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((item) => JSON.stringify(sorted(item))).sort();
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]));
  };
  try {
    return JSON.stringify(sorted(JSON.parse(answer)));
  } catch {
    return answer.replace(/must be owner of table \w+/, 'must be owner of a table');
  }
}
