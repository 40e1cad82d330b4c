import type { QueryRunner } from 'typeorm';
import { ownerSql } from './owners.js';
import type { SetAside } from './set-aside.js';
import { isIdText, milliseconds } from './values.js';

/** Notes for every memory that can be one where it goes: its vault, its owner, its position among the owner's. */
export async function placeMemories(runner: QueryRunner, table: SetAside): Promise<void> {
  await runner.query(
    `CREATE TABLE "old_places" ("id" text PRIMARY KEY, "row" integer NOT NULL, "vault_id" text NOT NULL,
       "user_id" text NOT NULL, "position" integer NOT NULL) WITHOUT ROWID`,
  );
  const time = table.columns.includes('created_at') ? milliseconds('old."created_at"', '0') : '0';
  // Position is arrival order among the memories of one owner.
  await runner.query(
    `INSERT INTO "old_places"
     SELECT id, row, vault_id, owner,
       row_number() OVER (PARTITION BY vault_id, owner ORDER BY created_at, row) - 1
     FROM (SELECT old."id" AS id, min(old.rowid) AS row, ${ownerSql(table.columns)} AS owner, ${time} AS created_at
           FROM "${table.staged}" old WHERE ${isIdText('old."id"')} GROUP BY old."id")
     JOIN "old_owners" USING (owner)`,
  );
}

/** Notes for every edge between two memories of one vault which row it is: another may lead the same way. */
export async function placeEdges(runner: QueryRunner, tables: readonly SetAside[]): Promise<void> {
  await runner.query(
    `CREATE TABLE "old_edges" ("src_id" text, "dst_id" text, "source" text NOT NULL, "row" integer NOT NULL,
       PRIMARY KEY ("src_id", "dst_id")) WITHOUT ROWID`,
  );
  for (const { name, staged, columns } of tables) {
    await runner.query(
      `INSERT OR IGNORE INTO "old_edges"
       SELECT old."src_id", old."dst_id", '${name}', old.rowid FROM "${staged}" old
       JOIN "old_places" src ON src."id" = old."src_id"
       JOIN "old_places" dst ON dst."id" = old."dst_id" AND dst."vault_id" = src."vault_id"
       ORDER BY ${ownerSql(columns)}, old.rowid`,
    );
  }
}

/** Notes for every fact that can be one where it goes: its vault and its owner. */
export async function placeFacts(runner: QueryRunner, tables: readonly SetAside[]): Promise<void> {
  await runner.query(
    `CREATE TABLE "old_facts" ("id" text PRIMARY KEY, "row" integer NOT NULL, "vault_id" text NOT NULL,
       "user_id" text NOT NULL) WITHOUT ROWID`,
  );
  for (const { staged, columns } of tables) {
    await runner.query(
      `INSERT INTO "old_facts" SELECT id, row, vault_id, owner
       FROM (SELECT old."id" AS id, min(old.rowid) AS row, ${ownerSql(columns)} AS owner
             FROM "${staged}" old WHERE ${isIdText('old."id"')} GROUP BY old."id")
       JOIN "old_owners" USING (owner)`,
    );
  }
}
