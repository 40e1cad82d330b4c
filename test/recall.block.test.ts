import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_MS } from '../src/recall/calendar.js';
import { packMention, unpackMention } from '../src/recall/date-mention.js';
import type { DateMention } from '../src/recall/memory-features.js';
import { CorruptBlockError, isCurrent } from '../src/recall/term-block-layout.js';
import {
  type Slot,
  accepts,
  appendSlot,
  countsOf,
  emptyBlock,
  isFull,
  readSlot,
  replaceSlot,
  slotCount,
  tombstone,
} from '../src/recall/term-block.js';
import { TOKENISER_VERSION } from '../src/recall/terms.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.block');

const hash = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const time = fc.oneof(
  fc.constantFrom(-1, 0, 1, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), 1_790_000_000_000, 8.64e15, -8.64e15),
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
);
const day = fc.oneof(fc.integer({ min: -100_000_000, max: 100_000_000 }), fc.integer({ min: 0, max: 9 }));
const mention: fc.Arbitrary<DateMention> = fc.record(
  {
    year: fc.oneof(fc.integer({ min: -280_000, max: 280_000 }), fc.integer({ min: -2, max: 2 })),
    month: fc.integer({ min: 0, max: 11 }),
    day: fc.integer({ min: 1, max: 31 }),
  },
  { requiredKeys: ['year'] },
);
const slot: fc.Arbitrary<Slot> = fc
  .record({
    terms: fc.array(hash, { maxLength: 12 }),
    speaker: fc.array(hash, { maxLength: 3 }),
    mentions: fc.array(mention, { maxLength: 8 }),
    day,
    session: fc.option(hash),
    at: time,
    expiresAt: fc.option(time),
    endsWithQuestion: fc.boolean(),
    hasCaption: fc.boolean(),
    onlyQuestions: fc.boolean(),
    hasTime: fc.boolean(),
    reinforced: fc.boolean(),
  })
  .map(({ at, ...rest }) => ({ ...rest, time: rest.session === null ? at : null }));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), slot }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), at: fc.nat(), slot }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tombstone' as const), at: fc.nat() }) },
);

const plain: Slot = {
  terms: [],
  speaker: [],
  mentions: [],
  day: 20_000,
  session: null,
  time: 20_000 * DAY_MS + 5,
  expiresAt: null,
  endsWithQuestion: false,
  hasCaption: false,
  onlyQuestions: false,
  hasTime: false,
  reinforced: false,
};
const bag = (length: number): Slot => ({ ...plain, terms: Array.from({ length }, (_, i) => i * 7) });

describe('term blocks', () => {
  it('hold what a plain list would, after any appends, replacements and deletions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 90 }), (steps) => {
        const model: (Slot | null)[] = [];
        let data: Uint8Array = emptyBlock();
        for (const next of steps) {
          const before = Buffer.from(data);
          let after: Buffer = before;
          if (next.kind === 'append' && model.length < 64) {
            after = appendSlot(data, next.slot);
            model.push(next.slot);
          } else if (next.kind === 'replace' && model.length > 0) {
            after = replaceSlot(data, next.at % model.length, next.slot);
            model[next.at % model.length] = next.slot;
          } else if (next.kind === 'tombstone' && model.length > 0) {
            after = tombstone(data, next.at % model.length);
            model[next.at % model.length] = null;
          }
          expect(before.equals(data)).toBe(true);
          // Drivers hand out buffers at any offset: read on from an odd one.
          data = Buffer.concat([Buffer.alloc(3), after]).subarray(3);
        }
        expect(slotCount(data)).toBe(model.length);
        expect(model.map((_, i) => readSlot(data, i))).toEqual(model);
        const living = model.filter((one) => one !== null);
        expect(countsOf(data)).toEqual({
          memories: living.length,
          terms: living.reduce((sum, { terms }) => sum + terms.length, 0),
        });
        expect(isCurrent(data)).toBe(true);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('hold every date that can be mentioned, each as another number', () => {
    fc.assert(
      fc.property(mention, mention, (one, other) => {
        expect(unpackMention(packMention(one))).toEqual(one);
        expect(Math.abs(packMention(one))).toBeLessThan(2 ** 31);
        const same = one.year === other.year && one.month === other.month && one.day === other.day;
        expect(packMention(one) === packMention(other)).toBe(same);
      }),
      { seed },
    );
  });

  it('take 60 bytes for a memory of twelve terms, 8 more with a speaker, and 8 for the block', () => {
    expect(emptyBlock()).toHaveLength(8);
    expect(appendSlot(emptyBlock(), bag(12))).toHaveLength(68);
    expect(appendSlot(emptyBlock(), { ...bag(12), session: 7, time: null, speaker: [3] })).toHaveLength(76);
  });

  it('leave nothing of a deleted memory behind', () => {
    const secret = 0xc0ffee11;
    const bytes = Buffer.from([0x11, 0xee, 0xff, 0xc0]);
    const whole = { ...plain, terms: [secret], speaker: [secret], session: secret, time: null, expiresAt: 7 };
    const data = appendSlot(emptyBlock(), whole);
    const deleted = tombstone(data, 0);
    expect([data.includes(bytes), deleted.includes(bytes)]).toEqual([true, false]);
    expect(deleted).toHaveLength(12);
    expect(tombstone(deleted, 0).equals(deleted)).toBe(true);
    expect(appendSlot(emptyBlock(), null).equals(deleted)).toBe(true);
    expect(readSlot(replaceSlot(deleted, 0, bag(2)), 0)).toEqual(bag(2));
  });

  it('close at 64 memories', () => {
    let data = emptyBlock();
    for (let i = 0; i < 64; i += 1) {
      expect(isFull(data)).toBe(false);
      expect(accepts(data, bag(3))).toBe(true);
      data = appendSlot(data, bag(3));
    }
    expect(isFull(data)).toBe(true);
    expect(accepts(data, bag(3))).toBe(false);
    expect(isFull(tombstone(data, 5))).toBe(true);
    expect(() => appendSlot(data, bag(3))).toThrow(RangeError);
  });

  it('close at 16 kB', () => {
    let data = emptyBlock();
    while (!isFull(data)) data = appendSlot(data, bag(1_000));
    expect(slotCount(data)).toBe(5);
    expect(data.length).toBeGreaterThanOrEqual(16_384);
    expect(accepts(data, bag(1))).toBe(false);
  });

  it('give a memory of more than 2,000 terms a block of its own', () => {
    expect(accepts(appendSlot(emptyBlock(), bag(1)), bag(2_000))).toBe(true);
    expect(accepts(appendSlot(emptyBlock(), bag(1)), bag(2_001))).toBe(false);
    expect(accepts(emptyBlock(), bag(150_000))).toBe(true);
    const own = appendSlot(emptyBlock(), bag(2_001));
    expect(own.length).toBeLessThan(16_384);
    expect(accepts(own, bag(1))).toBe(false);
    for (const length of [65_535, 65_536, 200_000]) {
      expect(readSlot(appendSlot(emptyBlock(), bag(length)), 0)).toEqual(bag(length));
    }
    // An edit grows in place: the block keeps its positions.
    const shared = replaceSlot(appendSlot(appendSlot(emptyBlock(), bag(1)), bag(1)), 0, bag(5_000));
    expect([slotCount(shared), isFull(shared), readSlot(shared, 1)]).toEqual([2, true, bag(1)]);
  });

  it('refuse what does not fit a field, and slots that are not there', () => {
    const bad: Partial<Slot>[] = [
      { expiresAt: NaN },
      { expiresAt: Infinity },
      { expiresAt: 0.5 },
      { expiresAt: 2 ** 53 },
      { time: NaN },
      { time: null },
      { session: 5 },
      { session: -1, time: null },
      { session: 2 ** 32, time: null },
      { day: 2 ** 31 },
      { day: 0.5 },
      { terms: [-1] },
      { terms: [2 ** 32] },
      { terms: [1.5] },
      { speaker: [-1] },
      { speaker: new Array<number>(65_536).fill(1) },
      { mentions: [{ year: 10_000_000 }] },
      { mentions: [{ year: NaN }] },
    ];
    const data = appendSlot(emptyBlock(), bag(1));
    for (const one of bad) expect(() => replaceSlot(data, 0, { ...plain, ...one })).toThrow(RangeError);
    for (const index of [-1, 1, 0.5, NaN]) {
      expect(() => readSlot(data, index)).toThrow(RangeError);
      expect(() => tombstone(data, index)).toThrow(RangeError);
    }
  });

  it('of another version of the rules are told apart, and stay so whatever is changed in them', () => {
    const former = appendSlot(emptyBlock(), bag(3));
    former.writeUInt16LE(TOKENISER_VERSION - 1, 2);
    expect(isCurrent(former)).toBe(false);
    expect(isCurrent(replaceSlot(former, 0, bag(2)))).toBe(false);
    expect(isCurrent(tombstone(former, 0))).toBe(false);
    const older = Buffer.from([1, 0, 0, 0, 8, 0, 0, 0]);
    expect(isCurrent(older)).toBe(false);
    expect(() => slotCount(older)).toThrow('corrupt term block: of the former format');
  });
});

describe('a damaged block', () => {
  const readAll = (data: Uint8Array) => {
    isCurrent(data);
    isFull(data);
    countsOf(data);
    for (let i = 0; i < slotCount(data); i += 1) readSlot(data, i);
  };
  const rich: Slot = {
    ...bag(300),
    speaker: [1, 2],
    mentions: [{ year: 2023, month: 4 }],
    day: 3,
    expiresAt: 9,
    hasTime: true,
  };
  const long = appendSlot(appendSlot(emptyBlock(), bag(9)), rich);

  it('is refused in clear words when it is cut, extended, or of an unknown format', () => {
    for (let bytes = 0; bytes < long.length; bytes += 1) {
      expect(() => readAll(long.subarray(0, bytes))).toThrow(CorruptBlockError);
    }
    expect(() => readAll(Buffer.concat([long, Buffer.alloc(1)]))).toThrow(
      'corrupt term block: cut short or extended',
    );
    const later = Buffer.from(long);
    later[0] = 3;
    expect(() => readAll(later)).toThrow('corrupt term block: unknown format 3');
    const odd = Buffer.concat([long, Buffer.alloc(1)]);
    odd.writeUInt32LE(odd.length, 4);
    expect(() => readAll(odd)).toThrow('corrupt term block: not made of words');
  });

  it('throws nothing but that, and reads nothing outside, whatever its bytes are', () => {
    const damage = fc.array(fc.tuple(fc.nat(long.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, (changes) => {
        const data = Buffer.from(long);
        for (const [at, byte] of changes) data[at] = byte;
        try {
          readAll(data);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBlockError);
        }
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('is noticed in each part of a slot', () => {
    const at = (offset: number, bytes: number[]) => {
      const data = Buffer.from(appendSlot(emptyBlock(), bag(2)));
      data.set(bytes, 8 + offset);
      return () => readAll(data);
    };
    expect(at(0, [0])).not.toThrow();
    expect(at(0, [1])).toThrow('a tombstone with content');
    expect(at(1, [8])).toThrow('unknown flags');
    expect(at(2, [3])).toThrow('a slot outside the block');
    expect(at(2, [1])).toThrow('bytes after the last slot');
    expect(at(1, [2])).toThrow('a slot outside the block');
    expect(at(1, [4])).toThrow('a slot outside the block');
  });
});
