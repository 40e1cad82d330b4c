import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DECAY_LAMBDA, SECTORS, classify, initialSalience, isSector } from '../src/memories/sectors.js';
import { SECTOR_PATTERNS } from '../src/memories/sector-patterns.js';
import { randomSeed } from './harness/seed.js';

// Worked out by hand: per sector, points × weight of each kind of wording found. Weights: episodic 1.2,
// semantic 1.0, procedural 1.1, emotional 1.3, reflective 0.8. Points: 2 for a kind of English wording, 4 for
// relative time, 3 for clock time or weekday, 1 for a kind of Chinese wording or "!!". Additional sectors
// need max(1, 0.3 × the primary's sum).
const SENTENCES: [text: string, sectors: string, sum: string][] = [
  ['Yesterday Maria visited her sister in Porto.', 'episodic', '4.8 + 2.4'],
  ['We met at 14:30 on Tuesday in the old library.', 'episodic', '2.4 + 3.6'],
  ['I remember when the power failed during the storm.', 'episodic', '2.4'],
  ['Last week I went to Oslo and felt happy.', 'episodic emotional', '4.8 + 2.4; emotional 2.6 + 2.6'],
  ['The incident happened while we were asleep.', 'episodic', '2.4 + 2.4'],
  ["I'm going to attend a fair next month.", 'episodic procedural', '2.4 + 4.8; procedural 2.2 ≥ 2.16'],
  ['昨天我们参加了她的婚礼。', 'episodic', '1.2 + 1.2'],
  ['He saw a heron by the river today', 'episodic', '2.4 + 4.8'],

  ['I want to learn math and understand maps.', 'semantic reflective', '2 + 2; reflective 1.6 ≥ 1.2'],
  ['The capital of Norway has a population of 700,000.', 'semantic', '2'],
  ['Photosynthesis is a concept taught in biology.', 'semantic', '2 + 2 + 2'],
  ['HTTP stands for Hypertext Transfer Protocol.', 'semantic', '2'],
  ['Her passport number is 7781.', 'semantic', 'nothing found'],
  ['The study found evidence that supports the theory.', 'semantic', '2 + 2'],
  ['They read a report on the history of physics yesterday.', 'semantic episodic', '2 + 2 + 2; episodic 4.8'],
  ['东京是日本的首都，人口很多。', 'semantic', '1'],

  ['First install the package, then run the tests.', 'procedural', '2.2 + 2.2'],
  ['How to brew coffee: a step by step guide.', 'procedural', '2.2'],
  ['Click the gear icon and select Export.', 'procedural', '2.2'],
  ['Configure the proxy and finally deploy it.', 'procedural', '2.2 + 2.2'],
  [
    'This function is a recursive method to build trees.',
    'procedural semantic',
    '2.2 × 3; semantic 2 ≥ 1.98',
  ],
  ['Press Enter to create a new row.', 'procedural', '2.2 + 2.2'],
  ['首先安装依赖，然后运行程序。', 'procedural', '1.1 + 1.1'],
  [
    "Gran's recipe: next, fold the dough and enjoy the smell.",
    'procedural emotional',
    '2.2 + 2.2; emotional 2.6',
  ],

  ['I love this wonderful city!', 'emotional', '2.6 + 2.6'],
  ['She was so angry and frustrated with the delay.', 'emotional', '2.6 + 2.6'],
  ['Wow, what an amazing view!!', 'emotional', '2.6 + 2.6 + 1.3'],
  ['I feel anxious about the exam tomorrow.', 'emotional episodic', '2.6 + 2.6; episodic 4.8'],
  ['Ugh, I hate Mondays.', 'emotional', '2.6 + 2.6'],
  ['Her mood is calm.', 'emotional', '2.6 + 2.6'],
  ['我很喜欢这首歌，感到快乐。', 'emotional', '1.3 × 3'],
  ['That was a terrible day and I was scared.', 'emotional episodic', '2.6 + 2.6; episodic 2.4'],

  ['I realized that small habits change everything.', 'reflective', '1.6 + 1.6'],
  ['The lesson from this project: review early.', 'reflective', '1.6 + 1.6'],
  ['There is a pattern in her feedback.', 'reflective semantic', '1.6 + 1.6; semantic 2'],
  ['After some thought his conclusion was an insight.', 'reflective', '1.6 × 3'],
  ['Understanding the connection helped us adapt.', 'reflective', '1.6 × 3'],
  ['I think we can improve.', 'reflective', '1.6 + 1.6'],
  ['这次的教训让我改变了想法，需要反思。', 'reflective', '0.8 × 3'],
  ['I ponder the moral of that experience.', 'reflective episodic', '1.6 + 1.6; episodic 2.4'],
];

describe('sectors', () => {
  it.each(SENTENCES)('%s → %s', (text, expected) => {
    const { primary, sectors } = classify(text);
    expect(sectors.join(' ')).toBe(expected);
    expect(primary).toBe(sectors[0]);
  });

  it('has eight sentences of each sector in its table', () => {
    for (const sector of SECTORS) {
      expect(SENTENCES.filter(([, sectors]) => sectors.split(' ')[0] === sector)).toHaveLength(8);
    }
  });

  it('decides equal scores by the order of the sectors', () => {
    // episodic 2 × 1.2 = 2.4, reflective 3 × 0.8 = 2.4
    expect(classify('I was: 教训, 反思, 改变').sectors).toEqual(['episodic', 'reflective']);
  });

  it('counts a kind of wording once, in any case and spacing, and whole words only', () => {
    expect(classify('WENT went Went; learn').sectors).toEqual(['episodic', 'semantic']);
    expect(classify('it  STANDS \n FOR that').primary).toBe('semantic');
    expect(classify('warsaw, thenar, lovely, unread').sectors).toEqual(['semantic']);
    expect(classify('I’m going to Rome').primary).toBe('episodic');
  });

  it('leaves a sector out below 0.3 of the primary, and below 1', () => {
    // episodic 4.8 + 2.4 + 2.4 = 9.6, of which 0.3 is 2.88; semantic 2
    expect(classify('Yesterday I was late and went to read').sectors).toEqual(['episodic']);
    // episodic 1.2, reflective 0.8: over 0.3 of it, yet under 1
    expect(classify('今天思考').sectors).toEqual(['episodic']);
    // episodic 1.2, semantic 1
    expect(classify('今天的数据').sectors).toEqual(['episodic', 'semantic']);
  });

  it('sees in a text of ASCII what it sees beside another character', () => {
    const words = Object.values(SECTOR_PATTERNS).flatMap((groups) =>
      groups.flatMap(({ pattern }) => pattern.source.match(/[ -~]+?(?=[|)(?\\]|$)/g) ?? []),
    );
    expect(words.length).toBeGreaterThan(200);
    const cased = fc
      .tuple(fc.constantFrom(...words), fc.boolean())
      .map(([word, upper]) => (upper ? word.toUpperCase() : word));
    const piece = fc.oneof(cased, fc.constantFrom(' ', '  ', '\n', '!', '_', "'m", 'x', 'at 9:30'));
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    let found = 0;
    fc.assert(
      fc.property(text, (ascii) => {
        const { sectors } = classify(ascii);
        expect(classify(`${ascii} ©`).sectors).toEqual(sectors);
        if (sectors.join() !== 'semantic') found += 1;
      }),
      { seed: randomSeed('sectors'), numRuns: 2_000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('lets metadata.sector decide alone', () => {
    expect(classify('Yesterday I felt sad', { sector: 'reflective' })).toEqual({
      primary: 'reflective',
      sectors: ['reflective'],
    });
    for (const sector of ['nonsense', '', 7, null, ['episodic'], undefined, '__proto__']) {
      expect(classify('Ugh, I hate Mondays.', { sector }).sectors).toEqual(['emotional']);
    }
    expect(classify('Ugh, I hate Mondays.', null).sectors).toEqual(['emotional']);
  });

  it('returns on long and hostile texts', () => {
    const n = 200_000;
    const hostile = ['', 'a'.repeat(n), ' '.repeat(n), `last${' '.repeat(n)}x`, 'last '.repeat(n / 5)];
    hostile.push(`n${'o'.repeat(n)}z`, 'nooo'.repeat(n / 4), 'step by x '.repeat(n / 10), '1'.repeat(n));
    hostile.push('at 1'.repeat(n / 4), "i'm going ".repeat(n / 10), '! '.repeat(n / 2), '星期'.repeat(n / 2));
    hostile.push('\ud800'.repeat(n), '\u0000'.repeat(n));
    for (const text of hostile)
      expect(classify(text)).toEqual({ primary: 'semantic', sectors: ['semantic'] });
    expect(classify(`${'x '.repeat(n / 2)} yesterday`).primary).toBe('episodic');
  });

  it('knows its sectors, how they fade and how they begin', () => {
    expect(SECTORS.every(isSector)).toBe(true);
    expect([isSector('Semantic'), isSector(undefined), isSector('toString')]).toEqual([false, false, false]);
    expect(SECTORS.map((sector) => DECAY_LAMBDA[sector])).toEqual([0.015, 0.005, 0.008, 0.02, 0.001]);
    expect(initialSalience(['semantic'])).toBe(0.4);
    expect(initialSalience(['semantic', 'episodic'])).toBe(0.5);
    expect(initialSalience(SECTORS)).toBe(0.8);
  });
});
