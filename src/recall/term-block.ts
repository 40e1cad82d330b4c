import {
  BLOCK_HEADER,
  CorruptBlockError,
  FORMAT,
  IN_LIST,
  MAX_SLOTS,
  SLOT_HEADER,
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

// Reading and writing `term_blocks.data`. Every function is pure: the block given is never changed. All of
// them throw CorruptBlockError when the bytes given are not a block.

/** A block takes no further memory once it has this many bytes. */
export const MAX_BLOCK_BYTES = 16_384;
/** A memory with more distinct terms than this gets a block of its own. */
export const MAX_SHARED_TERMS = 2_000;

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;

/** What is kept of one memory. */
export interface Slot {
  /** Milliseconds since 1970 from which on the memory does not exist; null for never. */
  readonly expiresAt: number | null;
  /** Term hash (unsigned 32-bit) → how often it occurs (at least once). */
  readonly terms: ReadonlyMap<number, number>;
  /** Bits 1 to 15, free to the writer; bit 0 is the tombstone's. 0 when absent. */
  readonly flags?: number;
}

export interface StoredSlot extends Required<Slot> {
  readonly tombstone: boolean;
  /** Sum of the frequencies. */
  readonly length: number;
}

/** A block without slots. */
export function emptyBlock(): Buffer {
  return assemble(0, []);
}

/** How many slots the block has, tombstones included. */
export function slotCount(data: Uint8Array): number {
  return slotsIn(blockView(data));
}

/** Whether the block is closed to further memories: by slots, by bytes, or because one memory owns it. */
export function isFull(data: Uint8Array): boolean {
  const view = blockView(data);
  if (slotsIn(view) >= MAX_SLOTS || data.byteLength >= MAX_BLOCK_BYTES) return true;
  return slotStarts(view)
    .slice(0, -1)
    .some((slot) => distinctOf(view, slot) > MAX_SHARED_TERMS);
}

/** Whether `slot` goes into this block as its next one; if not, it begins a new block. */
export function accepts(data: Uint8Array, slot: Slot): boolean {
  return slotCount(data) === 0 || (slot.terms.size <= MAX_SHARED_TERMS && !isFull(data));
}

/**
 * The block with one more slot at its end. Whether it should go there is for `accepts` to say.
 * @throws RangeError when the block has 64 slots or the slot holds a number its field cannot
 */
export function appendSlot(data: Uint8Array, slot: Slot): Buffer {
  const slots = slotCount(data);
  if (slots >= MAX_SLOTS) throw new RangeError(`a block holds at most ${MAX_SLOTS} slots`);
  return assemble(slots + 1, [data.subarray(BLOCK_HEADER), encode(slot)]);
}

/**
 * The block with other content at `index` (a tombstone comes to life again). A memory keeps its place, so a
 * block may outgrow its limits by this.
 * @throws RangeError when there is no such slot or the new one holds a number its field cannot
 */
export function replaceSlot(data: Uint8Array, index: number, slot: Slot): Buffer {
  return withSlotBytes(data, index, encode(slot));
}

/** The block with a tombstone at `index`: no term of the memory stays. @throws RangeError: no such slot */
export function tombstone(data: Uint8Array, index: number): Buffer {
  const bytes = encode({ expiresAt: null, terms: new Map() });
  bytes.writeUInt16LE(TOMBSTONE, 0);
  return withSlotBytes(data, index, bytes);
}

/** The slot at `index`, checked in every part. @throws RangeError when there is no such slot */
export function readSlot(data: Uint8Array, index: number): StoredSlot {
  const view = blockView(data);
  const [slot] = slotSpan(view, index);
  const n = distinctOf(view, slot);
  const terms = new Map<number, number>();
  let last = -1;
  let length = 0;
  for (let i = 0; i < n; i += 1) {
    const hash = hashAt(view, slot, i);
    if (hash <= last) throw new CorruptBlockError('term hashes out of order');
    const frequency = frequencyAt(view, slot, n, i);
    terms.set(hash, frequency);
    last = hash;
    length += frequency;
  }
  if (length !== lengthOf(view, slot)) throw new CorruptBlockError('frequencies that do not add up');
  const expiry = expiryOf(view, slot);
  if (Number.isNaN(expiry)) throw new CorruptBlockError('an expiry that is no number');
  const flags = flagsOf(view, slot);
  return {
    tombstone: (flags & TOMBSTONE) !== 0,
    flags: flags & ~TOMBSTONE,
    expiresAt: expiry === Infinity ? null : expiry,
    length,
    terms,
  };
}

/** Where each slot begins, and last where the block ends. */
function slotStarts(view: DataView): number[] {
  const starts = [BLOCK_HEADER];
  let at = BLOCK_HEADER;
  for (let left = slotsIn(view); left > 0; left -= 1) starts.push((at = slotEnd(view, at)));
  checkEnd(view, at);
  return starts;
}

function slotSpan(view: DataView, index: number): [start: number, end: number] {
  const starts = slotStarts(view);
  if (!Number.isInteger(index) || index < 0 || index > starts.length - 2) {
    throw new RangeError(`no slot ${index} in a block of ${starts.length - 1}`);
  }
  return [starts[index], starts[index + 1]];
}

function withSlotBytes(data: Uint8Array, index: number, slot: Uint8Array): Buffer {
  const view = blockView(data);
  const [start, end] = slotSpan(view, index);
  return assemble(slotsIn(view), [data.subarray(BLOCK_HEADER, start), slot, data.subarray(end)]);
}

function assemble(slots: number, parts: readonly Uint8Array[]): Buffer {
  const data = Buffer.concat([Buffer.alloc(BLOCK_HEADER), ...parts]);
  data.writeUInt8(FORMAT, 0);
  data.writeUInt8(slots, 1);
  data.writeUInt32LE(data.byteLength, 4);
  return data;
}

function encode(slot: Slot): Buffer {
  const flags = inRange('flags', slot.flags ?? 0, 0, U16_MAX);
  if ((flags & TOMBSTONE) !== 0) throw new RangeError('flags: bit 0 belongs to the tombstone');
  if (slot.expiresAt !== null && !Number.isFinite(slot.expiresAt)) {
    throw new RangeError('expiresAt must be milliseconds or null');
  }
  const entries = [...slot.terms].sort(([a], [b]) => a - b);
  const long = entries.filter(([, frequency]) => frequency >= IN_LIST);
  // A text of 200,000 characters has room for fewer than 800 terms that occur 255 times.
  inRange('number of frequencies over 254', long.length, 0, U16_MAX);
  const bytes = Buffer.alloc(SLOT_HEADER + 5 * entries.length + 4 * long.length);
  let at = SLOT_HEADER;
  let length = 0;
  for (const [hash, frequency] of entries) {
    at = bytes.writeUInt32LE(inRange('term hash', hash, 0, U32_MAX), at);
    length += inRange('frequency', frequency, 1, U32_MAX);
  }
  for (const [, frequency] of entries) at = bytes.writeUInt8(Math.min(frequency, IN_LIST), at);
  for (const [, frequency] of long) at = bytes.writeUInt32LE(frequency, at);
  bytes.writeUInt16LE(flags, 0);
  bytes.writeUInt16LE(long.length, 2);
  bytes.writeDoubleLE(slot.expiresAt ?? Infinity, 4);
  bytes.writeUInt32LE(inRange('length', length, 0, U32_MAX), 12);
  bytes.writeUInt32LE(entries.length, 16);
  return bytes;
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} must be an integer from ${least} to ${most}, not ${value}`);
}
