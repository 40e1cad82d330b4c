import { formerCounts } from './former-block.js';
import { CorruptBlockError, FORMAT, blockHeader, isCurrent } from './term-block-layout.js';
import { countsOf } from './term-block.js';

/** What `scopes` counts. */
export interface Counts {
  memories: number;
  terms: number;
}

/**
 * - `current`: searches use it, and it takes further memories.
 * - `outdated`: an older version wrote it; it is made anew from its memories.
 * - `damaged`: so is this one; its bytes are no block, or none of as many slots as its row says.
 */
export type BlockState = 'current' | 'outdated' | 'damaged';

/** Looks a block through. Of a damaged one nobody knows what it counts: nothing. */
export function examine({ slots, data }: { readonly slots: number; readonly data: Uint8Array }): {
  readonly state: BlockState;
  readonly counts: Readonly<Counts>;
} {
  try {
    const header = blockHeader(data);
    const counts = header.format === FORMAT ? countsOf(data) : formerCounts(data);
    if (slots === 0 || slots !== header.slots)
      throw new CorruptBlockError('not as many slots as its row says');
    return { state: isCurrent(data) ? 'current' : 'outdated', counts };
  } catch (error) {
    if (!(error instanceof CorruptBlockError)) throw error;
    return { state: 'damaged', counts: { memories: 0, terms: 0 } };
  }
}
