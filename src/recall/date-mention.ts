import type { DateMention } from './memory-features.js';

const NO_MONTH = 12;
const NO_DAY = 0;

/** A date mentioned as one signed 32-bit integer: years beyond a Date's range (±275,760) still fit. */
export function packMention({ year, month = NO_MONTH, day = NO_DAY }: DateMention): number {
  return (year * 13 + month) * 32 + day;
}

/** The inverse of `packMention`. */
export function unpackMention(packed: number): DateMention {
  const months = Math.floor(packed / 32);
  const year = Math.floor(months / 13);
  const month = months - 13 * year;
  const day = packed - 32 * months;
  return { year, ...(month === NO_MONTH ? {} : { month }), ...(day === NO_DAY ? {} : { day }) };
}
