import { contextLengths } from './credits.js';
import { SessionChains } from './session-chains.js';
import { Speakers } from './speakers.js';
import {
  BLOCK_HEADER,
  CorruptBlockError,
  SESSION,
  SlotReader,
  TOMBSTONE,
  checkEnd,
  slotsIn,
  wordsOf,
} from './term-block-layout.js';
import type { Turns } from './turns.js';

/** A block of the recall index, as `term_blocks` has it. */
export interface ScopeBlock {
  readonly userId: string;
  /** Position of its first slot. */
  readonly firstPosition: number;
  /** Slots, tombstones included. */
  readonly slots: number;
  readonly data: Uint8Array;
}

/** Room for memories to come: one part in so many. */
const SPARE = 8;
/** What everything but the columns takes, about, in bytes. */
const FRAME_BYTES = 4_096;
/** In bytes: a memory in all columns but that of the terms, a session, a date mentioned. */
const MEMORY_BYTES = 38;
const SESSION_BYTES = 40;
const MENTION_BYTES = 16;

/**
 * What the recall index knows of some owners' living memories (neither deleted nor expired), a column each. A
 * memory's number in the columns is its cell; cells ascend by owner and position.
 *
 * Nothing of it depends on a query, so it can be kept between searches, and take in what is added to the index
 * meanwhile.
 */
export class MemoryColumns {
  /** How many memories there are (N). */
  count = 0;
  /** The mean of the context lengths; 0 where there is no memory. */
  averageLength = 0;
  /** The length of each memory's context, in terms. */
  contextLengths = new Float64Array(0);
  positions = new Uint32Array(0);
  /** Own terms, repetitions included. */
  lengths = new Uint32Array(0);
  /** Where the memory's terms begin in `terms`; they end where the next memory's begin. */
  termsAt = new Uint32Array(0);
  days = new Int32Array(0);
  /** Number of the speaker, or -1. */
  speakers = new Int32Array(0);
  /** The memory before it in its session, and the one after it, or -1. */
  before = new Int32Array(0);
  after = new Int32Array(0);
  flags = new Uint16Array(0);
  /** Hashes of the terms of all memories, in order. */
  terms = new Uint32Array(0);
  termCount = 0;
  /** The dates that memories mention, as the index has them, and the cells that do, ascending. */
  readonly mentions: number[] = [];
  readonly mentionedBy: number[] = [];
  /** From this time on (milliseconds since 1970) one of the memories is expired; until that one, none left out was. */
  nextExpiry = Infinity;
  lastExpiry = -Infinity;

  private readonly owners: { readonly userId: string; readonly first: number }[] = [];
  private readonly slot = new SlotReader();
  private end = 0;

  private constructor(
    private readonly chains: SessionChains,
    readonly names: Speakers,
  ) {}

  /**
   * @param blocks of the owners, by owner and position; current ones only
   * @param now milliseconds since 1970; what expires at or before it is left out
   * @throws CorruptBlockError
   */
  static async of(blocks: readonly ScopeBlock[], now: number, turns: Turns): Promise<MemoryColumns> {
    const columns = new MemoryColumns(new SessionChains(), new Speakers());
    columns.makeRoom(
      blocks.reduce((sum, { slots }) => sum + slots, 0),
      blocks.reduce((sum, { data }) => sum + (data.byteLength >> 2), 0),
    );
    for (const block of blocks) {
      columns.take(block, now);
      if (turns.spent(block.data.byteLength / 4)) await turns.pass();
    }
    columns.measure(0);
    return columns;
  }

  /** Bytes that it takes, about. */
  get byteLength(): number {
    const { positions, terms, chains, mentions } = this;
    return (
      FRAME_BYTES +
      MEMORY_BYTES * positions.length +
      terms.byteLength +
      SESSION_BYTES * chains.sessions +
      MENTION_BYTES * mentions.length
    );
  }

  /** Whether it holds the memories that live at a time. */
  holdsAt(now: number): boolean {
    return this.lastExpiry <= now && now < this.nextExpiry;
  }

  /**
   * Takes in memories added since: what these blocks hold of the last owner's from the position on, where it ends.
   *
   * @param now a time that it holds at
   * @throws CorruptBlockError; it cannot be used any more then
   */
  extend(blocks: readonly ScopeBlock[], position: number, now: number): void {
    const first = this.count;
    this.end = position;
    for (const block of blocks) this.take(block, now);
    this.measure(first);
  }

  /** One of its own with the same memories. */
  clone(): MemoryColumns {
    const clone = new MemoryColumns(this.chains.clone(), this.names.clone());
    const { count, averageLength, termCount, nextExpiry, lastExpiry, terms } = this;
    Object.assign(clone, { count, averageLength, termCount, nextExpiry, lastExpiry });
    clone.owners.push(...this.owners);
    clone.mentions.push(...this.mentions);
    clone.mentionedBy.push(...this.mentionedBy);
    clone.terms = terms.slice();
    clone.setColumns(this, this.positions.length);
    return clone;
  }

  /** Whose memory a cell is. */
  ownerOf(cell: number): string {
    let owner = this.owners.length - 1;
    while (this.owners[owner].first > cell) owner -= 1;
    return this.owners[owner].userId;
  }

  /** The hashes of the cell's own terms, in order. */
  termsOf(cell: number): Uint32Array {
    const start = this.termsAt[cell];
    return this.terms.subarray(start, start + this.lengths[cell]);
  }

  /** Blocks come one owner after the other, in the order of their positions. */
  private take({ userId, firstPosition, slots, data }: ScopeBlock, now: number): void {
    const words = wordsOf(data);
    if (slotsIn(words) !== slots) throw new CorruptBlockError('not as many slots as its row says');
    if (userId !== this.owners.at(-1)?.userId) {
      this.owners.push({ userId, first: this.count });
      this.chains.nextOwner();
      this.end = 0;
    }
    this.makeRoom(slots, words.length);
    const { slot, end } = this;
    let at = BLOCK_HEADER;
    for (let position = firstPosition; position < firstPosition + slots; position += 1) {
      const next = slot.read(words, at);
      at = next;
      if (slot.flags & TOMBSTONE || position < end) continue;
      if (slot.expiry > now) {
        if (slot.expiry < this.nextExpiry) this.nextExpiry = slot.expiry;
        this.add(position, words);
      } else if (slot.expiry > this.lastExpiry) {
        this.lastExpiry = slot.expiry;
      }
    }
    checkEnd(words, at);
  }

  /** The memory that the slot read last is about. */
  private add(position: number, words: Uint32Array): void {
    const { slot, terms } = this;
    const cell = this.count;
    this.count += 1;
    this.positions[cell] = position;
    this.lengths[cell] = slot.length;
    this.flags[cell] = slot.flags;
    this.days[cell] = slot.day;
    const before =
      slot.flags & SESSION
        ? this.chains.follow(cell, slot.session)
        : this.chains.followWithoutKey(cell, slot.time);
    this.before[cell] = before;
    this.after[cell] = -1;
    if (before >= 0) this.after[before] = cell;
    const { speakerTerms, speakerAt } = slot;
    this.speakers[cell] = speakerTerms > 0 ? this.names.numberOf(words, speakerAt, speakerTerms) : -1;
    for (let i = 0; i < slot.mentions; i += 1) {
      this.mentions.push(words[slot.mentionsAt + i] | 0);
      this.mentionedBy.push(cell);
    }
    this.termsAt[cell] = this.termCount;
    for (let i = slot.termsAt, to = this.termCount; i < slot.termsAt + slot.length; i += 1) {
      terms[to++] = words[i];
    }
    this.termCount += slot.length;
  }

  /** @param first from this cell on memories are new */
  private measure(first: number): void {
    contextLengths(this, first);
    let total = 0;
    for (let cell = 0; cell < this.count; cell += 1) total += this.contextLengths[cell];
    this.averageLength = this.count === 0 ? 0 : total / this.count;
  }

  private makeRoom(memories: number, terms: number): void {
    const cells = this.count + memories;
    if (cells > this.positions.length) this.setColumns(this, roomy(cells));
    const all = this.termCount + terms;
    if (all > this.terms.length) this.terms = resized(this.terms, roomy(all));
  }

  /** The columns of another, or its own, with room for so many memories. */
  private setColumns(of: MemoryColumns, capacity: number): void {
    this.contextLengths = resized(of.contextLengths, capacity);
    this.positions = resized(of.positions, capacity);
    this.lengths = resized(of.lengths, capacity);
    this.termsAt = resized(of.termsAt, capacity);
    this.days = resized(of.days, capacity);
    this.speakers = resized(of.speakers, capacity);
    this.before = resized(of.before, capacity);
    this.after = resized(of.after, capacity);
    this.flags = resized(of.flags, capacity);
  }
}

function roomy(size: number): number {
  return size + Math.ceil(size / SPARE);
}

function resized<Column extends Float64Array | Uint32Array | Int32Array | Uint16Array>(
  column: Column,
  length: number,
): Column {
  const other = new (column.constructor as new (length: number) => Column)(length);
  other.set(column);
  return other;
}
