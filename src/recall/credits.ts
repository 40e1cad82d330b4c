import { dateTermsOf } from './date-terms.js';
import {
  ANSWER_FACTOR,
  CREDIT_TO_NEXT,
  CREDIT_TO_PREVIOUS,
  DATE_CREDIT,
  QUESTION_BEFORE_FACTOR,
  SPEAKER_CREDIT,
} from './method.js';
import type { Columns } from './columns.js';
import type { MemoryColumns } from './memory-columns.js';
import { ENDS_WITH_QUESTION } from './term-block-layout.js';

// A memory is read together with faded terms of its neighbours. Seen from the memory that holds a term: what it
// credits the ones after it, and before it, per occurrence, the nearest first.

/** Of a memory that ends in a question, the nearest credit is another. */
const TO_NEXT_OF_QUESTION = CREDIT_TO_NEXT.map((credit, d) => (d === 0 ? credit * ANSWER_FACTOR : credit));
const TO_PREVIOUS_OF_QUESTION = CREDIT_TO_PREVIOUS.map((credit, d) =>
  d === 0 ? credit * QUESTION_BEFORE_FACTOR : credit,
);

/** @param flags those of the memory that credits */
export function creditsToNext(flags: number): readonly number[] {
  return flags & ENDS_WITH_QUESTION ? TO_NEXT_OF_QUESTION : CREDIT_TO_NEXT;
}

/** @param flags those of the memory that credits */
export function creditsToPrevious(flags: number): readonly number[] {
  return flags & ENDS_WITH_QUESTION ? TO_PREVIOUS_OF_QUESTION : CREDIT_TO_PREVIOUS;
}

/** The credits of one term after another, over the same cells. */
export class Credits {
  /** By cell; 0 where the term gives none. */
  readonly values: Float64Array;
  /** The first `count` are the cells with a credit, in no particular order. */
  readonly cells: Int32Array;
  count = 0;

  /** @param columns what it is kept in */
  constructor(
    private readonly memories: MemoryColumns,
    columns: Columns,
  ) {
    this.values = columns.of(Float64Array, memories.count);
    this.cells = columns.of(Int32Array, memories.count);
  }

  add(cell: number, credit: number): void {
    if (this.values[cell] === 0) this.cells[this.count++] = cell;
    this.values[cell] += credit;
  }

  /**
   * Credits the memories that hold the term, and their neighbours.
   *
   * @param holders their cells, ascending
   * @param frequencies how often each holds it
   */
  spread(holders: readonly number[], frequencies: readonly number[]): void {
    const { values, cells } = this;
    const { flags, after, before } = this.memories;
    let { count } = this;
    for (let i = 0; i < holders.length; i += 1) {
      const holder = holders[i];
      const frequency = frequencies[i];
      if (values[holder] === 0) cells[count++] = holder;
      values[holder] += frequency;
      const toNext = creditsToNext(flags[holder]);
      for (let d = 0, at = after[holder]; d < toNext.length && at >= 0; d += 1, at = after[at]) {
        if (values[at] === 0) cells[count++] = at;
        values[at] += toNext[d] * frequency;
      }
      const toPrevious = creditsToPrevious(flags[holder]);
      for (let d = 0, at = before[holder]; d < toPrevious.length && at >= 0; d += 1, at = before[at]) {
        if (values[at] === 0) cells[count++] = at;
        values[at] += toPrevious[d] * frequency;
      }
    }
    this.count = count;
  }
}

/**
 * Works out the length of each memory's context: the sum of all that all terms credit it with, of its own terms,
 * its neighbours', its speaker's name and its date.
 *
 * @param first those of the memories before this cell are worked out, but for what the ones after them credit
 */
export function contextLengths(memories: MemoryColumns, first: number): void {
  const { count, lengths: own, days, flags, before, speakers, names, contextLengths: lengths } = memories;
  const [byPrevious1, byPrevious2, byPrevious3, byPrevious4] = CREDIT_TO_NEXT;
  const [byNext1, byNext2, byNext3] = CREDIT_TO_PREVIOUS;
  for (let cell = first; cell < count; cell += 1) {
    const terms = own[cell];
    let length = terms + DATE_CREDIT * dateTermsOf(days[cell]);
    if (speakers[cell] >= 0) length += SPEAKER_CREDIT * names.termsOf(speakers[cell]).length;
    // Both ways in one walk, of which this is the innermost loop of all: what those before credit this memory
    // with, and what it credits them with.
    const previous = before[cell];
    if (previous >= 0) {
      length += byPrevious1 * (flags[previous] & ENDS_WITH_QUESTION ? ANSWER_FACTOR : 1) * own[previous];
      lengths[previous] += byNext1 * (flags[cell] & ENDS_WITH_QUESTION ? QUESTION_BEFORE_FACTOR : 1) * terms;
      const second = before[previous];
      if (second >= 0) {
        length += byPrevious2 * own[second];
        lengths[second] += byNext2 * terms;
        const third = before[second];
        if (third >= 0) {
          length += byPrevious3 * own[third];
          lengths[third] += byNext3 * terms;
          const fourth = before[third];
          if (fourth >= 0) length += byPrevious4 * own[fourth];
        }
      }
    }
    lengths[cell] = length;
  }
}
