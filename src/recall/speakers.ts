/**
 * Everybody who speaks in some memories, by number. The same name is the same speaker, whosever the memory is.
 */
export class Speakers {
  /** By number: the hashes of the terms of the name, as the index has them, in their order. */
  private readonly names: Uint32Array[] = [];
  /** By a mix of those hashes, signed. */
  private readonly numbers = new Map<number, number>();

  get count(): number {
    return this.names.length;
  }

  /** The terms of the name of a speaker. */
  termsOf(speaker: number): Uint32Array {
    return this.names[speaker];
  }

  /** The number of the speaker whose name is at `words[start]` and after. */
  numberOf(words: Uint32Array, start: number, terms: number): number {
    let mix = terms;
    for (let i = 0; i < terms; i += 1) mix = Math.imul(mix ^ words[start + i], 0x9e3779b1);
    for (;;) {
      const number = this.numbers.get(mix);
      if (number === undefined) {
        this.numbers.set(mix, this.names.length);
        return this.names.push(words.slice(start, start + terms)) - 1;
      }
      if (isAt(this.names[number], words, start, terms)) return number;
      // Two names with one mix: the other takes the next that is free.
      mix = (mix + 1) | 0;
    }
  }

  clone(): Speakers {
    const clone = new Speakers();
    clone.names.push(...this.names);
    for (const [mix, number] of this.numbers) clone.numbers.set(mix, number);
    return clone;
  }
}

function isAt(name: Uint32Array, words: Uint32Array, start: number, terms: number): boolean {
  if (name.length !== terms) return false;
  for (let i = 0; i < terms; i += 1) if (name[i] !== words[start + i]) return false;
  return true;
}
