import { contribution } from './context-bm25.js';
import { creditsToNext, creditsToPrevious } from './credits.js';
import { namesDate } from './date-terms.js';
import { CREDIT_TO_NEXT, CREDIT_TO_PREVIOUS, DATE_CREDIT, SPEAKER_CREDIT } from './method.js';
import type { Hit, RecallSearch } from './recall-search.js';
import type { TermScan } from './term-scan.js';

/** What one source credits a memory with for one term. */
export interface CreditPart {
  readonly from: 'own' | 'before' | 'after' | 'speaker' | 'date';
  /** The neighbour, of `before` and `after`; and how many memories of the session away it is, from 1. */
  readonly cell?: number;
  readonly distance?: number;
  /** How often the source holds the term; of `own`, `before` and `after`. */
  readonly frequency?: number;
  readonly credit: number;
}

/** A term of the query in the score of a memory. */
export interface TermPart {
  readonly term: string;
  readonly df: number;
  readonly idf: number;
  /** Sum of the credits. */
  readonly weight: number;
  /** What it adds to the memory's BM25. */
  readonly contribution: number;
  readonly credits: readonly CreditPart[];
}

/** The terms that a hit owes its BM25 to, each with where it comes from. Counted anew, from the same hits. */
export function explainTerms(search: RecallSearch, { cell }: Hit): TermPart[] {
  const { scan, scores } = search;
  const { contextLengths: lengths, averageLength } = scan.memories;
  return scores.terms.flatMap(({ term, df, idf, date }, ordinal) => {
    const credits = [...wordCredits(scan, ordinal, cell)];
    if (holds(scan.spoken[ordinal], cell)) credits.push({ from: 'speaker', credit: SPEAKER_CREDIT });
    if (date && namesDate(date, scan.memories.days[cell]))
      credits.push({ from: 'date', credit: DATE_CREDIT });
    if (credits.length === 0) return [];
    const weight = credits.reduce((sum, { credit }) => sum + credit, 0);
    const added = contribution(idf, weight, lengths[cell], averageLength);
    return [{ term, df, idf, weight, contribution: added, credits }];
  });
}

function* wordCredits(scan: TermScan, term: number, cell: number): Generator<CreditPart> {
  const { before, after, flags } = scan.memories;
  const own = frequency(scan, term, cell);
  if (own > 0) yield { from: 'own', frequency: own, credit: own };
  // What a neighbour credits is its own affair: the one before this memory credits its next ones.
  for (let at = before[cell], d = 0; at >= 0 && d < CREDIT_TO_NEXT.length; at = before[at], d += 1) {
    const held = frequency(scan, term, at);
    const credit = creditsToNext(flags[at])[d] * held;
    if (held > 0) yield { from: 'before', cell: at, distance: d + 1, frequency: held, credit };
  }
  for (let at = after[cell], d = 0; at >= 0 && d < CREDIT_TO_PREVIOUS.length; at = after[at], d += 1) {
    const held = frequency(scan, term, at);
    const credit = creditsToPrevious(flags[at])[d] * held;
    if (held > 0) yield { from: 'after', cell: at, distance: d + 1, frequency: held, credit };
  }
}

function frequency(scan: TermScan, term: number, cell: number): number {
  const place = placeOf(scan.cells[term], cell);
  return place < 0 ? 0 : scan.frequencies[term][place];
}

function holds(ascending: readonly number[], cell: number): boolean {
  return placeOf(ascending, cell) >= 0;
}

/** Where in an ascending list a number is; -1 where it is not. */
function placeOf(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === wanted ? low : -1;
}
