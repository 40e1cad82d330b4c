import fc from 'fast-check';

// Memories and queries that touch everything the recall method looks at, with few enough words to meet often.

const WORDS =
  'owl owls barn night train Train the of window seat café CAFE Ana’s 京都 京都駅 ирис ириса 42 x'.split(' ');
const MOMENTS = ['yesterday', 'last week', 'two weeks ago', 'last Friday', 'in May', 'in 2021', 'next month'];
const DATES = ['8 May 2023', '2023-05-08', '3 June, 2021', 'May 31, 2023', '0012-05-12'];
const SPEAKERS = ['Ana', 'Ben', 'Ana Owl', 'Caroline'];

/** Some words, beginning with a capital or not. */
export function words(maxLength: number): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength }).map((list) => list.join(' '));
}

/** One in so many has it. */
function rarely(oneIn: number, some: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.option(some, { freq: oneIn - 1, nil: '' }).map((value) => value ?? '');
}

const sentence = fc
  .tuple(words(6), rarely(4, fc.constantFrom(...MOMENTS)), fc.constantFrom('.', '.', '!', '?', ''))
  .map(([text, moment, end]) => `${text}${moment && ` ${moment}`}${end}`);

const said = fc
  .tuple(
    fc.oneof(
      { weight: 2, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom(...SPEAKERS) },
    ),
    fc.array(sentence, { minLength: 1, maxLength: 3 }),
    rarely(5, words(3)),
    rarely(6, fc.constantFrom(...DATES)),
  )
  .map(([speaker, sentences, caption, date]) =>
    [speaker && `${speaker}:`, ...sentences, caption && `[image: ${caption}]`, date && `(${date})`]
      .filter(Boolean)
      .join(' '),
  );

export const content: fc.Arbitrary<string> = fc.oneof(
  { weight: 12, arbitrary: said },
  { weight: 1, arbitrary: words(3).map((text) => `${text} `.repeat(120)) },
  { weight: 1, arbitrary: fc.constantFrom('…', 'the of', ' ', '?', 'Ben: ?') },
);

export const metadata: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        speaker: fc.constantFrom(...SPEAKERS, 'café owl'),
        session: fc.constantFrom('s1', 7, '7'),
        session_date: fc.constantFrom(...DATES, 'nonsense', 1_690_000_000_000),
        caption: words(3),
      },
      { requiredKeys: [] },
    ),
  },
);

/** Sessions named by the request. */
export const session: fc.Arbitrary<string | null> = fc.constantFrom('s1', 's2', '7', null, null, null);

export const query: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', 'When did', 'How long', 'What'),
    words(5),
    fc.constantFrom('', '', '', 'Ana', 'Caroline', 'Ana and Ben'),
    fc.constantFrom('', '', '', 'in May 2023', 'on 8 May', 'in June', '2021', '12'),
  )
  .map((parts) => parts.filter(Boolean).join(' '));
