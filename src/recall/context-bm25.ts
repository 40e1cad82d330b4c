import type { Columns } from './columns.js';
import { Credits } from './credits.js';
import { DateCells, type DateTerm, dateTermOf } from './date-terms.js';
import { B, DATE_CREDIT, K1, SPEAKER_CREDIT, idfOf } from './method.js';
import type { MemoryColumns } from './memory-columns.js';
import type { QueryFeatures } from './query-features.js';
import type { TermScan } from './term-scan.js';
import type { Turns } from './turns.js';

/** A term of the query as the memories searched know it. */
export interface TermStatistics {
  readonly term: string;
  /** How many memories are credited with it: by their own text, a neighbour's, their speaker or their date. */
  readonly df: number;
  readonly idf: number;
  /** The date it names. */
  readonly date: DateTerm | undefined;
}

/** The BM25 scores of all memories searched. */
export interface ContextScores {
  readonly terms: readonly TermStatistics[];
  /** By cell. */
  readonly values: Float64Array;
  /** The cells that answer the query, in no particular order; all of their values are above 0. */
  readonly candidates: Int32Array;
}

/**
 * BM25 over the context of each memory: its own terms and the faded ones of its neighbours, its speaker's name
 * and its date. Every statistic is exact for the memories searched.
 *
 * A memory answers the query when it or a neighbour holds one of its words, or when the query names a month or
 * year and its date is credited with a term. Speaker and date alone answer it when nothing else does ("Anna?").
 */
export async function contextScores(
  scan: TermScan,
  queryTerms: readonly string[],
  query: QueryFeatures,
  columns: Columns,
  turns: Turns,
): Promise<ContextScores> {
  const { memories } = scan;
  const { count } = memories;
  const values = columns.of(Float64Array, count);
  const answers = columns.of(Uint8Array, count);
  const credits = new Credits(memories, columns);
  const dates = new DateCells(memories);
  const dateAnswers = query.months.size + query.years.size > 0;
  const terms: TermStatistics[] = [];
  for (const [ordinal, term] of queryTerms.entries()) {
    const date = dateTermOf(term);
    const cells = scan.cells[ordinal];
    credits.spread(cells, scan.frequencies[ordinal]);
    const byWords = credits.count;
    for (const cell of scan.spoken[ordinal]) credits.add(cell, SPEAKER_CREDIT);
    const dated = date ? dates.cellsOf(date) : [];
    for (const cell of dated) {
      credits.add(cell, DATE_CREDIT);
      if (dateAnswers) answers[cell] = 1;
    }
    const idf = idfOf(count, credits.count);
    terms.push({ term, df: credits.count, idf, date });
    if (turns.spent(8 * cells.length + credits.count + 2 * dated.length)) await turns.pass();
    for (let i = 0; i < byWords; i += 1) answers[credits.cells[i]] = 1;
    settle(credits, idf, values, memories);
  }
  return { terms, values, candidates: candidatesOf(answers, values, columns) };
}

/** Adds its `contribution` to the score of every memory that is credited with a term, and forgets the credits. */
function settle(
  credits: Credits,
  idf: number,
  scores: Float64Array,
  { contextLengths: lengths, averageLength }: MemoryColumns,
): void {
  const { cells, values, count } = credits;
  const weight = idf * (K1 + 1);
  const least = K1 * (1 - B);
  const slope = (K1 * B) / averageLength;
  for (let i = 0; i < count; i += 1) {
    const cell = cells[i];
    const credit = values[cell];
    scores[cell] += (weight * credit) / (credit + least + slope * lengths[cell]);
    values[cell] = 0;
  }
  credits.count = 0;
}

/** What a term of the query adds to the score of a memory that is credited with it `credit` times. */
export function contribution(idf: number, credit: number, length: number, averageLength: number): number {
  return (idf * credit * (K1 + 1)) / (credit + K1 * (1 - B + (B * length) / averageLength));
}

function candidatesOf(answers: Uint8Array, values: Float64Array, columns: Columns): Int32Array {
  const cells = columns.of(Int32Array, answers.length);
  const byWords = cellsWhere(answers, cells);
  return byWords.length > 0 ? byWords : cellsWhere(values, cells);
}

/** The cells that are not 0, written to the beginning of `cells`. */
function cellsWhere(column: Uint8Array | Float64Array, cells: Int32Array): Int32Array {
  let found = 0;
  for (let cell = 0; cell < column.length; cell += 1) if (column[cell] !== 0) cells[found++] = cell;
  return cells.subarray(0, found);
}
