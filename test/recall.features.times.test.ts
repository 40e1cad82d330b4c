import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateOfDay, dayNumber } from '../src/recall/calendar.js';
import { readTimes } from '../src/recall/time-expressions.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.features.times');

/** A Wednesday. */
const TODAY = dayNumber(2024, 0, 3);

/** The dates mentioned, as 2024-1-3 or 2024-1. */
function mentioned(text: string, day = TODAY): string {
  return readTimes(text, day)
    .mentions.map(({ year, month, day: of }) => [year, month! + 1, of].filter(Boolean).join('-'))
    .join(' ');
}

describe('relative dates', () => {
  it.each([
    ['today', '2024-1-3'],
    ['tonight', '2024-1-3'],
    ['yesterday', '2024-1-2'],
    ['tomorrow', '2024-1-4'],
    ['the day before yesterday', '2024-1-1'],
    ['the day after tomorrow', '2024-1-5'],
    ['the day I met him yesterday', '2024-1-2'],
    ['last night', '2024-1-2'],
    ['3 days ago', '2023-12-31'],
    ['a day ago', '2024-1-2'],
    ['ten days ago', '2023-12-24'],
    ['400 days ago', '2022-11-29'],
    ['ten days back', '2023-12-24'],
    ['a couple of days ago', '2024-1'],
    ['a few days ago', '2023-12'],
    ['a week ago', '2023-12'],
    ['two weeks ago', '2023-12'],
    ['two weekends ago', '2023-12'],
    ['several weeks ago', '2023-12'],
    ['a month ago', '2023-12'],
    ['a couple of months ago', '2023-11'],
    ['13 months ago', '2022-12'],
    ['last week', '2023-12'],
    ['this week', '2024-1'],
    ['next week', '2024-1'],
    ['last month', '2023-12'],
    ['this past month', '2023-12'],
    ['this month', '2024-1'],
    ['next month', '2024-2'],
    ['the coming month', '2024-2'],
    ['last Monday', '2024-1-1'],
    ['last Wednesday', '2023-12-27'],
    ['last Thursday', '2023-12-28'],
    ['last Fri', '2023-12-29'],
    ['last Tues', '2024-1-2'],
    ['this Monday', '2024-1-1'],
    ['this Sunday', '2024-1-7'],
    ['next Wednesday', '2024-1-10'],
    ['next Thursday', '2024-1-4'],
    ['last weekend', '2023-12-30'],
    ['this past weekend', '2023-12-30'],
    ['this weekend', '2024-1-6'],
    ['next weekend', '2024-1-6'],
    ['last May', '2023-5'],
    ['last January', '2023-1'],
    ['this December', '2024-12'],
    ['next January', '2025-1'],
    ['next March', '2024-3'],
    ['LAST   FRIDAY, and then last friday', '2023-12-29'],
    ['yesterday or last week or today', '2024-1-2 2023-12 2024-1-3'],
  ])('%s is %s', (text, dates) => {
    expect(mentioned(`We went there ${text}.`)).toBe(dates);
    expect(readTimes(text, TODAY).hasTime).toBe(true);
  });

  it.each([
    'last year',
    'two years ago',
    'last summer',
    'this morning',
    'for two weeks',
    'in three days',
    'over the past few months',
    'on Friday',
    'in May',
    'May 2023',
    '8 May',
    'in 2019',
    'since March',
    'long ago',
    '30 minutes ago',
  ])('%s tells a time, but none that is reckoned', (text) => {
    expect(mentioned(text)).toBe('');
    expect(readTimes(`It was ${text}.`, TODAY).hasTime).toBe(true);
  });

  it.each([
    '',
    'This may be it, and you may come.',
    'the last one of this kind',
    'next to the week',
    'I came back to the day room.',
    'a few days',
    'back in the months',
    'room 1234, 20000 or 2200 of them',
    'days of our weeks',
    'last sun, last word',
    'constructor toString __proto__',
    '最近、友達と会った',
  ])('%j tells none', (text) => {
    expect(readTimes(text, TODAY)).toEqual({ hasTime: false, mentions: [] });
  });

  it('are eight at most, the first ones', () => {
    const text = Array.from({ length: 20 }, (_, i) => `${i + 1} days ago`).join(', ');
    expect(mentioned(text).split(' ')).toHaveLength(8);
    expect(mentioned(text)).toContain('2023-12-26');
    expect(mentioned(text)).not.toContain('2023-12-25');
  });

  it('stand in the right place beside any day', () => {
    const NAMES = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), fc.constantFrom(...NAMES), (day, name) => {
        const of = (text: string) => {
          const [{ year, month, day: date }] = readTimes(text, day).mentions;
          return dayNumber(year, month!, date!);
        };
        const [last, own, next] = [of(`last ${name}`), of(`this ${name}`), of(`next ${name}`)];
        for (const found of [last, own, next]) {
          const date = new Date(found * 86_400_000);
          expect(NAMES[(date.getUTCDay() + 6) % 7]).toBe(name);
        }
        expect(day - last).toBeGreaterThanOrEqual(1);
        expect(day - last).toBeLessThanOrEqual(7);
        expect(next - day).toBeGreaterThanOrEqual(1);
        expect(next - day).toBeLessThanOrEqual(7);
        expect(Math.abs(own - day)).toBeLessThanOrEqual(6);
        expect(of('yesterday')).toBe(day - 1);
        expect(of('5 days ago')).toBe(day - 5);
        const month = readTimes('last month', day).mentions[0];
        const today = dateOfDay(day);
        expect(month.year * 12 + month.month!).toBe(today.year * 12 + today.month - 1);
      }),
      { seed, numRuns: 1000 },
    );
  });
});
