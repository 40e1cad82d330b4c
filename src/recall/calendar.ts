import { terms } from './terms.js';

/** The months' English names in lower case, January first. */
export const MONTH_NAMES: readonly string[] = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/**
 * The term of each month's name, January first: what a memory of that month is credited with. "may" is a stop
 * word, so no query ever holds its term; it stands here all the same, as a credit's weight is counted in the
 * memory's length whether or not a query can ask for it.
 */
export const MONTH_TERMS: readonly string[] = MONTH_NAMES.map((name) => terms(name)[0] ?? name);

/** A day of the proleptic Gregorian calendar. */
export interface CalendarDate {
  readonly year: number;
  /** 0 to 11. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

/** A date a text mentions, as precisely as the text says it. */
export interface DateMention {
  readonly year: number;
  /** 0 to 11; absent: only the year is meant. */
  readonly month?: number;
  /** 1 to 31; absent: only the month is meant. */
  readonly day?: number;
}

/** Milliseconds of a day without leap seconds, as Unix time counts. */
export const DAY_MS = 86_400_000;

/** The month (0 to 11) a lower-case word names, in full or as one of the usual abbreviations. */
export function monthNamed(word: string): number | undefined {
  return MONTH_WORDS.get(word);
}

const MONTH_WORDS: ReadonlyMap<string, number> = new Map([
  ...MONTH_NAMES.map((name, month): [string, number] => [name, month]),
  ...MONTH_NAMES.map((name, month): [string, number] => [name.slice(0, 3), month]),
  ['sept', 8],
]);

/**
 * Whole days from 1970-01-01 to a date, negative before it. Days past the month's end run on into the next one.
 * Years counted from March make the leap day the last of its year: "days from civil" of Howard Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms" (2013).
 */
export function dayNumber(year: number, month: number, day: number): number {
  const marchYear = month < 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** The date that lies `days` whole days after 1970-01-01: the inverse of `dayNumber`. */
export function dateOfDay(days: number): CalendarDate {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (marchMonth + 2) % 12;
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

/** The day (UTC) of a time in milliseconds since 1970. */
export function dayOfTime(time: number): number {
  return Math.floor(time / DAY_MS);
}

/** The days from 1970-01-01 within which a day is one: as many as every field that holds one has room for. */
const LAST_DAY = 1e9;

/** The same of a time that an adopted row may hold: beyond some million years, or no number, it is that of 1970-01-01. */
export function dayOfStoredTime(time: number): number {
  const day = dayOfTime(time);
  return Math.abs(day) <= LAST_DAY ? day : 0;
}

/** A day as ISO 8601 writes it, `2026-05-03`; years beyond four digits as they are. */
export function isoDay(day: number): string {
  const { year, month, day: dayOfMonth } = dateOfDay(day);
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return `${year < 0 ? '-' : ''}${digits(Math.abs(year), 4)}-${digits(month + 1, 2)}-${digits(dayOfMonth, 2)}`;
}

/** True when the year has such a day in such a month. */
export function isDate(year: number, month: number, day: number): boolean {
  if (month < 0 || month > 11 || day < 1 || day > 31) return false;
  const date = dateOfDay(dayNumber(year, month, day));
  return date.month === month && date.day === day;
}
