import { DIGEST, LONG, type SqliteValue, type ValueKind } from './old-values.js';

/** What stands before bytes that may be a digest of others. */
const WHOLE = 0;
const DIGESTED = 1;

/**
 * SQL for the value of a column as `readerOf` reads it: in binary form where that is the same for all types of a
 * kind, else the text that the type itself writes.
 *
 * @param shorten in the place of a long value comes its digest
 */
export function sentAs(column: string, kind: ValueKind, shorten: boolean): string {
  switch (kind) {
    case 'integer':
      return `${column}::int8`;
    case 'boolean':
      return `${column}::bool`;
    case 'bytes': {
      if (!shorten) return column;
      const mark = (first: number) => `decode('0${first}', 'hex') || `;
      const digest = `${mark(DIGESTED)}sha256(${column})`;
      return `CASE WHEN octet_length(${column}) > ${LONG} THEN ${digest} ELSE ${mark(WHOLE)}${column} END`;
    }
    case 'real':
    case 'vector':
      return `${column}::text`;
    case 'text': {
      if (!shorten) return `${column}::text`;
      const bytes = `convert_to(${column}::text, 'UTF8')`;
      const digest = `'${DIGEST}' || encode(sha256(${bytes}), 'hex')`;
      return `CASE WHEN octet_length(${bytes}) > ${LONG} THEN ${digest} ELSE ${column}::text END`;
    }
  }
}

/** What makes a value that was sent so one of SQLite. Bytes are not copied. */
export function readerOf(kind: ValueKind, shorten: boolean): (sent: Buffer) => SqliteValue {
  switch (kind) {
    case 'integer':
      return (sent) => sent.readBigInt64BE();
    case 'boolean':
      return (sent) => BigInt(sent[0]);
    case 'bytes':
      return shorten ? wholeOrDigest : (sent) => sent;
    case 'real':
      return (sent) => realOf(sent.toString('latin1'));
    case 'vector':
      return (sent) => vectorBytes(sent.toString());
    case 'text':
      return (sent) => sent.toString();
  }
}

function wholeOrDigest(sent: Buffer): Buffer | string {
  const bytes = sent.subarray(1);
  return sent[0] === DIGESTED ? DIGEST + bytes.toString('hex') : bytes;
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
