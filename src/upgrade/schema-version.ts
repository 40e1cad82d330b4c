import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { type StepInfo, steps } from '../../migrations/chain.js';
import { hasTable, isPostgres } from '../../migrations/ddl.js';
import { MIGRATIONS_TABLE, VERSION_TABLE } from '../../migrations/record-tables.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';

export interface AppliedSteps {
  readonly applied: readonly StepInfo[];
  readonly pending: readonly StepInfo[];
  /** What a newer Cairn has done, and this build does not know. */
  readonly unknown: readonly string[];
  /** Of a database that is to be taken over: the version that its own migrations have noted. */
  readonly peerVersion?: string;
}

/** Reads both tables; either may be missing. */
export function readAppliedSteps(database: Database.Database): AppliedSteps {
  return stepsOf(column(database, MIGRATIONS_TABLE, 'name'), column(database, VERSION_TABLE, 'version'));
}

/** @param names what TypeORM's table holds @param versions what `schema_version` holds */
export function stepsOf(names: readonly string[], versions: readonly string[]): AppliedSteps {
  return {
    applied: steps.filter(({ name }) => names.includes(name)),
    pending: steps.filter(({ name }) => !names.includes(name)),
    unknown: [
      ...names.filter((name) => !steps.some((step) => step.name === name)),
      ...versions.filter((version) => !steps.some((step) => step.version === version)),
    ],
  };
}

/** The version of the newest step that is applied, `none` before the first. */
export function currentVersion({ applied, peerVersion }: AppliedSteps): string {
  return applied.at(-1)?.version ?? peerVersion ?? 'none';
}

/** The newest version that OpenMemory's own migrations have noted, in a database that is to be taken over. */
export function readPeerVersion(database: Database.Database): string | undefined {
  const versions: unknown[] = column(database, VERSION_TABLE, 'version');
  return versions
    .filter((version): version is string => typeof version === 'string')
    .sort()
    .at(-1);
}

/** When each version was applied, in ms since 1970. @throws MigrationRefusedError when it cannot be read */
export function readAppliedTimes(path: string): Map<string, number> {
  if (isAbsentOrEmpty(path)) return new Map();
  const database = openReadOnly(path);
  try {
    if (!hasTable(database, VERSION_TABLE)) return new Map();
    const rows = database.prepare(`SELECT version, applied_at FROM "${VERSION_TABLE}"`).raw().all();
    return new Map(rows as [string, number][]);
  } finally {
    database.close();
  }
}

/**
 * Makes `schema_version` say what TypeORM's table says, inside the transaction that changed the latter. With
 * nothing applied any more, both tables go.
 */
export async function syncVersions(runner: QueryRunner, applied: readonly StepInfo[]): Promise<void> {
  if (applied.length === 0) {
    await runner.query(`DROP TABLE IF EXISTS "${VERSION_TABLE}"`);
    await runner.query(`DROP TABLE IF EXISTS "${MIGRATIONS_TABLE}"`);
    return;
  }
  await runner.query(
    `CREATE TABLE IF NOT EXISTS "${VERSION_TABLE}" ("version" text NOT NULL, "applied_at" bigint NOT NULL, ` +
      'CONSTRAINT "pk_schema_version" PRIMARY KEY ("version"))',
  );
  const mark = (n: number) => (isPostgres(runner) ? `$${n}` : '?');
  const marks = applied.map((_, i) => mark(i + 1)).join(', ');
  const versions = applied.map(({ version }) => version);
  await runner.query(`DELETE FROM "${VERSION_TABLE}" WHERE "version" NOT IN (${marks})`, versions);
  for (const version of versions) {
    await runner.query(
      `INSERT INTO "${VERSION_TABLE}" ("version", "applied_at") VALUES (${mark(1)}, ${mark(2)}) ON CONFLICT ("version") DO NOTHING`,
      [version, Date.now()],
    );
  }
}

function column(database: Database.Database, table: string, name: string): string[] {
  if (!hasTable(database, table)) return [];
  return database.prepare(`SELECT "${name}" FROM "${table}"`).pluck().all() as string[];
}
