/** Type numbers of PostgreSQL's catalog (pg_type.oid), which never change. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const OID = 26;
const FLOAT4 = 700;
const FLOAT8 = 701;
const NUMERIC = 1700;

const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [BOOL, (text) => text === 't'],
  // In the form `\x` and two digits a byte, PostgreSQL's own since version 9.
  [BYTEA, (text) => Buffer.from(text.slice(2), 'hex')],
  // Times and counts, all below 2^53; sums of them come as NUMERIC.
  ...[INT8, INT2, INT4, OID, FLOAT4, FLOAT8, NUMERIC].map((type) => [type, Number] as const),
]);

const asText = (text: string) => text;

/** How values of a result become JavaScript's: numbers, booleans, buffers, and everything else as text. */
export const valueTypes = {
  getTypeParser: (oid: number) => PARSERS.get(oid) ?? asText,
};
