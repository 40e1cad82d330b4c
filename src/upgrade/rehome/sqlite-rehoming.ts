import type Database from 'better-sqlite3';
import { hashRows } from '../row-hash.js';
import { openForWriting, openReadOnly } from '../sqlite-file.js';
import { beginExclusiveWrite } from '../lock.js';
import { quoteName } from '../sqlite-name.js';
import type { Digest, RehomeDatabase } from './rehome-database.js';

/** @throws MigrationRefusedError */
export async function openSqlite(path: string, readOnly: boolean): Promise<RehomeDatabase> {
  const database = readOnly ? openReadOnly(path) : openForWriting(path);
  database.pragma('foreign_keys = ON');
  database.pragma('synchronous = FULL');
  // What is carried may be more than fits into memory.
  database.pragma('temp_store = FILE');
  return new SqliteRehoming(database, path, readOnly);
}

class SqliteRehoming implements RehomeDatabase {
  readonly text = 'text';

  constructor(
    private readonly database: Database.Database,
    private readonly path: string,
    private readonly readOnly: boolean,
  ) {}

  table(name: string): string {
    return `main.${quoteName(name)}`;
  }

  async tables(): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = this.database
      .prepare(
        `SELECT t.name AS "table", c.name AS "column" FROM pragma_table_list t, pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' ORDER BY t.name, c.cid`,
      )
      .all() as { table: string; column: string }[];
    const tables = new Map<string, string[]>();
    for (const { table, column } of found) tables.set(table, [...(tables.get(table) ?? []), column]);
    return new Map([...tables].filter(([, columns]) => columns.includes('vault_id')));
  }

  async transaction<T>(_: readonly string[], work: () => Promise<T>): Promise<T> {
    if (this.readOnly) this.database.exec('BEGIN');
    else await beginExclusiveWrite(this.database, this.path);
    try {
      const result = await work();
      this.database.exec('COMMIT');
      return result;
    } finally {
      if (this.database.inTransaction) this.database.exec('ROLLBACK');
    }
  }

  /** Every statement names its vault, and nothing else keeps vaults apart here. */
  async enter(): Promise<void> {}

  async rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.database.prepare(sql).all(...values) as Row[];
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<number> {
    return this.database.prepare(sql).run(...values).changes;
  }

  async empty(table: string): Promise<void> {
    this.database.exec(`DELETE FROM ${table}`);
  }

  async analyse(): Promise<void> {}

  async digest(columns: readonly string[], from: string, values: readonly unknown[]): Promise<Digest> {
    const list = columns.map((column) => `t.${quoteName(column)}`).join(', ');
    const { rows, hash } = hashRows(this.database, columns, `(SELECT ${list} FROM ${from})`, values);
    return { rows, sum: BigInt(`0x${hash}`) };
  }

  async close(): Promise<void> {
    this.database.close();
  }
}
