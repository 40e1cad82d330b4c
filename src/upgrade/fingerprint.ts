import { createHash, type Hash } from 'node:crypto';
import type Database from 'better-sqlite3';
import { MIGRATIONS_TABLE, VERSION_TABLE } from './schema-version.js';

/** What a table holds, whatever the order of its rows and columns. */
export interface Fingerprint {
  readonly rows: number;
  /** SHA-256 of each row, summed modulo 2^256; in hex. */
  readonly hash: string;
  readonly columns: readonly string[];
}

const MODULUS = 1n << 256n;

/** The fingerprint of every table, by name. Indexes and the records of the migrations are left out. */
export function fingerprint(database: Database.Database): Map<string, Fingerprint> {
  const tables = database
    .prepare(
      `SELECT name FROM pragma_table_list
       WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT IN (?, ?)
       ORDER BY name`,
    )
    .pluck()
    .all(MIGRATIONS_TABLE, VERSION_TABLE) as string[];
  return new Map(tables.map((table) => [table, fingerprintTable(database, table)]));
}

function fingerprintTable(database: Database.Database, table: string): Fingerprint {
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
  columns.sort();
  const names = columns.map((name) => `"${name}"`).join(', ');
  // As BigInts integers keep all their digits, and an integer differs from the same real.
  const select = database.prepare(`SELECT ${names} FROM "${table}"`).raw(true).safeIntegers(true);
  let sum = 0n;
  let rows = 0;
  for (const row of select.iterate() as IterableIterator<unknown[]>) {
    const hash = createHash('sha256');
    for (const value of row) hashValue(hash, value);
    sum = (sum + BigInt(`0x${hash.digest('hex')}`)) % MODULUS;
    rows++;
  }
  return { rows, hash: sum.toString(16).padStart(64, '0'), columns };
}

/** Type and length go first, so that no two rows of values read the same. */
function hashValue(hash: Hash, value: unknown): void {
  if (value === null) hash.update('n;');
  else if (typeof value === 'bigint') hash.update(`i${value};`);
  else if (typeof value === 'number') hash.update(`r${Object.is(value, -0) ? '-0' : value};`);
  else {
    const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : (value as Buffer);
    hash.update(`${typeof value === 'string' ? 't' : 'b'}${bytes.length};`).update(bytes);
  }
}
