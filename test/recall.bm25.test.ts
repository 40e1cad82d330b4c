import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ScopeBlock, collect, rank, score } from '../src/recall/bm25.js';
import { Ranking } from '../src/recall/ranking.js';
import { relevance } from '../src/recall/relevance.js';
import { accepts, appendSlot, emptyBlock, tombstone } from '../src/recall/term-block.js';
import { termCounts } from '../src/recall/terms.js';

const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`recall.bm25 seed ${seed}`);

const NOW = 1_790_000_000_000;

interface Memory {
  words: string[];
  deleted?: boolean;
  expiresAt?: number | null;
}

function isLiving({ deleted = false, expiresAt = null }: Memory): boolean {
  return !deleted && (expiresAt === null || expiresAt > NOW);
}

/** The blocks a writer would make of the memories of one scope, at positions 0, 1, 2 … */
function blocksOf(memories: Memory[], scope: number): ScopeBlock[] {
  const blocks: ScopeBlock[] = [];
  let first = 0;
  let data = emptyBlock();
  memories.forEach((memory, position) => {
    const slot = { expiresAt: memory.expiresAt ?? null, terms: termCounts(memory.words) };
    if (!accepts(data, slot)) {
      blocks.push({ scope, firstPosition: first, data });
      [first, data] = [position, emptyBlock()];
    }
    data = appendSlot(data, slot);
    if (memory.deleted) data = tombstone(data, position - first);
  });
  return [...blocks, { scope, firstPosition: first, data }];
}

const allBlocks = (scopes: Memory[][]) => scopes.flatMap(blocksOf);

/** BM25 over strings, straight from the formula. */
function naive(scopes: Memory[][], query: string[]) {
  const living = scopes.flatMap((memories, scope) =>
    memories.flatMap((memory, position) =>
      isLiving(memory) ? [{ scope, position, words: memory.words }] : [],
    ),
  );
  const N = living.length;
  const mean = living.reduce((total, memory) => total + memory.words.length, 0) / N;
  return living.flatMap(({ scope, position, words }) => {
    let value = 0;
    for (const term of new Set(query)) {
      const f = words.filter((word) => word === term).length;
      const df = living.filter((other) => other.words.includes(term)).length;
      const idf = Math.log(1 + (N - df + 0.5) / (df + 0.5));
      value += (idf * f * 2.2) / (f + 1.2 * (0.6 + (0.4 * words.length) / mean));
    }
    return value > 0 ? [{ scope, position, score: value }] : [];
  });
}

const word = fc.constantFrom(...'ant bee cat dog elk fox gnu hen ibis jay koi lynx 京都 कुत्ता'.split(' '));
const memory: fc.Arbitrary<Memory> = fc.record({
  words: fc.oneof(
    { weight: 9, arbitrary: fc.array(word, { maxLength: 12 }) },
    { weight: 1, arbitrary: word.map((one) => new Array<string>(300).fill(one)) },
  ),
  deleted: fc.oneof(
    { weight: 4, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  expiresAt: fc.constantFrom(null, null, null, NOW - 1, NOW, NOW + 1),
});
const scopesOf = fc.array(fc.array(memory, { maxLength: 80 }), { minLength: 1, maxLength: 3 });
const queryOf = fc.array(fc.oneof(word, fc.constant('zebra')), { maxLength: 6 });

describe('BM25', () => {
  it('equals the formula over the living memories of all scopes searched', () => {
    fc.assert(
      fc.property(scopesOf, queryOf, (scopes, query) => {
        const expected = naive(scopes, query);
        const hits = [...rank(allBlocks(scopes), query, NOW)];
        expect(hits).toHaveLength(expected.length);
        const byPlace = new Map(expected.map((hit) => [`${hit.scope}/${hit.position}`, hit.score]));
        for (const hit of hits) {
          const value = byPlace.get(`${hit.scope}/${hit.position}`)!;
          expect(Math.abs(hit.score - value)).toBeLessThanOrEqual(1e-12);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('gives hits best first, equal ones by position and then scope, however they are taken', () => {
    fc.assert(
      fc.property(scopesOf, queryOf, fc.array(fc.nat(9), { maxLength: 9 }), (scopes, query, portions) => {
        const hits = [...rank(allBlocks(scopes), query, NOW)];
        const sorted = [...hits].sort(
          (a, b) => b.score - a.score || a.position - b.position || a.scope - b.scope,
        );
        expect(hits).toEqual(sorted);
        const ranking = rank(allBlocks(scopes), [...query].reverse(), NOW);
        const taken = portions.flatMap((count) => ranking.take(count));
        expect(ranking.remaining).toBe(hits.length - taken.length);
        for (const hit of ranking) {
          taken.push(hit);
          if (taken.length % 2) break;
        }
        expect([...taken, ...ranking]).toEqual(hits);
        expect(ranking.take(1)).toEqual([]);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('scores equal bags equally, to the last bit', () => {
    const words = 'ant bee cat dog elk fox gnu hen'.split(' ');
    const memories = words.map((_, i) => ({ words: [...words.slice(i), ...words.slice(0, i)] }));
    const hits = [...rank(blocksOf([...memories, { words: ['koi', 'ant'] }], 0), words, NOW)];
    expect(new Set(hits.slice(0, 8).map((hit) => hit.score)).size).toBe(1);
    expect(hits.map((hit) => hit.position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('orders equal memories at equal positions by their scopes', () => {
    const same = () => [{ words: ['ant'] }, { words: ['ant'] }];
    const hits = [...rank(allBlocks([same(), same(), same()]).reverse(), ['ant'], NOW)];
    expect(hits.map((hit) => `${hit.position}/${hit.scope}`)).toEqual([
      '0/0',
      '0/1',
      '0/2',
      '1/0',
      '1/1',
      '1/2',
    ]);
  });

  it('is the number one gets with pen and paper', () => {
    const blocks = blocksOf([{ words: ['ant', 'ant', 'bee'] }, { words: ['cat'] }], 4);
    const found = collect(blocks, ['ant', 'zebra', 'ant'], NOW);
    expect(found.memories).toBe(2);
    expect(found.averageLength).toBe(2);
    // idf = ln(1 + (2 − 1 + ½)/(1 + ½)) = ln 2; unknown: ln(1 + 2.5/0.5) = ln 6
    expect(found.terms.map(({ term, df }) => [term, df])).toEqual([['ant', 1], ['zebra', 0]]); // prettier-ignore
    expect(found.terms[0].idf).toBeCloseTo(Math.LN2, 15);
    expect(found.terms[1].idf).toBeCloseTo(Math.log(6), 15);
    const [hit] = new Ranking(score(found)).take(5);
    // ln 2 · 2 · 2.2 / (2 + 1.2 · (0.6 + 0.4 · 3/2)) = 0.693147 · 4.4 / 3.44
    expect(hit).toEqual({ scope: 4, position: 0, score: expect.closeTo(0.886_583_6, 6) });
  });

  it('does not move when memories elsewhere do: deleted, expired and foreign ones leave no trace', () => {
    fc.assert(
      fc.property(fc.array(memory, { maxLength: 40 }), queryOf, (memories, query) => {
        const alive = memories.filter(isLiving);
        const hits = [...rank(blocksOf(memories, 0), query, NOW)].map((hit) => hit.score);
        expect([...rank(blocksOf(alive, 0), query, NOW)].map((hit) => hit.score)).toEqual(hits);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('finds nothing with nothing', () => {
    expect([...rank([], ['ant'], NOW)]).toEqual([]);
    expect([...rank(blocksOf([], 0), ['ant'], NOW)]).toEqual([]);
    expect([...rank(blocksOf([{ words: [] }, { words: ['ant'] }], 0), [], NOW)]).toEqual([]);
    expect([...rank(blocksOf([{ words: [] }], 0), ['ant'], NOW)]).toEqual([]);
    expect(collect([], ['ant'], NOW)).toMatchObject({ memories: 0, averageLength: 0 });
  });
});

describe('Ranking', () => {
  it('leaves out scores of 0', () => {
    const ranking = new Ranking({
      scopes: [0, 0, 0],
      positions: [5, 6, 7],
      values: Float64Array.of(0, 2, 1),
    });
    expect([...ranking]).toEqual([
      { scope: 0, position: 6, score: 2 },
      { scope: 0, position: 7, score: 1 },
    ]);
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
