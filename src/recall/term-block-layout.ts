import { endianness } from 'node:os';
import { dayOfTime } from './calendar.js';
import { TOKENISER_VERSION } from './terms.js';

/**
 * The form of `term_blocks.data`: what is known of up to 64 memories of one owner at consecutive positions, each
 * in its slot. A slot is never taken out, so that positions stay what they are: a deleted memory leaves a
 * tombstone, of which nothing but the place remains.
 *
 * Everything is made of little-endian 32-bit words.
 *
 *     block     u8 format (2) · u8 slots · u16 tokeniser version · u32 bytes of the whole block · the slots
 *     slot      u16 flags · u16 n (0 with LONG) · what the flags say, in this order · n × u32 term hash
 *       LONG      u32 n
 *       SESSION   u32 hash of the session's key · i32 day; without it: i64 time [· i32 day with OWN_DAY]
 *       EXPIRES   i64 expiry
 *       NAMED     u16 s · u16 m · s × u32 hash of a term of the speaker's name · m × i32 date mentioned
 *
 * Times are milliseconds, days whole days since 1970-01-01 (UTC); without OWN_DAY the day is that of the time.
 * Terms stand in their order in the text, repetitions included: bag, length and adjacent pairs all come from
 * them. A memory of twelve terms takes 60 bytes, 8 more with a speaker.
 */
export const FORMAT = 2;
/** The format before it: no order of terms, no sessions. Such blocks are rebuilt from their memories. */
export const FORMER_FORMAT = 1;
/** In words. */
export const BLOCK_HEADER = 2;
/** A block takes no further memory at this many slots (design: 64 memories or 16 kB, whichever comes first). */
export const MAX_SLOTS = 64;

/** The flag of a deleted memory's slot. It has no other, and no terms. */
export const TOMBSTONE = 1 << 0;
/** The text (without caption and date) ends in a question mark. */
export const ENDS_WITH_QUESTION = 1 << 1;
export const HAS_CAPTION = 1 << 2;
/** Every sentence of more than two words is a question. */
export const ONLY_QUESTIONS = 1 << 3;
/** It has a time expression. */
export const HAS_TIME = 1 << 4;
/** Its salience is above that of a new memory of its sectors. */
export const REINFORCED = 1 << 5;
/** It belongs to a session that has a key. */
export const SESSION = 1 << 6;
export const OWN_DAY = 1 << 7;
export const EXPIRES = 1 << 8;
/** It has a speaker or mentions dates. */
export const NAMED = 1 << 9;
export const LONG = 1 << 10;
const ALL_FLAGS = (1 << 11) - 1;

const TWO_32 = 2 ** 32;

if (endianness() !== 'LE') throw new Error('The recall index needs a little-endian machine');

/** The bytes are not a term block: this scope's index has to be rebuilt. */
export class CorruptBlockError extends Error {
  override readonly name = 'CorruptBlockError';

  constructor(what: string) {
    super(`corrupt term block: ${what}`);
  }
}

/** What the first eight bytes say, in every format. */
export interface BlockHeader {
  readonly format: number;
  /** Slots, tombstones included. */
  readonly slots: number;
  /** Version of the tokeniser whose terms are in it; 0 in blocks of the former format. */
  readonly tokeniser: number;
}

/** @throws CorruptBlockError when the bytes are no block of this or the former format */
export function blockHeader(data: Uint8Array): BlockHeader {
  if (data.byteLength < 4 * BLOCK_HEADER) throw new CorruptBlockError('shorter than its header');
  const [format, slots] = data;
  if (format !== FORMAT && format !== FORMER_FORMAT) throw new CorruptBlockError(`unknown format ${format}`);
  if (slots > MAX_SLOTS) throw new CorruptBlockError(`more than ${MAX_SLOTS} slots`);
  const bytes = data[4] + (data[5] << 8) + (data[6] << 16) + data[7] * 2 ** 24;
  if (bytes !== data.byteLength) throw new CorruptBlockError('cut short or extended');
  return { format, slots, tokeniser: data[2] + (data[3] << 8) };
}

/** Whether searches can use the block: written in this format by this tokeniser. @throws CorruptBlockError */
export function isCurrent(data: Uint8Array): boolean {
  const { format, tokeniser } = blockHeader(data);
  return format === FORMAT && tokeniser === TOKENISER_VERSION;
}

/** The words of a block of this format. @throws CorruptBlockError */
export function wordsOf(data: Uint8Array): Uint32Array {
  if (blockHeader(data).format !== FORMAT) throw new CorruptBlockError('of the former format');
  if (data.byteLength % 4 !== 0) throw new CorruptBlockError('not made of words');
  // Drivers may hand out buffers at any offset.
  const aligned = data.byteOffset % 4 === 0 ? data : Uint8Array.from(data);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

/** How many slots the block has, tombstones included. */
export function slotsIn(words: Uint32Array): number {
  return (words[0] >>> 8) & 0xff;
}

/** Ends a walk over the slots. @throws CorruptBlockError when it did not end where the block ends */
export function checkEnd(words: Uint32Array, at: number): void {
  if (at !== words.length) throw new CorruptBlockError('bytes after the last slot');
}

/** A signed 64-bit integer of which all but 53 bits are its sign. */
export function integerAt(words: Uint32Array, at: number): number {
  return (words[at + 1] | 0) * TWO_32 + words[at];
}

/** The two words of an integer. @throws RangeError beyond 2^53 */
export function integerWords(name: string, value: number): [low: number, high: number] {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} must be an integer, not ${value}`);
  return [value >>> 0, Math.floor(value / TWO_32) >>> 0];
}

/** Reads slots, one at a time, into its own fields: a scan meets too many of them for an object each. */
export class SlotReader {
  flags = 0;
  /** Hash of the session's key, as a signed integer; only with SESSION. */
  session = 0;
  /** Time of creation; only without SESSION. */
  time = 0;
  day = 0;
  /** Infinity: never. */
  expiry = Infinity;
  /** Where the hashes of the speaker's name begin, and how many there are. */
  speakerAt = 0;
  speakerTerms = 0;
  /** Where the dates mentioned begin, and how many there are. */
  mentionsAt = 0;
  mentions = 0;
  /** Where the term hashes begin, and how many there are. */
  termsAt = 0;
  length = 0;

  /**
   * @param at where the slot begins
   * @returns where it ends
   * @throws CorruptBlockError when it reaches beyond the block, or is none
   */
  read(words: Uint32Array, at: number): number {
    if (at >= words.length) throw new CorruptBlockError('a slot outside the block');
    const flags = (this.flags = words[at] & 0xffff);
    if (flags > ALL_FLAGS) throw new CorruptBlockError('unknown flags');
    let next = at + 1;
    let length = words[at] >>> 16;
    if (flags & LONG) length = words[next++];
    if (flags & SESSION) {
      this.session = words[next] | 0;
      this.day = words[next + 1] | 0;
      next += 2;
    } else if (!(flags & TOMBSTONE)) {
      this.time = integerAt(words, next);
      next += 2;
      this.day = flags & OWN_DAY ? words[next++] | 0 : dayOfTime(this.time);
    }
    this.expiry = Infinity;
    if (flags & EXPIRES) {
      this.expiry = integerAt(words, next);
      next += 2;
    }
    this.speakerTerms = this.mentions = 0;
    if (flags & NAMED) {
      const counts = words[next++];
      this.speakerAt = next;
      this.speakerTerms = counts & 0xffff;
      this.mentionsAt = next + this.speakerTerms;
      this.mentions = counts >>> 16;
      next = this.mentionsAt + this.mentions;
    }
    this.termsAt = next;
    this.length = length;
    const end = next + length;
    // So put, it is also true of the NaN that reading beyond the end gives.
    if (!(end <= words.length)) throw new CorruptBlockError('a slot outside the block');
    if (flags & TOMBSTONE && words[at] !== TOMBSTONE) throw new CorruptBlockError('a tombstone with content');
    return end;
  }
}
