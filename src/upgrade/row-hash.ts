import { type Hash, createHash, hash as hashOnce } from 'node:crypto';
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
  const names = columns.map(quoteName);
  const types = names.map((name) => `substr(typeof(${name}), 1, 1)`).join(' || ');
  const values = names.map(
    (name) => `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
  );
  // As BigInts integers keep all their digits.
  const select = database
    .prepare(`SELECT ${[types, ...values].join(', ')} FROM ${source}`)
    .raw(true)
    .safeIntegers(true);
  const sum = new RowSum();
  for (const [letters, ...row] of select.iterate(...parameters) as IterableIterator<
    [string, ...RowValue[]]
  >) {
    sum.add(row, letters);
  }
  return sum.result();
}

/** A value of SQLite: an integer as a BigInt, text as such or as its bytes. */
export type RowValue = bigint | number | string | Buffer | null;

/** Hashes rows that come one by one, as `hashRows` does. */
export class RowSum {
  private readonly bytes = new RowBytes();
  private sum = 0n;
  private rows = 0;

  /** @param types where bytes may be a text's: for each value the first letter of the type that SQLite has for it */
  add(values: readonly RowValue[], types?: string): void {
    for (const [i, value] of values.entries()) this.bytes.add(value, types?.[i] === 't');
    this.sum = (this.sum + BigInt(`0x${this.bytes.digest()}`)) % MODULUS;
    this.rows += 1;
  }

  result(): RowHash {
    return { rows: this.rows, hash: this.sum.toString(16).padStart(64, '0') };
  }
}

/** Bytes that are gathered before they are hashed: to hash many small pieces takes longer than to copy them. */
const ROOM = 65_536;

/** A row as it is hashed: of each value its type, its length where that tells, and its bytes. */
class RowBytes {
  private readonly gathered = Buffer.allocUnsafeSlow(ROOM);
  private length = 0;
  /** Of what has been gathered before, where that was more than there is room for. */
  private hash: Hash | undefined;

  /** Type and length go first, so that no two rows of values read the same. */
  add(value: RowValue, isText: boolean): void {
    if (value === null) this.addLabel('n;');
    else if (typeof value === 'bigint') this.addLabel(`i${value};`);
    else if (typeof value === 'number') this.addLabel(`r${Object.is(value, -0) ? '-0' : value};`);
    else {
      const length = Buffer.byteLength(value);
      this.addLabel(`${isText || typeof value === 'string' ? 't' : 'b'}${length};`);
      this.addBytes(value, length);
    }
  }

  /** Of what was added, in hex. The next row begins. */
  digest(): string {
    const rest = this.gathered.subarray(0, this.length);
    const digest = this.hash ? this.hash.update(rest).digest('hex') : hashOnce('sha256', rest, 'hex');
    this.hash = undefined;
    this.length = 0;
    return digest;
  }

  /** @param label of ASCII */
  private addLabel(label: string): void {
    this.makeRoom(label.length);
    for (let i = 0; i < label.length; i += 1) this.gathered[this.length + i] = label.charCodeAt(i);
    this.length += label.length;
  }

  private addBytes(value: string | Buffer, length: number): void {
    this.makeRoom(length);
    if (length > ROOM) {
      this.hash!.update(value);
      return;
    }
    if (typeof value === 'string') this.gathered.write(value, this.length, 'utf8');
    else this.gathered.set(value, this.length);
    this.length += length;
  }

  private makeRoom(bytes: number): void {
    if (this.length + bytes <= ROOM) return;
    this.hash ??= createHash('sha256');
    this.hash.update(this.gathered.subarray(0, this.length));
    this.length = 0;
  }
}
