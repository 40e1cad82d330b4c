import { createHash, randomInt } from 'node:crypto';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type RowValue, RowSum, hashRows } from '../src/upgrade/row-hash.js';
import { Random } from './harness/random.js';

/** As the records of earlier migrations have it. */
function plainHash(rows: readonly (readonly RowValue[])[]): string {
  let sum = 0n;
  for (const row of rows) {
    const hash = createHash('sha256');
    for (const value of row) {
      if (value === null) hash.update('n;');
      else if (typeof value === 'bigint') hash.update(`i${value};`);
      else if (typeof value === 'number') hash.update(`r${Object.is(value, -0) ? '-0' : value};`);
      else {
        const bytes = Buffer.from(value as string);
        hash.update(`${typeof value === 'string' ? 't' : 'b'}${bytes.length};`).update(bytes);
      }
    }
    sum = (sum + BigInt(`0x${hash.digest('hex')}`)) % (1n << 256n);
  }
  return sum.toString(16).padStart(64, '0');
}

/** Around the bytes that are gathered before they are hashed. */
const LENGTHS = [0, 1, 40, 255, 256, 6_144, 65_000, 65_530, 65_535, 65_536, 65_537, 200_000];

function randomValue(random: Random): RowValue {
  const text = () => random.pick(['a', 'é', '漢', '🙂', '\0', ';']).repeat(random.below(4));
  return random.pick<() => RowValue>([
    () => null,
    () => BigInt(random.below(2 ** 31)) * -4_000_000_007n,
    () => random.pick([0.5, -0, 1e300, 3]),
    text,
    () => 'x'.repeat(random.pick(LENGTHS)) + text(),
    () => Buffer.alloc(random.pick(LENGTHS), random.below(256)),
  ])();
}

function randomRows(random: Random, columns: number): RowValue[][] {
  return Array.from({ length: 12 }, () => Array.from({ length: columns }, () => randomValue(random)));
}

describe('the hash of rows', () => {
  const seed = randomInt(2 ** 31);

  it(`is that of their values one after another, of whatever length (seed ${seed})`, () => {
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    for (let run = 0; run < 60; run += 1) {
      const rows = randomRows(random, 1 + random.below(8));
      const sum = new RowSum();
      for (const row of rows) sum.add(row);
      expect(sum.result()).toEqual({ rows: rows.length, hash: plainHash(rows) });
      const asBytes = new RowSum();
      for (const row of rows) {
        const types = row.map((value) => (typeof value === 'string' ? 't' : 'b')).join('');
        asBytes.add(
          row.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
          types,
        );
      }
      expect(asBytes.result()).toEqual(sum.result());
    }
  });

  it(`is the same of rows that SQLite gives back (seed ${seed})`, () => {
    const random = new Random(seed);
    const database = new Database(':memory:');
    const columns = ['a', 'b "c"', 'd', 'e', 'f'];
    const names = columns.map((name) => `"${name.replaceAll('"', '""')}"`);
    database.exec(`CREATE TABLE t (${names.join(', ')})`);
    // SQLite has no zero below zero.
    const rows = randomRows(random, columns.length).map((row) =>
      row.map((value) => (Object.is(value, -0) ? 0 : value)),
    );
    const insert = database.prepare(`INSERT INTO t VALUES (${names.map(() => '?').join(', ')})`);
    for (const row of rows) insert.run(...row);
    expect(hashRows(database, columns, 't')).toEqual({ rows: rows.length, hash: plainHash(rows) });
    database.prepare(`UPDATE t SET "d" = 'changed' WHERE rowid = 7`).run();
    expect(hashRows(database, columns, 't').hash).not.toBe(plainHash(rows));
    database.close();
  });

  it('tells text from bytes, and where one value ends', () => {
    const hashOf = (...row: RowValue[]) => {
      const sum = new RowSum();
      sum.add(row);
      return sum.result().hash;
    };
    const rows: RowValue[][] = [
      ['a'],
      [Buffer.from('a')],
      [1n],
      [1],
      ['1'],
      [null],
      ['a', ''],
      ['', 'a'],
      ['a;t0;'],
    ];
    expect(new Set(rows.map((row) => hashOf(...row))).size).toBe(rows.length);
  });
});
