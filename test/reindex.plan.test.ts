import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Extent, stretchesToWrite } from '../src/recall/reindex-plan.js';
import { MAX_SLOTS } from '../src/recall/term-block-layout.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('reindex.plan');

/** Blocks that join or leave gaps, as an index that was never damaged has them, and where the last one ends. */
const orderly = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 0, 0, 5, 200),
      slots: fc.integer({ min: 1, max: 64 }),
      sound: fc.boolean(),
    }),
  )
  .map((parts) => {
    let next = 0;
    const extents = parts.map(({ gap, slots, sound }): Extent => {
      const firstPosition = next + gap;
      next = firstPosition + slots;
      return { firstPosition, slots, sound };
    });
    return { extents, end: next };
  });

const positionsOf = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

describe('what is written anew', () => {
  it('is every position that no sound block has, each once, the highest first, a block at a time', () => {
    fc.assert(
      fc.property(orderly, fc.nat({ max: 150 }), ({ extents, end }, tail) => {
        const stretches = stretchesToWrite(extents, 0, end + tail);
        const kept = extents.filter(({ sound }) => sound);
        const covered = [
          ...stretches.flatMap(({ from, to }) => positionsOf(from, to)),
          ...kept.flatMap(({ firstPosition, slots }) => positionsOf(firstPosition, firstPosition + slots)),
        ];
        expect(covered.sort((a, b) => a - b)).toEqual(positionsOf(0, end + tail));
        expect(stretches.map(({ from }) => from)).toEqual(
          stretches.map(({ from }) => from).sort((a, b) => b - a),
        );
        for (const { from, to } of stretches) expect(to - from).toBeLessThanOrEqual(MAX_SLOTS);
        // A block keeps its borders.
        const unsound = extents.filter(({ sound }) => !sound);
        for (const { firstPosition, slots } of unsound) {
          expect(stretches).toContainEqual({ from: firstPosition, to: firstPosition + slots });
        }
      }),
      { seed },
    );
  });

  it('is the same whether or not some of it was written before', () => {
    fc.assert(
      fc.property(orderly, fc.nat(), ({ extents, end }, choice) => {
        const stretches = stretchesToWrite(extents, 0, end);
        const done = stretches.slice(0, choice % (stretches.length + 1));
        const written = done.map(({ from, to }) => ({ firstPosition: from, slots: to - from, sound: true }));
        const left = extents.filter(
          ({ firstPosition }) => !written.some((block) => block.firstPosition === firstPosition),
        );
        expect(stretchesToWrite([...left, ...written], 0, end)).toEqual(stretches.slice(done.length));
      }),
      { seed },
    );
  });

  it('is bounded, whatever damaged rows say of themselves', () => {
    const extent = fc
      .record({
        firstPosition: fc.nat({ max: 300 }),
        slots: fc.integer({ min: -5, max: 10_000 }),
        fine: fc.boolean(),
      })
      // A sound one says of itself what is true.
      .map(({ fine, ...place }): Extent => ({
        ...place,
        sound: fine && place.slots > 0 && place.slots <= MAX_SLOTS,
      }));
    fc.assert(
      fc.property(fc.array(extent), (extents) => {
        const stretches = stretchesToWrite(extents, 0, 301);
        expect(stretches.length).toBeLessThanOrEqual(2 * extents.length + 8);
        for (const { from, to } of stretches) {
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(301);
          expect(to - from).toBeGreaterThan(0);
          expect(to - from).toBeLessThanOrEqual(MAX_SLOTS);
        }
      }),
      { seed },
    );
  });
});
