import { isUserId } from '../../tenancy/scope.js';
import { isObject, jsonStrings, parsedJson } from '../../memories/stored-json.js';
import type { JsonRecord } from './json-record.js';

/** The last millisecond that a JavaScript Date can hold (ECMA-262, Time Values). */
const MAX_TIME = 8.64e15;
/** A number below this counts seconds since 1970, not milliseconds: as milliseconds it would be in March 1973. */
const SECONDS_BELOW = 1e11;
const MAX_NAME_LENGTH = 255;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Milliseconds since 1970 of a time as exports write it: a number of seconds or milliseconds (also as a text), or an ISO
 * date, in UTC where it names no zone.
 *
 * @returns undefined for anything else, such as a 30th of February
 */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^-?\d{1,17}(\.\d+)?$/.test(text)) return ofNumber(Number(text));
  const found = DATE.exec(text);
  if (!found) return undefined;
  const [, year, month, day, clock = '00:00', zone = 'Z'] = found;
  // Date.parse takes a 30th of February for a 2nd of March.
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return undefined;
  const at = Date.parse(`${year}-${month}-${day}T${clock}${zone.toUpperCase()}`);
  return Number.isNaN(at) ? undefined : at;
}

function ofNumber(value: number): number | undefined {
  const at = Math.round(Math.abs(value) < SECONDS_BELOW ? value * 1000 : value);
  return Math.abs(at) <= MAX_TIME ? at + 0 : undefined;
}

/** @returns undefined for what cannot be the id of a memory, the name of a session or of a collection */
export function nameOf(value: string | undefined): string | undefined {
  const isName =
    value !== undefined &&
    value !== '' &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed() &&
    !/\p{Cc}/u.test(value);
  return isName ? value : undefined;
}

/**
 * Whose a row is: empty for nobody's.
 *
 * @returns undefined for what cannot name a user
 */
export function ownerOf(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return '';
  return isUserId(value) ? value : undefined;
}

/** Why a row is quarantined whose owner cannot be one: it must not become somebody else's. */
export const NO_USER_ID = 'its user is not 1 to 256 characters of well-formed text without U+0000';

/** Tags as JSON: from an array, from the JSON text of one, or from one word. */
export function tagsOf(record: JsonRecord, ...names: readonly string[]): string {
  for (const name of names) {
    const value = record.value[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'string') {
      const list = value.trim().startsWith('[') ? jsonStrings(value) : value === '' ? [] : [value];
      if (list.length > 0) return JSON.stringify(list);
    } else if (Array.isArray(value) && value.length > 0) {
      return JSON.stringify(jsonStrings(record.texts.get(name)!));
    }
  }
  return '[]';
}

/** The text of a member that is an object, or is the JSON text of something, as JSON. */
export function jsonIn(record: JsonRecord, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = record.value[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' && isObject(parsedJson(value))) return value;
    return record.texts.get(name);
  }
  return undefined;
}

/** A number in [0, 1], moved there from beyond; undefined for anything else. */
export function shareOf(value: unknown): number | undefined {
  if (typeof value !== 'number' || Number.isNaN(value)) return undefined;
  return Math.min(1, Math.max(0, value));
}

/** The bytes of an embedding that is a list of numbers. */
export function floatsOf(value: unknown): Buffer | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (!value.every((item): item is number => typeof item === 'number')) return undefined;
  const bytes = Buffer.alloc(4 * value.length);
  value.forEach((number, i) => bytes.writeFloatLE(Math.fround(number), 4 * i));
  return bytes;
}
