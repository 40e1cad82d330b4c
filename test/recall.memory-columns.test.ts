import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slotOf } from '../src/recall/indexed.js';
import { MemoryColumns, type ScopeBlock } from '../src/recall/memory-columns.js';
import { Speakers } from '../src/recall/speakers.js';
import { accepts, appendSlot, emptyBlock, slotCount, tombstone } from '../src/recall/term-block.js';
import { Turns } from '../src/recall/turns.js';
import { content, metadata, session } from './harness/recall-texts.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.memory-columns');

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;

const memory = fc.record({
  content,
  metadata: metadata.map((value) => JSON.stringify(value)),
  sessionId: session,
  createdAt: fc.integer({ min: 0, max: 400 }).map((minutes) => 1_683_500_000_000 + minutes * MINUTE),
  deleted: fc.nat(7).map((n) => n === 0),
  expiresAt: fc.constantFrom(null, null, null, NOW - 1, NOW, NOW + 1, NOW + 2),
});

/** The blocks of one owner's memories, at positions 0, 1, 2 … */
function blocksOf(
  memories: readonly (typeof memory extends fc.Arbitrary<infer T> ? T : never)[],
): ScopeBlock[] {
  const blocks: ScopeBlock[] = [];
  memories.forEach((one, position) => {
    const slot = slotOf({ ...one, reinforced: false });
    const last = blocks.at(-1);
    const open = last && accepts(last.data, slot) ? blocks.pop()! : undefined;
    const firstPosition = open?.firstPosition ?? position;
    let data = appendSlot(open?.data ?? emptyBlock(), slot);
    if (one.deleted) data = tombstone(data, position - firstPosition);
    blocks.push({ userId: 'u', firstPosition, slots: slotCount(data), data });
  });
  return blocks;
}

/** What a search can see of them. */
function seen(columns: MemoryColumns): unknown {
  const { count, averageLength, nextExpiry, lastExpiry, names, speakers } = columns;
  const [mentions, mentionedBy] = [[...columns.mentions], [...columns.mentionedBy]];
  const cells = Array.from({ length: count }, (_, cell) => ({
    owner: columns.ownerOf(cell),
    terms: [...columns.termsOf(cell)],
    speaker: speakers[cell] < 0 ? null : [...names.termsOf(speakers[cell])],
    contextLength: columns.contextLengths[cell],
    position: columns.positions[cell],
    day: columns.days[cell],
    before: columns.before[cell],
    after: columns.after[cell],
    flags: columns.flags[cell],
  }));
  return {
    count,
    averageLength,
    nextExpiry,
    lastExpiry,
    mentions,
    mentionedBy,
    cells,
    speakers: names.count,
  };
}

const all = (blocks: readonly ScopeBlock[]) => MemoryColumns.of(blocks, NOW, new Turns());

describe('what a search knows of memories', () => {
  it('is the same, to the last bit, however much of it came later', async () => {
    const portions = fc.array(fc.array(memory, { maxLength: 90 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(portions, async ([first, ...later]) => {
        const columns = await all(blocksOf(first));
        let memories = first;
        for (const more of later) {
          const was = memories.length;
          memories = [...memories, ...more];
          const reaching = blocksOf(memories).filter((one) => one.firstPosition + one.slots > was);
          const former = seen(columns);
          const clone = columns.clone();
          columns.extend(reaching, was, NOW);
          const whole = seen(await all(blocksOf(memories)));
          if (columns.count > 0) expect(seen(columns)).toEqual(whole);
          expect(seen(clone)).toEqual(former);
          clone.extend(reaching, was, NOW);
          expect(seen(clone)).toEqual(seen(columns));
        }
      }),
      { seed, numRuns: 60 },
    );
  });

  it('is of a time: until the next memory expires, and not of before the last that did', async () => {
    const one = { content: 'owl', metadata: '{}', sessionId: null, createdAt: 0, deleted: false };
    const columns = await all(blocksOf([NOW - 5, NOW + 5, null].map((expiresAt) => ({ ...one, expiresAt }))));
    expect(columns.count).toBe(2);
    expect([-6, -5, 0, 4, 5].map((ms) => columns.holdsAt(NOW + ms))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it('says about how much memory it takes', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      content: `owl ${i} in the barn at noon`,
      metadata: '{}',
      sessionId: null,
      createdAt: 0,
      deleted: false,
      expiresAt: null,
    }));
    const { byteLength } = await all(blocksOf(many));
    // Four or five terms of four bytes, the columns, and an eighth more.
    expect(byteLength).toBeGreaterThan(2_000 * 55);
    expect(byteLength).toBeLessThan(2_000 * 100);
  });
});

describe('the numbers of speakers', () => {
  it('are one for each name, also where the mixes of names meet', () => {
    const name = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 }).map((bytes) => [...bytes]);
    fc.assert(
      fc.property(fc.array(name, { maxLength: 60 }), (list) => {
        const speakers = new Speakers();
        const numbers = list.map((words) =>
          speakers.numberOf(Uint32Array.from([9, ...words]), 1, words.length),
        );
        const texts = list.map(String);
        expect(numbers.map((number) => String([...speakers.termsOf(number)]))).toEqual(texts);
        expect(speakers.count).toBe(new Set(texts).size);
      }),
      { seed, numRuns: 200 },
    );
    // Their mixes are equal: 1 · K xor 0 is what is left of either.
    const speakers = new Speakers();
    const [one, other] = [meeting(1), meeting(2)];
    expect(speakers.numberOf(one, 0, 2)).toBe(0);
    expect(speakers.numberOf(other, 0, 2)).toBe(1);
    expect(speakers.numberOf(one, 0, 2)).toBe(0);
    expect(speakers.clone().numberOf(other, 0, 2)).toBe(1);
  });
});

/** A name of two words, the second of which takes out of the mix what the first brought into it. */
function meeting(word: number): Uint32Array {
  return Uint32Array.of(word, Math.imul(2 ^ word, 0x9e3779b1) >>> 0);
}
