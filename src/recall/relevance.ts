import { K1 } from './method.js';

/**
 * The raw score at which relevance is one half. A term's saturation factor `c·(k1+1) / (c + k1·…)` stays below
 * k1 + 1 however often the term occurs, so this is the score of one fully saturated query term of idf 1.
 */
export const HALF = K1 + 1;

/**
 * Maps a raw score (0 or more, no upper bound) to [0, 1). It keeps the order and depends on nothing but the
 * score: the same memory for the same query in the same scope always shows the same number.
 */
export function relevance(score: number): number {
  return score / (score + HALF);
}
