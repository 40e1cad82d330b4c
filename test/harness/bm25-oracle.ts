import { terms } from '../../src/recall/terms.js';

/** A memory as the oracle sees it. */
export interface Document {
  readonly id: string;
  /** Arrival order, for equal scores. */
  readonly order: number;
  readonly content: string;
}

/** A document found. */
export interface Scored {
  readonly id: string;
  readonly order: number;
  /** 0 to 1. */
  readonly score: number;
}

/**
 * What a search must find, straight from the formula over strings: every statistic counted anew from the
 * documents of the scope searched. BM25 with k1 = 1.2, b = 0.4, idf = ln(1 + (N − df + ½)/(df + ½)), and the
 * score s/(s + 2.2). In no particular order.
 *
 * @param living the memories that exist in the scope, and no others
 */
export function bm25(living: readonly Document[], query: string): Scored[] {
  const bags = living.map((document) => ({ ...document, words: terms(document.content) }));
  const wanted = [...new Set(terms(query))];
  const meanLength = bags.reduce((sum, { words }) => sum + words.length, 0) / bags.length;
  return bags.flatMap(({ id, order, words }) => {
    let raw = 0;
    for (const term of wanted) {
      const df = bags.filter((other) => other.words.includes(term)).length;
      const tf = words.filter((word) => word === term).length;
      const idf = Math.log(1 + (bags.length - df + 0.5) / (df + 0.5));
      raw += (idf * tf * 2.2) / (tf + 1.2 * (0.6 + (0.4 * words.length) / meanLength));
    }
    return raw > 0 ? [{ id, order, score: raw / (raw + 2.2) }] : [];
  });
}
