import { BIGRAM_B, BIGRAM_K1, idfOf } from './method.js';
import type { QueryFeatures } from './query-features.js';
import type { TermLookup } from './term-lookup.js';
import { termHash } from './terms.js';

/** A pair of the query that a memory holds. */
export interface PairMatch {
  readonly pair: readonly [string, string];
  /** How many of the memories compared hold it. */
  readonly df: number;
  readonly idf: number;
  readonly contribution: number;
}

/** What the pairs of adjacent terms say of one memory. */
export interface BigramScore {
  readonly pairs: readonly PairMatch[];
  /** Sum of the contributions. */
  readonly sum: number;
  /** Adjacent pairs in the memory, and their mean over the memories compared. */
  readonly length: number;
  readonly averageLength: number;
}

/**
 * BM25 over adjacent pairs of terms: which of a few memories hold the query's words beside each other. A pair
 * counts once however often it occurs.
 *
 * @param bags the terms of each memory compared, as hashes in order
 * @param memories how many are searched (N of the idf)
 */
export function bigramScores(
  bags: readonly Uint32Array[],
  query: QueryFeatures,
  lookup: TermLookup,
  memories: number,
): BigramScore[] {
  const averageLength = bags.reduce((sum, bag) => sum + pairsIn(bag), 0) / bags.length;
  const { key, pairs } = queryPairs(query, lookup);
  const held = bags.map((bag) => heldPairs(bag, lookup, key, pairs));
  const df = new Array<number>(pairs.size).fill(0);
  for (const some of held) for (const pair of some) df[pair] += 1;
  return bags.map((bag, i) => {
    const length = pairsIn(bag);
    const saturation = 1 + BIGRAM_K1 * (1 - BIGRAM_B + (BIGRAM_B * length) / averageLength);
    const matches = [...held[i]]
      .sort((a, b) => a - b)
      .map((pair) => {
        const idf = idfOf(memories, df[pair]);
        return {
          pair: query.pairs[pair],
          df: df[pair],
          idf,
          contribution: (idf * (BIGRAM_K1 + 1)) / saturation,
        };
      });
    const sum = matches.reduce((total, { contribution }) => total + contribution, 0);
    return { pairs: matches, sum, length, averageLength };
  });
}

function pairsIn(bag: Uint32Array): number {
  return Math.max(0, bag.length - 1);
}

/** The query's pairs: the place of each in `query.pairs`, by a key made of its terms' ordinals. */
function queryPairs(query: QueryFeatures, lookup: TermLookup) {
  const key = (one: number, next: number) => one * lookup.terms.length + next;
  const pairs = new Map<number, number>();
  query.pairs.forEach(([one, next], i) =>
    pairs.set(key(lookup.find(termHash(one)), lookup.find(termHash(next))), i),
  );
  return { key, pairs };
}

/** Which of the query's pairs a memory holds. */
function heldPairs(
  bag: Uint32Array,
  lookup: TermLookup,
  key: (one: number, next: number) => number,
  pairs: ReadonlyMap<number, number>,
): Set<number> {
  const held = new Set<number>();
  let before = -1;
  for (const hash of bag) {
    const term = lookup.find(hash);
    if (before >= 0 && term >= 0) {
      const pair = pairs.get(key(before, term));
      if (pair !== undefined) held.add(pair);
    }
    before = term;
  }
  return held;
}
