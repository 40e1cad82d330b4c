import { isUtf8 } from 'node:buffer';
import { PgDumpError } from './pg-dump.error.js';

const TAB = 0x09;
const BACKSLASH = 0x5c;
const LETTERS: ReadonlyMap<number, number> = new Map(
  [...'bfnrtv'].map((letter, i) => [letter.charCodeAt(0), [8, 12, 10, 13, 9, 11][i]]),
);

const isOctal = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x37;
const hexOf = (byte: number | undefined) =>
  byte === undefined ? NaN : parseInt(String.fromCharCode(byte), 16);

/** Whether the line ends the rows. */
export function isEndOfCopy(line: Buffer): boolean {
  return line.length === 2 && line[0] === BACKSLASH && line[1] === 0x2e;
}

/**
 * The values of a line as COPY writes it in its text format; null for NULL.
 *
 * @param at the number of the line, for messages
 * @throws PgDumpError when there are more or fewer values than columns, or one is no UTF-8
 */
export function copyValues(line: Buffer, columns: number, at: number): (string | null)[] {
  const values: (string | null)[] = [];
  for (let start = 0; start <= line.length;) {
    const backslash = line.indexOf(BACKSLASH, start);
    let tab = line.indexOf(TAB, start);
    if (tab < 0) tab = line.length;
    if (backslash < 0 || backslash > tab) {
      values.push(textOf(line.subarray(start, tab), at));
      start = tab + 1;
      continue;
    }
    const { value, end } = escapedValue(line, start, at);
    values.push(value);
    start = end + 1;
  }
  // The line of a table without columns.
  if (columns === 0 && line.length === 0) return [];
  if (values.length !== columns) {
    throw new PgDumpError(
      at,
      `${columns} values are expected here, one for each column, and ${values.length} stand here`,
    );
  }
  return values;
}

/** PostgreSQL, COPY, "Text Format". */
function escapedValue(line: Buffer, start: number, at: number): { value: string | null; end: number } {
  if (line[start] === BACKSLASH && line[start + 1] === 0x4e) {
    const end = start + 2;
    if (end === line.length || line[end] === TAB) return { value: null, end };
  }
  const parts: Buffer[] = [];
  let from = start;
  for (;;) {
    const backslash = line.indexOf(BACKSLASH, from);
    let tab = line.indexOf(TAB, from);
    if (tab < 0) tab = line.length;
    if (backslash < 0 || backslash > tab) {
      const rest = line.subarray(from, tab);
      return { value: textOf(Buffer.concat([...parts, rest]), at), end: tab };
    }
    if (backslash + 1 === line.length)
      throw new PgDumpError(at, 'a backslash at the end of a value is not understood');
    const next = line[backslash + 1];
    let length = 2;
    let byte = LETTERS.get(next) ?? next;
    if (isOctal(next)) {
      byte = next - 0x30;
      while (length < 4 && isOctal(line[backslash + length]))
        byte = byte * 8 + line[backslash + length++] - 0x30;
    } else if (next === 0x78 && !Number.isNaN(hexOf(line[backslash + 2]))) {
      byte = hexOf(line[backslash + 2]);
      length = 3;
      if (!Number.isNaN(hexOf(line[backslash + 3]))) byte = byte * 16 + hexOf(line[backslash + length++]);
    }
    parts.push(line.subarray(from, backslash), Buffer.of(byte & 0xff));
    from = backslash + length;
  }
}

function textOf(bytes: Buffer, at: number): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw new PgDumpError(at, 'a value is not UTF-8');
  return bytes.toString('utf8');
}
