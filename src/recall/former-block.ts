import { CorruptBlockError, blockHeader } from './term-block-layout.js';

const HEADER = 8;
const SLOT_HEADER = 20;
const TOMBSTONE = 1;

/**
 * What `scopes` counts of a block of the former format, whose slots are u16 flags (bit 0: tombstone) · u16 m ·
 * f64 expiry · u32 length · u32 n · 5n + 4m bytes. Nothing else of it is still read.
 *
 * @throws CorruptBlockError
 */
export function formerCounts(data: Uint8Array): { memories: number; terms: number } {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const counts = { memories: 0, terms: 0 };
  let at = HEADER;
  for (let left = blockHeader(data).slots; left > 0; left -= 1) {
    if (at + SLOT_HEADER > view.byteLength) throw new CorruptBlockError('a slot outside the block');
    if ((view.getUint16(at, true) & TOMBSTONE) === 0) {
      counts.memories += 1;
      counts.terms += view.getUint32(at + 12, true);
    }
    at += SLOT_HEADER + 5 * view.getUint32(at + 16, true) + 4 * view.getUint16(at + 2, true);
  }
  if (at !== view.byteLength) throw new CorruptBlockError('bytes after the last slot');
  return counts;
}
