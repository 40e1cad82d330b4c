import pg from 'pg';
import { SqliteConnection } from '../../src/database/sqlite/sqlite-connection.js';

type Query = (...given: unknown[]) => unknown;

/** A statement as PostgreSQL gets it. */
export interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Every statement that any connection to PostgreSQL is given while `work` runs. */
export async function askedDuring(work: () => Promise<void>): Promise<Asked[]> {
  const asked: Asked[] = [];
  const client = pg.Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function (this: unknown, ...given) {
    const [statement, values] = given as [string | Asked, unknown];
    const of = typeof statement === 'string' ? { text: statement, values } : statement;
    asked.push({ text: of.text, values: Array.isArray(of.values) ? [...(of.values as unknown[])] : [] });
    return query.apply(this, given);
  };
  try {
    await work();
  } finally {
    client.query = query;
  }
  return asked;
}

/** The text of every statement that any connection is given while `work` runs: `BEGIN` and `COMMIT` too. */
export async function statementsDuring(work: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  const { prepare } = SqliteConnection.prototype;
  SqliteConnection.prototype.prepare = function (sql) {
    seen.push(sql);
    return prepare.call(this, sql);
  };
  const client = pg.Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function (this: unknown, ...given) {
    const [statement] = given as [string | { readonly text: string }];
    seen.push(typeof statement === 'string' ? statement : statement.text);
    return query.apply(this, given);
  };
  try {
    await work();
  } finally {
    SqliteConnection.prototype.prepare = prepare;
    client.query = query;
  }
  return seen;
}
