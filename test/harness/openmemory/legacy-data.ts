import { type Typed, type TypedRow, typedReal, typedText } from './snapshot.js';

/** A token of JSON: a text, a number, or another. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Reads the `data` of a row of `legacy_rows`, with all digits: what JSON.parse makes of 2^53 + 1 is not it. */
export function readLegacyData(json: string): TypedRow {
  const marked = json.replace(TOKEN, (token) => (token.startsWith('"') ? token : `{"$number":"${token}"}`));
  const data = JSON.parse(marked) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, typed(name, value)]));
}

function typed(name: string, value: unknown): Typed {
  if (value === null) return 'n';
  if (typeof value === 'string') return typedText(value);
  const [[mark, text], ...more] = Object.entries(value as Record<string, string>);
  if (more.length === 0 && typeof text === 'string') {
    if (mark === '$number') return /[.eE]/.test(text) ? typedReal(Number(text)) : `i${BigInt(text)}`;
    if (mark === '$blob') return `b${Buffer.from(text, 'base64').toString('hex')}`;
    if (mark === '$text') return `t${text.toLowerCase()}`;
    if (mark === '$real') return typedReal(text.startsWith('-') ? -Infinity : Infinity);
  }
  throw new Error(`${name} of a legacy row is of no known form: ${JSON.stringify(value).slice(0, 200)}`);
}
