import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import type { AdoptionOptions } from './owners.js';
import { type OldObject, oldSchema, type SetAside } from './set-aside.js';
import type { Account } from './take-over.js';

/** The id of the row of `imports` that tells of the adoption; there is one at most. */
export const ADOPTION = 'adoption';

/** What `imports.counts` says of an adoption: all that it takes to give the old tables back. */
export interface AdoptionRecord {
  readonly release: string;
  /** The database was OpenMemory's, and comes back as such; otherwise it was ours, without vaults. */
  readonly whole: boolean;
  readonly options: AdoptionOptions;
  /** Whether owners of 16 hex digits were tenants. */
  readonly tenants: boolean;
  /** When it was; ms since 1970. */
  readonly at: number;
  /** The vaults that rows came into, with the number of memories. */
  readonly vaults: readonly { readonly id: string; readonly memories: number }[];
  readonly tables: readonly (Account & {
    readonly columns: readonly string[];
    readonly kind: SetAside['kind'];
  })[];
}

/** Writes down what was done, and what the old schema was. */
export async function recordAdoption(
  runner: QueryRunner,
  record: AdoptionRecord,
  vaultId: string,
  startedAt: number,
): Promise<void> {
  const now = Date.now();
  await runner.query(`INSERT INTO "imports" VALUES (?, ?, 'openmemory', 'done', ?, ?, ?)`, [
    vaultId,
    ADOPTION,
    JSON.stringify(record),
    startedAt,
    now,
  ]);
  for (const { position, type, name, sql } of await oldSchema(runner)) {
    await runner.query(
      `INSERT INTO "legacy_rows" ("vault_id", "id", "source_table", "reason", "data", "created_at")
       VALUES (?, ?, 'sqlite_schema', 'the schema of the old tables', ?, ?)`,
      [vaultId, `sqlite_schema:${position}`, JSON.stringify({ type, name, sql }), now],
    );
  }
}

/** @returns undefined where nothing was adopted, or it is not known any more */
export function readAdoption(database: Database.Database): AdoptionRecord | undefined {
  const rows = database
    .prepare(`SELECT "counts" FROM "imports" WHERE "id" = ? AND "source" = 'openmemory'`)
    .pluck()
    .all(ADOPTION) as string[];
  return rows.length === 1 ? (JSON.parse(rows[0]) as AdoptionRecord) : undefined;
}

/** The old schema, in the order in which it was made. */
export async function readOldSchema(runner: QueryRunner): Promise<OldObject[]> {
  const rows = (await runner.query(
    `SELECT "id", "data" FROM "legacy_rows" WHERE "source_table" = 'sqlite_schema'`,
  )) as { id: string; data: string }[];
  return rows
    .map(({ id, data }) => ({
      position: Number(id.split(':')[1]),
      ...(JSON.parse(data) as Omit<OldObject, 'position'>),
    }))
    .sort((a, b) => a.position - b.position);
}
