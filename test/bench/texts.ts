const SYLLABLES = 'an be cor da el fi gu ha in jo ka lu mer no or pa qui ra sen ta um ver win yo zel'.split(
  ' ',
);
const VOCABULARY = 6_000;
const COMMON = ['the', 'is', 'of', 'and', 'to', 'in', 'that', 'it', 'was', 'for', 'with', 'she', 'they'];

/** A generator of pseudo-random numbers in [0, 1): mulberry32, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Texts like those that people keep: 8 to 40 words (150 characters on average), every third of them a common
 * one, the others from a vocabulary in which the n-th word comes up in proportion to 1/n.
 */
export class Texts {
  private readonly random: () => number;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  next(): string {
    return this.words(8 + Math.floor(this.random() * 33));
  }

  /** What somebody might search for: three words. */
  query(): string {
    return Array.from({ length: 3 }, () => this.rareWord()).join(' ');
  }

  private words(count: number): string {
    const text = Array.from({ length: count }, () =>
      this.random() < 1 / 3 ? this.common() : this.rareWord(),
    );
    return `${text.join(' ')}.`;
  }

  private common(): string {
    return COMMON[Math.floor(this.random() * COMMON.length)];
  }

  private rareWord(): string {
    // Uniform in the logarithm of the rank: Zipf's law.
    let rank = Math.floor(VOCABULARY ** this.random()) + SYLLABLES.length;
    let word = '';
    for (; rank > 0; rank = Math.floor(rank / SYLLABLES.length)) word += SYLLABLES[rank % SYLLABLES.length];
    return word;
  }
}
