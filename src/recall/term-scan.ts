import {
  BLOCK_HEADER,
  CorruptBlockError,
  TOMBSTONE,
  blockView,
  checkEnd,
  distinctOf,
  expiryOf,
  flagsOf,
  frequencyAt,
  hashAt,
  lengthOf,
  slotEnd,
  slotsIn,
} from './term-block-layout.js';

/** Size of the filter of low bits. Of the hashes that are not looked for, 5 terms let 0.1 % past it. */
const FILTER_SIZE = 4096;
const FILTER_MASK = FILTER_SIZE - 1;

/** The hashes a query looks for, prepared for being met among many others. */
export class TermLookup {
  private readonly filter = new Uint8Array(FILTER_SIZE);
  private readonly ordinals = new Map<number, number>();

  /** @param hashes distinct; a term's ordinal is its place among them */
  constructor(hashes: Iterable<number>) {
    for (const hash of hashes) {
      this.filter[hash & FILTER_MASK] = 1;
      this.ordinals.set(hash, this.ordinals.size);
    }
  }

  /** The ordinal of the term with this hash, or -1 when it is not looked for. */
  find(hash: number): number {
    if (this.filter[hash & FILTER_MASK] === 0) return -1;
    return this.ordinals.get(hash) ?? -1;
  }
}

/** Told of what a scan meets, in the order of the positions. */
export interface ScanVisitor {
  /** A living memory (neither deleted nor expired) at this place of the block. */
  slot(index: number, length: number, flags: number): void;
  /** A term looked for, in the memory met last. Terms come in ascending order of their hashes. */
  match(ordinal: number, frequency: number): void;
}

/**
 * Visits every living memory of the block and, in each, the terms looked for.
 * @param now milliseconds since 1970; what expires at or before it is passed over
 * @throws CorruptBlockError (perhaps after some visits) when the bytes are not a block
 */
export function scanBlock(data: Uint8Array, lookup: TermLookup, now: number, visitor: ScanVisitor): void {
  const view = blockView(data);
  const slots = slotsIn(view);
  let slot = BLOCK_HEADER;
  for (let index = 0; index < slots; index += 1) {
    const next = slotEnd(view, slot);
    const flags = flagsOf(view, slot);
    if ((flags & TOMBSTONE) === 0 && isLiving(expiryOf(view, slot), now)) {
      visitor.slot(index, lengthOf(view, slot), flags);
      const n = distinctOf(view, slot);
      for (let i = 0; i < n; i += 1) {
        const ordinal = lookup.find(hashAt(view, slot, i));
        if (ordinal >= 0) visitor.match(ordinal, frequencyAt(view, slot, n, i));
      }
    }
    slot = next;
  }
  checkEnd(view, slot);
}

function isLiving(expiry: number, now: number): boolean {
  if (expiry > now) return true;
  if (Number.isNaN(expiry)) throw new CorruptBlockError('an expiry that is no number');
  return false;
}
