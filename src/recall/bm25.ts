import { Ranking, type Scores } from './ranking.js';
import { TermLookup, scanBlock } from './term-scan.js';
import { termHash } from './terms.js';

/**
 * How soon a term's repetitions stop counting, and how much a memory's length counts. Values and formula are
 * those the method was measured with: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework:
 * BM25 and Beyond", 2009) with an idf that is never negative, `ln(1 + (N − df + ½)/(df + ½))`.
 */
export const K1 = 1.2;
export const B = 0.4;

/** A row of `term_blocks`, of one of the scopes searched. */
export interface ScopeBlock {
  /** Place of the scope among those searched; the caller orders them, the same way each time. */
  readonly scope: number;
  /** Position of the block's first slot in its scope. */
  readonly firstPosition: number;
  readonly data: Uint8Array;
}

/** A query term as the scopes searched know it. */
export interface TermStatistics {
  readonly term: string;
  /** How many living memories hold it. */
  readonly df: number;
  readonly idf: number;
}

/** What a first pass over the blocks finds: the statistics, and the memories that hold a term looked for. */
export interface Postings {
  /** Living memories in all scopes searched (N). */
  readonly memories: number;
  /** Mean length of a living memory in terms (L̄); 0 when there is none. */
  readonly averageLength: number;
  /** The query's terms, each once, in the query's order. */
  readonly terms: readonly TermStatistics[];
  /** The hits in the order met, a column each. Hit i owns the entries from ends[i − 1] (or 0) up to ends[i]. */
  readonly scopes: readonly number[];
  readonly positions: readonly number[];
  readonly lengths: readonly number[];
  readonly ends: readonly number[];
  /** The entries: which of `terms`, and how often it occurs in the hit. */
  readonly entryTerms: readonly number[];
  readonly entryFrequencies: readonly number[];
}

/**
 * The first pass. Statistics cover all blocks given together, living memories only.
 * @param queryTerms as `terms` makes them; repetitions count once
 * @param now milliseconds since 1970
 * @throws CorruptBlockError
 */
export function collect(blocks: Iterable<ScopeBlock>, queryTerms: Iterable<string>, now: number): Postings {
  const wanted = new Map<number, string>();
  for (const term of queryTerms) wanted.set(termHash(term), term);
  const found = new Collector(wanted.size);
  const lookup = new TermLookup(wanted.keys());
  for (const block of blocks) {
    found.block = block;
    scanBlock(block.data, lookup, now, found);
  }
  const { memories, totalLength, df } = found;
  return {
    memories,
    averageLength: memories === 0 ? 0 : totalLength / memories,
    terms: [...wanted.values()].map((term, i) => ({ term, df: df[i], idf: idf(memories, df[i]) })),
    scopes: found.scopes,
    positions: found.positions,
    lengths: found.lengths,
    ends: found.ends,
    entryTerms: found.entryTerms,
    entryFrequencies: found.entryFrequencies,
  };
}

/** The second pass: the BM25 score of every hit. All scores are positive. */
export function score(postings: Postings): Scores {
  const { averageLength, lengths, ends, entryTerms, entryFrequencies } = postings;
  const weights = Float64Array.from(postings.terms, (term) => term.idf * (K1 + 1));
  const values = new Float64Array(ends.length);
  let entry = 0;
  for (let hit = 0; hit < ends.length; hit += 1) {
    const norm = K1 * (1 - B + (B * lengths[hit]) / averageLength);
    let sum = 0;
    for (; entry < ends[hit]; entry += 1) {
      const frequency = entryFrequencies[entry];
      sum += (weights[entryTerms[entry]] * frequency) / (frequency + norm);
    }
    values[hit] = sum;
  }
  return { scopes: postings.scopes, positions: postings.positions, values };
}

/** Both passes and the order: `rank(blocks, terms(query), Date.now())`. @throws CorruptBlockError */
export function rank(blocks: Iterable<ScopeBlock>, queryTerms: Iterable<string>, now: number): Ranking {
  return new Ranking(score(collect(blocks, queryTerms, now)));
}

function idf(memories: number, df: number): number {
  return Math.log(1 + (memories - df + 0.5) / (df + 0.5));
}

class Collector {
  block: ScopeBlock | undefined;
  memories = 0;
  totalLength = 0;
  readonly df: number[];
  readonly scopes: number[] = [];
  readonly positions: number[] = [];
  readonly lengths: number[] = [];
  readonly ends: number[] = [];
  readonly entryTerms: number[] = [];
  readonly entryFrequencies: number[] = [];
  private index = 0;
  private length = 0;
  private isHit = false;

  constructor(terms: number) {
    this.df = new Array<number>(terms).fill(0);
  }

  slot(index: number, length: number): void {
    this.memories += 1;
    this.totalLength += length;
    this.index = index;
    this.length = length;
    this.isHit = false;
  }

  match(term: number, frequency: number): void {
    this.df[term] += 1;
    this.entryTerms.push(term);
    this.entryFrequencies.push(frequency);
    if (!this.isHit) {
      this.isHit = true;
      this.scopes.push(this.block!.scope);
      this.positions.push(this.block!.firstPosition + this.index);
      this.lengths.push(this.length);
      this.ends.push(0);
    }
    this.ends[this.ends.length - 1] = this.entryTerms.length;
  }
}
