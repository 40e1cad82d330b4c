import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import { reindexDatabase } from '../../src/upgrade/reindex-database.js';
import { verifyDatabase } from '../../src/upgrade/verify-database.js';
import { TestService } from './app.js';
import type { Random } from './random.js';
import { storeMemories } from './stored-memories.js';
import { tempFolder } from './temp-folder.js';

/** Makes a sound database, used by a service: with waypoints, versions, vectors, facts. */
export async function makeSoundDatabase(path: string, random: Random): Promise<void> {
  await migrateDatabase({ path });
  storeMemories(path, { acme: { ana: 150, '': 10 }, globex: { ben: 70 } }, random);
  await reindexDatabase({ database: { kind: 'sqlite', path } });
  const service = await TestService.start({}, path);
  const ana = service.as('acme', 'ana');
  await ana.post('/v1/memories', { id: 'one', content: 'an owl in the barn', session_id: 's' });
  await ana.post('/v1/memories', { id: 'two', content: 'an owl in the barn again', session_id: 's' });
  await ana.post('/v1/waypoints', { src_id: 'one', dst_id: 'two', type: 'near' });
  await ana.patch('/v1/memories/one', { content: 'an owl beside the barn' });
  await ana.post('/v1/memories', { id: 'gone', content: 'soon forgotten' });
  await ana.delete('/v1/memories/gone');
  await service.as('acme').post('/v1/collections', { name: 'c1' });
  await service.stop();
  change(path, [
    `INSERT INTO vectors VALUES ('acme', 'one', 'semantic', 'm', 'ana', 1, x'00000000')`,
    `INSERT INTO facts VALUES ('acme', 'f1', 'ana', NULL, 's', 'p', 'o', 1, NULL, 1.0, '{}', 1)`,
    `INSERT INTO facts VALUES ('acme', 'f2', 'ana', NULL, 's', 'p', 'o', 1, NULL, 1.0, '{}', 1)`,
    `INSERT INTO fact_edges VALUES ('acme', 'e', 'ana', 'f1', 'f2', 'r', 1, NULL, 1.0, '{}')`,
    'PRAGMA journal_mode = DELETE',
  ]);
}

/** A copy of a database, for the running test. */
export function copyOf(original: string): string {
  const path = join(tempFolder(), 'cairn.sqlite');
  writeFileSync(path, readFileSync(original));
  return path;
}

/** Does what nobody can do through the service. */
export function change(path: string, statements: readonly string[]): void {
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.unsafeMode();
  for (const sql of statements) database.exec(sql);
  database.close();
}

/** Makes a table anew with the same rows, its SQL (without quotation marks) changed at one place. */
export function remake(path: string, table: string, what: string | RegExp, by: string): void {
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.pragma('legacy_alter_table = ON');
  const sql = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(table) as string;
  const indexes = database
    .prepare(`SELECT name, sql FROM sqlite_schema WHERE tbl_name = ? AND type = 'index' AND sql IS NOT NULL`)
    .all(table) as { name: string; sql: string }[];
  const before = sql.replaceAll('"', '');
  const after = before.replace(what, by);
  expect(after).not.toBe(before);
  for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);
  database.exec(`ALTER TABLE ${table} RENAME TO former`);
  database.exec(after);
  database.exec(`INSERT INTO ${table} SELECT * FROM former`);
  database.exec('DROP TABLE former');
  for (const index of indexes) database.exec(index.sql);
  database.close();
}

/** What is not well, each as `check: message`. */
export async function findingsIn(path: string, vaultId?: string): Promise<string[]> {
  const found: string[] = [];
  const { findings } = await verifyDatabase({
    path,
    vaultId,
    onFinding: (check, message) => found.push(`${check}: ${message}`),
  });
  expect(findings).toBe(found.length);
  return found;
}

export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
