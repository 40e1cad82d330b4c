import { MONTH_NAMES } from './calendar.js';
import type { Direction, Unit } from './relative-dates.js';

/** So many spans, or about so many. */
export interface Count {
  readonly count: number;
  readonly isExact: boolean;
}

/** What an English word has to do with time. */
export type TimeWord =
  /** Tells a time without any other word: a weekday, a month. */
  | { readonly kind: 'alone' }
  /** So many days from now. */
  | { readonly kind: 'near'; readonly offset: number }
  /** Before now, by as much as the words before it say; `alone` when it tells a time without them. */
  | { readonly kind: 'ago'; readonly alone: boolean }
  /** Last, this or next, of what follows. */
  | { readonly kind: 'which'; readonly direction: Direction }
  /** A span of time; without a unit, one that is not reckoned with ("hours", "decades"). */
  | { readonly kind: 'span'; readonly unit?: Unit };

const list = (words: string) => words.trim().split(/\s+/);
const each = <T>(words: string, value: T) => list(words).map((word): [string, T] => [word, value]);

const WEEKDAY_NAMES = 'monday tuesday wednesday thursday friday saturday sunday';
const NAMED_MONTHS = MONTH_NAMES.filter((name) => name !== 'may').join(' ');

/** The words that may tell a time, in lower case. A change is a change of the index: raise `TOKENISER_VERSION`. */
export const TIME_WORDS: ReadonlyMap<string, TimeWord> = new Map<string, TimeWord>([
  ...each<TimeWord>(`${WEEKDAY_NAMES} ${NAMED_MONTHS} recently`, { kind: 'alone' }),
  ...each<TimeWord>(WEEKDAY_NAMES.replaceAll('day', 'days'), { kind: 'alone' }),
  ...each<TimeWord>('yesterday', { kind: 'near', offset: -1 }),
  ...each<TimeWord>('today tonight', { kind: 'near', offset: 0 }),
  ...each<TimeWord>('tomorrow', { kind: 'near', offset: 1 }),
  ...each<TimeWord>('ago', { kind: 'ago', alone: true }),
  ...each<TimeWord>('back', { kind: 'ago', alone: false }),
  ...each<TimeWord>('last past previous', { kind: 'which', direction: -1 }),
  ...each<TimeWord>('this', { kind: 'which', direction: 0 }),
  ...each<TimeWord>('next coming', { kind: 'which', direction: 1 }),
  ...each<TimeWord>('day days', { kind: 'span', unit: 'day' }),
  ...each<TimeWord>('week weeks weekend weekends', { kind: 'span', unit: 'week' }),
  ...each<TimeWord>('month months', { kind: 'span', unit: 'month' }),
  ...each<TimeWord>(
    `second seconds minute minutes hour hours night nights fortnight fortnights
     year years decade decades century centuries`,
    { kind: 'span' },
  ),
]);

/**
 * Weekdays after "last", "this" and "next", Monday = 0; abbreviated too, but for the sun. A weekend is known by its
 * Saturday.
 */
export const WEEKDAYS: ReadonlyMap<string, number> = new Map([
  ...list(WEEKDAY_NAMES).map((name, i): [string, number] => [name, i]),
  ...list('mon tue wed thu fri sat').map((name, i): [string, number] => [name, i]),
  ...list('tues').map((name): [string, number] => [name, 1]),
  ...list('thur thurs').map((name): [string, number] => [name, 3]),
  ...list('weekend').map((name): [string, number] => [name, 5]),
]);

/** What "last", "this" and "next" make a time of, though not one that could be reckoned. */
export const PERIODS: ReadonlySet<string> = new Set(
  list(`night morning afternoon evening spring summer autumn fall winter season semester christmas easter
    year fortnight decade century`),
);

/** Numbers before a span; a vague one is good enough for a month, not for a day. */
export const COUNTS: ReadonlyMap<string, Count> = new Map([
  ...list('one two three four five six seven eight nine ten eleven twelve').map(
    (word, i): [string, Count] => [word, { count: i + 1, isExact: true }],
  ),
  ...each('a an', { count: 1, isExact: true }),
  ...each('couple', { count: 2, isExact: false }),
  ...each('few several some', { count: 3, isExact: false }),
]);

/** What stands before a counted span that says how long or how long ago. */
export const SPAN_PREPOSITIONS: ReadonlySet<string> = new Set(
  list('for in since over about after within past last next'),
);
