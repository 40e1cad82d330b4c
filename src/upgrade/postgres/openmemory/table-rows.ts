import type { Client } from 'pg';
import { qualified, quoteIdentifier } from '../../../../migrations/postgres/identifiers.js';
import {
  asWritten,
  DIGEST,
  LONG,
  type SqliteValue,
  type ValueKind,
  toPostgres,
  toSqlite,
} from './old-values.js';
import type { OldColumn } from './old-tables.js';

/** Some columns of a table of PostgreSQL. */
export interface TableColumns {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly OldColumn[];
}

/** Rows that are fetched in one go. */
const PAGE = 100;
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
 * The rows of a table, in the order in which they lie, as SQLite takes their values.
 *
 * @param shorten long values come as `shortened` makes them
 */
export async function* rowsOf(
  client: Client,
  of: TableColumns,
  { shorten = false } = {},
): AsyncGenerator<SqliteValue[]> {
  const { schema, table, columns } = of;
  const list = columns.map(({ name, values }) => readable(quoteIdentifier(name), values, shorten));
  await client.query(
    `DECLARE "cairn_rows" NO SCROLL CURSOR FOR SELECT ${list.join(', ')} FROM ONLY ${qualified(schema, table)}`,
  );
  for (;;) {
    const { rows } = await client.query<(string | null)[]>({
      text: `FETCH ${PAGE} FROM "cairn_rows"`,
      rowMode: 'array',
      types: asWritten,
    });
    for (const row of rows) yield row.map((value, i) => toSqlite(columns[i].values, value));
    if (rows.length < PAGE) break;
  }
  await client.query('CLOSE "cairn_rows"');
}

/** A type that only its own functions can write is written by them; bytes take a third less room than in hex. */
function readable(column: string, values: ValueKind, shorten: boolean): string {
  if (values !== 'text' && values !== 'bytes') return column;
  const written = values === 'text' ? `${column}::text` : `encode(${column}, 'base64')`;
  if (!shorten) return written;
  const bytes = values === 'text' ? `convert_to(${column}::text, 'UTF8')` : column;
  const digest = `'${DIGEST}' || encode(sha256(${bytes}), 'hex')`;
  return `CASE WHEN octet_length(${bytes}) > ${LONG} THEN ${digest} ELSE ${written} END`;
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
