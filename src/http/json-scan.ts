import { ApiError, unacceptable } from './api-error.js';

/** Deeper than any request has a use for, and shallow enough for everything that walks it afterwards. */
export const MAX_JSON_DEPTH = 32;

/** A number of up to this many characters without an exponent is exact and finite. */
const HARMLESS_NUMBER_LENGTH = 15;
const MAX_NAME_SHOWN = 64;
const MAX_NAMES_SHOWN = 8;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const BACKSLASH = 0x5c;

interface Container {
  readonly isArray: boolean;
  /** Of an array: where in it we are. */
  index: number;
  /** Of an object: whether the next string names a member, and the last name seen, still in its quotes. */
  expectsName: boolean;
  name: string;
}

/**
 * Refuses what JSON.parse would take and change, or turn against us: numbers that do not survive being read,
 * `__proto__` and `constructor.prototype` as names, and deep nesting. One pass over the text, each character
 * looked at a bounded number of times. It does not check the grammar: JSON.parse does that afterwards, and of
 * what is not JSON this may refuse either the one or the other.
 *
 * @param what the text is called in messages
 * @throws ApiError 400 INVALID_JSON (depth) or VALIDATION_FAILED, naming the field
 */
export function scanJson(text: string, what = 'body'): void {
  const open: Container[] = [];
  const refuse = (message: string): never => {
    throw refusal(what, open, message);
  };
  for (let at = 0; at < text.length;) {
    const char = text.charCodeAt(at);
    const inside = open.at(-1);
    if (char === QUOTE) {
      const end = endOfString(text, at);
      if (end < 0) return;
      if (inside?.expectsName) {
        inside.expectsName = false;
        inside.name = text.slice(at, end);
        refuseName(open, refuse);
      }
      at = end;
    } else if (char === MINUS || isDigit(char)) {
      const end = endOfNumber(text, at);
      refuseNumber(text.slice(at, end), refuse);
      at = end;
    } else {
      if (char === 0x7b || char === 0x5b) {
        const isArray = char === 0x5b;
        open.push({ isArray, index: 0, expectsName: !isArray, name: '' });
        if (open.length > MAX_JSON_DEPTH) throw tooDeep(what);
      } else if (char === 0x7d || char === 0x5d) {
        open.pop();
      } else if (char === COMMA && inside) {
        if (inside.isArray) inside.index++;
        else inside.expectsName = true;
      }
      at++;
    }
  }
}

/** @param start where the opening quote is. @returns the place behind the closing quote; -1 when there is none */
export function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    if ((quote - before) % 2 === 1) return quote + 1;
  }
  return -1;
}

function isDigit(char: number): boolean {
  return char >= 0x30 && char <= 0x39;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && (isDigit(text.charCodeAt(end)) || '+-.eE'.includes(text[end]))) end++;
  return end;
}

function refuseNumber(literal: string, refuse: (message: string) => never): void {
  const isInteger = !/[.eE]/.test(literal);
  if (literal.length <= HARMLESS_NUMBER_LENGTH && isInteger) return;
  const value = Number(literal);
  if (isInteger && !Number.isNaN(value) && !Number.isSafeInteger(value)) {
    refuse('is an integer beyond ±9007199254740991, which JSON readers round: send a string');
  }
  if (value === Infinity || value === -Infinity) {
    refuse('is a number beyond the range of a double');
  }
}

function refuseName(open: readonly Container[], refuse: (message: string) => never): void {
  const name = plain(open.at(-1)!.name);
  const isPrototype = name === 'prototype' && open.length > 1 && plain(open.at(-2)!.name) === 'constructor';
  if (name === '__proto__' || isPrototype) refuse('is not an acceptable name');
}

/** A name without its quotes and escapes. */
function plain(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return '';
  }
}

/** Where in the text we are, as field names are written: `metadata.sizes.3`. */
function fieldOf(what: string, open: readonly Container[]): string {
  const names = open
    .slice(0, MAX_NAMES_SHOWN)
    .map(({ isArray, index, name }) => (isArray ? String(index) : plain(name).slice(0, MAX_NAME_SHOWN)));
  return names.join('.').toWellFormed() || what;
}

function refusal(what: string, open: readonly Container[], message: string): ApiError {
  return unacceptable([{ field: fieldOf(what, open), message }], what);
}

function tooDeep(what: string): ApiError {
  return new ApiError(400, 'INVALID_JSON', `The ${what} is nested deeper than ${MAX_JSON_DEPTH} levels.`);
}
