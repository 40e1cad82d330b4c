import { termHash } from './terms.js';

/** Size of the filter of low bits, at least; of the hashes that are not looked for, 5 terms let 0.1 % past it. */
const LEAST_FILTER = 4096;
const PLACES_A_TERM = 32;
const LARGEST_FILTER = 2 ** 18;

/** The terms a query looks for, prepared for being met among many others. */
export class TermLookup {
  /** Each once, in the query's order; a term's ordinal is its place among them. */
  readonly terms: readonly string[];
  /** Whether a hash with these low bits is looked for. */
  readonly filter: Uint8Array;
  readonly mask: number;
  /** By hash, as a signed integer: unsigned ones beyond 2^31 would have to be boxed. */
  private readonly ordinals = new Map<number, number>();

  constructor(terms: Iterable<string>) {
    const byHash = new Map<number, string>();
    for (const term of terms) byHash.set(termHash(term) | 0, term);
    this.terms = [...byHash.values()];
    for (const hash of byHash.keys()) this.ordinals.set(hash, this.ordinals.size);
    let size = LEAST_FILTER;
    while (size < LARGEST_FILTER && size < PLACES_A_TERM * byHash.size) size *= 2;
    this.filter = new Uint8Array(size);
    this.mask = size - 1;
    for (const hash of byHash.keys()) this.filter[hash & this.mask] = 1;
  }

  /** The ordinal of the term with this hash (signed or unsigned), or -1 when it is not looked for. */
  find(hash: number): number {
    if (this.filter[hash & this.mask] === 0) return -1;
    return this.ordinals.get(hash | 0) ?? -1;
  }
}
