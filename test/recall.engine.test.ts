import 'reflect-metadata';
import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ExplanationDto } from '../src/memories/explanation.dto.js';
import { slotOf } from '../src/recall/indexed.js';
import { MemoryColumns, type ScopeBlock } from '../src/recall/memory-columns.js';
import { queryOf } from '../src/recall/query-features.js';
import { Ranking } from '../src/recall/ranking.js';
import { type Hit, RecallSearch } from '../src/recall/recall-search.js';
import { relevance } from '../src/recall/relevance.js';
import { accepts, appendSlot, emptyBlock, slotCount, tombstone } from '../src/recall/term-block.js';
import { Turns } from '../src/recall/turns.js';
import { recomputedScore } from './harness/explained-score.js';
import { type LivingMemory, recall } from './harness/recall-oracle.js';
import { content, metadata, query, session } from './harness/recall-texts.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.engine');

const NOW = 1_790_000_000_000;
const MINUTE = 60_000;

interface Memory {
  content: string;
  metadata: string;
  sessionId: string | null;
  createdAt: number;
  deleted: boolean;
  expiresAt: number | null;
  /** By how much it was reinforced. */
  gain: number;
  /** Begins a new block, even where the last has room. */
  opens: boolean;
}

const memory: fc.Arbitrary<Memory> = fc.record({
  content,
  metadata: metadata.map((value) => JSON.stringify(value)),
  sessionId: session,
  createdAt: fc.integer({ min: 0, max: 400 }).map((minutes) => 1_683_500_000_000 + minutes * MINUTE),
  deleted: fc.nat(7).map((n) => n === 0),
  expiresAt: fc.constantFrom(null, null, null, null, NOW - 1, NOW, NOW + 1),
  gain: fc.constantFrom(0, 0, 0, 0.3),
  opens: fc.nat(9).map((n) => n === 0),
});
const scopesOf = (maxLength: number) =>
  fc.array(fc.array(memory, { maxLength }), { minLength: 1, maxLength: 3 });

function isLiving({ deleted, expiresAt }: Memory): boolean {
  return !deleted && (expiresAt === null || expiresAt > NOW);
}

/** The blocks a writer would make of the memories of one owner, at positions 0, 1, 2 … */
function blocksOf(memories: readonly Memory[], userId: string): ScopeBlock[] {
  const blocks: ScopeBlock[] = [];
  let first = 0;
  let data = emptyBlock();
  const close = () => blocks.push({ userId, firstPosition: first, slots: slotCount(data), data });
  memories.forEach((one, position) => {
    const slot = slotOf({ ...one, reinforced: one.gain > 0 });
    if (one.opens || !accepts(data, slot)) {
      close();
      [first, data] = [position, emptyBlock()];
    }
    data = appendSlot(data, slot);
    if (one.deleted) data = tombstone(data, position - first);
  });
  close();
  return blocks;
}

const owner = (scope: number) => `user ${scope}`;
const allBlocks = (scopes: readonly (readonly Memory[])[]) =>
  scopes.flatMap((one, i) => blocksOf(one, owner(i)));

async function run(scopes: readonly (readonly Memory[])[], text: string): Promise<RecallSearch> {
  const memories = await MemoryColumns.of(allBlocks(scopes), NOW, new Turns());
  return RecallSearch.run(memories, queryOf(text), (places) =>
    Promise.resolve(places.map(({ userId, position }) => scopes[Number(userId.slice(5))][position].gain)),
  );
}

async function hitsOf(scopes: readonly (readonly Memory[])[], text: string): Promise<Hit[]> {
  return (await run(scopes, text)).take(Infinity);
}

const idOf = ({ userId, position }: { userId: string; position: number }) => `${userId}/${position}`;

function oracle(scopes: readonly (readonly Memory[])[], text: string) {
  const all = scopes.flatMap((memories, scope) =>
    memories.map((one, position): LivingMemory & { living: boolean } => ({
      ...one,
      id: idOf({ userId: owner(scope), position }),
      userId: owner(scope),
      order: position * scopes.length + scope,
      salience: 1 + 0.1 * one.gain,
      living: isLiving(one),
    })),
  );
  return recall(
    all.filter(({ living }) => living),
    text,
  );
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** The same memories, their scores apart by rounding at most. */
function expectSame(hits: readonly Hit[], expected: ReturnType<typeof oracle>): void {
  expect(hits.map(idOf).sort()).toEqual(expected.map(({ id }) => id).sort());
  const wanted = new Map(expected.map((one) => [one.id, one.raw]));
  for (const hit of hits) expect(Math.abs(hit.raw - wanted.get(idOf(hit))!)).toBeLessThanOrEqual(1e-12);
}

describe('a search of the index', () => {
  it('scores as the method says, whatever is in the memories and wherever blocks begin', async () => {
    await fc.assert(
      fc.asyncProperty(scopesOf(16), query, async (scopes, text) => {
        expectSame(await hitsOf(scopes, text), oracle(scopes, text));
      }),
      { seed, numRuns: 1_500 },
    );
  });

  it('gives hits best first, equal ones by position and then owner, however they are taken', async () => {
    await fc.assert(
      fc.asyncProperty(
        scopesOf(60),
        query,
        fc.array(fc.nat(40), { maxLength: 9 }),
        async (scopes, text, portions) => {
          const hits = await hitsOf(scopes, text);
          const sorted = [...hits].sort(
            (a, b) => b.raw - a.raw || a.position - b.position || (a.userId < b.userId ? -1 : 1),
          );
          expect(hits).toEqual(sorted);
          const search = await run(scopes, text);
          const taken = portions.flatMap((count) => search.take(count));
          expect([...taken, ...search.take(Infinity)]).toEqual(hits);
          expect(search.take(1)).toEqual([]);
        },
      ),
      { seed, numRuns: 100 },
    );
  });

  it('does not move when memories elsewhere do: deleted and expired ones leave no trace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(memory, { maxLength: 40 }), query, async (memories, text) => {
        const raw = (await hitsOf([memories], text)).map((hit) => hit.raw);
        expect((await hitsOf([memories.filter(isLiving)], text)).map((hit) => hit.raw)).toEqual(raw);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('explains every score so that it can be computed from the explanation alone', async () => {
    await fc.assert(
      fc.asyncProperty(scopesOf(40), query, async (scopes, text) => {
        const search = await run(scopes, text);
        for (const hit of search.take(Infinity)) {
          const placeOf = (cell: number) => idOf(search.placeOf(cell));
          const shown = JSON.stringify(ExplanationDto.of(search, hit, placeOf));
          const explain = JSON.parse(shown) as ExplanationDto;
          expect(explain.score).toBe(relevance(hit.raw));
          expect(Math.abs(recomputedScore(explain) - explain.score)).toBeLessThanOrEqual(1e-12);
          expectSums(explain);
        }
      }),
      { seed, numRuns: 200 },
    );
  });

  /** The sums on the way are what they say they are. */
  function expectSums({ terms, bigrams, bm25 }: ExplanationDto): void {
    const near = (value: number, wanted: number) =>
      expect(Math.abs(value - wanted)).toBeLessThanOrEqual(1e-12);
    for (const { weight, credits } of terms) near(weight, total(credits.map(({ credit }) => credit)));
    near(bm25, total(terms.map(({ contribution }) => contribution)));
    if (bigrams) near(bigrams.sum, total(bigrams.pairs.map(({ contribution }) => contribution)));
    expect(terms.every(({ df, weight }) => df > 0 && weight > 0)).toBe(true);
  }

  const plain: Memory = {
    content: 'owl',
    metadata: '{}',
    sessionId: null,
    createdAt: 0,
    deleted: false,
    expiresAt: null,
    gain: 0,
    opens: false,
  };

  it('compares the 50 best by pairs of words, and only them', async () => {
    const filler = 'barn night train window seat';
    const many = Array.from({ length: 60 }, (_, i) => ({
      ...plain,
      sessionId: `s${i}`,
      content: i < 55 ? `owl ${filler} café` : `owl café ${filler}`,
    }));
    const hits = await hitsOf([many], 'owl café');
    const reranked = hits.filter(({ bigrams }) => bigrams !== null);
    // All are equal by words, so the first 50 are compared, and none of those after them gets a bonus.
    expect(reranked.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expectSame(hits, oracle([many], 'owl café'));
    const some = many.slice(8);
    const better = await hitsOf([some], 'owl café');
    expect(better.slice(0, 3).map(({ position }) => position)).toEqual([47, 48, 49]);
    expectSame(better, oracle([some], 'owl café'));
  });

  it('orders equal memories at equal positions by their owners', async () => {
    const same = [plain, { ...plain, createdAt: 10 * 60 * MINUTE }];
    const hits = await hitsOf([same, same, same], 'owl');
    expect(hits.map(idOf)).toEqual(
      [0, 1].flatMap((position) => [0, 1, 2].map((n) => `user ${n}/${position}`)),
    );
  });

  it('is the number one gets with pen and paper', async () => {
    // A day of three terms and two more: L = 4.5 of both and 3.5 of both; no session joins them.
    const memories = [
      { ...plain, content: 'ant ant bee', sessionId: 'a' },
      { ...plain, content: 'cat', sessionId: 'b' },
    ];
    const search = await run([memories], 'ant zebra ant');
    const { contextLengths, count, averageLength } = search.scan.memories;
    expect([...contextLengths.subarray(0, count)]).toEqual([4.5, 2.5]);
    expect(averageLength).toBe(3.5);
    expect(search.scores.terms.map(({ term, df }) => [term, df])).toEqual([['ant', 1], ['zebra', 0]]); // prettier-ignore
    const [hit] = search.take(5);
    // idf = ln(1 + (2 − 1 + ½)/(1 + ½)) = ln 2; ln 2 · 2 · 2.2 / (2 + 1.2 · (0.6 + 0.4 · 4.5/3.5))
    expect(hit.bm25).toBeCloseTo((Math.LN2 * 4.4) / (2 + 1.2 * (0.6 + (0.4 * 4.5) / 3.5)), 14);
    expect(hit.raw).toBeCloseTo(hit.bm25 * (1 + (0.2 * 3) / 12), 14);
  });

  it('lets others have their turn in the midst of long work', async () => {
    const [block] = blocksOf(
      Array.from({ length: 64 }, () => ({ ...plain, content: 'owl barn '.repeat(60) })),
      'u',
    );
    const many = Array.from({ length: 200 }, (_, i) => ({ ...block, firstPosition: 64 * i }));
    const turnsOf = async (work: Promise<unknown>) => {
      let done = false;
      void work.finally(() => (done = true));
      let turns = 0;
      for (; !done; turns += 1) await setImmediate();
      return turns;
    };
    // A turn for every 100,000 words or so.
    const expected = Math.floor((200 * block.data.byteLength) / 4 / 110_000);
    expect(expected).toBeGreaterThan(5);
    const reading = MemoryColumns.of(many, NOW, new Turns());
    expect(await turnsOf(reading)).toBeGreaterThanOrEqual(expected);
    const memories = await reading;
    expect(memories.count).toBe(200 * block.slots);
    const search = RecallSearch.run(memories, queryOf('owl'), () => Promise.resolve([]));
    expect(await turnsOf(search)).toBeGreaterThanOrEqual(expected);
  });

  it('finds nothing with nothing', async () => {
    expect(await hitsOf([], 'owl')).toEqual([]);
    expect(await hitsOf([[]], 'owl')).toEqual([]);
    expect(await hitsOf([[plain]], 'the of')).toEqual([]);
    expect(await hitsOf([[{ ...plain, content: '…' }]], 'owl')).toEqual([]);
    expect(await hitsOf([[{ ...plain, deleted: true }]], 'owl')).toEqual([]);
  });
});

describe('Ranking', () => {
  it('gives places from the best down, however many are picked at once, and however they are taken', () => {
    const scored = fc.record({
      values: fc.array(fc.constantFrom(0, 1, 1.5, 2, 3), { maxLength: 40 }),
      first: fc.integer({ min: 1, max: 12 }),
      portions: fc.array(fc.nat(9), { maxLength: 9 }),
    });
    fc.assert(
      fc.property(scored, ({ values, first, portions }) => {
        const cells = Int32Array.from(values, (_, i) => i);
        const positions = Uint32Array.from(values, (_, i) => i % 7);
        const sorted = [...cells].sort((a, b) => values[b] - values[a] || (a % 7) - (b % 7) || a - b);
        const ranking = new Ranking({ cells, values: Float64Array.from(values), positions }, first);
        const taken = portions.flatMap((count) => ranking.take(count));
        expect([...taken, ...ranking.take(Infinity)]).toEqual(sorted);
        expect(ranking.take(1)).toEqual([]);
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('relevance', () => {
  it('is s / (s + 2.2): 0 for 0, one half for one saturated term of idf 1, below 1, in the order of the scores', () => {
    expect(relevance(0)).toBe(0);
    expect(relevance(2.2)).toBe(0.5);
    let last = -1;
    for (const raw of [0, 1e-9, 0.1, 1, 2.2, 10, 1_000, 1e9]) {
      expect(relevance(raw)).toBeGreaterThan(last);
      expect((last = relevance(raw))).toBeLessThan(1);
    }
  });
});
