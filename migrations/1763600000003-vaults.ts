import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { Adopt1763600000001 } from './1763600000001-adopt.js';
import { Users1763600000002 } from './1763600000002-users.js';
import { type ChainStep, refuseUnlessEmpty } from './chain-step.js';
import { columnNames, countRows, createIndexes, createTable, dropTables, renameTable } from './ddl.js';
import { type RowCopy, rowCopies } from './vault-copies.js';
import { vaultTables } from './vault-tables.js';

/** Where rows go that were stored before there were vaults. */
const DEFAULT_VAULT = 'default-vault';

/**
 * Many organisations in one service: `vault_id` leads every table, key and index, and all tables that follow
 * from it are made. Tables that exist are rebuilt: create, copy, drop, rename.
 */
export class Vaults1763600000003 implements ChainStep {
  readonly version = '2.0.0';
  readonly title = 'Vaults';

  async up(runner: QueryRunner): Promise<void> {
    const rebuilt = new Set(rowCopies.map((copy) => copy.to));
    const newName = (table: string) => (rebuilt.has(table) ? `${table}_new` : table);
    for (const table of vaultTables) await createTable(runner, table, newName(table.name));

    await defineSha256(runner);
    const now = Date.now();
    await makeVault(runner, now);
    for (const copy of rowCopies) await copyRows(runner, copy, newName(copy.to ?? ''), now);
    await countScopes(runner);

    for (const { from, to } of rowCopies) {
      await dropTables(runner, [from]);
      if (to) await renameTable(runner, newName(to), to);
    }
    for (const table of vaultTables) await createIndexes(runner, table);
  }

  /** Back to the empty tables of the step before, made the way the chain makes them. */
  async down(runner: QueryRunner): Promise<void> {
    const tables = vaultTables.map((table) => table.name);
    await refuseUnlessEmpty(this, runner, tables);
    await dropTables(runner, tables.toReversed());
    await new Adopt1763600000001().up(runner);
    await new Users1763600000002().up(runner);
  }
}

async function defineSha256(runner: QueryRunner): Promise<void> {
  const connection = (await runner.connect()) as Database.Database;
  connection.function('sha256_hex', { deterministic: true }, (text) =>
    createHash('sha256').update(String(text), 'utf8').digest('hex'),
  );
}

/** Makes the vault of the rows there are, if any. Rows without an owner stay visible to its users. */
async function makeVault(runner: QueryRunner, now: number): Promise<void> {
  let rows = 0;
  for (const { from } of rowCopies) rows += await countRows(runner, from);
  if (rows === 0) return;
  const unowned = await countRows(runner, `memories WHERE coalesce(user_id, '') = ''`);
  await runner.query(`INSERT INTO "vaults" VALUES (?, ?, 'active', ?, ?, ?, NULL)`, [
    DEFAULT_VAULT,
    DEFAULT_VAULT,
    unowned > 0 ? 1 : 0,
    now,
    now,
  ]);
}

/** @throws Error when a row was neither copied nor kept in `legacy_rows` */
async function copyRows(runner: QueryRunner, copy: RowCopy, target: string, now: number): Promise<void> {
  const rows = await countRows(runner, copy.from);
  let accounted = 0;
  if (copy.to && copy.select) {
    const columns = columnNames(vaultTables.find((table) => table.name === copy.to)!);
    const names = columns.map((name) => `"${name}"`).join(', ');
    const select = copy.select.replaceAll(':vault', `'${DEFAULT_VAULT}'`);
    await runner.query(`INSERT INTO "${target}" (${names}) ${select}`);
    accounted += await countRows(runner, `"${target}"`);
  }
  for (const { where, reason } of copy.left ?? []) {
    await runner.query(
      `INSERT INTO "legacy_rows" ("vault_id", "id", "source_table", "reason", "data", "created_at")
       SELECT ?, '${copy.from}:' || old.rowid, '${copy.from}', ?, json_object(${copy.row}), ?
       FROM ${copy.from} old WHERE ${where}`,
      [DEFAULT_VAULT, reason, now],
    );
  }
  accounted += await countRows(runner, `"legacy_rows" WHERE "source_table" = '${copy.from}'`);
  if (accounted !== rows) {
    throw new Error(`${copy.from}: ${rows} rows were there, and ${accounted} of them are accounted for`);
  }
}

/** The counters of each owner. Version 0: the recall index has yet to be filled. */
async function countScopes(runner: QueryRunner): Promise<void> {
  await runner.query(
    `INSERT INTO "scopes" ("vault_id", "user_id", "next_position", "memory_count", "term_count", "index_version")
     SELECT "vault_id", "user_id", count(*), count(*), 0, 0 FROM "memories_new" GROUP BY "vault_id", "user_id"`,
  );
}
