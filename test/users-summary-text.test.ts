import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SUMMARY_LENGTH, type SummarySample, quoted, summaryText } from '../src/users/summary-text.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('users-summary-text');
const DAY = 86_400_000;

const sample = (text: string, day = 0, sector = 'semantic'): SummarySample => ({
  text,
  createdAt: day * DAY,
  sector,
});
/** Of these memories and no others. */
const of = (latest: readonly SummarySample[]) => {
  const times = latest.map(({ createdAt }) => createdAt);
  return summaryText({
    count: latest.length,
    firstAt: Math.min(...times),
    lastAt: Math.max(...times),
    latest,
  });
};

describe('the text of a summary', () => {
  it('tells how many, of when, of which sectors, of what, and some of it word for word', () => {
    const latest = [
      sample('Ben asked about the budget. Nothing was decided!', 9, 'episodic'),
      sample('Ana prefers window seats on night trains.', 5),
      sample('The night train to Vienna leaves at nine.', 3),
      sample('Ana takes the night train whenever she can.', 2, 'emotional'),
      sample('A window seat on the night train costs more.', 1),
    ];
    expect(of(latest)).toBe(
      [
        '5 memories from 1970-01-02 to 1970-01-10.',
        'Sectors: semantic 3, emotional 1, episodic 1.',
        'Topics: night, trains, Ana, window, seats.',
        '- 1970-01-03: Ana takes the night train whenever she can.',
        '- 1970-01-04: The night train to Vienna leaves at nine.',
        '- 1970-01-06: Ana prefers window seats on night trains.',
        '- 1970-01-10: Ben asked about the budget.',
        '- 1970-01-10: Nothing was decided!',
      ].join('\n'),
    );
    expect(summaryText({ count: 400, firstAt: 0, lastAt: 9 * DAY, latest })).toMatch(
      /^400 memories from 1970-01-01 to 1970-01-10\.\nSectors of the latest 5: /,
    );
  });

  it('knows languages without spaces, and numbers are no topics', () => {
    const latest = ['京都で会う', '京都は寒い', '京都2025', '2025 京都', '京都'].map((text) => sample(text));
    expect(of(latest)).toContain('Topics: 京都.');
  });

  it('tells something of a single short memory', () => {
    expect(of([sample('Tea.')])).toBe(
      '1 memory on 1970-01-01.\nSectors: semantic 1.\nTopics: Tea.\n- 1970-01-01: Tea.',
    );
    expect(of([sample('?!')])).toBe('1 memory on 1970-01-01.\nSectors: semantic 1.');
  });

  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 400 }),
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc
      .array(fc.constantFrom('owl', 'barn', 'night', '.', '!', '\n', '京都', '。', 'x'.repeat(80)), {
        maxLength: 60,
      })
      .map((words) => words.join(' ')),
  );
  const samples = fc.array(
    fc.record({
      text,
      createdAt: fc.integer({ min: 0, max: 8.64e15 }),
      sector: fc.constantFrom('semantic', 'episodic', 'reflective'),
    }),
    { minLength: 1, maxLength: 50 },
  );

  it('is bounded, well formed, the same each time, and quotes only what was said', () => {
    fc.assert(
      fc.property(samples, (latest) => {
        const summary = of(latest);
        expect(summary.length).toBeLessThanOrEqual(MAX_SUMMARY_LENGTH);
        expect(summary.isWellFormed()).toBe(
          latest.every((one) => one.text.isWellFormed()) || summary.isWellFormed(),
        );
        expect(of(latest)).toBe(summary);
        const said = latest.map((one) => one.text.replaceAll(/\s+/g, ' '));
        for (const line of summary.split('\n').filter((one) => one.startsWith('- '))) {
          const quote = line.slice(line.indexOf(': ') + 2).replace(/…$/, '');
          expect(said.some((one) => one.includes(quote))).toBe(true);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});

describe('a quote', () => {
  it('is on one line, no longer than it may be, cut between words', () => {
    expect(quoted('  a \n b\t c ', 100)).toBe('a b c');
    expect(quoted('one two three', 13)).toBe('one two three');
    expect(quoted('one two three', 12)).toBe('one two…');
    expect(quoted('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
    expect(quoted('👩'.repeat(20), 10)).toBe('👩👩👩👩…');
  });
});
