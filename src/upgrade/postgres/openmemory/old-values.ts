import { hash } from 'node:crypto';

/** Bytes of the longest value that is compared as it is. */
export const LONG = 256;
/** What a digest in the place of a value begins with. */
export const DIGEST = 'sha256:';

/** How values of a column of PostgreSQL are held by SQLite. */
export type ValueKind = 'integer' | 'real' | 'boolean' | 'bytes' | 'vector' | 'text';

/** A value as SQLite takes it: BigInts for integers, numbers for reals. */
export type SqliteValue = bigint | number | string | Buffer | null;

const KINDS: Readonly<Record<string, ValueKind>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  float4: 'real',
  float8: 'real',
  bool: 'boolean',
  bytea: 'bytes',
  vector: 'vector',
};

/** @param type its name in PostgreSQL's catalog, such as `int8`; of any other type the values are texts */
export function kindOf(type: string): ValueKind {
  return Object.hasOwn(KINDS, type) ? KINDS[type] : 'text';
}

/** @returns what PostgreSQL reads as the value that it was; for a value that the kind does not have, its text */
export function toPostgres(kind: ValueKind, value: SqliteValue): string | Buffer | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return kind === 'vector' ? vectorText(value) : value;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** In its place a value of more bytes has its digest. */
export function shortened(value: SqliteValue): SqliteValue {
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) return value;
  if (Buffer.byteLength(value) <= LONG) return value;
  return DIGEST + hash('sha256', value, 'hex');
}

function vectorText(bytes: Buffer): string {
  const numbers: string[] = [];
  for (let i = 0; i + 4 <= bytes.length; i += 4) numbers.push(singleText(bytes.readFloatLE(i)));
  return `[${numbers.join(',')}]`;
}

/** As few digits as tell it from every other of single precision, as pgvector writes it. */
function singleText(number: number): string {
  if (Object.is(number, -0)) return '-0';
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(number.toPrecision(digits));
    if (Math.fround(short) === number) return String(short);
  }
  return String(number);
}
