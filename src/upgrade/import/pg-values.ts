import { timeOf } from './field-values.js';

/** A time as PostgreSQL writes it (DateStyle ISO): microseconds, a zone in hours, minutes and seconds, and BC. */
const TIME =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?)?( BC)?$/;

/**
 * Milliseconds since 1970 of a time as PostgreSQL writes it, rounded down; in UTC where it names no zone.
 *
 * @returns undefined for `infinity` and for what is no time
 */
export function pgTimeOf(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined;
  const found = TIME.exec(text);
  // Programs that write INSERT themselves may have it as ISO 8601.
  if (!found) return /^-?\d+(\.\d+)?$/.test(text) ? undefined : timeOf(text);
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  const [, , , , , , , fraction = '', sign, hours = '0', minutes = '0', seconds = '0', isBefore] = found;
  const date = new Date(0);
  date.setUTCFullYear(isBefore ? 1 - year : year, month - 1, day);
  // There is no 30th of February.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Number(fraction.padEnd(3, '0').slice(0, 3)));
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  const at = date.getTime() - (sign === '-' ? -1 : 1) * offset * 1000;
  return Number.isNaN(at) ? undefined : at;
}

/**
 * The items of an array as PostgreSQL writes it: `{a,"b c",NULL}`.
 *
 * @returns undefined for what is no array of one dimension
 */
export function pgArrayOf(text: string | null | undefined): (string | null)[] | undefined {
  if (text === null || text === undefined) return undefined;
  const body = /^(?:\[-?\d+:-?\d+\]=)?\{([^]*)\}$/.exec(text)?.[1];
  if (body === undefined) return undefined;
  if (body === '') return [];
  const items: (string | null)[] = [];
  const item = /(?:"((?:[^"\\]|\\[^])*)"|((?:[^",{}\\]|\\[^])+))(,|$)/y;
  for (let end = 0; ;) {
    item.lastIndex = end;
    const found = item.exec(body);
    if (!found) return undefined;
    const [whole, quoted, bare] = found;
    if (quoted !== undefined) items.push(quoted.replaceAll(/\\([^])/g, '$1'));
    else items.push(/^null$/i.test(bare) ? null : bare.replaceAll(/\\([^])/g, '$1'));
    end += whole.length;
    if (end === body.length) return found[3] === '' ? items : undefined;
  }
}

/** The bytes of a vector as pgvector writes it: `[0.5,-1,2e-05]`. @returns undefined for anything else */
export function pgVectorOf(text: string | null | undefined): Buffer | undefined {
  if (text === null || text === undefined || text.length < 3 || !text.startsWith('[') || !text.endsWith(']'))
    return undefined;
  const parts = text.slice(1, -1).split(',');
  const bytes = Buffer.allocUnsafe(4 * parts.length);
  for (let i = 0; i < parts.length; i += 1) {
    const value = Number(parts[i]);
    // Nothing and blanks are 0 to JavaScript.
    if (!Number.isFinite(value) || (value === 0 && parts[i].trim() === '')) return undefined;
    bytes.writeFloatLE(value, 4 * i);
  }
  return bytes;
}

/** A boolean as PostgreSQL writes it. @returns undefined for anything else */
export function pgBooleanOf(text: string | null | undefined): boolean | undefined {
  if (text === 't' || text === 'true') return true;
  return text === 'f' || text === 'false' ? false : undefined;
}

/** A number as JSON writes it; of what JSON has no number for (NaN), the text. */
export function pgNumberJson(text: string): string {
  return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text);
}
