const SYLLABLES = 'an be cor da el fi gu ha in jo ka lu mer no or pa qui ra sen ta um ver win yo zel'.split(
  ' ',
);
/**
 * Zipf–Mandelbrot: the n-th word of this many comes up in proportion to 1 / (n + SHIFT). With texts of 14 words
 * the commonest word is then in about a fifth of them, and the words of a query are in about an eighth of them,
 * as measured in conversations between people.
 */
const VOCABULARY = 20_000;
const SHIFT = 4;
const COMMON = ['the', 'is', 'of', 'and', 'to', 'in', 'that', 'it', 'was', 'for', 'with', 'she', 'they'];
const SPEAKERS = ['Ana', 'Ben', 'Carla', 'Dmitri', 'Elif', 'Femi'];
const TIMES = ['yesterday', 'last Friday', 'two weeks ago', 'in May', 'tomorrow', 'since 2019'];
/** Words of a query. */
const QUERY_WORDS = 6;

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

/** How many words a text has, the name of who speaks not counted. */
export interface Length {
  readonly least: number;
  readonly most: number;
}

/** 14 words on average. */
const SHORT: Length = { least: 8, most: 20 };

/**
 * Texts like those that people keep, and queries for them: somebody says some words, every third of them a
 * common one, the others from a large vocabulary; some texts are questions, some name a time.
 */
export class Texts {
  private readonly random: () => number;

  constructor(
    seed: number,
    private readonly length: Length = SHORT,
  ) {
    this.random = randomOf(seed);
  }

  next(): string {
    const { least, most } = this.length;
    const words = Array.from({ length: least + Math.floor(this.random() * (most - least + 1)) }, () =>
      this.random() < 1 / 3 ? this.one(COMMON) : this.word(),
    );
    if (this.random() < 1 / 10) words.push(this.one(TIMES));
    return `${this.one(SPEAKERS)}: ${words.join(' ')}${this.random() < 1 / 6 ? '?' : '.'}`;
  }

  /**
   * What somebody might search for: words that come up as often as they do in the texts, so that most queries
   * hold words of many texts and some of few. Every third names a speaker, every sixth asks when.
   */
  query(): string {
    const words = Array.from({ length: QUERY_WORDS }, () =>
      this.random() < 1 / 4 ? this.one(COMMON) : this.word(),
    );
    if (this.random() < 1 / 3) words[0] = this.one(SPEAKERS);
    return this.random() < 1 / 6 ? `When did ${words.join(' ')}?` : words.join(' ');
  }

  private one(list: readonly string[]): string {
    return list[Math.floor(this.random() * list.length)];
  }

  private word(): string {
    // The inverse of the distribution: rank + SHIFT is uniform in the logarithm.
    let rank = Math.floor(SHIFT * ((VOCABULARY + SHIFT) / SHIFT) ** this.random()) - SHIFT;
    // No word of one syllable: some are stop words.
    rank += SYLLABLES.length;
    let word = '';
    for (; rank > 0; rank = Math.floor(rank / SYLLABLES.length)) word += SYLLABLES[rank % SYLLABLES.length];
    return word;
  }
}
