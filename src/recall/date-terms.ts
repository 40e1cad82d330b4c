import { MONTH_TERMS, dateOfDay, dayNumber } from './calendar.js';
import type { MemoryColumns } from './memory-columns.js';

// A memory is credited with the terms that name its date: the month's name, the year, the day of month.

/** Days in which the numbers of a year and of a day of its months can be the same: 1 to 31 CE. */
const FIRST_SUCH_DAY = dayNumber(1, 0, 1);
const LAST_SUCH_DAY = dayNumber(31, 11, 31);

/** How many different terms name a day. */
export function dateTermsOf(day: number): number {
  if (day < FIRST_SUCH_DAY || day > LAST_SUCH_DAY) return 3;
  const date = dateOfDay(day);
  return date.year === date.day ? 2 : 3;
}

/** What a term of a query means as a date. */
export interface DateTerm {
  /** 0 to 11 */
  readonly month: number | undefined;
  /** A year, or a day of month. */
  readonly number: number | undefined;
}

/** What date a term of a query stands for, if any. */
export function dateTermOf(term: string): DateTerm | undefined {
  const month = MONTH_TERMS.indexOf(term);
  const number = /^\d{1,6}$/.test(term) && String(Number(term)) === term ? Number(term) : undefined;
  if (month < 0 && number === undefined) return undefined;
  return { month: month < 0 ? undefined : month, number };
}

/** Whether that is the day's month, year or day of month. */
export function namesDate({ month, number }: DateTerm, day: number): boolean {
  const date = dateOfDay(day);
  return date.month === month || date.year === number || date.day === number;
}

/** Finds the memories of a date. */
export class DateCells {
  private numbers: ReadonlySet<number> | undefined;

  constructor(private readonly memories: MemoryColumns) {}

  /** The cells, ascending, of the memories that are credited with the term. */
  cellsOf(term: DateTerm): number[] {
    const cells: number[] = [];
    // A query may be a thousand numbers, most of which are no memory's year or day.
    this.numbers ??= this.allNumbers();
    if (term.number !== undefined && !this.numbers.has(term.number)) return cells;
    const { count, days } = this.memories;
    let named = false;
    for (let cell = 0; cell < count; cell += 1) {
      // Neighbours are of the same day, more often than not.
      if (cell === 0 || days[cell] !== days[cell - 1]) named = namesDate(term, days[cell]);
      if (named) cells.push(cell);
    }
    return cells;
  }

  /** The years and days of month of all memories. */
  private allNumbers(): Set<number> {
    const { count, days } = this.memories;
    const numbers = new Set<number>();
    for (let cell = 0; cell < count; cell += 1) {
      if (cell > 0 && days[cell] === days[cell - 1]) continue;
      const { year, day } = dateOfDay(days[cell]);
      numbers.add(year).add(day);
    }
    return numbers;
  }
}
