import type { Client } from 'pg';
import { qualified, quoteIdentifier } from '../../../../migrations/postgres/identifiers.js';
import { copyOut } from './copy-out.js';
import { type SqliteValue, toPostgres } from './old-values.js';
import type { OldColumn } from './old-tables.js';
import { readerOf, sentAs } from './sent-values.js';

/** Some columns of a table of PostgreSQL. */
export interface TableColumns {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly OldColumn[];
}

/** Rows, and bytes of them, that are inserted in one go. */
const MOST_ROWS = 200;
const MOST_BYTES = 1_000_000;

/**
 * Makes a transaction show every value exactly, and every row.
 *
 * @param client in a transaction, which it holds for
 */
export async function readExactly(client: Client): Promise<void> {
  for (const [name, value] of [
    ['extra_float_digits', '3'],
    ['datestyle', 'ISO'],
    ['timezone', 'UTC'],
    ['intervalstyle', 'iso_8601'],
    ['row_security', 'off'],
    // Rows come in the order in which they lie.
    ['synchronize_seqscans', 'off'],
    ['statement_timeout', '0'],
    ['idle_in_transaction_session_timeout', '0'],
  ]) {
    await client.query(`SET LOCAL ${name} = '${value}'`);
  }
}

/**
 * Reads the rows of a table, in the order in which they lie, as SQLite takes their values.
 *
 * @param onRow gets each of them; its bytes stay as they are during the call only
 * @param shorten long values come as `shortened` makes them
 */
export async function readRows(
  client: Client,
  { schema, table, columns }: TableColumns,
  onRow: (row: SqliteValue[]) => void,
  { shorten = false } = {},
): Promise<void> {
  const list = columns.map(({ name, values }) => sentAs(quoteIdentifier(name), values, shorten));
  const readers = columns.map(({ values }) => readerOf(values, shorten));
  const select = `SELECT ${list.join(', ')} FROM ONLY ${qualified(schema, table)}`;
  await copyOut(client, select, (values) => {
    if (values.length !== readers.length) throw new Error(`${table}: a row has ${values.length} values`);
    onRow(values.map((bytes, i) => (bytes === null ? null : readers[i](bytes))));
  });
}

/** Inserts rows into a table. */
export async function insertRows(
  client: Client,
  { schema, table, columns }: TableColumns,
  rows: Iterable<readonly SqliteValue[]>,
  onRows?: (rows: number) => void,
): Promise<void> {
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const into = `INSERT INTO ${qualified(schema, table)} (${names}) VALUES `;
  let values: (string | Buffer | null)[] = [];
  let bytes = 0;
  const flush = async () => {
    if (values.length === 0) return;
    const tuples: string[] = [];
    for (let i = 0; i < values.length; i += columns.length) {
      tuples.push(`(${columns.map((_, j) => `$${i + j + 1}`).join(', ')})`);
    }
    await client.query(into + tuples.join(', '), values);
    onRows?.(tuples.length);
    values = [];
    bytes = 0;
  };
  for (const row of rows) {
    for (const [i, value] of row.entries()) {
      const text = toPostgres(columns[i].values, value);
      values.push(text);
      bytes += text?.length ?? 0;
    }
    if (values.length >= MOST_ROWS * columns.length || bytes >= MOST_BYTES) await flush();
  }
  await flush();
}
