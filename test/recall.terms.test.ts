import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IRREGULAR_FORMS } from '../src/recall/irregular-forms.js';
import { STOP_WORDS } from '../src/recall/stop-words.js';
import { TOKENISER_VERSION, queryTerms, termCounts, termHash, terms } from '../src/recall/terms.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.terms');

const list = (text: string) => terms(text).join(' ');

describe('terms', () => {
  it('makes stems of English words, in order and with repetitions', () => {
    expect(list('Running runners ran; the connections were connected, running!')).toBe(
      'run runner run connect connect run',
    );
    expect(list('Caresses, ponies, hopping, relational, electricity')).toBe('caress poni hop relat electr');
  });

  it('brings irregular forms together', () => {
    expect(list('went goes gone go')).toBe('go go go go');
    expect(list('mice children photos movie')).toBe(list('mouse kid picture film'));
  });

  it('drops stop words, and with them a query made of nothing else', () => {
    expect(terms('What did you do, and who was there with her?')).toEqual([]);
    expect(terms('')).toEqual([]);
    expect(terms(' \t\n.,;:!?—…👩‍👩‍👧 \u0000\ud800')).toEqual([]);
  });

  it.each([
    ['German', 'Wo und wie hat das der ... welche?', 'hat'],
    ['French', 'Où est-ce que tu vas, et quand ?', 'va et'],
    ['Russian', 'Где и когда это было, мой?', ''],
    ['Arabic', 'أين ومتى كان هذا؟', 'ومتي'],
    ['Hindi', 'वह कहाँ है और क्यों?', ''],
  ])('drops the function words of %s, but for words that English has too', (_, text, left) => {
    expect(list(text)).toBe(left);
  });

  it('leaves an English text words that only other languages have as function words', () => {
    expect(list('They die for a hat, pour fur on LA, an UN son at MIT')).toBe(
      'die hat pour fur la un son mit',
    );
  });

  it('cuts contractions and elisions, whichever apostrophe is used', () => {
    expect(list("Melanie's dog won't; they'll; I'm; o'clock")).toBe("melani dog o'clock");
    expect(list('Melanie’s dog')).toBe(list("Melanie's dog"));
    expect(list("l'école d’été qu'elle jusqu'hier")).toBe('ecol et hier');
    expect(list("dell'arte 'quoted' rock 'n' roll''")).toBe('art quot rock n roll');
  });

  it('ignores case, accents and the way a character is composed', () => {
    expect(list('Café CAFÉ cafe\u0301 ﬁne ｗｉｄｅ İstanbul STRASSE straße')).toBe(
      'cafe cafe cafe fine wide istanbul strass strass',
    );
    expect(list('ΟΔΟΣ οδός')).toBe('οδοσ οδοσ');
    expect(list('Zusam\u00admenarbeit')).toBe(list('Zusammenarbeit'));
  });

  it('takes numbers and mixed words as words', () => {
    expect(list('In 2023 the 1980s, B2B 3½ x² v1.5')).toBe('2023 1980 b2b 31 2 x2 v1 5');
  });

  it('keeps a long word whole and unstemmed', () => {
    const token = `${'ka'.repeat(40)}ing`;
    expect(terms(`${token} ${'ka'.repeat(40)}ed`)).toEqual([token, `${'ka'.repeat(40)}ed`]);
  });

  const languages: [language: string, memory: string, query: string, shared: string][] = [
    ['German', 'Die Straßenbahn fährt über die Brücke.', 'STRASSENBAHN Brucke', 'strassenbahn bruck'],
    ['French', "J'ai oublié l'anniversaire de ma sœur.", 'anniversaire oublie', 'anniversair oubli'],
    ['Russian', 'Моя бабушка печёт пирог с яблоками.', 'бабушка ПИРОГ печет', 'бабушка пирог печет'],
    ['Arabic', 'كَتَبَ الوَلَدُ رِسَالَةً طويلة', 'كتب الولد رسالة', 'كتب الولد رساله'],
    ['Hindi', 'मुझे हिन्दी में किताबें पढ़ना पसंद है', 'हिन्दी किताबें पढ़ना', 'हिंदी किताबें पढना'],
    ['Japanese', '昨日は東京タワーへ行きました。', '東京タワー', '東京 京タ タワ ワー'],
    ['Chinese', '我们在北京大学见面。', '北京大学', '北京 京大 大学'],
    ['Korean', '할머니께서 김치를 만드셨다', '김치 할머니', '김치 할머 머니'],
    ['Thai', 'ฉันชอบภาษาไทย', 'ภาษา', 'ภา าษ ษา'],
    ['Greek', 'Η γιαγιά μου μένει στην Αθήνα', 'ΑΘΗΝΑ γιαγια', 'αθηνα γιαγια'],
  ];
  it.each(languages)('finds the words of a query in %s', (_, memory, query, shared) => {
    expect(queryTerms(query).join(' ')).toBe(shared.normalize('NFC'));
    expect(terms(memory)).toEqual(expect.arrayContaining(queryTerms(query)));
    expect(terms(memory.normalize('NFD'))).toEqual(terms(memory));
  });

  it('makes pairs within a run, and takes a character that can be a word alone for one too', () => {
    expect(list('猫 犬猫 𠮷野家')).toBe('猫 犬猫 犬 猫 𠮷野 野家 𠮷 野 家');
    expect(list('猫が')).toBe('猫が 猫');
    expect(list('は ですよ')).toBe('は です すよ');
    expect(list('iPhone手机2023年')).toBe('iphon 手机 手 机 2023 年');
    expect(terms('ｶﾞｷﾞ')).toEqual(['ガギ']);
    expect(list('물을 책')).toBe('물을 물 책');
    expect(terms('한글')).toEqual(['한글', '한']);
    expect(terms('한글'.normalize('NFD'))).toEqual(['한글', '한']);
  });

  it('looks up pairs, and a character alone only where nothing says that it is part of a word', () => {
    const query = (text: string) => queryTerms(text).join(' ');
    expect(query('猫')).toBe('猫');
    expect(query('猫がいる')).toBe('猫が がい いる 猫');
    expect(query('東京へ')).toBe('東京 京へ');
    expect(query('북 book 책을')).toBe('북 book 책을');
    expect(query('Running of the owls')).toBe(list('Running of the owls'));
  });

  it('finds in a text of ASCII what it finds beside other letters', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 8 }),
      fc.constantFrom(
        "'",
        "''",
        "don't",
        "L'Ami",
        "rock'n'roll7",
        '7up',
        'x'.repeat(70),
        'the',
        'Running',
        ' ',
        '_',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        expect([...terms(text), '漢']).toEqual(terms(`${text} 漢`));
        expect([...queryTerms(text), '漢']).toEqual(queryTerms(`${text} 漢`));
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('looks up nothing that it does not index', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.constantFrom('猫が', '책을', '東京', ' '),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join('');
        expect(terms(text)).toEqual(expect.arrayContaining(queryTerms(text)));
      }),
      { seed, numRuns: 500 },
    );
  });

  const spellings: [what: string, spellings: string][] = [
    ['Latin letters and ligatures', 'sœur sœur soeur SŒUR'],
    ['letters that a keyboard may lack', 'Łódź Lodz łódź'],
    ['a stroke for a letter', 'smørrebrød smorrebrod'],
    ['the capital sharp s', 'Straße STRAẞE strasse'],
    ['dotted and dotless i', 'Isparta ISPARTA ısparta İsparta'],
    ['hamza and madda on alef', 'أحمد احمد آحمد إحمد ٱحمد'],
    ['teh marbuta', 'مدرسة مدرسه'],
    ['dotless yeh', 'مستشفى مستشفي'],
    ['Persian kaf and yeh', 'کتابی كتابي'],
    ['a letter stretched', 'سلام ســــلام'],
    ['ё', 'ёлка елка Ёлка'],
    ['a nasal as a letter or a dot', 'हिन्दी हिंदी'],
    ['both nasal signs', 'गाँव गांव'],
    ['the nukta', 'पढ़ाई पढाई'],
    ['full and half width', 'ｶﾒﾗ カメラ'],
    ['wide Latin letters', 'Ｃａｉｒｎ cairn'],
    ['a soft hyphen', 'Donau\u00addampfer Donaudampfer'],
    ['digits', '2023 ٢٠٢٣ ۲۰۲۳ २०२३ ๒๐๒๓ ２０２３'],
  ];
  it.each(spellings)('takes one word for another spelling of it: %s', (_, words) => {
    const found = words.split(' ').map(list);
    expect(found[0]).not.toBe('');
    expect(new Set(found).size).toBe(1);
  });

  it('keeps letters apart that make other words', () => {
    const pairs = 'бар вар, कल कला, काम कम, दिन दीन, حب جب, はは はば, 책 첵, ドア トア, weg wag';
    for (const pair of pairs.split(', ')) {
      const [a, b] = pair.split(' ').map(list);
      expect(a).not.toBe(b);
    }
  });

  it('is bounded by the length of the text, whatever is in it', () => {
    const n = 200_000;
    expect(terms('a'.repeat(n))).toEqual(['a'.repeat(n)]);
    expect(terms("a'".repeat(n / 2)).length).toBeLessThanOrEqual(n / 2);
    // Without a bound on runs of marks this one line takes ten seconds of normalisation.
    expect(terms(`b${'\u0316\u0301'.repeat(n / 2)} b${'\u094d\u093c'.repeat(n / 2)}`)).toHaveLength(2);
    expect(terms('ﾞ\u0316'.repeat(n / 2)).length).toBeLessThan(100);
    expect(terms('京'.repeat(n))).toHaveLength(2 * n - 1);
    expect(terms('の'.repeat(n))).toHaveLength(n - 1);
    expect(terms('\ufdfa'.repeat(n / 10)).length).toBeLessThanOrEqual(2 * n);
  });

  it('gives the same terms for composed and decomposed text, any case, and again for its own text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(text, (value) => {
        const found = terms(value);
        expect(terms(value.normalize('NFD'))).toEqual(found);
        expect(terms(value.normalize('NFC'))).toEqual(found);
        for (const term of found) {
          expect(term).not.toBe('');
          expect(term).not.toMatch(/\s/u);
        }
      }),
      { seed, numRuns: 500 },
    );
  });

  it('takes any string of code units', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }),
        (value) => {
          expect(terms(`${value} zebra`).at(-1)).toBe('zebra');
        },
      ),
      { seed, numRuns: 500 },
    );
  });
});

describe('word lists', () => {
  it('map no stop word, map to no stop word, and map in one step', () => {
    for (const [form, base] of IRREGULAR_FORMS) {
      expect(STOP_WORDS.has(form)).toBe(false);
      expect(STOP_WORDS.has(base)).toBe(false);
      expect(IRREGULAR_FORMS.has(base)).toBe(false);
    }
    expect(IRREGULAR_FORMS.get('went')).toBe('go');
    expect(STOP_WORDS.has('')).toBe(false);
  });
});

describe('termHash', () => {
  it('is MurmurHash3_x86_32 with seed 0 of the UTF-16 code units, little-endian', () => {
    // Published vectors whose bytes are whole code units.
    expect(termHash('')).toBe(0);
    expect(termHash('\u0000')).toBe(0x30f4c306);
    expect(termHash('\u0000\u0000')).toBe(0x2362f9de);
    expect(termHash('\uffff\uffff')).toBe(0x76293b50);
    expect(termHash('\u4321')).toBe(0xa0f7b07a);
    expect(termHash('\u4321\u8765')).toBe(0xf55b516b);
    expect(termHash(Buffer.from('test').toString('utf16le'))).toBe(0xba6bd213);
  });

  it('keeps 100,000 terms apart as well as chance does, in its low bits too', () => {
    const hashes = new Set<number>();
    const low = new Array<number>(4096).fill(0);
    for (let i = 0; i < 100_000; i += 1) {
      const hash = termHash(`term${i}`);
      hashes.add(hash);
      low[hash & 4095] += 1;
    }
    // Expected: 1.2 collisions; 24.4 in each of the low values, standard deviation 4.9.
    expect(hashes.size).toBeGreaterThan(99_985);
    expect(Math.max(...low)).toBeLessThan(24.4 + 8 * 4.9);
    expect(Math.min(...low)).toBeGreaterThan(0);
  });

  it('is what an index of this tokeniser version holds', () => {
    // If this changes, raise TOKENISER_VERSION: indexes written before have to be rebuilt.
    expect(TOKENISER_VERSION).toBe(2);
    expect(Object.fromEntries(termCounts(terms('She ran; the café runs. 東京へ')))).toEqual({
      [termHash('run')]: 2,
      [termHash('cafe')]: 1,
      [termHash('東京')]: 1,
      [termHash('京へ')]: 1,
      [termHash('東')]: 1,
      [termHash('京')]: 1,
    });
    expect(termHash('run')).toBe(3993375401);
  });
});
