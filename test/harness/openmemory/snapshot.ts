import Database from 'better-sqlite3';

/**
 * A value with its type, as text: `n` NULL, `i12` an integer, `r…` a real (its eight bytes in hex), `t…` a text and
 * `b…` a blob (their bytes in hex). Equal texts are equal values, to the bit.
 */
export type Typed = string;
export type TypedRow = Readonly<Record<string, Typed>>;

/**
 * Everything in a database that people put there: not what SQLite keeps for itself and cannot be rid of, such as the
 * sequences of tables that are gone, nor what its planner knows.
 */
export interface Snapshot {
  /** The SQL of every table and index, sorted. */
  readonly schema: readonly string[];
  /** Each table's rows; of a full-text table those of itself, not those of its index. */
  readonly tables: ReadonlyMap<string, readonly TypedRow[]>;
}

export function takeSnapshot(path: string): Snapshot {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 });
  try {
    const schema = database
      .prepare(
        `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
      )
      .raw()
      .all()
      .map((row) => JSON.stringify(row))
      .sort();
    const names = database
      .prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')`)
      .pluck()
      .all() as string[];
    const tables = names
      .filter((name) => !/^sqlite_(schema|stat)/.test(name))
      .sort()
      .map((table) => [table, readRows(database, table)] as const);
    return {
      schema,
      tables: new Map(tables.filter(([table, rows]) => table !== 'sqlite_sequence' || rows.length > 0)),
    };
  } finally {
    database.close();
  }
}

export function readRows(database: Database.Database, table: string): TypedRow[] {
  const names = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
  const columns = names.flatMap((name) => {
    const column = quoted(name);
    return [
      `typeof(${column})`,
      `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END`,
    ];
  });
  const select = database
    .prepare(`SELECT ${columns.join(', ')} FROM ${quoted(table)}`)
    .raw()
    .safeIntegers();
  return (select.all() as unknown[][]).map((row) =>
    Object.fromEntries(names.map((name, i) => [name, typed(row[2 * i] as string, row[2 * i + 1])])),
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function typed(type: string, value: unknown): Typed {
  switch (type) {
    case 'null':
      return 'n';
    case 'integer':
      return `i${value as bigint}`;
    case 'real':
      return typedReal(value as number);
    default:
      return `${type === 'text' ? 't' : 'b'}${(value as Buffer).toString('hex')}`;
  }
}

export function typedReal(value: number): Typed {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `r${bytes.toString('hex')}`;
}

export function typedText(value: string): Typed {
  return `t${Buffer.from(value, 'utf8').toString('hex')}`;
}

/** The text that a value stands for, for people. */
export function show(value: Typed | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === 'n') return 'NULL';
  const rest = value.slice(1);
  if (value.startsWith('i')) return rest;
  const bytes = Buffer.from(rest, 'hex');
  if (value.startsWith('r')) return `real ${bytes.readDoubleBE(0)}`;
  const shown = value.startsWith('t') ? JSON.stringify(bytes.toString('utf8')) : `x'${rest}'`;
  return shown.length > 80 ? `${shown.slice(0, 80)}… (${bytes.length} bytes)` : shown;
}

/** A snapshot that can be compared: rows in an order of their own. */
export function comparable({ schema, tables }: Snapshot): { schema: readonly string[]; tables: object } {
  const sorted = [...tables].map(([name, rows]) => [name, rows.map((row) => JSON.stringify(row)).sort()]);
  return { schema, tables: Object.fromEntries(sorted) };
}
