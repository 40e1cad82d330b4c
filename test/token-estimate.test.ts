import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TOKEN, estimateTokens, tokenCost } from '../src/memories/token-estimate.js';
import { randomSeed } from './harness/seed.js';

/** Texts of many kinds, and how many tokens js-tiktoken counts in each with o200k_base and cl100k_base. */
const COUNTED: readonly (readonly [kind: string, o200k: number, cl100k: number, text: string])[] = [
  [
    'English prose',
    50,
    50,
    "Ana prefers window seats on night trains, because the dark fields make her think of her grandmother's farm. Last spring she took up pottery again; every Friday evening she walks to the studio by the canal and throws bowls until the lamps are put out.",
  ],
  [
    'English conversation',
    49,
    50,
    "Ana: Hey Tomas, did you find your keys? Tomas: Yes! They were in the blue jacket the whole time. By the way, my sister is coming on Sunday, so we could all go to the lake if it doesn't rain.",
  ],
  [
    'English notes',
    47,
    47,
    'Deployment failed twice on Tuesday: the migration needs 4 GB of memory, and the staging host has only 2. Ask Priya whether (a) we can resize it, or (b) the nightly job can run elsewhere.',
  ],
  [
    'German',
    42,
    59,
    'Gestern war ich mit meiner Schwester auf dem alten Markt; wir haben Kaffee, Datteln und ein paar gebrauchte Bücher gekauft. Vergiss die Krankenversicherungskarte und die alten Untersuchungsergebnisse nicht.',
  ],
  [
    'French',
    41,
    48,
    "Hier, nous sommes allées au vieux marché avec ma sœur et nous avons acheté du café, des dattes et quelques livres d'occasion. Le train de nuit part à vingt et une heures quarante.",
  ],
  [
    'Spanish',
    40,
    46,
    'Ayer fui con mi hermana al mercado viejo y compramos café, dátiles y unos libros usados. Me gusta sentarme junto a la ventanilla porque al amanecer se ve el mar.',
  ],
  [
    'Polish',
    54,
    62,
    'Wczoraj poszłam z siostrą na stary targ i kupiłyśmy kawę, daktyle oraz kilka używanych książek. Lubię siedzieć przy oknie, bo o świcie widać jezioro.',
  ],
  [
    'Turkish',
    48,
    64,
    'Dün kız kardeşimle eski çarşıya gittik; kahve, hurma ve birkaç ikinci el kitap aldık. Pencere kenarında oturmayı severim, çünkü gün doğarken deniz görünüyor.',
  ],
  [
    'Vietnamese',
    47,
    76,
    'Hôm qua tôi cùng em gái đi chợ cũ và mua cà phê, chà là và vài cuốn sách cũ. Tôi thích ngồi cạnh cửa sổ vì lúc bình minh có thể nhìn thấy biển.',
  ],
  [
    'Russian',
    49,
    81,
    'Вчера мы с сестрой ходили на старый рынок и купили кофе, финики и несколько подержанных книг. Я люблю сидеть у окна, потому что на рассвете видно замёрзшие озёра.',
  ],
  [
    'Greek',
    38,
    90,
    'Χθες πήγα με την αδερφή μου στην παλιά αγορά και αγοράσαμε καφέ, χουρμάδες και μερικά μεταχειρισμένα βιβλία.',
  ],
  [
    'Hebrew',
    40,
    91,
    'אתמול הלכתי עם אחותי לשוק הישן וקנינו קפה, תמרים וכמה ספרים משומשים. אני אוהבת לשבת ליד החלון.',
  ],
  [
    'Arabic',
    45,
    101,
    'أمس زرت السوق القديم مع أختي واشترينا القهوة والتمر وبعض الكتب المستعملة. أفضل الجلوس بجانب النافذة لأنني أحب أن أرى الصحراء عند شروق الشمس.',
  ],
  [
    'Hindi',
    49,
    160,
    'कल मैं अपनी बहन के साथ पुराने बाज़ार गया और हमने मसाले, चाय और कुछ पुरानी किताबें खरीदीं। मुझे खिड़की वाली सीट पसंद है क्योंकि सुबह खेतों को देखना अच्छा लगता है।',
  ],
  ['Bengali', 30, 104, 'গতকাল আমি বোনের সঙ্গে পুরোনো বাজারে গিয়েছিলাম এবং চা ও কয়েকটি পুরোনো বই কিনেছি।'],
  ['Thai', 32, 73, 'เมื่อวานฉันไปตลาดเก่ากับน้องสาวและซื้อกาแฟ อินทผลัม และหนังสือมือสองสองสามเล่ม'],
  [
    'Chinese',
    54,
    84,
    '昨天我和妹妹去了老市场，买了咖啡、红枣和几本旧书。她最近在学陶艺，每周五晚上去工作室练习拉坯，还打算明年春天办一个小展览。',
  ],
  [
    'Japanese',
    51,
    71,
    '昨日、妹と古い市場へ行って、コーヒーとナツメヤシと古本を何冊か買いました。日の出のころに海が見えるので、窓側の席が好きです。',
  ],
  [
    'Korean',
    49,
    77,
    '어제 여동생과 함께 오래된 시장에 가서 커피와 대추, 그리고 헌책 몇 권을 샀어요. 해 뜰 무렵 바다가 보이기 때문에 창가 자리를 좋아해요.',
  ],
  ['Georgian', 19, 105, 'გუშინ დასთან ერთად ძველ ბაზარში წავედი და წიგნები ვიყიდე.'],
  ['emoji', 36, 54, 'Happy birthday!! 🎂🎉 see you tonight 😊❤️ love it 😂😂😂 👍🏽 ok 👨‍👩‍👧‍👦 wow 🔥🔥'],
  [
    'code',
    46,
    45,
    'export function average(values: readonly number[]): number {\n  let sum = 0;\n  for (const value of values) sum += value;\n  return values.length === 0 ? NaN : sum / values.length;\n}\n',
  ],
  [
    'JSON',
    46,
    46,
    '{"id":"m-17","user":{"name":"Ana","tags":["travel","night-train"]},"created_at":1767225600000,"score":0.4375,"ok":true,"next":null}',
  ],
  [
    'a table',
    41,
    42,
    '| name  | seats | price |\n| ----- | ----: | ----: |\n| Vienna |   12 | 48.50 |\n| Zagreb |    7 | 39.00 |\n',
  ],
  [
    'base64',
    83,
    89,
    'q2FzIGlzdCBkYXM/IEVpbiBUZXN0IG1pdCB6dWbDpGxsaWdlbiBaZWljaGVuIHVuZCBaYWhsZW46IDEyMzQ1Njc4OTAgYWJjIFhZWiDDnMOWw4QgISIkJSYvKCk9Pw==',
  ],
  ['hex', 43, 43, '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['UUIDs', 46, 46, '01a1f8dc-7839-7492-b80a-e7944cd290b0 7c9e6679-7425-40de-944b-e07fc1f90ae7'],
  ['digits', 24, 24, '31415926535897932384626433832795028841971693993751058209749445923078164'],
  ['dates', 33, 33, '2026-05-03T10:15:30.123Z, 3 May 2026, 03/05/26 10:15'],
  [
    'white space',
    15,
    15,
    'one\n\n\n\ntwo\t\tthree\r\n    four        five\n \n six                                        end',
  ],
  [
    'URLs',
    29,
    29,
    'https://www.example.org/some/path/to-page/a8Xk2?utm_source=newsletter&id=99812#section-3',
  ],
  ['capitals', 22, 21, 'THE NIGHT TRAIN TO VIENNA LEAVES AT NINE. PLEASE HAVE YOUR TICKETS READY.'],
];

describe('the estimate of tokens', () => {
  it.each(COUNTED)('is not below what models count: %s (%d, %d)', (_, o200k, cl100k, text) => {
    expect(estimateTokens(text)).toBeGreaterThanOrEqual(Math.max(o200k, cl100k));
    expect(estimateTokens(text)).toBeLessThanOrEqual(3 * Math.max(o200k, cl100k));
  });

  it('is at most half as much again in English prose', () => {
    const english = COUNTED.filter(([kind]) => kind.startsWith('English'));
    expect(english).toHaveLength(3);
    for (const [, o200k, cl100k, text] of english) {
      expect(estimateTokens(text)).toBeLessThanOrEqual(1.5 * Math.min(o200k, cl100k));
    }
  });

  it('of nothing is 0, of anything else at least 1', () => {
    expect(estimateTokens('')).toBe(0);
    const seed = randomSeed('token estimate: least');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        expect(estimateTokens(text)).toBeGreaterThanOrEqual(1);
      }),
      { seed },
    );
  });

  it('adds up over lines, so that parts that keep to a budget make a whole that does', () => {
    const word = fc.constantFrom(
      ...COUNTED.map(([, , , text]) => text.slice(0, 12)),
      ' ',
      '\n',
      '\n\n',
      'a',
      '"""',
      '\t',
    );
    const text = fc.oneof(
      fc.array(word).map((words) => words.join('')),
      fc.string({ unit: 'binary' }),
    );
    const seed = randomSeed('token estimate: lines');
    fc.assert(
      fc.property(text, text, (a, b) => {
        const parts = tokenCost(a) + tokenCost('\n') + tokenCost(b);
        const whole = tokenCost(`${a}\n${b}`);
        expect(whole).toBeLessThanOrEqual(parts);
        if (!a.endsWith('\n') && !b.startsWith('\n')) expect(whole).toBe(parts);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  it('may end early, where it is beyond what is asked for, and only there', () => {
    const seed = randomSeed('token estimate: early');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.nat(2_000), (text, most) => {
        const cost = tokenCost(text);
        if (cost <= most) expect(tokenCost(text, most)).toBe(cost);
        else expect(tokenCost(text, most)).toBeGreaterThan(most);
      }),
      { seed },
    );
    expect(tokenCost('an owl '.repeat(100_000), 5 * TOKEN)).toBeLessThan(8 * TOKEN);
  });
});
