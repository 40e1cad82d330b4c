import type Database from 'better-sqlite3';

/** A schema as SQLite itself reads it: independent of spelling, of TypeORM, and of the order of creation. */
export function readCatalog(database: Database.Database): Record<string, unknown> {
  const rows = (sql: string, ...values: unknown[]) =>
    database.prepare(sql).all(...values) as Record<string, unknown>[];
  const tables = rows(
    `SELECT name, type, wr FROM pragma_table_list
     WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name`,
  );
  return Object.fromEntries(
    tables.map(({ name, type, wr }) => [
      name,
      {
        type,
        withoutRowid: wr === 1,
        columns: rows(
          'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?) ORDER BY cid',
          name,
        ),
        foreignKeys: rows(
          `SELECT id, seq, "table", "from", "to", on_delete, on_update FROM pragma_foreign_key_list(?)`,
          name,
        )
          .map(({ id, ...key }) => ({ key, id }))
          .reduce<Record<string, unknown>[][]>((keys, { key, id }) => {
            (keys[id as number] ??= []).push(key);
            return keys;
          }, [])
          .map((key) => JSON.stringify(key))
          .sort(),
        indexes: rows(`SELECT name, "unique", origin, partial FROM pragma_index_list(?)`, name)
          .map((index) => ({
            ...index,
            name: index.origin === 'c' ? index.name : index.origin,
            columns: rows('SELECT name FROM pragma_index_info(?) ORDER BY seqno', index.name).map(
              (c) => c.name,
            ),
            where: /WHERE (.*)$/.exec(indexSql(database, index.name as string))?.[1].trim(),
          }))
          .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      },
    ]),
  );
}

/** The names of constraints, which SQLite keeps in the text alone. */
export function constraintNames(database: Database.Database, table: string): string[] {
  const sql = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(table) as string;
  return [...sql.matchAll(/CONSTRAINT "([^"]+)"/g)].map((match) => match[1]).sort();
}

function indexSql(database: Database.Database, index: string): string {
  const sql = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').pluck().get(index);
  return (sql as string | null | undefined) ?? '';
}
