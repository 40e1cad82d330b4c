import { jsonParts } from '../http/json-parts.js';
import { JsonText } from '../http/json-text.js';

// JSON as it stands in a row. What this service has written is as JSON.stringify writes it; rows of adopted
// databases may hold anything, and are to say what they said there.

/**
 * As an array of texts. An item that is no text is given by its JSON; what is no array reads as an array of that
 * one thing, and null, an empty object or broken text as an empty one.
 */
export function jsonStrings(text: string): string[] {
  const value = parsedJson(text);
  if (Array.isArray(value)) {
    if (value.every((item): item is string => typeof item === 'string')) return value;
    const parts = jsonParts(text);
    return value.map((item: unknown, i) => (typeof item === 'string' ? item : parts[i]));
  }
  if (typeof value === 'string') return [value];
  const isNothing = value === undefined || value === null || (isObject(value) && isEmpty(value));
  return isNothing ? [] : [text.trim()];
}

/** As an object; what is none reads as `{}`. */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parsedJson(text);
  return isObject(value) ? value : {};
}

/**
 * Characters beyond which a text is answered as it stands without asking whether it has to be: that costs less
 * than writing it anew, and what nests too deep to be written is longer.
 */
const MAX_WRITTEN_ANEW = 1_024;

/** As an answer gives it: the object itself where it would be written as it stands here, else its text. */
export function jsonAnswer(text: string): Record<string, unknown> | JsonText {
  if (text === '{}') return {};
  try {
    const json = new JsonText(text);
    if (!isObject(json.value)) return {};
    return isPlain(json.value, text) ? json.value : json;
  } catch {
    return {};
  }
}

/** Whether JSON.stringify writes `value` as the text it was read from. */
function isPlain(value: Record<string, unknown>, text: string): boolean {
  if (text.length > MAX_WRITTEN_ANEW) return false;
  return (
    (FLAT.test(text) && countNames(text) === Object.keys(value).length) || JSON.stringify(value) === text
  );
}

/**
 * What most metadata look like, and what is written as it is unless a name comes twice: members with texts that have
 * nothing to escape, short integers and constants, under names that are no numbers (which would come first).
 */
const FLAT = /^\{(?:"(?!\d)[^"\\]*":(?:"[^"\\]*"|-?[1-9]\d{0,14}|0|true|false|null)(?:,(?=")|(?=\}$)))+\}$/;

/** At least as many as there are: the value of a member may begin with a colon. */
function countNames(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count += 1;
  return count;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

/** @returns undefined for what is no JSON */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
