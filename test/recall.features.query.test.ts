import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queryOf } from '../src/recall/query-features.js';
import { queryTerms } from '../src/recall/terms.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.features.query');

/** The dates a query names: its months from 1 on, years, days. */
function dates(query: string): string {
  const { months, years, days } = queryOf(query);
  return [[...months].map((month) => month + 1), [...years], [...days]]
    .map((set) => set.join(','))
    .join(' / ');
}

describe('the terms of a query', () => {
  it('are distinct and in order, and so are the pairs that stand side by side', () => {
    const { terms: found, pairs } = queryOf('The red barn, the red owl: barn owls of the red barn?');
    expect(found).toEqual(['red', 'barn', 'owl']);
    expect(pairs.map((pair) => pair.join(' '))).toEqual([
      'red barn',
      'barn red',
      'red owl',
      'owl barn',
      'barn owl',
      'owl red',
    ]);
  });

  it('may be none, and then there is nothing to ask for', () => {
    for (const query of ['', '?', 'what is it', '\u0000']) {
      expect(queryOf(query)).toMatchObject({ terms: [], pairs: [] });
    }
    expect(queryOf('owl').pairs).toEqual([]);
  });
});

describe('the dates of a query', () => {
  it.each([
    ['What did Ana do in June?', '6 /  / '],
    ['What did Ana do in June 2023?', '6 / 2023 / '],
    ['What did Ana do on 8 May, 2023?', '5 / 2023 / 8'],
    ['What did Ana do on May 8th?', '5 /  / 8'],
    ['What did Ana do on the 8th of May?', '5 /  / 8'],
    ['Where was Ana between August 11 and August 15 2023?', '8 / 2023 / 11,15'],
    ['Who came in may?', '5 /  / '],
    ['Who came last May', '5 /  / '],
    ['Was it April or May?', '4,5 /  / '],
    ['the May 2021 fair', '5 / 2021 / '],
    ['what happened on 2023-05-08?', '5 / 2023 / 8'],
    ['what happened in 2023-05?', '5 / 2023 / '],
    ['the 1999 car and the 2099 one', ' / 1999,2099 / '],
    ['seen on 3 Dec', '12 /  / 3'],
    ['seen in Sept 2020', '9 / 2020 / '],
    ['DECEMBER', '12 /  / '],
  ])('%s: %s', (query, expected) => {
    expect(dates(query)).toBe(expected);
  });

  it.each([
    'Who may come?',
    'May I come in?',
    'What did Jan say to Mar?',
    'What did Ana do on the 8th?',
    'the 1899 fair, the 2100 fair, 20231 and 12023',
    'room 3023-13-01',
    '8 or 9',
    'constructor',
  ])('%s: none', (query) => {
    expect(dates(query)).toBe(' /  / ');
  });

  it('have days that a month can have', () => {
    expect(dates('May 0, May 32')).toBe(' /  / ');
    expect(dates('June 0, June 32, June 031')).toBe('6 /  / ');
  });
});

describe('asking when', () => {
  it.each([
    'When did Ana leave?',
    '“When” did Ana leave?',
    '  when was it',
    'How long did it take?',
    'What year was it?',
    'Which month did she come?',
    'What date is it?',
    'what day did he leave',
    'What time did they meet?',
  ])('%s: yes', (query) => {
    expect(queryOf(query).asksWhen).toBe(true);
  });

  it.each([
    '',
    'Whenever she came, what did she say?',
    'What did she say when he came?',
    'How did it take so long?',
    'What yearning was it?',
    'Ana asked when',
    'Which monthly fee is it?',
  ])('%s: no', (query) => {
    expect(queryOf(query).asksWhen).toBe(false);
  });
});

it('makes sound features of any query', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    fc.constantFrom('May ', '8 ', 'of ', '2023', '-', '05', 'when ', 'June', 'th', ' ', '東京', '猫'),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      (query) => {
        const found = queryOf(query);
        const list = queryTerms(query);
        expect(found.terms).toEqual([...new Set(list)]);
        expect(found.pairs.length).toBe(
          new Set(list.slice(1).map((term, i) => JSON.stringify([list[i], term]))).size,
        );
        for (const month of found.months) expect(month >= 0 && month < 12).toBe(true);
        for (const year of found.years) expect(year >= 1900 && year < 2100).toBe(true);
        for (const day of found.days) expect(day >= 1 && day <= 31).toBe(true);
        expect(found.days.size === 0 || found.months.size > 0).toBe(true);
      },
    ),
    { seed, numRuns: 1000 },
  );
});
