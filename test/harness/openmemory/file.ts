import Database from 'better-sqlite3';
import { type Release, tablesOf, vectorTableOf } from './tables.js';

/** A text of bytes that need not be UTF-8. */
export class RawText {
  constructor(readonly bytes: Buffer) {}
}

export type Value = null | number | bigint | string | Buffer | RawText;
export type Row = Readonly<Record<string, Value>>;

/** A database of OpenMemory that is being made. */
export class OpenMemoryFile {
  private readonly columns = new Map<string, readonly string[]>();

  private constructor(
    readonly database: Database.Database,
    readonly release: Release,
    readonly vectorTable: string,
  ) {}

  /**
   * Makes the file at `path` with the tables of a release.
   *
   * @param fill puts rows into it; none for an empty schema
   */
  static make(
    path: string,
    release: Release,
    fill: (file: OpenMemoryFile) => void = () => {},
    { vectorTable = vectorTableOf(release), wal = false } = {},
  ): void {
    const database = new Database(path);
    try {
      if (wal) database.pragma('journal_mode = WAL');
      // As OpenMemory's connections had it for the most part: its files hold references that lead nowhere.
      database.pragma('foreign_keys = OFF');
      for (const sql of tablesOf(release, vectorTable)) database.exec(sql);
      const file = new OpenMemoryFile(database, release, vectorTable);
      database.transaction(() => fill(file))();
    } finally {
      database.close();
    }
  }

  /** Whether the release has the table. */
  has(table: string): boolean {
    return this.columnsOf(table).length > 0;
  }

  /** What a vector's `sector` etc. is put into, under whatever name. */
  insertVector(row: Row): void {
    this.insert(this.vectorTable, row);
  }

  /** Inserts what the release has of the row: columns and tables that it lacks are left out. */
  insert(table: string, row: Row): void {
    const names = this.columnsOf(table).filter((name) => name in row);
    if (names.length === 0) return;
    const values = names.map((name) => row[name]);
    const marks = values.map((value) => (value instanceof RawText ? 'CAST(? AS TEXT)' : '?'));
    const quoted = names.map((name) => `"${name}"`).join(', ');
    this.database
      .prepare(`INSERT INTO "${table}" (${quoted}) VALUES (${marks.join(', ')})`)
      .run(values.map((value) => (value instanceof RawText ? value.bytes : value)));
  }

  /** The columns of a table's primary key. */
  keyOf(table: string): string[] {
    const sql = 'SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk';
    return this.database.prepare(sql).pluck().all(table) as string[];
  }

  private columnsOf(table: string): readonly string[] {
    let names = this.columns.get(table);
    if (!names) {
      names = this.database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
      this.columns.set(table, names);
    }
    return names;
  }
}

/** Little-endian 32-bit floats. */
export function floats(values: readonly number[]): Buffer {
  return Buffer.from(new Float32Array(values).buffer);
}
