import { DatabaseView } from './database-view.js';

/** Values of one statement: PostgreSQL takes 65,535. */
const MOST_VALUES = 20_000;

/**
 * Changes a service's database past the service, as no request can. It waits for locks without letting anything else
 * in this process go on: while a service of the test's own is at work, `tamper` is to be used.
 */
export class DatabaseEditor extends DatabaseView {
  /** @param place as `TestService.databasePath` */
  constructor(place: string) {
    super(place, true);
  }

  /** @returns how many rows were changed */
  run(sql: string, ...values: unknown[]): number {
    if (this.postgres) return this.postgres.run(sql, ...values);
    return this.sqlite!.prepare(sql).run(...values).changes;
  }

  /** Stores rows that all have the columns of the first. */
  insert(table: string, ...rows: readonly Readonly<Record<string, unknown>>[]): void {
    if (rows.length === 0) return;
    const columns = Object.keys(rows[0]);
    const into = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
    const marks = `(${columns.map(() => '?').join(', ')})`;
    if (this.sqlite) {
      const statement = this.sqlite.prepare(`${into} ${marks}`);
      for (const row of rows) statement.run(...columns.map((column) => row[column]));
      return;
    }
    const most = Math.floor(MOST_VALUES / columns.length);
    for (let first = 0; first < rows.length; first += most) {
      const some = rows.slice(first, first + most);
      const values = some.flatMap((row) => columns.map((column) => row[column]));
      this.run(`${into} ${some.map(() => marks).join(', ')}`, ...values);
    }
  }

  /** All of it or, where it throws, none. */
  transaction<T>(work: () => T): T {
    this.run(this.postgres ? 'BEGIN' : 'BEGIN IMMEDIATE');
    try {
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      this.run('ROLLBACK');
      throw error;
    }
  }
}

/** Changes a database that no service uses meanwhile, or one that waits for nothing here. */
export function edit<T>(place: string, work: (editor: DatabaseEditor) => T): T {
  const editor = new DatabaseEditor(place);
  try {
    return work(editor);
  } finally {
    editor.close();
  }
}
