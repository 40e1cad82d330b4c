import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateOfDay, dayNumber } from '../src/recall/calendar.js';
import { type IndexedMemory, type MemoryFeatures, featuresOf } from '../src/recall/memory-features.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.features');

const CREATED = Date.UTC(2026, 2, 9, 23, 59);

/** The features of a text, of its metadata, and of what else the row holds. */
function features(content: string, metadata: unknown = {}, row: Partial<IndexedMemory> = {}): MemoryFeatures {
  const text = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
  return featuresOf({ content, metadata: text, sessionId: null, createdAt: CREATED, ...row });
}

const own = (content: string, metadata?: unknown) => features(content, metadata).terms.join(' ');
const date = (found: MemoryFeatures) => {
  const { year, month, day } = dateOfDay(found.day);
  return `${year}-${month + 1}-${day}`;
};

describe('the own terms of a memory', () => {
  it('are those of its text, then of its captions, without speaker and date', () => {
    expect(own('Ana: We saw an owl [image: an owl on a barn] (8 May 2023)')).toBe('see owl owl barn');
    expect(own('We saw an owl.')).toBe('see owl');
    expect(own('[image: a red kite] Ana: look! [image: a blue kite]')).toBe('look red kite blue kite');
    expect(own('Look', { caption: 'a red kite' })).toBe('look red kite');
    expect(own('')).toBe('');
  });

  it('hold a caption once that stands in the text and in the metadata', () => {
    expect(own('Look [image: red kite ]', { caption: ' red kite' })).toBe('look red kite');
    expect(own('Look [image: red kite]', { caption: 'blue kite' })).toBe('look red kite blue kite');
  });

  it('take a caption for what it is only when it is closed and holds something', () => {
    expect(features('Look [image: owl]').hasCaption).toBe(true);
    expect(features('Look [Image:owl]').hasCaption).toBe(true);
    expect(features('Look', { caption: 'owl' }).hasCaption).toBe(true);
    for (const text of ['Look [image: owl', 'Look [image: ]', 'Look [image owl]', 'Look']) {
      expect(features(text).hasCaption).toBe(false);
    }
    expect(features('Look', { caption: '  ' }).hasCaption).toBe(false);
    expect(own('Look [image: owl')).toBe('look imag owl');
    expect(own('An [image: owl [barn] here')).toBe('imag owl barn');
  });

  it('keep the words that look like a part of the form and are none', () => {
    expect(own('Ben: (8 May 2023)', { speaker: 'Ana' })).toBe('ben');
    expect(own('(8 May 2023)')).toBe('8 2023');
    expect(own('Ana: ')).toBe('ana');
    expect(own('The barn (red)')).toBe('barn red');
  });
});

describe('the date of a memory', () => {
  it('comes from metadata, then from the end of the text, then from created_at', () => {
    const text = 'We met. (8 May 2023)';
    expect(date(features('We met.'))).toBe('2026-3-9');
    expect(date(features(text))).toBe('2023-5-8');
    expect(date(features(text, { timestamp: 1_672_574_400 }))).toBe('2023-1-1');
    expect(date(features(text, { timestamp: 1_672_574_400, date: '2 Jan 2023' }))).toBe('2023-1-2');
    expect(date(features(text, { date: '2 Jan 2023', session_date: '2023-01-03T10:00:00Z' }))).toBe(
      '2023-1-3',
    );
  });

  it('passes over what is no date', () => {
    expect(date(features('We met.', { session_date: 'soon', date: '', timestamp: true }))).toBe('2026-3-9');
    expect(date(features('We met.', { session_date: null, date: '2 Jan 2023' }))).toBe('2023-1-2');
    expect(date(features('We met (soon)'))).toBe('2026-3-9');
    expect(date(features('We met', {}, { createdAt: -1 }))).toBe('1969-12-31');
  });

  it('is where relative dates are counted from', () => {
    expect(features('Met Ben yesterday.', { date: '2023-03-01' }).mentions).toEqual([
      { year: 2023, month: 1, day: 28 },
    ]);
    expect(features('Met Ben yesterday.').mentions).toEqual([{ year: 2026, month: 2, day: 8 }]);
  });
});

describe('the session of a memory', () => {
  it('comes from the request, then from metadata', () => {
    const both = { session_id: 'b', session: 'c' };
    expect(features('x', both, { sessionId: 'a' }).session).toBe('a');
    expect(features('x', both).session).toBe('b');
    expect(features('x', { session: 'c' }).session).toBe('c');
    expect(features('x').session).toBeNull();
  });

  it('has the same name as a number and as text', () => {
    expect(features('x', { session: 1 }).session).toBe(features('x', { session_id: '1' }).session);
    expect(features('x', { session: 1.5 }).session).toBe('1.5');
    for (const nothing of ['', null, true, {}, [1]]) {
      expect(features('x', { session: nothing }).session).toBeNull();
    }
    expect(features('x', { session_id: '', session: 7 }).session).toBe('7');
  });

  it('leaves the time to tell pauses by', () => {
    expect(features('x', { date: '2023-01-01' }).time).toBe(CREATED);
  });
});

describe('the speaker of a memory', () => {
  it('comes from metadata, then from the text', () => {
    expect(features('Ana: hello there').speaker).toEqual(['ana']);
    expect(features('Ana: hello there', { speaker: 'Ben Ott' }).speaker).toEqual(['ben', 'ott']);
    expect(features('hello there', { speaker: 'Ben' }).speaker).toEqual(['ben']);
    expect(features('hello there').speaker).toEqual([]);
  });

  it('is cut from the text when it is the same one', () => {
    expect(own('Ana: ready', { speaker: 'Ana' })).toBe('readi');
    expect(own('Ana: ready', { speaker: 'Ana Lima' })).toBe('readi');
    expect(own('ana : ready', { speaker: 'Ana' })).toBe('readi');
    expect(own('Ben: ready', { speaker: 'Ana' })).toBe('ben readi');
    expect(own('Ana and Ben: ready', { speaker: 'Ana' })).toBe('ana ben readi');
  });

  it('is none when what is given is no name', () => {
    for (const speaker of [7, null, {}, ['Ana'], '', '…', 'the', 'Ana '.repeat(40), 'b c e f g h j k n']) {
      expect(features('hello', { speaker }).speaker).toEqual([]);
    }
  });

  it('is not an initial, nor one character of a Chinese name, where there is more', () => {
    expect(features('hello', { speaker: 'J. R. Ott' }).speaker).toEqual(['ott']);
    expect(features('hello', { speaker: 'J.' }).speaker).toEqual(['j']);
    expect(features('王小明：你好').speaker).toEqual(['王小', '小明']);
  });
});

describe('what a memory asks and tells', () => {
  it('knows a question at the end, whatever follows that is not said', () => {
    for (const text of [
      'Where to?',
      'Where to? ',
      'Ana: Where to? [image: a map] (8 May 2023)',
      'どこ？',
      'أين؟',
    ]) {
      expect(features(text).endsWithQuestion).toBe(true);
    }
    for (const text of ['', 'Where to', 'Where to? There.', '(8 May 2023)']) {
      expect(features(text).endsWithQuestion).toBe(false);
    }
  });

  it('knows a text of nothing but questions, not counting short exclamations', () => {
    for (const text of [
      'Hey Ben! How was your trip to Rome?',
      'Is it far? And how do I get there?',
      'Wow. Really?! Did you see that?',
      '明日は学校へ行きますか？',
    ]) {
      expect(features(text).onlyQuestions).toBe(true);
    }
    for (const text of [
      'I went to Rome. How about you then?',
      'What now?',
      'Hello!',
      '',
      'How was it? Mine was great fun',
      'How was it over there?\nMine was great fun',
    ]) {
      expect(features(text).onlyQuestions).toBe(false);
    }
  });

  it('knows whether it tells a time', () => {
    expect(features('We met last week.').hasTime).toBe(true);
    expect(features('We met at the barn.').hasTime).toBe(false);
    expect(features('We met. (8 May 2023)').hasTime).toBe(false);
  });
});

describe('any row', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)), maxLength: 6 }),
    fc.constantFrom(
      ...['Ana: ', 'Note: ', '：', '[image: ', ']', '(', ')', '8 May 2023', '2023-05-08', 'last ', 'Friday'],
      ...[
        'two weeks ago',
        '?',
        '. ',
        ' ',
        '\n',
        'yesterday',
        'a few ',
        '王小明',
        'वह',
        '12:30',
        'https://x.y',
      ],
    ),
  );
  const content = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''));
  const KEYS = ['speaker', 'session', 'session_id', 'session_date', 'date', 'timestamp', 'caption'];
  const value = fc.oneof(content, fc.integer(), fc.double(), fc.jsonValue({ maxDepth: 2 }));
  const metadata = fc.oneof(
    fc
      .dictionary(fc.constantFrom(...KEYS, '__proto__', 'constructor'), value)
      .map((it) => JSON.stringify(it)),
    fc.jsonValue().map((it) => JSON.stringify(it)),
    fc.string(),
    fc.constantFrom('', 'null', '[]', '"{}"', '{"speaker":', '{"__proto__":{"speaker":"Ana"}}'),
  );
  const rows: fc.Arbitrary<IndexedMemory> = fc.record({
    content,
    metadata,
    sessionId: fc.option(fc.string()),
    createdAt: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  });

  it('has features of sound form, the same ones every time', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const found = featuresOf(row);
        expect(featuresOf(structuredClone(row))).toEqual(found);
        expect(found.time).toBe(row.createdAt);
        expect(Number.isInteger(found.day)).toBe(true);
        expect(Math.abs(found.day)).toBeLessThanOrEqual(1e8);
        expect(found.mentions.length).toBeLessThanOrEqual(8);
        expect(new Set(found.mentions.map((one) => JSON.stringify(one))).size).toBe(found.mentions.length);
        for (const { year, month, day } of found.mentions) {
          expect(Number.isInteger(year)).toBe(true);
          if (day !== undefined)
            expect(dateOfDay(dayNumber(year, month!, day))).toEqual({ year, month, day });
        }
        expect(found.speaker.length).toBeLessThanOrEqual(8);
        expect(new Set(found.speaker).size).toBe(found.speaker.length);
        expect(found.session === null || found.session !== '').toBe(true);
        if (found.onlyQuestions) expect(row.content).toMatch(/[?？؟⁇⁈]/u);
      }),
      { seed, numRuns: 1000 },
    );
  });

  it('loses no word of its content, wherever it stands', () => {
    const marked = fc.array(fc.tuple(piece, fc.boolean()), { maxLength: 12 }).map((pieces) => {
      const words = pieces.flatMap(([, hasWord], i) => (hasWord ? [`Zq${'x'.repeat(i)}q`] : []));
      const text = pieces.map(([text, hasWord], i) => (hasWord ? `${text} Zq${'x'.repeat(i)}q ` : text));
      return { words, content: text.join('').trim() };
    });
    fc.assert(
      fc.property(marked, rows, ({ words, content: text }, row) => {
        const found = featuresOf({ ...row, content: text });
        const kept = [...found.terms, ...found.speaker];
        expect(kept).toEqual(expect.arrayContaining(words.map((word) => word.toLowerCase())));
      }),
      { seed, numRuns: 1000 },
    );
  });

  it('may be as long as a request allows', () => {
    const units = [
      'a',
      ' ',
      '?',
      '[',
      '[image:',
      '(',
      ')',
      'A ',
      "A'",
      'Ana: ',
      'last ',
      'a few ',
      '00:00 ',
      '猫',
    ];
    for (const unit of units) {
      const text = `x${unit.repeat(200_000 / unit.length)}`;
      const half = text.slice(0, 60_000);
      for (const end of ['', '?', ' (8 May 2023)']) {
        const found = features(text + end, {
          speaker: half,
          session_date: half,
          caption: half,
          session: half,
        });
        expect(found.speaker).toEqual([]);
        expect(found.mentions.length).toBeLessThanOrEqual(8);
        expect(found.day).toBe(
          Math.floor((end.startsWith(' (') ? Date.UTC(2023, 4, 8) : CREATED) / 86_400_000),
        );
      }
    }
  });
});
