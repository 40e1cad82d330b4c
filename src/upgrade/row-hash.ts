import { createHash, type Hash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { quoteName } from './sqlite-name.js';

/** What rows hold, whatever their order. */
export interface RowHash {
  readonly rows: number;
  /** SHA-256 of each row, summed modulo 2^256; in hex. */
  readonly hash: string;
}

const MODULUS = 1n << 256n;

/**
 * Hashes the rows of `source` (a table's name, or a select in parentheses) by the types and the bytes of their
 * values, in the order of `columns`. Text is read as bytes: what is not UTF-8 would be changed on its way.
 *
 * @param parameters what the `?` of `source` stand for
 */
export function hashRows(
  database: Database.Database,
  columns: readonly string[],
  source: string,
  parameters: readonly unknown[] = [],
): RowHash {
  const values = columns.map(quoteName).map((name) => {
    return `typeof(${name}), CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`;
  });
  // As BigInts integers keep all their digits.
  const select = database
    .prepare(`SELECT ${values.join(', ')} FROM ${source}`)
    .raw(true)
    .safeIntegers(true);
  const sum = new RowSum();
  for (const row of select.iterate(...parameters) as IterableIterator<unknown[]>) sum.add(row);
  return sum.result();
}

/** Hashes rows that come one by one, as `hashRows` does. */
export class RowSum {
  private sum = 0n;
  private rows = 0;

  /**
   * @param cells two for each column: the type SQLite has for the value, and the value, an integer as a BigInt and
   *   text as bytes
   */
  add(cells: readonly unknown[]): void {
    const hash = createHash('sha256');
    for (let i = 0; i < cells.length; i += 2) hashValue(hash, cells[i] as string, cells[i + 1]);
    this.sum = (this.sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS;
    this.rows += 1;
  }

  result(): RowHash {
    return { rows: this.rows, hash: this.sum.toString(16).padStart(64, '0') };
  }
}

/** Type and length go first, so that no two rows of values read the same. */
function hashValue(hash: Hash, type: string, value: unknown): void {
  if (value === null) hash.update('n;');
  else if (typeof value === 'bigint') hash.update(`i${value};`);
  else if (typeof value === 'number') hash.update(`r${Object.is(value, -0) ? '-0' : value};`);
  else {
    const bytes = value as Buffer;
    hash.update(`${type === 'text' ? 't' : 'b'}${bytes.length};`).update(bytes);
  }
}
