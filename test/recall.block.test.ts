import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptBlockError } from '../src/recall/term-block-layout.js';
import {
  type Slot,
  accepts,
  appendSlot,
  emptyBlock,
  isFull,
  readSlot,
  replaceSlot,
  slotCount,
  tombstone,
} from '../src/recall/term-block.js';
import { TermLookup, scanBlock } from '../src/recall/term-scan.js';

const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`recall.block seed ${seed}`);

const hash = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 0xffff_ffff }));
const frequency = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(253, 254, 255, 256, 65_535, 65_536, 200_000, 0x7fff_ffff) },
);
const slot: fc.Arbitrary<Slot> = fc.record({
  expiresAt: fc.option(fc.constantFrom(-1, 0, 1, 1_000, 2 ** 32, 1_790_000_000_000, 8.64e15)),
  terms: fc.array(fc.tuple(hash, frequency), { maxLength: 12 }).map((all) => new Map(all.slice(0, 12))),
  flags: fc.integer({ min: 0, max: 0x7fff }).map((bits) => bits << 1),
});
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), slot }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replace' as const), at: fc.nat(), slot }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tombstone' as const), at: fc.nat() }) },
);

const sum = (terms: ReadonlyMap<number, number>) => [...terms.values()].reduce((a, b) => a + b, 0);
const sumFits = (value: Slot) => sum(value.terms) <= 0xffff_ffff;
const bag = (distinct: number): Slot => ({
  expiresAt: null,
  terms: new Map(Array.from({ length: distinct }, (_, i) => [i * 7, 1])),
});

/** What a scan tells, written down. */
function scanned(data: Uint8Array, hashes: number[], now: number) {
  const seen: { index: number; length: number; flags: number; matches: [number, number][] }[] = [];
  scanBlock(data, new TermLookup(hashes), now, {
    slot: (index, length, flags) => void seen.push({ index, length, flags, matches: [] }),
    match: (ordinal, count) => void seen.at(-1)!.matches.push([ordinal, count]),
  });
  return seen;
}

describe('term blocks', () => {
  it('hold what a plain list would, after any appends, replacements and deletions', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 90 }),
        fc.uniqueArray(hash, { maxLength: 8 }),
        (steps, wanted) => {
          const model: (Slot | undefined)[] = [];
          let data: Uint8Array = emptyBlock();
          for (const next of steps) {
            const before = Buffer.from(data);
            let after: Buffer = before;
            if (next.kind !== 'tombstone' && !sumFits(next.slot)) {
              expect(() => appendSlot(emptyBlock(), next.slot)).toThrow(RangeError);
            } else if (next.kind === 'append' && model.length < 64) {
              after = appendSlot(data, next.slot);
              model.push(next.slot);
            } else if (next.kind === 'replace' && model.length > 0) {
              after = replaceSlot(data, next.at % model.length, next.slot);
              model[next.at % model.length] = next.slot;
            } else if (next.kind === 'tombstone' && model.length > 0) {
              after = tombstone(data, next.at % model.length);
              model[next.at % model.length] = undefined;
            }
            expect(before.equals(data)).toBe(true);
            // Drivers hand out buffers at any offset: read on from an odd one.
            data = Buffer.concat([Buffer.alloc(3), after]).subarray(3);
          }

          expect(slotCount(data)).toBe(model.length);
          model.forEach((expected, i) => {
            const stored = readSlot(data, i);
            expect(stored).toEqual({
              tombstone: expected === undefined,
              flags: expected?.flags ?? 0,
              expiresAt: expected?.expiresAt ?? null,
              length: sum(expected?.terms ?? new Map()),
              terms: new Map(expected?.terms),
            });
          });

          for (const now of [-5, 0, 1_000, 1_790_000_000_000]) {
            const expected = model.flatMap((one, index) => {
              if (one === undefined || (one.expiresAt !== null && one.expiresAt <= now)) return [];
              const matches = [...one.terms]
                .sort(([a], [b]) => a - b)
                .filter(([term]) => wanted.includes(term))
                .map(([term, count]) => [wanted.indexOf(term), count]);
              return [{ index, length: sum(one.terms), flags: one.flags ?? 0, matches }];
            });
            expect(scanned(data, wanted, now)).toEqual(expected);
          }
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  it('are the same bytes for the same bags, whatever the order of the words', () => {
    const one = { expiresAt: 5, terms: new Map([[9, 1], [3, 300], [0xffff_ffff, 2]]) }; // prettier-ignore
    const two = { expiresAt: 5, terms: new Map([[0xffff_ffff, 2], [9, 1], [3, 300]]) }; // prettier-ignore
    expect(appendSlot(emptyBlock(), one).equals(appendSlot(emptyBlock(), two))).toBe(true);
  });

  it('take 80 bytes for a memory of twelve terms and 8 for the block', () => {
    expect(emptyBlock()).toHaveLength(8);
    expect(appendSlot(emptyBlock(), bag(12))).toHaveLength(88);
  });

  it('leave no term of a deleted memory behind', () => {
    const secret = 0xc0ffee11;
    const data = appendSlot(emptyBlock(), { expiresAt: 7, terms: new Map([[secret, 1]]) });
    const deleted = tombstone(data, 0);
    expect(data.includes(Buffer.from([0x11, 0xee, 0xff, 0xc0]))).toBe(true);
    expect(deleted.includes(Buffer.from([0x11, 0xee, 0xff, 0xc0]))).toBe(false);
    expect(tombstone(deleted, 0).equals(deleted)).toBe(true);
    expect(readSlot(replaceSlot(deleted, 0, bag(2)), 0).tombstone).toBe(false);
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
    expect(slotCount(data)).toBe(4);
    expect(data.length).toBeGreaterThanOrEqual(16_384);
    expect(accepts(data, bag(1))).toBe(false);
  });

  it('give a memory of more than 2,000 distinct terms a block of its own', () => {
    expect(accepts(appendSlot(emptyBlock(), bag(1)), bag(2_000))).toBe(true);
    expect(accepts(appendSlot(emptyBlock(), bag(1)), bag(2_001))).toBe(false);
    expect(accepts(emptyBlock(), bag(150_000))).toBe(true);
    const own = appendSlot(emptyBlock(), bag(2_001));
    expect(own.length).toBeLessThan(16_384);
    expect(accepts(own, bag(1))).toBe(false);
    expect(readSlot(appendSlot(emptyBlock(), bag(150_000)), 0).terms.size).toBe(150_000);
    // An edit grows in place: the block keeps its positions.
    const shared = replaceSlot(appendSlot(appendSlot(emptyBlock(), bag(1)), bag(1)), 0, bag(5_000));
    expect([slotCount(shared), isFull(shared), readSlot(shared, 1).length]).toEqual([2, true, 1]);
  });

  it('refuse what does not fit a field, and slots that are not there', () => {
    const bad: Slot[] = [
      { expiresAt: NaN, terms: new Map() },
      { expiresAt: Infinity, terms: new Map() },
      { expiresAt: null, terms: new Map([[-1, 1]]) },
      { expiresAt: null, terms: new Map([[2 ** 32, 1]]) },
      { expiresAt: null, terms: new Map([[1.5, 1]]) },
      { expiresAt: null, terms: new Map([[1, 0]]) },
      { expiresAt: null, terms: new Map([[1, 0.5]]) },
      { expiresAt: null, terms: new Map([[1, 2 ** 32]]) },
      { expiresAt: null, terms: new Map(), flags: 1 },
      { expiresAt: null, terms: new Map(), flags: 0x10000 },
    ];
    const data = appendSlot(emptyBlock(), bag(1));
    for (const one of bad) expect(() => replaceSlot(data, 0, one)).toThrow(RangeError);
    for (const index of [-1, 1, 0.5, NaN]) {
      expect(() => readSlot(data, index)).toThrow(RangeError);
      expect(() => tombstone(data, index)).toThrow(RangeError);
    }
  });
});

describe('a damaged block', () => {
  const readAll = (data: Uint8Array) => {
    scanned(data, [0, 7, 14], 0);
    isFull(data);
    for (let i = 0; i < slotCount(data); i += 1) readSlot(data, i);
  };
  const long = appendSlot(appendSlot(emptyBlock(), bag(9)), { expiresAt: 9, terms: new Map([[7, 300]]) });

  it('is refused in clear words when it is cut, extended, or of an unknown format', () => {
    for (let bytes = 0; bytes < long.length; bytes += 1) {
      expect(() => readAll(long.subarray(0, bytes))).toThrow(CorruptBlockError);
    }
    expect(() => readAll(Buffer.concat([long, Buffer.alloc(1)]))).toThrow(
      'corrupt term block: cut short or extended',
    );
    const later = Buffer.from(long);
    later[0] = 2;
    expect(() => readAll(later)).toThrow('corrupt term block: unknown format 2');
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
      const data = Buffer.from(appendSlot(emptyBlock(), { expiresAt: 9, terms: new Map([[7, 300], [8, 1]]) })); // prettier-ignore
      data.set(bytes, 8 + offset);
      return () => readAll(data);
    };
    expect(at(0, [0])).not.toThrow();
    expect(at(4, [1, 0, 0, 0, 0, 0, 0xf8, 0x7f])).toThrow('an expiry that is no number');
    expect(at(12, [0])).toThrow('frequencies that do not add up');
    expect(at(16, [200])).toThrow('a slot outside the block');
    expect(at(16, [1])).toThrow('bytes after the last slot');
    expect(at(20, [9])).toThrow('term hashes out of order');
    expect(at(29, [0])).toThrow('a term that occurs 0 times');
    expect(at(29, [255])).toThrow('a frequency is missing');
    expect(at(30, [5, 0])).toThrow('a short frequency in the list');
  });
});
