import { type CalendarDate, dateOfDay } from './calendar.js';
import {
  DAYS_APART,
  ENDS_WITH_QUESTION_FACTOR,
  FULL_LENGTH,
  LENGTH_BONUS,
  MENTION_FACTOR,
  NEXT_MONTH,
  ONLY_QUESTIONS_FACTOR,
  SALIENCE_WEIGHT,
  SAME_DAYS,
  SAME_MONTH,
  SAME_YEAR,
  SPEAKER_FACTOR,
  WHEN_FACTOR,
} from './method.js';
import type { QueryFeatures } from './query-features.js';
import { ENDS_WITH_QUESTION, HAS_CAPTION, HAS_TIME, ONLY_QUESTIONS } from './term-block-layout.js';
import type { TermScan } from './term-scan.js';

/** What a memory's score is multiplied by, in the order in which it is; 1 where a factor says nothing. */
export interface Factors {
  readonly speaker: number;
  readonly date: number;
  readonly when: number;
  readonly question: number;
  readonly length: number;
  readonly mentions: number;
  readonly salience: number;
}

/** The factors of one query, without that of salience, which the index does not know. */
export class QueryFactors {
  private readonly namesDate: boolean;
  private lastDay = NaN;
  private lastDate = 1;

  constructor(
    private readonly scan: TermScan,
    private readonly query: QueryFeatures,
  ) {
    this.namesDate = query.months.size + query.years.size > 0;
  }

  of(cell: number): Factors {
    const { flags, days, lengths } = this.scan.memories;
    return {
      speaker: this.speaker(cell),
      date: this.namesDate ? this.date(days[cell]) : 1,
      when: this.when(flags[cell]),
      question: questionFactor(flags[cell]),
      length: lengthFactor(lengths[cell]),
      mentions: this.mentions(cell),
      salience: 1,
    };
  }

  /** `product(of(cell))`, which most memories are asked for. */
  productOf(cell: number): number {
    const { flags, days, lengths } = this.scan.memories;
    return (
      this.speaker(cell) *
      (this.namesDate ? this.date(days[cell]) : 1) *
      this.when(flags[cell]) *
      questionFactor(flags[cell]) *
      lengthFactor(lengths[cell]) *
      this.mentions(cell)
    );
  }

  private speaker(cell: number): number {
    const { namedSpeaker, memories } = this.scan;
    return namedSpeaker >= 0 && memories.speakers[cell] === namedSpeaker ? SPEAKER_FACTOR : 1;
  }

  private when(flags: number): number {
    return flags & HAS_TIME && this.query.asksWhen ? WHEN_FACTOR : 1;
  }

  private mentions(cell: number): number {
    return this.scan.mentions?.[cell] === 1 ? MENTION_FACTOR : 1;
  }

  private date(day: number): number {
    // Neighbours are of the same day, more often than not.
    if (day !== this.lastDay) {
      this.lastDay = day;
      this.lastDate = dateFactor(dateOfDay(day), this.query);
    }
    return this.lastDate;
  }
}

/** Their product, multiplied in their order. */
export function product(factors: Factors): number {
  const { speaker, date, when, question, length, mentions, salience } = factors;
  return speaker * date * when * question * length * mentions * salience;
}

/** @param gain by how much reinforcement raised the memory's salience, 0 to 1 */
export function salienceFactor(gain: number): number {
  return 1 + SALIENCE_WEIGHT * gain;
}

function dateFactor({ year, month, day }: CalendarDate, { months, years, days }: QueryFeatures): number {
  if (months.has(month)) {
    const near = [...days].some((named) => Math.abs(named - day) <= DAYS_APART);
    return 1 + SAME_MONTH + (near ? SAME_DAYS : 0);
  }
  if (months.has((month + 11) % 12)) return 1 + NEXT_MONTH;
  return months.size === 0 && years.has(year) ? 1 + SAME_YEAR : 1;
}

function questionFactor(flags: number): number {
  if (flags & ONLY_QUESTIONS) return ONLY_QUESTIONS_FACTOR;
  return flags & ENDS_WITH_QUESTION && !(flags & HAS_CAPTION) ? ENDS_WITH_QUESTION_FACTOR : 1;
}

/** @param terms the memory's own, repetitions counted */
function lengthFactor(terms: number): number {
  return 1 + LENGTH_BONUS * Math.min(1, terms / FULL_LENGTH);
}
