import {
  BLOCK_HEADER,
  SESSION,
  SlotReader,
  TOMBSTONE,
  checkEnd,
  slotsIn,
  wordsOf,
} from '../recall/term-block-layout.js';

/** A memory of a block, and how like another one it is. */
export interface Likeness {
  /** Its place in the block, from 0. */
  readonly index: number;
  /** 0 to 1, where 1 is: the same terms as often. */
  readonly similarity: number;
}

/**
 * Memories with less in common are not worth joining. Measured on the turns of long conversations (LoCoMo): one in
 * ten has one as similar as that before it in its block, mostly about the same thing; at 0.2 it is one in five,
 * many of which share but phrases.
 */
export const LEAST_SIMILARITY = 0.25;
/** A single term in common says little, however short the memories are. */
const LEAST_COMMON_TERMS = 2;

/** Most terms are not in the other memory, which already their lowest bits tell. */
const FILTER_MASK = (1 << 10) - 1;

/** The memories of a block of the recall index, to be compared with those before them in it. */
export class RecentBlock {
  private readonly words: Uint32Array;
  private readonly termsAt: number[] = [];
  private readonly lengths: number[] = [];
  /** 0 for tombstones. */
  private readonly expiries: number[] = [];
  /** Hashes of the sessions' keys; -1 where there is none. */
  private readonly sessions: number[] = [];
  private readonly filter = new Uint8Array(FILTER_MASK + 1);

  /**
   * @param data a current block
   * @param now ms since 1970: what has expired is not there
   * @throws CorruptBlockError
   */
  constructor(
    data: Uint8Array,
    private readonly now: number,
  ) {
    const words = (this.words = wordsOf(data));
    const slot = new SlotReader();
    let at = BLOCK_HEADER;
    for (let left = slotsIn(words); left > 0; left -= 1) {
      at = slot.read(words, at);
      this.termsAt.push(slot.termsAt);
      this.lengths.push(slot.length);
      this.expiries.push(slot.flags & TOMBSTONE ? 0 : slot.expiry);
      this.sessions.push(slot.flags & SESSION ? slot.session >>> 0 : -1);
    }
    checkEnd(words, at);
  }

  /** The latest before the one at `index` whose session's key has the same hash. */
  sameSessionBefore(index: number): number | undefined {
    const session = this.sessions[index];
    for (let other = index - 1; session >= 0 && other >= 0; other -= 1) {
      if (this.sessions[other] === session && this.expiries[other] > this.now) return other;
    }
    return undefined;
  }

  /**
   * The most similar before the one at `index`, if one is similar enough; of equally similar ones the latest.
   * Similar are memories with many terms in common: the size of the intersection of two bags of terms by the size
   * of their union (Jaccard's index, for bags). No term counts for more than another: how rare each is would have
   * to be looked up.
   */
  mostSimilarBefore(index: number): Likeness | undefined {
    const length = this.lengths[index];
    const counts = this.countsOf(index);
    let best: Likeness | undefined;
    for (let other = index - 1; other >= 0; other -= 1) {
      const otherLength = this.lengths[other];
      // As if the shorter one were wholly in the longer one.
      const most = Math.min(length, otherLength) / Math.max(length, otherLength);
      const isBeaten = best ? most <= best.similarity : !(most >= LEAST_SIMILARITY);
      if (isBeaten || this.expiries[other] <= this.now) continue;
      const common = this.commonWith(counts, other);
      const similarity = common / (length + otherLength - common);
      if (common < LEAST_COMMON_TERMS || similarity < LEAST_SIMILARITY) continue;
      if (!best || similarity > best.similarity) best = { index: other, similarity };
    }
    this.filter.fill(0);
    return best;
  }

  private countsOf(index: number): Map<number, number> {
    const { words, filter } = this;
    const counts = new Map<number, number>();
    const end = this.termsAt[index] + this.lengths[index];
    for (let at = this.termsAt[index]; at < end; at += 1) {
      counts.set(words[at], (counts.get(words[at]) ?? 0) + 1);
      filter[words[at] & FILTER_MASK] = 1;
    }
    return counts;
  }

  /** How many terms of a memory are in a bag of terms, which is the same again afterwards. */
  private commonWith(counts: Map<number, number>, index: number): number {
    const { words, filter } = this;
    const end = this.termsAt[index] + this.lengths[index];
    const taken: number[] = [];
    for (let at = this.termsAt[index]; at < end; at += 1) {
      const term = words[at];
      if (filter[term & FILTER_MASK] === 0) continue;
      const count = counts.get(term);
      if (!count) continue;
      counts.set(term, count - 1);
      taken.push(term);
    }
    for (const term of taken) counts.set(term, counts.get(term)! + 1);
    return taken.length;
  }
}
