import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DAY_MS,
  MONTH_NAMES,
  MONTH_TERMS,
  dateOfDay,
  dayNumber,
  dayOfTime,
  isDate,
  monthNamed,
} from '../src/recall/calendar.js';
import { dateOfValue, readDate } from '../src/recall/dates.js';
import { terms } from '../src/recall/terms.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.features.dates');

/** All whole days a Date can be. */
const days = fc.integer({ min: -1e8, max: 1e8 });

describe('the calendar', () => {
  it('agrees with the language on every day it knows, both ways', () => {
    fc.assert(
      fc.property(days, (day) => {
        const known = new Date(day * DAY_MS);
        const date = dateOfDay(day);
        expect(date).toEqual({
          year: known.getUTCFullYear(),
          month: known.getUTCMonth(),
          day: known.getUTCDate(),
        });
        expect(dayNumber(date.year, date.month, date.day)).toBe(day);
        expect(isDate(date.year, date.month, date.day)).toBe(true);
      }),
      { seed, numRuns: 5000, examples: [[-1e8], [1e8], [0], [-1], [-719_528], [-719_529]] },
    );
  });

  it('knows every day of four centuries', () => {
    for (let day = dayNumber(1899, 11, 31), year = 1899, month = 11, of = 31; year < 2300; day += 1) {
      expect(dateOfDay(day)).toEqual({ year, month, day: of });
      of += 1;
      if (!isDate(year, month, of)) {
        of = 1;
        month = (month + 1) % 12;
        if (month === 0) year += 1;
      }
    }
  });

  it('knows which dates there are', () => {
    for (const [year, month, day] of [
      [2024, 1, 29],
      [2000, 1, 29],
      [2023, 11, 31],
    ]) {
      expect(isDate(year, month, day)).toBe(true);
    }
    for (const [year, month, day] of [
      [2023, 1, 29],
      [1900, 1, 29],
      [2023, 3, 31],
      [2023, 12, 1],
      [2023, -1, 1],
      [2023, 0, 0],
      [2023, 0, 32],
    ]) {
      expect(isDate(year, month, day)).toBe(false);
    }
  });

  it('gives a time the day it lies in, before 1970 too', () => {
    expect([0, DAY_MS - 1, DAY_MS, -1, -DAY_MS].map(dayOfTime)).toEqual([0, 0, 1, -1, -1]);
  });

  it('names the months as a text does', () => {
    MONTH_NAMES.forEach((name, month) => {
      expect(monthNamed(name)).toBe(month);
      expect(monthNamed(name.slice(0, 3))).toBe(month);
      if (name !== 'may') expect(terms(name)).toEqual([MONTH_TERMS[month]]);
    });
    expect(MONTH_TERMS[4]).toBe('may');
    expect(monthNamed('sept')).toBe(8);
    expect(monthNamed('constructor')).toBeUndefined();
  });
});

describe('reading a date', () => {
  const MAY_8 = Date.UTC(2023, 4, 8) / DAY_MS;

  it.each([
    '1:56 pm on 8 May, 2023',
    '13:56 on 8 May 2023',
    '8 May 2023',
    '8 May, 2023',
    '08 May 2023',
    '8 may 2023 13:56',
    '8th May 2023',
    '8th of May, 2023',
    '8. May 2023',
    '8-May-2023',
    'May 8, 2023',
    'MAY 8 2023',
    'May 8th, 2023 at 1:56 pm',
    'May 8th, 2023, 5pm',
    'Monday, May 8, 2023',
    'Mon 8 May 2023',
    'on 8 May 2023',
    '2023-05-08',
    '2023/05/08',
    '2023.5.8',
    '2023-05-08T13:56:00Z',
    '2023-05-08T13:56:00.123456Z',
    '2023-05-08T23:30:00-05:00',
    '2023-05-08T00:30+0200',
    '2023-05-08 13:56:00 UTC',
    ' 2023-05-08\n13:56 ',
    '8.5.2023',
    '08.05.2023, 13:56',
    '13:56, 08.05.2023',
    'Mon, 08 May 2023 13:56:00 GMT',
    'Mon, 8 May 2023 13:56:00 +0200 (CEST)',
    'Mon May 08 2023 13:56:00 GMT+0200 (Central European Summer Time)',
    'Mon May  8 13:56:00 2023',
    'Mon May 8 13:56:00 CEST 2023',
    '2023年5月8日',
    '2023年5月8日（月） 13:56',
    '2023년 5월 8일',
    '2023년 5월 8일 월요일',
  ])('%s is the 8 May 2023', (text) => {
    expect(readDate(text)).toBe(MAY_8);
    expect(dateOfValue(text)).toBe(MAY_8);
  });

  it.each([
    ['13/05/2023', '2023-05-13'],
    ['05/13/2023', '2023-05-13'],
    ['5-13-2023', '2023-05-13'],
    ['05/05/2023', '2023-05-05'],
    ['Sept. 30, 2021', '2021-09-30'],
    ['29 February 2024', '2024-02-29'],
    ['1 Jan 0099', '0099-01-01'],
  ])('%s is %s', (text, date) => {
    expect(readDate(text)).toBe(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
  });

  it.each([
    '',
    '8/5/2023',
    '08-05-2023',
    '8 May',
    'May 2023',
    '2023',
    '2023-05',
    '2023-5-8-1',
    '2023-05/08',
    '31 April 2023',
    '29 February 2023',
    '0 May 2023',
    '2023-13-01',
    '2023-00-10',
    '8 Mai 2023',
    '8 Mayor 2023',
    'the 8 May 2023',
    '8 May 2023 or so',
    'monkey 8 May 2023',
    '12:30',
    'yesterday',
    '8 May 20233',
    `8 May 2023${' '.repeat(90)}`,
  ])('%j is none', (text) => {
    expect(readDate(text)).toBeUndefined();
    expect(dateOfValue(text)).toBeUndefined();
  });

  it('takes numbers by their size: days in digits, seconds, milliseconds', () => {
    const time = Date.UTC(2023, 4, 8, 13, 56);
    for (const value of [time, time / 1000, time / 1000 + 0.5, 20230508]) {
      expect(dateOfValue(value)).toBe(MAY_8);
      expect(dateOfValue(` ${value} `)).toBe(MAY_8);
    }
    expect(dateOfValue(99_999_999)).toBeUndefined();
    expect(dateOfValue(1e8)).toBe(Date.UTC(1973, 2, 3) / DAY_MS);
    expect(dateOfValue(1e11 - 1)).toBe(Math.floor((1e14 - 1000) / DAY_MS));
    expect(dateOfValue(1e11)).toBe(Date.UTC(1973, 2, 3) / DAY_MS);
    for (const value of [0, 8, 2023, 202305, 20231301, 20230230.5, 1e14, -1e9, NaN, Infinity, 1.7e15]) {
      expect(dateOfValue(value)).toBeUndefined();
    }
  });

  it('takes nothing else', () => {
    for (const value of [undefined, null, true, {}, [], ['2023-05-08'], { date: '2023-05-08' }]) {
      expect(dateOfValue(value)).toBeUndefined();
    }
  });

  it('reads every date it can write, and never fails', () => {
    const date = fc.date({ noInvalidDate: true, min: new Date('1000-01-01'), max: new Date('9999-12-31') });
    fc.assert(
      fc.property(date, (value) => {
        const day = Math.floor(value.getTime() / DAY_MS);
        expect(readDate(value.toISOString())).toBe(day);
        expect(readDate(value.toUTCString())).toBe(day);
        expect(readDate(value.toLocaleDateString('en-GB', { dateStyle: 'full', timeZone: 'UTC' }))).toBe(day);
        expect(readDate(value.toLocaleDateString('en-US', { dateStyle: 'medium', timeZone: 'UTC' }))).toBe(
          day,
        );
        expect(readDate(value.toLocaleDateString('ja-JP', { dateStyle: 'long', timeZone: 'UTC' }))).toBe(day);
        expect(readDate(value.toLocaleDateString('de-DE', { dateStyle: 'medium', timeZone: 'UTC' }))).toBe(
          day,
        );
      }),
      { seed, numRuns: 500 },
    );
    const junk = fc.oneof(fc.string(), fc.stringMatching(/^[\d:./ ,amptzMay-]{0,40}$/), fc.double());
    fc.assert(
      fc.property(junk, (value) => {
        const day = dateOfValue(value);
        expect(day === undefined || Number.isInteger(day)).toBe(true);
      }),
      { seed, numRuns: 2000 },
    );
  });
});
