import type Database from 'better-sqlite3';
import type { Random } from '../random.js';

const TEXTS = [
  '',
  'plain',
  "o'brien",
  'two\r\nlines',
  'nul\0inside',
  '李雷 🦊',
  '{"a":1}',
  'x'.repeat(5_000),
];
const REALS = [0, -0, 0.1, 1.7, -0.2, 1e308];
const INTEGERS = [0, -1, 42, 2n ** 53n + 1n, -(2n ** 63n)];
const BLOBS = [Buffer.alloc(0), Buffer.from('0000803f', 'hex'), Buffer.alloc(7, 255)];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly pk: number;
}

/** Stores rows in a table whose values are of the kinds of its columns, ordinary ones and odd ones. */
export function storeRows(database: Database.Database, table: string, count: number, random: Random): void {
  const columns = database
    .prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(?)')
    .all(table) as Column[];
  const insert = database.prepare(
    `INSERT INTO "${table}" (${columns.map(({ name }) => `"${name}"`).join(', ')})
     VALUES (${columns.map(() => '?').join(', ')})`,
  );
  for (let i = 0; i < count; i += 1) insert.run(columns.map((column) => valueFor(column, i, random)));
  // What is no UTF-8 no driver would write, and an old program may have.
  const text = columns.find(({ type, pk, notnull }) => type === 'TEXT' && pk === 0 && notnull === 0);
  if (text && count > 0) {
    database.exec(
      `UPDATE "${table}" SET "${text.name}" = CAST(x'ff61' AS TEXT) WHERE rowid = (SELECT min(rowid) FROM "${table}")`,
    );
  }
}

function valueFor({ name, type, notnull, pk }: Column, i: number, random: Random): unknown {
  // Ids, and what may have to be unique.
  if (pk > 0 || name === 'conversation_id') return type === 'INTEGER' ? i + 1 : `${name}:${i}`;
  if (notnull === 0 && random.chance(0.2)) return null;
  if (type === 'INTEGER') return random.pick(INTEGERS);
  if (type === 'REAL') return random.pick(REALS);
  if (type === 'BLOB') return random.pick(BLOBS);
  return random.pick(TEXTS);
}
