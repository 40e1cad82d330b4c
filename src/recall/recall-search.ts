import { type BigramScore, bigramScores } from './bigrams.js';
import { Columns } from './columns.js';
import { type ContextScores, contextScores } from './context-bm25.js';
import { type Factors, QueryFactors, product, salienceFactor } from './factors.js';
import { BIGRAM_WEIGHT, RERANKED } from './method.js';
import type { QueryFeatures } from './query-features.js';
import type { MemoryColumns } from './memory-columns.js';
import { Ranking, comesFirst } from './ranking.js';
import { REINFORCED } from './term-block-layout.js';
import { TermLookup } from './term-lookup.js';
import { TermScan } from './term-scan.js';
import { Turns } from './turns.js';

/** Where a memory is: its owner, and its position there. */
export interface Place {
  readonly userId: string;
  readonly position: number;
}

/** A memory found. */
export interface Hit extends Place {
  readonly cell: number;
  /** Score before it is brought between 0 and 1. */
  readonly raw: number;
  /** What the score is made of: `raw` is (bm25 + 0.1 · bigrams.sum) · the factors. */
  readonly bm25: number;
  /** Null beyond the best, which alone are compared by pairs. */
  readonly bigrams: BigramScore | null;
  readonly factors: Factors;
}

/**
 * Says of memories that were reinforced how much of the gain in salience is left, 0 to 1 each, in their order.
 * Only those among the best are asked about.
 */
export type GainOf = (places: readonly Place[]) => Promise<readonly number[]>;

/**
 * A search over the recall index: the memories given, best first. Statistics cover all of them.
 *
 * The 50 best by BM25 and factors are ranked again with adjacent pairs of terms and with salience, neither of
 * which can lower a score, so that those after them keep theirs and stay after them. All that happens before
 * anybody filters: what is found never depends on what else is shown.
 */
export class RecallSearch {
  private readonly hits: Hit[];
  private shown = 0;

  private constructor(
    readonly scan: TermScan,
    readonly scores: ContextScores,
    private readonly ranking: Ranking,
    private readonly values: Float64Array,
    private readonly factors: QueryFactors,
    best: Hit[],
  ) {
    this.hits = best;
  }

  /**
   * @param memories of the owners searched; they stay as they are for as long as the search is used
   * @param columns what the search is kept in: it can be used for as long as these can
   */
  static async run(
    memories: MemoryColumns,
    query: QueryFeatures,
    gainOf: GainOf,
    columns = Columns.ownMemory(),
  ): Promise<RecallSearch> {
    const turns = new Turns();
    const lookup = new TermLookup(query.terms);
    const scan = await TermScan.of(memories, lookup, query, columns, turns);
    const scores = await contextScores(scan, lookup.terms, query, columns, turns);
    const factors = new QueryFactors(scan, query);
    const { candidates } = scores;
    const values = columns.of(Float64Array, candidates.length);
    for (let i = 0; i < candidates.length; i += 1) {
      values[i] = scores.values[candidates[i]] * factors.productOf(candidates[i]);
    }
    if (turns.spent(2 * candidates.length)) await turns.pass();
    const ranking = new Ranking({ cells: candidates, values, positions: memories.positions }, RERANKED);
    const search = new RecallSearch(scan, scores, ranking, values, factors, []);
    await search.rerank(query, lookup, gainOf);
    return search;
  }

  /** The next `count` hits, fewer when they run out. */
  take(count: number): Hit[] {
    const hits = this.hits.slice(this.shown, this.shown + count);
    this.shown += hits.length;
    for (const place of this.ranking.take(count - hits.length)) hits.push(this.hit(place));
    return hits;
  }

  placeOf(cell: number): Place {
    const { memories } = this.scan;
    return { userId: memories.ownerOf(cell), position: memories.positions[cell] };
  }

  private hit(place: number): Hit {
    const cell = this.scores.candidates[place];
    return {
      cell,
      ...this.placeOf(cell),
      raw: this.values[place],
      bm25: this.scores.values[cell],
      bigrams: null,
      factors: this.factors.of(cell),
    };
  }

  private async rerank(query: QueryFeatures, lookup: TermLookup, gainOf: GainOf): Promise<void> {
    const { memories } = this.scan;
    const best = this.ranking.take(RERANKED).map((place) => this.hit(place));
    const bigrams = bigramScores(
      best.map(({ cell }) => memories.termsOf(cell)),
      query,
      lookup,
      memories.count,
    );
    const reinforced = best.filter(({ cell }) => memories.flags[cell] & REINFORCED);
    const gains = reinforced.length === 0 ? [] : await gainOf(reinforced);
    const saliences = new Map(reinforced.map(({ cell }, i) => [cell, salienceFactor(gains[i])]));
    for (const [i, hit] of best.entries()) {
      const factors = { ...hit.factors, salience: saliences.get(hit.cell) ?? 1 };
      const raw = (hit.bm25 + BIGRAM_WEIGHT * bigrams[i].sum) * product(factors);
      this.hits.push({ ...hit, raw, bigrams: bigrams[i], factors });
    }
    this.hits.sort((a, b) => b.raw - a.raw || (comesFirst(a.cell, b.cell, memories.positions) ? -1 : 1));
  }
}
