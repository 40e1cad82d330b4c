import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { type StepInfo, steps } from '../../migrations/chain.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';

/** TypeORM's record of the migrations that were applied. */
export const MIGRATIONS_TABLE = 'migrations';
/** What people and other programs read: the version the schema has. */
export const VERSION_TABLE = 'schema_version';

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
  const names = column(database, MIGRATIONS_TABLE, 'name');
  const versions = column(database, VERSION_TABLE, 'version');
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
  const marks = applied.map(() => '?').join(', ');
  const versions = applied.map(({ version }) => version);
  await runner.query(`DELETE FROM "${VERSION_TABLE}" WHERE "version" NOT IN (${marks})`, versions);
  for (const version of versions) {
    await runner.query(
      `INSERT INTO "${VERSION_TABLE}" ("version", "applied_at") VALUES (?, ?) ON CONFLICT ("version") DO NOTHING`,
      [version, Date.now()],
    );
  }
}

function column(database: Database.Database, table: string, name: string): string[] {
  if (!hasTable(database, table)) return [];
  return database.prepare(`SELECT "${name}" FROM "${table}"`).pluck().all() as string[];
}

function hasTable(database: Database.Database, table: string): boolean {
  const sql = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`;
  return database.prepare(sql).get(table) !== undefined;
}
