import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import type { Progress } from '../chain-step.js';
import { countRows } from '../ddl.js';
import { releaseOf } from './old-tables.js';
import { type AdoptionOptions, hadTenants } from './owners.js';
import { type AdoptionRecord, recordAdoption } from './record.js';
import { type SetAside, dropSetAside } from './set-aside.js';
import { defineFunctions } from './sql-functions.js';
import { takeOver } from './take-over.js';

/**
 * Brings the rows of the tables that were set aside into vaults, and drops those tables.
 *
 * @param whole the database was OpenMemory's
 * @returns what became of them
 */
export async function adopt(
  runner: QueryRunner,
  tables: readonly SetAside[],
  options: AdoptionOptions,
  { whole, onProgress }: { whole: boolean; onProgress?: Progress },
): Promise<AdoptionRecord> {
  const startedAt = Date.now();
  defineFunctions((await runner.connect()) as Database.Database);
  const accounts = await takeOver(runner, tables, onProgress);
  await makeVaults(runner, options.vault);
  await countScopes(runner);
  const vaults = (await runner.query(
    `SELECT "vault_id" AS "id", (SELECT count(*) FROM "memories" m WHERE m."vault_id" = v."vault_id") AS "memories"
     FROM "vaults" v ORDER BY "vault_id"`,
  )) as AdoptionRecord['vaults'];
  const record: AdoptionRecord = {
    release: releaseOf(tables),
    whole,
    options,
    tenants: hadTenants(tables),
    at: startedAt,
    vaults,
    tables: accounts.map((account) => {
      const { kind, columns } = tables.find(({ name }) => name === account.table)!;
      return { ...account, kind, columns };
    }),
  };
  await recordAdoption(runner, record, options.vault, startedAt);
  await runner.query(`DROP TABLE "old_owners"`);
  await dropSetAside(runner, tables);
  return record;
}

/** Rows without an owner stay visible to the users of their vault. */
async function makeVaults(runner: QueryRunner, vault: string): Promise<void> {
  const now = Date.now();
  const sources = ['memories', 'users', 'facts', 'legacy_rows', 'stats'].map(
    (table) => `SELECT "vault_id" FROM "${table}"`,
  );
  await runner.query(
    `INSERT INTO "vaults"
     SELECT v."vault_id", v."vault_id", 'active', EXISTS (SELECT 1 FROM "memories" m
       WHERE m."vault_id" = v."vault_id" AND m."user_id" = ''), ?, ?, NULL
     FROM (SELECT ? AS "vault_id" UNION ${sources.join(' UNION ')}) v`,
    [now, now, vault],
  );
}

/** The counters of each owner. Version 0: the recall index has yet to be filled. */
async function countScopes(runner: QueryRunner): Promise<void> {
  await runner.query(
    `INSERT INTO "scopes"
       ("vault_id", "user_id", "next_position", "memory_count", "term_count", "index_version")
     SELECT "vault_id", "user_id", max("position") + 1, count(*), 0, 0
     FROM "memories" GROUP BY "vault_id", "user_id"`,
  );
}

/** Whether the tables hold anything. */
export async function haveRows(runner: QueryRunner, tables: readonly SetAside[]): Promise<boolean> {
  for (const { staged } of tables) if ((await countRows(runner, `"${staged}"`)) > 0) return true;
  return false;
}
