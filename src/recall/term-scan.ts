import type { Columns } from './columns.js';
import { unpackMention } from './date-mention.js';
import type { DateMention } from './memory-features.js';
import type { MemoryColumns } from './memory-columns.js';
import type { QueryFeatures } from './query-features.js';
import type { TermLookup } from './term-lookup.js';
import type { Turns } from './turns.js';

/** Terms looked at before it is asked whether others should have their turn. */
const STRETCH = 8_192;

/** Where the terms of a query occur in memories: in their texts, their speakers' names and the dates they mention. */
export class TermScan {
  /** By ordinal of the term: the cells that hold it, ascending, and how often each does. */
  readonly cells: number[][];
  readonly frequencies: number[][];
  /** By ordinal of the term: the cells whose speaker's name holds it, ascending. */
  readonly spoken: number[][];
  /** The speaker that the query names, of all that the memories have; -1 where it names none, or more than one. */
  namedSpeaker = -1;
  /** By cell: 1 where it mentions a date that the query names. Undefined where the query names none. */
  mentions: Uint8Array | undefined;

  private constructor(
    readonly memories: MemoryColumns,
    private readonly lookup: TermLookup,
  ) {
    this.cells = lookup.terms.map(() => []);
    this.frequencies = lookup.terms.map(() => []);
    this.spoken = lookup.terms.map(() => []);
  }

  /** @param columns what the scan is kept in */
  static async of(
    memories: MemoryColumns,
    lookup: TermLookup,
    query: QueryFeatures,
    columns: Columns,
    turns: Turns,
  ): Promise<TermScan> {
    const scan = new TermScan(memories, lookup);
    const { termCount } = memories;
    for (let from = 0, cell = 0; from < termCount; from += STRETCH) {
      const to = Math.min(from + STRETCH, termCount);
      cell = scan.look(from, to, cell);
      if (turns.spent(to - from)) await turns.pass();
    }
    scan.findSpeakers();
    if (query.months.size > 0) scan.findMentions(query, columns.of(Uint8Array, memories.count));
    return scan;
  }

  /**
   * Looks at some terms.
   *
   * @param cell one whose terms begin at or before the first of them
   * @returns such a cell for the terms after them
   */
  private look(from: number, to: number, cell: number): number {
    const { terms, termsAt, count } = this.memories;
    const { filter, mask } = this.lookup;
    let at = cell;
    for (let i = from; i < to; i += 1) {
      if (filter[terms[i] & mask] === 0) continue;
      const term = this.lookup.find(terms[i]);
      if (term < 0) continue;
      while (at + 1 < count && termsAt[at + 1] <= i) at += 1;
      const cells = this.cells[term];
      const last = cells.length - 1;
      if (last >= 0 && cells[last] === at) {
        this.frequencies[term][last] += 1;
      } else {
        cells.push(at);
        this.frequencies[term].push(1);
      }
    }
    return at;
  }

  private findSpeakers(): void {
    const { names, speakers, count } = this.memories;
    /** By speaker who is named: the terms that name them. */
    const named = new Map<number, number[]>();
    for (let speaker = 0; speaker < names.count; speaker += 1) {
      for (const hash of names.termsOf(speaker)) {
        const term = this.lookup.find(hash);
        if (term < 0) continue;
        const terms = named.get(speaker);
        if (terms) terms.push(term);
        else named.set(speaker, [term]);
      }
    }
    if (named.size === 0) return;
    if (named.size === 1) [this.namedSpeaker] = named.keys();
    for (let cell = 0; cell < count; cell += 1) {
      const terms = named.get(speakers[cell]);
      if (terms) for (const term of terms) this.spoken[term].push(cell);
    }
  }

  private findMentions(query: QueryFeatures, mentions: Uint8Array): void {
    const { mentions: dates, mentionedBy } = this.memories;
    for (let i = 0; i < dates.length; i += 1) {
      if (isNamed(unpackMention(dates[i]), query)) mentions[mentionedBy[i]] = 1;
    }
    this.mentions = mentions;
  }
}

/** Whether the query names the date: its month and, where the query says one, its day and its year. */
function isNamed({ year, month, day }: DateMention, { months, years, days }: QueryFeatures): boolean {
  if (month === undefined || !months.has(month)) return false;
  if (years.size > 0 && !years.has(year)) return false;
  return days.size === 0 || (day !== undefined && days.has(day));
}
