import { monthNamed } from './calendar.js';
import { queryTerms } from './terms.js';

/** What a query asks for. */
export interface QueryFeatures {
  /** Distinct terms in order. */
  readonly terms: readonly string[];
  /** Distinct adjacent pairs of the query's own terms, in order (before repetitions of terms are dropped). */
  readonly pairs: readonly (readonly [string, string])[];
  /** The months named, 0 to 11; "may", and abbreviations, only where another word says it is a month. */
  readonly months: ReadonlySet<number>;
  /** The years named, 1900 to 2099. */
  readonly years: ReadonlySet<number>;
  /** The days of the month named, 1 to 31: numbers beside a month's name. */
  readonly days: ReadonlySet<number>;
  /** It begins with "when", "how long", "what year", … */
  readonly asksWhen: boolean;
}

const ASKS_WHEN =
  /^[^\p{L}]*(?:when|how long|(?:what|which) (?:year|month|week|date|day|weekday|time)s?)(?!\p{L})/u;

/** The features of a query, in time linear in its length. */
export function queryOf(query: string): QueryFeatures {
  const list = queryTerms(query);
  const dates = new NamedDates(query.toLowerCase());
  return {
    terms: [...new Set(list)],
    pairs: distinctPairs(list),
    months: dates.months,
    years: dates.years,
    days: dates.days,
    asksWhen: ASKS_WHEN.test(query.toLowerCase()),
  };
}

function distinctPairs(list: readonly string[]): [string, string][] {
  const pairs = new Map<string, [string, string]>();
  for (let i = 1; i < list.length; i += 1) pairs.set(`${list[i - 1]} ${list[i]}`, [list[i - 1], list[i]]);
  return [...pairs.values()];
}

/** Months that are other words or names too, and so need a cue: "may", "jan", "mar", "dec", … */
const isAmbiguous = (word: string) => word === 'may' || (word.length < 5 && !['june', 'july'].includes(word));
/** Words that, before "may", make it the month. */
const DATE_CUES = new Set(
  'in of on by since until till before after during last next early late mid'.split(' '),
);
const CONJUNCTIONS = new Set(['and', 'or', 'to']);
const ISO_DATE = /(?<!\d)((?:19|20)\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?!\d)/g;

class NamedDates {
  readonly months = new Set<number>();
  readonly years = new Set<number>();
  readonly days = new Set<number>();
  private readonly words: readonly string[];

  constructor(lower: string) {
    this.words = lower.match(/[\p{L}\p{N}]+/gu) ?? [];
    this.words.forEach((word, i) => {
      if (isYear(word)) this.years.add(Number(word));
      const month = monthNamed(word);
      if (month !== undefined) this.addMonth(month, i);
    });
    for (const [, , month, day] of lower.matchAll(ISO_DATE)) {
      this.months.add(Number(month) - 1);
      if (day !== undefined) this.days.add(Number(day));
    }
  }

  private addMonth(month: number, i: number): void {
    const { words } = this;
    const days = [words[i - 1], words[i + 1], words[i - 1] === 'of' ? words[i - 2] : undefined]
      .map(dayNamed)
      .filter((day) => day !== undefined);
    if (isAmbiguous(words[i]) && days.length === 0 && !this.isCued(i)) return;
    this.months.add(month);
    for (const day of days) this.days.add(day);
  }

  private isCued(i: number): boolean {
    const [before, previous, next] = [this.words[i - 2], this.words[i - 1], this.words[i + 1]];
    if (DATE_CUES.has(previous) || isYear(next)) return true;
    return CONJUNCTIONS.has(previous) && before !== undefined && monthNamed(before) !== undefined;
  }
}

function isYear(word: string | undefined): boolean {
  return word !== undefined && /^(?:19|20)\d\d$/.test(word);
}

function dayNamed(word: string | undefined): number | undefined {
  const day = Number(/^(\d{1,2})(?:st|nd|rd|th)?$/.exec(word ?? '')?.[1]);
  return day >= 1 && day <= 31 ? day : undefined;
}
