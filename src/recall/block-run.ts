import { type Slot, accepts, appendSlot, emptyBlock, isFull, slotCount } from './term-block.js';

/** A block that is yet to be stored. */
export interface NewBlock {
  readonly firstPosition: number;
  readonly slots: number;
  readonly data: Buffer;
}

/**
 * The blocks of memories at consecutive positions, as writing the memories one by one would have left them.
 *
 * @param first the first one's position
 * @param slots null for a position whose memory is gone
 */
export function blocksOf(first: number, slots: readonly (Slot | null)[]): NewBlock[] {
  const blocks: NewBlock[] = [];
  let data = emptyBlock();
  const close = (end: number) => {
    const count = slotCount(data);
    if (count > 0) blocks.push({ firstPosition: end - count, slots: count, data });
    data = emptyBlock();
  };
  slots.forEach((slot, i) => {
    if (slot ? !accepts(data, slot) : isFull(data)) close(first + i);
    data = appendSlot(data, slot);
  });
  close(first + slots.length);
  return blocks;
}
