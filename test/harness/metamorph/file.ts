import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import { Random } from '../random.js';
import { storeRows } from './rows.js';

/** The tables that Metamorph's code makes; the other ten are in its guide alone. */
export const CODE_TABLES: readonly string[] = [
  'conversations',
  'messages',
  'identity',
  'semantic_memory',
  'evolution_snapshots',
  'sessions',
  'operator_performance',
  'subagent_results',
  'emotional_arcs',
  'emotion_context',
  'session_states',
];

export interface MetamorphFile {
  /** All 21 unless said otherwise. */
  readonly tables?: readonly string[];
  /** In each table. */
  readonly rows?: number;
  readonly seed?: number;
  readonly wal?: boolean;
  /** What has become of it since. */
  readonly then?: string;
}

/** A database of Metamorph before its migrations, as its own code has made it. */
export function makeMetamorph(path: string, file: MetamorphFile = {}): void {
  const { tables, rows = 8, seed = 1, wal = false, then = '' } = file;
  const database = new Database(path);
  if (wal) database.pragma('journal_mode = WAL');
  database.pragma('foreign_keys = OFF');
  for (const { sql, table } of statementsOf('before')) {
    if (!tables || tables.includes(table)) database.exec(sql);
  }
  const random = new Random(seed);
  const names = database.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`,
  );
  for (const table of names.pluck().all() as string[]) storeRows(database, table, rows, random);
  database.exec(then);
  database.close();
}

export interface ListedIndex {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/** The indexes that Metamorph's own first migration has made, in its order. */
export function listedIndexes(): ListedIndex[] {
  return statementsOf('after').flatMap(({ sql }) => {
    const match = /^CREATE INDEX "(\w+)" ON "(\w+)"\("(\w+)", "(\w+)"\)/.exec(sql);
    return match ? [{ name: match[1], table: match[2], columns: match.slice(3) }] : [];
  });
}

/** Its schema before its migrations, or after both, as they have written it. */
export function statementsOf(when: 'before' | 'after'): { sql: string; table: string }[] {
  const text = readFileSync(resolve(`test/fixtures/metamorph/schema-${when}.sql`), 'utf8');
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(/;\n/)
    .map((sql) => sql.trim())
    .filter((sql) => sql !== '')
    .map((sql) => ({ sql, table: /(?:TABLE|\sON)\s+"?(\w+)/.exec(sql)![1] }));
}
