import { createHash } from 'node:crypto';

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

/** Every value comes as PostgreSQL writes it. */
export const asWritten = { getTypeParser: () => (text: string) => text };

/** @param text as PostgreSQL writes it, bytes in Base64 */
export function toSqlite(kind: ValueKind, text: string | null): SqliteValue {
  if (text === null) return null;
  switch (kind) {
    case 'integer':
      return BigInt(text);
    case 'real':
      return realOf(text);
    case 'boolean':
      return text === 't' || text === 'true' ? 1n : 0n;
    case 'bytes':
      // There is no colon in Base64.
      return text.startsWith(DIGEST) ? text : Buffer.from(text, 'base64');
    case 'vector':
      return vectorBytes(text);
    case 'text':
      return text;
  }
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
  return DIGEST + createHash('sha256').update(value).digest('hex');
}

/** Of a value the two cells that `RowSum` takes. */
export function cellsOf(value: SqliteValue): [type: string, value: unknown] {
  if (value === null) return ['null', null];
  if (typeof value === 'bigint') return ['integer', value];
  if (typeof value === 'number') return ['real', value];
  return Buffer.isBuffer(value) ? ['blob', value] : ['text', Buffer.from(value, 'utf8')];
}

/** SQLite holds no NaN, and no zero below zero: as texts they are kept. */
function realOf(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) && !Object.is(value, -0) ? value : text;
}

/** The vectors of pgvector are single precision, written `[1,2.5]`; OpenMemory's bytes are the same, little-endian. */
function vectorBytes(text: string): Buffer | string {
  const numbers = /^\[[-+.,\deE]+\]$/.test(text) ? text.slice(1, -1).split(',').map(Number) : [NaN];
  if (!numbers.every(Number.isFinite)) return text;
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) bytes.writeFloatLE(number, 4 * i);
  return bytes;
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
