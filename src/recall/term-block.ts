import { packMention, unpackMention } from './date-mention.js';
import { dayOfTime } from './calendar.js';
import type { DateMention } from './memory-features.js';
import {
  BLOCK_HEADER,
  ENDS_WITH_QUESTION,
  EXPIRES,
  FORMAT,
  HAS_CAPTION,
  HAS_TIME,
  LONG,
  MAX_SLOTS,
  NAMED,
  ONLY_QUESTIONS,
  OWN_DAY,
  REINFORCED,
  SESSION,
  SlotReader,
  TOMBSTONE,
  checkEnd,
  integerWords,
  slotsIn,
  wordsOf,
} from './term-block-layout.js';
import { TOKENISER_VERSION } from './terms.js';

// Reading and writing `term_blocks.data`. Every function is pure: the block given is never changed. All of
// them throw CorruptBlockError when the bytes given are not a block of this format.

/** A block takes no further memory once it has this many bytes. */
export const MAX_BLOCK_BYTES = 16_384;
/** A memory with more terms than this, repetitions counted, gets a block of its own. */
export const MAX_SHARED_TERMS = 2_000;

/** What is kept of one memory. */
export interface Slot {
  /** Hashes (unsigned 32-bit) of its own terms, in order, repetitions included. */
  readonly terms: readonly number[];
  /** Hashes of the terms of the speaker's name, each once; empty: none known. */
  readonly speaker: readonly number[];
  readonly mentions: readonly DateMention[];
  /** Whole days since 1970-01-01 (UTC). */
  readonly day: number;
  /** Hash of the session's key; null where the pauses between `time`s make the sessions. */
  readonly session: number | null;
  /** Milliseconds since 1970; null for a memory that has a session. */
  readonly time: number | null;
  /** Milliseconds since 1970 from which on the memory does not exist; null for never. */
  readonly expiresAt: number | null;
  readonly endsWithQuestion: boolean;
  readonly hasCaption: boolean;
  readonly onlyQuestions: boolean;
  readonly hasTime: boolean;
  readonly reinforced: boolean;
}

/** A block without slots. */
export function emptyBlock(): Buffer {
  return assemble(0, []);
}

/** How many slots the block has, tombstones included. */
export function slotCount(data: Uint8Array): number {
  return slotsIn(wordsOf(data));
}

/** What `scopes` counts: the memories that are no tombstones (expired or not), and their terms. */
export function countsOf(data: Uint8Array): { memories: number; terms: number } {
  const words = wordsOf(data);
  const counts = { memories: 0, terms: 0 };
  walk(words, (slot) => {
    if (slot.flags & TOMBSTONE) return;
    counts.memories += 1;
    counts.terms += slot.length;
  });
  return counts;
}

/** Whether the block is closed to further memories: by slots, by bytes, or because one memory owns it. */
export function isFull(data: Uint8Array): boolean {
  const words = wordsOf(data);
  if (slotsIn(words) >= MAX_SLOTS || data.byteLength >= MAX_BLOCK_BYTES) return true;
  let owned = false;
  walk(words, ({ length }) => (owned ||= length > MAX_SHARED_TERMS));
  return owned;
}

/** Whether `slot` goes into this block as its next one; if not, it begins a new block. */
export function accepts(data: Uint8Array, slot: Slot): boolean {
  return slotCount(data) === 0 || (slot.terms.length <= MAX_SHARED_TERMS && !isFull(data));
}

/**
 * The block with one more slot at its end, a tombstone for null. Whether it should go there is for `accepts` to
 * say.
 * @throws RangeError when the block has 64 slots or the slot holds a number its field cannot
 */
export function appendSlot(data: Uint8Array, slot: Slot | null): Buffer {
  const slots = slotCount(data);
  if (slots >= MAX_SLOTS) throw new RangeError(`a block holds at most ${MAX_SLOTS} slots`);
  return assemble(slots + 1, [data.subarray(4 * BLOCK_HEADER), encode(slot)]);
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
  return withSlotBytes(data, index, encode(null));
}

/** The slot at `index`, null for a tombstone. @throws RangeError when there is no such slot */
export function readSlot(data: Uint8Array, index: number): Slot | null {
  const words = wordsOf(data);
  const slot = new SlotReader();
  slot.read(words, slotSpan(words, index)[0]);
  const { flags, termsAt, length, speakerAt, speakerTerms, mentionsAt, mentions, expiry } = slot;
  if (flags & TOMBSTONE) return null;
  return {
    terms: [...words.subarray(termsAt, termsAt + length)],
    speaker: [...words.subarray(speakerAt, speakerAt + speakerTerms)],
    mentions: [...words.subarray(mentionsAt, mentionsAt + mentions)].map((word) => unpackMention(word | 0)),
    day: slot.day,
    session: flags & SESSION ? slot.session >>> 0 : null,
    time: flags & SESSION ? null : slot.time,
    expiresAt: expiry === Infinity ? null : expiry,
    endsWithQuestion: (flags & ENDS_WITH_QUESTION) !== 0,
    hasCaption: (flags & HAS_CAPTION) !== 0,
    onlyQuestions: (flags & ONLY_QUESTIONS) !== 0,
    hasTime: (flags & HAS_TIME) !== 0,
    reinforced: (flags & REINFORCED) !== 0,
  };
}

/** Visits every slot, tombstones too. The reader is the same each time. */
function walk(words: Uint32Array, visit: (slot: SlotReader, at: number) => void): void {
  const slot = new SlotReader();
  let at = BLOCK_HEADER;
  for (let left = slotsIn(words); left > 0; left -= 1) {
    const end = slot.read(words, at);
    visit(slot, at);
    at = end;
  }
  checkEnd(words, at);
}

/** Where the slot begins and ends, in words. */
function slotSpan(words: Uint32Array, index: number): [start: number, end: number] {
  const starts: number[] = [];
  walk(words, (_, at) => starts.push(at));
  if (!Number.isInteger(index) || index < 0 || index >= starts.length) {
    throw new RangeError(`no slot ${index} in a block of ${starts.length}`);
  }
  return [starts[index], starts[index + 1] ?? words.length];
}

/** The version stays: a block has to be rebuilt as long as any of its slots has. */
function withSlotBytes(data: Uint8Array, index: number, slot: Uint8Array): Buffer {
  const words = wordsOf(data);
  const [start, end] = slotSpan(words, index);
  const parts = [data.subarray(4 * BLOCK_HEADER, 4 * start), slot, data.subarray(4 * end)];
  return assemble(slotsIn(words), parts, words[0] >>> 16);
}

function assemble(slots: number, parts: readonly Uint8Array[], tokeniser = TOKENISER_VERSION): Buffer {
  const data = Buffer.concat([Buffer.alloc(4 * BLOCK_HEADER), ...parts]);
  data.writeUInt8(FORMAT, 0);
  data.writeUInt8(slots, 1);
  data.writeUInt16LE(tokeniser, 2);
  data.writeUInt32LE(data.byteLength, 4);
  return data;
}

/** Whether the index would hold the same of both. */
export function sameSlot(one: Slot, other: Slot): boolean {
  return Buffer.compare(encode(one), encode(other)) === 0;
}

/** The bytes of a slot, equal ones for equal slots. @throws RangeError */
function encode(slot: Slot | null): Uint8Array {
  if (slot === null) return bytesOf([TOMBSTONE]);
  const { terms, speaker, mentions, day, session, time, expiresAt } = slot;
  if ((session === null) === (time === null)) throw new RangeError('a slot has a session or a time');
  let flags =
    (slot.endsWithQuestion ? ENDS_WITH_QUESTION : 0) |
    (slot.hasCaption ? HAS_CAPTION : 0) |
    (slot.onlyQuestions ? ONLY_QUESTIONS : 0) |
    (slot.hasTime ? HAS_TIME : 0) |
    (slot.reinforced ? REINFORCED : 0);
  const words: number[] = [0];
  if (terms.length > 0xffff) {
    flags |= LONG;
    words.push(terms.length);
  }
  inRange('day', day, -(2 ** 31), 2 ** 31 - 1);
  if (session !== null) {
    flags |= SESSION;
    words.push(inRange('session', session, 0, 0xffff_ffff), day);
  } else {
    words.push(...integerWords('time', time!));
    if (day !== dayOfTime(time!)) {
      flags |= OWN_DAY;
      words.push(day);
    }
  }
  if (expiresAt !== null) {
    flags |= EXPIRES;
    words.push(...integerWords('expiresAt', expiresAt));
  }
  if (speaker.length + mentions.length > 0) {
    flags |= NAMED;
    inRange('number of names', speaker.length, 0, 0xffff);
    inRange('number of dates', mentions.length, 0, 0xffff);
    words.push(speaker.length | (mentions.length << 16));
    for (const hash of speaker) words.push(inRange('term hash', hash, 0, 0xffff_ffff));
    for (const mention of mentions) {
      words.push(inRange('date', packMention(mention), -(2 ** 31), 2 ** 31 - 1));
    }
  }
  for (const hash of terms) words.push(inRange('term hash', hash, 0, 0xffff_ffff));
  words[0] = flags | ((flags & LONG ? 0 : terms.length) << 16);
  return bytesOf(words);
}

function bytesOf(words: readonly number[]): Uint8Array {
  // Modulo 2^32, so that negative numbers become their two's complement.
  return new Uint8Array(Uint32Array.from(words).buffer);
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name} must be an integer from ${least} to ${most}, not ${value}`);
}
