import type Database from 'better-sqlite3';
import type { Report } from './finding.js';

/** Each thing that a schema has, with what it is; in words. */
type Schema = ReadonlyMap<string, string>;

type Row = Record<string, unknown>;

/** What SQLite makes for itself. */
const OWN = `name NOT LIKE 'sqlite~_%' ESCAPE '~'`;

/** Compares tables, columns, keys, indexes, views and triggers with those of another database. */
export function verifySchema(database: Database.Database, expected: Database.Database, report: Report): void {
  const [is, wanted] = [readSchema(database), readSchema(expected)];
  for (const [thing, what] of wanted) {
    const found = is.get(thing);
    if (found === undefined) report('schema', `${thing} is missing`);
    else if (found !== what) report('schema', `${thing} should be ${what}, and is ${found}`);
  }
  for (const thing of is.keys()) if (!wanted.has(thing)) report('schema', `${thing} is not Cairn's`);
}

function readSchema(database: Database.Database): Schema {
  const rows = (sql: string, ...values: unknown[]) => database.prepare(sql).all(...values) as Row[];
  const schema = new Map<string, string>();
  const tables = rows(
    `SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' AND ${OWN}`,
  );
  for (const { name, type, wr, strict } of tables) {
    const table = name as string;
    const rules = rulesOf(database, table);
    schema.set(`table ${table}`, words(type, wr && 'without rowid', strict && 'strict', ...rules));
    for (const column of rows('SELECT * FROM pragma_table_xinfo(?)', table)) {
      const { cid, type: of, notnull, dflt_value: otherwise, hidden } = column;
      schema.set(
        `column ${table}.${String(column.name)}`,
        words(
          `number ${Number(cid) + 1},`,
          String(of).toLowerCase(),
          notnull ? 'not null' : 'null',
          otherwise !== null && `default ${String(otherwise)}`,
          hidden && 'generated',
        ),
      );
    }
    for (const [key, what] of referencesOf(rows('SELECT * FROM pragma_foreign_key_list(?)', table))) {
      schema.set(`reference ${table} (${key})`, what);
    }
    for (const index of rows('SELECT * FROM pragma_index_list(?)', table)) {
      const columns = rows('SELECT * FROM pragma_index_xinfo(?) WHERE key', index.name)
        .map(({ name: column, desc, coll }) =>
          words(column ?? 'expression', coll !== 'BINARY' && coll, desc && 'desc'),
        )
        .join(', ');
      const what = words(
        index.unique ? 'unique' : 'not unique',
        `on (${columns})`,
        conditionOf(database, index.name),
      );
      // Those of keys have names that SQLite has given them.
      if (index.origin === 'c') schema.set(`index ${String(index.name)}`, words(what, 'of', table));
      else
        schema.set(`${index.origin === 'pk' ? 'primary key' : 'unique key'} of ${table} (${columns})`, what);
    }
  }
  for (const { type, name, sql } of rows(`SELECT * FROM sqlite_schema WHERE type IN ('view', 'trigger')`)) {
    schema.set(`${String(type)} ${String(name)}`, String(sql));
  }
  return schema;
}

function referencesOf(parts: readonly Row[]): Map<string, string> {
  const keys = new Map<unknown, Row[]>();
  for (const part of parts) keys.set(part.id, [...(keys.get(part.id) ?? []), part]);
  return new Map(
    [...keys.values()].map((key) => {
      const sorted = key.sort((a, b) => Number(a.seq) - Number(b.seq));
      const [{ table, on_delete, on_update }] = sorted;
      const columns = (end: string) => sorted.map((part) => String(part[end])).join(', ');
      const what = `to ${String(table)} (${columns('to')}), on delete ${String(on_delete)}, on update ${String(on_update)}`;
      return [columns('from'), what.toLowerCase()];
    }),
  );
}

/** What SQLite's own description of a table leaves out. */
function rulesOf(database: Database.Database, table: string): string[] {
  const found =
    sqlOf(database, table).match(/\b(check\b|collate\s+\w+|on\s+conflict\s+\w+|autoincrement\b)/gi) ?? [];
  return found.map((rule) => rule.toLowerCase().replaceAll(/\s+/g, ' ')).sort();
}

/** Of an index that holds only some rows: which. */
function conditionOf(database: Database.Database, index: unknown): string | undefined {
  const where = /\bWHERE\b(.*)$/is.exec(sqlOf(database, index))?.[1];
  return where === undefined ? undefined : `where ${where.replaceAll(/\s+/g, ' ').trim()}`;
}

function sqlOf(database: Database.Database, name: unknown): string {
  const sql = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(name);
  return typeof sql === 'string' ? sql : '';
}

function words(...parts: unknown[]): string {
  return parts.filter(Boolean).join(' ');
}
