import { type FieldError, unacceptable } from '../http/api-error.js';
import { UNSTORABLE, isStorable } from '../http/field.validators.js';
import { isObject } from '../memories/stored-json.js';

/**
 * Reads a value that is there. What is wrong with it goes to `problems` in the words of OpenMemory's validator.
 *
 * @param path of the value, such as `filters.min_score`
 */
type Read<T> = (value: unknown, path: string, problems: FieldError[]) => T | undefined;

export interface Field<T, Needed extends boolean = boolean> {
  readonly needed: Needed;
  readonly read: Read<T>;
  /** Of an object with fields of its own. */
  readonly fields?: Fields;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

export type Values<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T, infer Needed>
    ? Needed extends true
      ? T
      : T | undefined
    : never;
};

/**
 * The fields of an input. Null for a field that may be absent is as if it were absent, and fields that nobody knows
 * are dropped: clients of OpenMemory send both.
 *
 * @throws ApiError 400 VALIDATION_FAILED
 */
export function readInput<const F extends Fields>(fields: F, value: unknown): Values<F> {
  const problems: FieldError[] = [];
  const input = isObject(value ?? {}) ? (value ?? {}) : undefined;
  if (input === undefined) problems.push({ field: 'body', message: mistyped('object', value) });
  const values = readFields(fields, (input ?? {}) as object, '', input ? problems : []);
  if (problems.length > 0) throw unacceptable(problems);
  return values;
}

function readFields<F extends Fields>(
  fields: F,
  input: object,
  path: string,
  problems: FieldError[],
): Values<F> {
  const values: Record<string, unknown> = {};
  for (const [name, { needed, read }] of Object.entries(fields)) {
    const value: unknown = Object.hasOwn(input, name) ? (input as Record<string, unknown>)[name] : undefined;
    const field = path + name;
    if (value !== undefined && value !== null) values[name] = read(value, field, problems);
    else if (needed) {
      problems.push({ field, message: value === null ? 'must not be null' : 'required' });
    }
  }
  return values as Values<F>;
}

export function needed<T>(field: Field<T, false>): Field<T, true> {
  return { ...field, needed: true };
}

/** A text of so many characters. */
export function text({ min = 0, max = Infinity } = {}): Field<string, false> {
  return of((value, field, problems) => {
    if (typeof value !== 'string') problems.push({ field, message: mistyped('string', value) });
    else if (value.length < min) problems.push({ field, message: `length < ${min}` });
    else if (value.length > max) problems.push({ field, message: `length > ${max}` });
    else if (!isStorable(value)) {
      problems.push({ field, message: UNSTORABLE });
    } else return value;
    return undefined;
  });
}

/** One of these texts. */
export function oneOf<const T extends string>(choices: readonly T[]): Field<T, false> {
  return of((value, field, problems) => {
    if (typeof value !== 'string') problems.push({ field, message: mistyped('string', value) });
    else if (!choices.includes(value as T)) {
      problems.push({ field, message: `must be one of ${choices.join(', ')}` });
    } else return value as T;
    return undefined;
  });
}

export function number({ min = -Infinity, max = Infinity, whole = false } = {}): Field<number, false> {
  return of((value, field, problems) => {
    if (typeof value !== 'number') problems.push({ field, message: mistyped('number', value) });
    else if (whole && !Number.isInteger(value)) {
      problems.push({ field, message: 'expected integer, got number' });
    } else if (value < min) problems.push({ field, message: `< ${min}` });
    else if (value > max) problems.push({ field, message: `> ${max}` });
    else return value;
    return undefined;
  });
}

export function flag(): Field<boolean, false> {
  return of((value, field, problems) => {
    if (typeof value === 'boolean') return value;
    problems.push({ field, message: mistyped('boolean', value) });
    return undefined;
  });
}

/** A list of so many texts. */
export function texts(most: number, each: { min?: number; max?: number }): Field<string[], false> {
  return list(most, text(each));
}

/** A list of some of these texts. */
export function listOf<const T extends string>(choices: readonly T[]): Field<T[], false> {
  return list(choices.length, oneOf(choices));
}

function list<T>(most: number, one: Field<T, false>): Field<T[], false> {
  return of((value, field, problems) => {
    if (!Array.isArray(value)) problems.push({ field, message: mistyped('array', value) });
    else if (value.length > most) problems.push({ field, message: `array length > ${most}` });
    else {
      return value.flatMap((item: unknown, i) => one.read(item, `${field}[${i}]`, problems) ?? []);
    }
    return undefined;
  });
}

/** An object of anything. @param most characters of its JSON */
export function anyObject(most = Infinity): Field<Record<string, unknown>, false> {
  return of((value, field, problems) => {
    if (!isObject(value)) problems.push({ field, message: mistyped('object', value) });
    else if (JSON.stringify(value).length > most) problems.push({ field, message: `length > ${most}` });
    else return value;
    return undefined;
  });
}

/** An object of these fields. */
export function object<const F extends Fields>(fields: F): Field<Values<F>, false> {
  const read: Read<Values<F>> = (value, field, problems) => {
    if (isObject(value)) return readFields(fields, value, `${field}.`, problems);
    problems.push({ field, message: mistyped('object', value) });
    return undefined;
  };
  return { ...of(read), fields };
}

function of<T>(read: Read<T>): Field<T, false> {
  return { needed: false, read };
}

function mistyped(expected: string, value: unknown): string {
  const got = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return `expected ${expected}, got ${got}`;
}
