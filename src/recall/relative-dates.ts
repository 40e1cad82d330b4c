import { type CalendarDate, type DateMention, dateOfDay } from './calendar.js';

/** What "last", "this" and "next" point at. */
export type Direction = -1 | 0 | 1;

/** Years are no unit: a query that names a year only does not mean what happened "last year" at large. */
export type Unit = 'day' | 'week' | 'month';

/**
 * The date so many days, weeks or months before `day`: a day for exactly so many days, else a month.
 * @param isExact false where the words only say about how many
 */
export function before(day: number, count: number, unit: Unit, isExact: boolean): DateMention {
  if (unit === 'month') return monthAway(day, -count);
  const date = dateOfDay(day - count * (unit === 'week' ? 7 : 1));
  return isExact && unit === 'day' ? date : monthOf(date);
}

/** Last, this or next week or month. A week is known by the month its same weekday lies in. */
export function neighbour(day: number, direction: Direction, unit: Exclude<Unit, 'day'>): DateMention {
  return unit === 'month' ? monthAway(day, direction) : monthOf(dateOfDay(day + 7 * direction));
}

/**
 * The last such weekday before `day`, the next one after it, or the one of its week, which begins on Monday.
 * @param weekday 0 for Monday to 6 for Sunday
 */
export function weekdayNear(day: number, direction: Direction, weekday: number): CalendarDate {
  // 1970-01-01 was a Thursday.
  const today = modulo(day + 3, 7);
  if (direction < 0) return dateOfDay(day - modulo(today - weekday - 1, 7) - 1);
  if (direction > 0) return dateOfDay(day + modulo(weekday - today - 1, 7) + 1);
  return dateOfDay(day + weekday - today);
}

/** The last such month before that of `day`, the next one after it, or the one of its year. */
export function monthNear(day: number, direction: Direction, month: number): DateMention {
  const today = dateOfDay(day);
  if (direction < 0) return { year: today.year - (month < today.month ? 0 : 1), month };
  return { year: today.year + (direction > 0 && month <= today.month ? 1 : 0), month };
}

function monthAway(day: number, months: number): DateMention {
  const { year, month } = dateOfDay(day);
  return { year: year + Math.floor((month + months) / 12), month: modulo(month + months, 12) };
}

function monthOf({ year, month }: CalendarDate): DateMention {
  return { year, month };
}

/** The remainder that is never negative. */
function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
