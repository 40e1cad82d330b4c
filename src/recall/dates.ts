import { dayNumber, dayOfTime, isDate, monthNamed } from './calendar.js';

/** Nothing longer is a date. */
const MAX_LENGTH = 80;

const TIME = String.raw`\d{1,2}(?::\d{2}){1,2}(?:[.,]\d{1,9})?(?:\s?[ap]\.?m\.?)?|\d{1,2}\s?[ap]\.?m\.?`;
const ZONE = String.raw`(?:\s?(?:utc|gmt|z))?(?:\s?[+-]\d{2}:?\d{2})?(?:\s\([a-z ]+\))?`;
const WEEKDAY =
  'mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?';
const BEFORE = String.raw`(?:(?:${TIME})${ZONE}(?:,|\son|\s-)?\s)?(?:on\s)?(?:(?:${WEEKDAY})\.?,?\s)?`;
const AFTER = String.raw`(?:(?:,?\s|t)(?:at\s|-\s)?(?:${TIME})${ZONE})?`;

const dated = (date: string) => new RegExp(`^${BEFORE}${date}${AFTER}$`);
/** 2023-05-08, 2023/5/8, 2023.05.08 */
const YEAR_FIRST = dated(String.raw`(\d{4})([-/.])(\d{1,2})\2(\d{1,2})`);
/** 8.5.2023, 13/05/2023 */
const YEAR_LAST = dated(String.raw`(\d{1,2})([-/.])(\d{1,2})\2(\d{4})`);
/** 8 May 2023, 8th of May, 2023, 8-May-2023 */
const DAY_MONTH = dated(String.raw`(\d{1,2})(?:st|nd|rd|th|\.)?[\s-](?:of\s)?([a-z]+)\.?,?[\s-](\d{4})`);
/** May 8, 2023, May 8th 2023 */
const MONTH_DAY = dated(String.raw`([a-z]+)\.?\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})`);
/** May 08 13:56:00 2023, as C's asctime writes it */
const ASCTIME = new RegExp(
  String.raw`^(?:(?:${WEEKDAY})\s)?([a-z]{3})\s(\d{1,2})\s(?:${TIME})(?:\s[a-z]{3,4})?\s(\d{4})$`,
);
/** 2023年5月8日（月） 10:00, 2023년 5월 8일 월요일 */
const EAST_ASIAN = new RegExp(
  String.raw`^(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일](?:\s?[(（]?[月火水木金土日월화수목금토][曜요]?[日일]?[)）]?)?(?:\s(?:${TIME}))?$`,
);

/**
 * The day a date as people, programs and protocols write it falls on, or undefined when it is none or could be
 * another: `8/5/2023` is the 8 May of one reader and the 5 August of the next.
 *
 * The day is the one written. A time and its zone are read over: who writes 23:30 on 8 May at −05:00 says
 * "8 May" of it, whatever day it is in Greenwich.
 *
 * @param text the date and nothing else; months in English
 * @returns whole days since 1970-01-01
 */
export function readDate(text: string): number | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const written = text.trim().toLowerCase().replace(/\s+/g, ' ');
  let m: RegExpExecArray | null;
  if ((m = YEAR_FIRST.exec(written))) return day(m[1], Number(m[3]) - 1, m[4]);
  if ((m = DAY_MONTH.exec(written))) return day(m[3], monthNamed(m[2]), m[1]);
  if ((m = MONTH_DAY.exec(written))) return day(m[3], monthNamed(m[1]), m[2]);
  if ((m = YEAR_LAST.exec(written))) return yearLast(m[4], m[2], Number(m[1]), Number(m[3]));
  if ((m = ASCTIME.exec(written))) return day(m[3], monthNamed(m[1]), m[2]);
  if ((m = EAST_ASIAN.exec(written))) return day(m[1], Number(m[2]) - 1, m[3]);
  return undefined;
}

/**
 * The day a value of metadata means: text as `readDate` takes it; a Unix time in seconds or milliseconds, as a
 * number or its digits; a date in eight digits, 20230508. Which unit is meant shows in the size: 10⁸ to 10¹¹
 * seconds are the years 1973 to 5138, and so are 10¹¹ to 10¹⁴ milliseconds.
 * @returns whole days since 1970-01-01; undefined: no date
 */
export function dateOfValue(value: unknown): number | undefined {
  if (typeof value === 'number') return dateOfNumber(value);
  if (typeof value !== 'string') return undefined;
  return /^\s*\d{8,14}(?:\.\d{1,9})?\s*$/.test(value.slice(0, MAX_LENGTH))
    ? dateOfNumber(Number(value))
    : readDate(value);
}

function dateOfNumber(value: number): number | undefined {
  if (value >= 1e8 && value < 1e11) return dayOfTime(value * 1000);
  if (value >= 1e11 && value < 1e14) return dayOfTime(value);
  if (!Number.isInteger(value) || value < 1e7) return undefined;
  return day(Math.floor(value / 10_000), (Math.floor(value / 100) % 100) - 1, value % 100);
}

/** Day first where dots say so (nobody writes months first with dots) or no month has that number. */
function yearLast(year: string, separator: string, first: number, second: number): number | undefined {
  if (separator === '.' || first > 12 || first === second) return day(year, second - 1, first);
  return second > 12 ? day(year, first - 1, second) : undefined;
}

function day(year: string | number, month: number | undefined, dayOfMonth: string | number) {
  if (month === undefined || !isDate(Number(year), month, Number(dayOfMonth))) return undefined;
  return dayNumber(Number(year), month, Number(dayOfMonth));
}
