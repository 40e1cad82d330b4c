import { type DateMention, dateOfDay, monthNamed } from './calendar.js';
import { type Direction, before, monthNear, neighbour, weekdayNear } from './relative-dates.js';
import { COUNTS, type Count, PERIODS, SPAN_PREPOSITIONS, TIME_WORDS, WEEKDAYS } from './time-words.js';

/** More dates than these are a calendar, not the memory of something; what an index keeps of a text stays small. */
const MAX_MENTIONS = 8;

/** What a text says about times, in English. */
export interface Times {
  /** It says when something was, is or will be, or for how long. */
  readonly hasTime: boolean;
  /** The dates it mentions relative to the day it was said; at most eight, each once. */
  readonly mentions: readonly DateMention[];
}

/**
 * Reads a text's time expressions: "yesterday", "two weeks ago", "last Friday", "for a few years", "in 2019".
 * Relative dates are resolved as precisely as the words tell: a day or a month.
 * @param day when it was said, in days since 1970-01-01
 */
export function readTimes(text: string, day: number): Times {
  const words = text.toLowerCase().match(/[a-z]+|\d+/g) ?? [];
  const reader = new TimeReader(words, day);
  for (let i = 0; i < words.length; i += 1) reader.read(i);
  return { hasTime: reader.hasTime, mentions: [...reader.mentions.values()] };
}

class TimeReader {
  hasTime = false;
  readonly mentions = new Map<string, DateMention>();

  constructor(
    private readonly words: readonly string[],
    private readonly day: number,
  ) {}

  read(i: number): void {
    const word = TIME_WORDS.get(this.words[i]);
    if (word === undefined) {
      if (isYear(this.words[i]) || this.isMay(i)) this.hasTime = true;
      return;
    }
    switch (word.kind) {
      case 'alone':
        this.hasTime = true;
        return;
      case 'near':
        return this.mention(dateOfDay(this.day + word.offset * this.factorBefore(i)));
      case 'ago':
        this.hasTime ||= word.alone;
        return this.readAgo(i);
      case 'which':
        return this.readWhich(i, word.direction);
      case 'span':
        if (this.countBefore(i, SPAN_PREPOSITIONS) !== undefined) this.hasTime = true;
    }
  }

  /** The day *before* yesterday and the day *after* tomorrow are twice as far. */
  private factorBefore(i: number): number {
    return this.words[i - 2] === 'day' && /^(?:before|after)$/.test(this.words[i - 1]) ? 2 : 1;
  }

  private readAgo(i: number): void {
    const span = TIME_WORDS.get(this.words[i - 1]);
    if (span?.kind !== 'span' || span.unit === undefined) return;
    const count = this.countBefore(i - 1);
    if (count !== undefined) this.mention(before(this.day, count.count, span.unit, count.isExact));
  }

  private readWhich(i: number, direction: Direction): void {
    const next = this.words[i + 1] ?? '';
    const weekday = WEEKDAYS.get(next);
    if (weekday !== undefined) return this.mention(weekdayNear(this.day, direction, weekday));
    // "This may be" is no month.
    const month = next === 'may' && direction === 0 ? undefined : monthNamed(next);
    if (month !== undefined) return this.mention(monthNear(this.day, direction, month));
    const span = TIME_WORDS.get(next);
    const unit = span?.kind === 'span' ? span.unit : undefined;
    if (unit === 'week' || unit === 'month') return this.mention(neighbour(this.day, direction, unit));
    if (next === 'night') return this.mention(dateOfDay(this.day + direction));
    if (PERIODS.has(next)) this.hasTime = true;
  }

  /** The number before the span at `i` (in front of which one of `lead` must stand, if given). */
  private countBefore(i: number, lead?: ReadonlySet<string>): Count | undefined {
    let at = i - 1;
    if (this.words[at] === 'of') at -= 1;
    const word = this.words[at];
    if (word === undefined) return undefined;
    const count = COUNTS.get(word) ?? digits(word);
    if (count && !count.isExact && this.words[at - 1] === 'a') at -= 1;
    return lead === undefined || lead.has(this.words[at - 1]) ? count : undefined;
  }

  /** "May" is a month beside a number or behind a word that puts it in time. */
  private isMay(i: number): boolean {
    if (this.words[i] !== 'may') return false;
    const around = `${this.words[i - 1]} may ${this.words[i + 1]}`;
    return /^(?:in|of|since|early|late|mid|until|till|\d{1,2}|st|nd|rd|th) may | may \d{1,4}$/.test(around);
  }

  private mention(date: DateMention): void {
    this.hasTime = true;
    if (this.mentions.size < MAX_MENTIONS) {
      this.mentions.set(`${date.year} ${date.month} ${date.day}`, date);
    }
  }
}

function digits(word: string): Count | undefined {
  return /^\d{1,3}$/.test(word) ? { count: Number(word), isExact: true } : undefined;
}

function isYear(word: string): boolean {
  return word.length === 4 && /^(?:19|20)\d\d$/.test(word);
}
