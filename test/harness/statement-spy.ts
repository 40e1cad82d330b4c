import { SqliteConnection } from '../../src/database/sqlite/sqlite-connection.js';

/** The text of every statement that any connection is given while `work` runs: `BEGIN` and `COMMIT` too. */
export async function statementsDuring(work: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const prepare = SqliteConnection.prototype.prepare;
  SqliteConnection.prototype.prepare = function (sql) {
    seen.push(sql);
    return prepare.call(this, sql);
  };
  try {
    await work();
  } finally {
    SqliteConnection.prototype.prepare = prepare;
  }
  return seen;
}
