/**
 * The form of `term_blocks.data`: the terms of up to 64 memories of one scope at consecutive positions, each
 * in its slot. A slot is never taken out, so that positions stay what they are: a deleted memory leaves a
 * tombstone, of which nothing but the place remains.
 *
 * All numbers are little-endian and unaligned (drivers hand out buffers at any offset).
 *
 *     block  u8 format (1) · u8 slots · u16 0 · u32 bytes of the whole block · the slots
 *     slot   u16 flags (bit 0: tombstone) · u16 m · f64 expiry (ms since 1970; Infinity: never)
 *            · u32 length (sum of the frequencies) · u32 n
 *            · n × u32 term hash, ascending · n × u8 frequency (255: in the list) · m × u32 list, 255 and up
 *
 * Hashes ascend so that equal bags are equal bytes and their scores are sums in the same order. Twelve
 * distinct terms take 80 bytes.
 */
export const FORMAT = 1;
export const BLOCK_HEADER = 8;
export const SLOT_HEADER = 20;
/** The frequency byte that says: the frequency is in the list at the slot's end. */
export const IN_LIST = 255;
/** The flag of a deleted memory's slot. */
export const TOMBSTONE = 1;
/** A block takes no further memory at this many slots (design: 64 memories or 16 kB, whichever comes first). */
export const MAX_SLOTS = 64;

/** The bytes are not a term block: this scope's index has to be rebuilt. */
export class CorruptBlockError extends Error {
  override readonly name = 'CorruptBlockError';

  constructor(what: string) {
    super(`corrupt term block: ${what}`);
  }
}

/** A view of the block, its header checked against its bytes. @throws CorruptBlockError */
export function blockView(data: Uint8Array): DataView {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.byteLength < BLOCK_HEADER) throw new CorruptBlockError('shorter than its header');
  if (view.getUint8(0) !== FORMAT) throw new CorruptBlockError(`unknown format ${view.getUint8(0)}`);
  if (view.getUint8(1) > MAX_SLOTS) throw new CorruptBlockError(`more than ${MAX_SLOTS} slots`);
  if (view.getUint32(4, true) !== view.byteLength) throw new CorruptBlockError('cut short or extended');
  return view;
}

/** How many slots the block has, tombstones included. */
export function slotsIn(view: DataView): number {
  return view.getUint8(1);
}

export function flagsOf(view: DataView, slot: number): number {
  return view.getUint16(slot, true);
}

export function expiryOf(view: DataView, slot: number): number {
  return view.getFloat64(slot + 4, true);
}

export function lengthOf(view: DataView, slot: number): number {
  return view.getUint32(slot + 12, true);
}

export function distinctOf(view: DataView, slot: number): number {
  return view.getUint32(slot + 16, true);
}

/** The i-th term hash of the slot. */
export function hashAt(view: DataView, slot: number, i: number): number {
  return view.getUint32(slot + SLOT_HEADER + 4 * i, true);
}

/** The frequency of the i-th of the n terms of the slot. @throws CorruptBlockError */
export function frequencyAt(view: DataView, slot: number, n: number, i: number): number {
  const bytes = slot + SLOT_HEADER + 4 * n;
  const frequency = view.getUint8(bytes + i);
  if (frequency === 0) throw new CorruptBlockError('a term that occurs 0 times');
  if (frequency < IN_LIST) return frequency;
  let place = 0;
  for (let j = 0; j < i; j += 1) if (view.getUint8(bytes + j) === IN_LIST) place += 1;
  if (place >= listed(view, slot)) throw new CorruptBlockError('a frequency is missing');
  const long = view.getUint32(bytes + n + 4 * place, true);
  if (long < IN_LIST) throw new CorruptBlockError('a short frequency in the list');
  return long;
}

/**
 * Where the slot that begins at `slot` ends. Everything else about a slot may be read only after this.
 * @throws CorruptBlockError when it reaches beyond the block
 */
export function slotEnd(view: DataView, slot: number): number {
  if (slot + SLOT_HEADER > view.byteLength) throw new CorruptBlockError('a slot outside the block');
  const end = slot + SLOT_HEADER + 5 * distinctOf(view, slot) + 4 * listed(view, slot);
  if (end > view.byteLength) throw new CorruptBlockError('a slot outside the block');
  return end;
}

/** How many frequencies are in the slot's list. */
function listed(view: DataView, slot: number): number {
  return view.getUint16(slot + 2, true);
}

/** Ends a walk over the slots. @throws CorruptBlockError when it did not end where the block ends */
export function checkEnd(view: DataView, at: number): void {
  if (at !== view.byteLength) throw new CorruptBlockError('bytes after the last slot');
}
