import type { Columns } from './columns.js';
import type { DateMention } from './memory-features.js';
import { unpackMention } from './date-mention.js';
import type { QueryFeatures } from './query-features.js';
import { SessionChains } from './session-chains.js';
import {
  BLOCK_HEADER,
  CorruptBlockError,
  NAMED,
  SESSION,
  SlotReader,
  TOMBSTONE,
  checkEnd,
  slotsIn,
  wordsOf,
} from './term-block-layout.js';
import { TermLookup } from './term-lookup.js';

/** Flags that a scan adds to those of the slot. */
export const OF_NAMED_SPEAKER = 1 << 12;
export const MENTIONS_NAMED_DATE = 1 << 13;

/** A block of the recall index, as `term_blocks` has it. */
export interface ScopeBlock {
  readonly userId: string;
  /** Position of its first slot. */
  readonly firstPosition: number;
  /** Slots, tombstones included. */
  readonly slots: number;
  readonly data: Uint8Array;
}

/**
 * One pass over the blocks of the owners searched: collects their living memories (neither deleted nor expired),
 * a column each, and where the query's terms occur in them. A memory's number in the columns is its cell; cells
 * ascend by owner and position.
 */
export class TermScan {
  /** How many memories there are (N). */
  count = 0;
  readonly positions: Uint32Array;
  /** Own terms, repetitions included. */
  readonly lengths: Uint32Array;
  readonly flags: Uint16Array;
  readonly days: Int32Array;
  readonly speakerTerms: Uint16Array;
  readonly chains: SessionChains;
  /** By ordinal of the term: the cells that hold it, ascending, and how often each does. */
  readonly cells: number[][];
  readonly frequencies: number[][];
  /** By ordinal of the term: the cells whose speaker's name holds it. */
  readonly spoken: number[][];
  /** How many speakers, of all that the memories have, the query names: 0, 1, or 2 for more. */
  namedSpeakers = 0;

  private readonly slotAt: Uint32Array;
  private readonly blocks: {
    readonly words: Uint32Array;
    readonly userId: string;
    readonly first: number;
  }[] = [];
  private readonly slot = new SlotReader();
  private owner: string | undefined;
  private namedSpeaker = '';

  /**
   * @param capacity slots of all the blocks that will be added
   * @param now milliseconds since 1970; what expires at or before it is passed over
   * @param columns what this and all that is worked out from it is kept in
   */
  constructor(
    capacity: number,
    private readonly lookup: TermLookup,
    private readonly query: QueryFeatures,
    private readonly now: number,
    readonly columns: Columns,
  ) {
    this.positions = columns.of(Uint32Array, capacity);
    this.lengths = columns.of(Uint32Array, capacity);
    this.flags = columns.of(Uint16Array, capacity);
    this.days = columns.of(Int32Array, capacity);
    this.speakerTerms = columns.of(Uint16Array, capacity);
    this.slotAt = columns.of(Uint32Array, capacity);
    this.chains = new SessionChains(capacity, columns);
    this.cells = lookup.terms.map(() => []);
    this.frequencies = lookup.terms.map(() => []);
    this.spoken = lookup.terms.map(() => []);
  }

  /** Blocks come one owner after the other, in the order of their positions. @throws CorruptBlockError */
  add({ userId, firstPosition, slots, data }: ScopeBlock): void {
    if (userId !== this.owner) {
      this.owner = userId;
      this.chains.nextOwner();
    }
    const words = wordsOf(data);
    if (slotsIn(words) !== slots) throw new CorruptBlockError('not as many slots as its row says');
    this.blocks.push({ words, userId, first: this.count });
    const { slot, now, slotAt, positions, lengths, flags, days, chains, lookup } = this;
    const { filter, mask } = lookup;
    let cell = this.count;
    let at = BLOCK_HEADER;
    for (let index = 0; index < slots; index += 1) {
      const end = slot.read(words, at);
      if ((slot.flags & TOMBSTONE) === 0 && slot.expiry > now) {
        slotAt[cell] = at;
        positions[cell] = firstPosition + index;
        lengths[cell] = slot.length;
        flags[cell] = slot.flags;
        days[cell] = slot.day;
        if (slot.flags & SESSION) chains.add(cell, slot.session);
        else chains.addWithoutKey(cell, slot.time);
        for (let term = slot.termsAt; term < end; term += 1) {
          if (filter[words[term] & mask] !== 0) this.occurrence(cell, words[term]);
        }
        if (slot.flags & NAMED) this.names(cell, words);
        cell += 1;
      }
      at = end;
    }
    this.count = cell;
    checkEnd(words, at);
  }

  /** Whose memory a cell is. */
  ownerOf(cell: number): string {
    return this.blockOf(cell).userId;
  }

  /** The hashes of the cell's own terms, in order. */
  termsOf(cell: number): Uint32Array {
    const { words } = this.blockOf(cell);
    this.slot.read(words, this.slotAt[cell]);
    return words.subarray(this.slot.termsAt, this.slot.termsAt + this.slot.length);
  }

  /** Of a term that may be one of the query's. */
  private occurrence(cell: number, hash: number): void {
    const term = this.lookup.find(hash);
    if (term < 0) return;
    const cells = this.cells[term];
    const last = cells.length - 1;
    if (last >= 0 && cells[last] === cell) {
      this.frequencies[term][last] += 1;
    } else {
      cells.push(cell);
      this.frequencies[term].push(1);
    }
  }

  /** Speaker and dates mentioned. */
  private names(cell: number, words: Uint32Array): void {
    const { slot, lookup } = this;
    this.speakerTerms[cell] = slot.speakerTerms;
    let named = false;
    for (let i = 0; i < slot.speakerTerms; i += 1) {
      const term = lookup.find(words[slot.speakerAt + i]);
      if (term < 0) continue;
      named = true;
      this.spoken[term].push(cell);
    }
    if (named) {
      const speaker = words.subarray(slot.speakerAt, slot.speakerAt + slot.speakerTerms).join();
      if (this.namedSpeakers === 0) {
        this.namedSpeakers = 1;
        this.namedSpeaker = speaker;
      }
      if (speaker === this.namedSpeaker) this.flags[cell] |= OF_NAMED_SPEAKER;
      else this.namedSpeakers = 2;
    }
    if (this.query.months.size === 0) return;
    for (let i = 0; i < slot.mentions; i += 1) {
      if (isNamed(unpackMention(words[slot.mentionsAt + i] | 0), this.query)) {
        this.flags[cell] |= MENTIONS_NAMED_DATE;
        return;
      }
    }
  }

  private blockOf(cell: number) {
    let low = 0;
    let high = this.blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle].first <= cell) low = middle;
      else high = middle;
    }
    return this.blocks[low];
  }
}

/** Whether the query names the date: its month and, where the query says one, its day and its year. */
function isNamed({ year, month, day }: DateMention, { months, years, days }: QueryFeatures): boolean {
  if (month === undefined || !months.has(month)) return false;
  if (years.size > 0 && !years.has(year)) return false;
  return days.size === 0 || (day !== undefined && days.has(day));
}
