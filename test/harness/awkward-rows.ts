import type { AdoptedMemory, AdoptedRows, StoredText } from './adopted-rows.js';

/** A memory with what it must be answered as, where that is not how it is stored. */
export interface Awkward extends Omit<AdoptedMemory, 'content' | 'id'> {
  readonly id?: string;
  /** Beside the word of its own. */
  readonly content?: StoredText;
  /** Undefined: as stored. */
  readonly answeredMetadata?: string;
  readonly answeredTags?: readonly string[];
}

/** An awkward memory as it is stored. */
export interface StoredAwkward extends Awkward {
  readonly id: string;
  readonly userId: string;
  /** By which it is found. */
  readonly word: string;
  readonly content: StoredText;
}

export const DEPTH = 10_000;
const deep = (open: string, inner: string, close: string) => open.repeat(DEPTH) + inner + close.repeat(DEPTH);

/** JSON text that JSON.parse and JSON.stringify together would not give back, or that means something to JavaScript. */
export const METADATA: readonly string[] = [
  '{"n":9007199254740993}',
  '{"n":-12345678901234567890123}',
  '{"a":1,"a":2,"b":3,"a":{"a":1,"a":1}}',
  '{"zero":-0,"one":1.0,"hundred":1e2,"huge":1e400,"tiny":1e-400,"exact":0.10000000000000000555}',
  '{"2":"two","1":"one","b":"","a":""}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toJSON":"x","then":1}',
  '{"__proto__":1,"__proto__":2}',
  '{"lone":"\\ud800","\\udfff":"\\uD83D","pair":"\\ud83d\\ude00","nul":"\\u0000","slash":"\\/"}',
  '{"b":"\u2028\u2029\u007f\ufeff"}',
  ' {\n  "pretty" : [ 1 , 2 ] ,\t"x" : { } }\r\n',
  '{"vault_id":"other","user_id":"other","speaker":{"a":1},"date":1e300,"session":9007199254740993}',
  `{"deep":${deep('[', '1', ']')}}`,
  `{"deep":${deep('{"a":', '1', '}')}}`,
  `{"long":"${'x'.repeat(70_000)}","n":1.0}`,
  '{"text":"\\"},\\"id\\":\\"forged\\",{\\"","n":1.0}',
  '{"":{"":[null,true,[],{}]},"plain":[1,2.5,"x"]}',
];

/** What is no JSON object reads as an empty one. */
const NO_OBJECTS: readonly string[] = [
  'null',
  '[1,2]',
  '"text"',
  '7',
  '',
  '{broken',
  '{"a":1}}',
  '\ufeff{}',
  '{"a":01}',
];

const TAGS: readonly (readonly [stored: string, answered: readonly string[]])[] = [
  ['null', []],
  ['', []],
  ['{broken', []],
  ['{}', []],
  ['"solo"', ['solo']],
  [' "" ', ['']],
  ['5', ['5']],
  ['{"a": 9007199254740993}', ['{"a": 9007199254740993}']],
  [
    '["a", 1.0 ,9007199254740993,null,true,{"b" : [1, "]"]},["x","y"],"\\u0000","\\ud800"]',
    ['a', '1.0', '9007199254740993', 'null', 'true', '{"b" : [1, "]"]}', '["x","y"]', '\u0000', '\ud800'],
  ],
  [`[${'[1],'.repeat(300)}"end"]`, [...Array<string>(300).fill('[1]'), 'end']],
  [deep('[', '', ']'), [deep('[', '', ']').slice(1, -1)]],
  ['["__proto__","constructor",""]', ['__proto__', 'constructor', '']],
];

const CONTENTS: readonly StoredText[] = [
  'U+0000 \u0000 in the middle',
  '\u0000',
  '\ufffe\uffff \u202e \u0007 \u001b[31m \ufdd0',
  Buffer.from([0x61, 0xff, 0xfe, 0x20, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf4, 0x90, 0x80, 0x80, 0x20]),
  Buffer.from([0xe2, 0x82]),
  'window seat '.repeat(15_000),
  'x'.repeat(180_000),
  `${'京'.repeat(60_000)} ${'\u0301'.repeat(20_000)}`,
  '(((('.repeat(20_000),
  'Ana: yesterday I saw the owl (8 May 2023)',
  '"""\n""""\n- forged: """',
];

const LONG_ID = `long-${'i'.repeat(1_500)}`;
const VERY_LONG_ID = `very long-${'é'.repeat(20_000)}`;
/** Ids that no request of ours could have given. */
const IDS: readonly string[] = [
  '',
  ' ',
  'a/b',
  '/',
  '../../etc',
  'line\nbreak\r\nX-Injected: 1',
  '"quoted" \\ id',
  '%2F%00',
  '🦉',
  '\u0007\u001b\u007f',
  'nul\u0000id',
  'ID',
  'id',
  'id ',
  LONG_ID,
  `${LONG_ID}2`,
  VERY_LONG_ID,
  `${VERY_LONG_ID}2`,
];

export const LONG_USER = 'u'.repeat(1_000);
/** Owners other than the one who has most. */
export const USERS: readonly string[] = [
  LONG_USER,
  `${LONG_USER} `,
  '🦉'.repeat(300),
  'Ana',
  'ana ',
  ' ana',
  `o'brien "q" \\ -- ;`,
  'a/b/../c',
  '\u0001\u0007\n\r\t\u007f',
  '%2F%00 ?#&=+',
  'constructor',
  '__proto__',
];

/** Of collections and sessions. */
export const NAMES: readonly string[] = [
  '',
  ' ',
  'c'.repeat(3_000),
  'a/b?c#d',
  '\n\u0007',
  '"x"',
  '__proto__',
  '🦉',
];

const TIMES: readonly number[] = [
  -1,
  -86_400_001,
  0,
  1,
  -8.64e15 - 1,
  8.64e15,
  8.64e15 + 1,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

const STRENGTHS: readonly Pick<AdoptedMemory, 'salience' | 'decayLambda' | 'lastSeenAt'>[] = [
  { salience: Infinity, decayLambda: Infinity },
  { salience: -Infinity, decayLambda: -Infinity },
  { salience: -3, decayLambda: -1 },
  { salience: 7, decayLambda: 1e308, lastSeenAt: -8.64e15 },
  { salience: 0.9, decayLambda: 0, lastSeenAt: Number.MAX_SAFE_INTEGER },
];

const SECTORS: readonly (readonly [primary: string, sectors: string])[] = [
  ['made-up', '["made-up"]'],
  ['', 'null'],
  ['semantic', '"episodic"'],
  ['semantic', '[1,{}]'],
];

const VERSIONS: readonly number[] = [0, -3, 2 ** 40, 2.5];

/** Every kind of row that requests of ours could not have made. Most are Ana's. */
const KINDS: readonly Awkward[] = [
  ...METADATA.map((metadata) => ({ metadata })),
  {
    metadata: Buffer.from('{"bytes":"\xff\xfe","n":1.0}', 'latin1'),
    answeredMetadata: '{"bytes":"\ufffd\ufffd","n":1.0}',
  },
  ...NO_OBJECTS.map((metadata) => ({ metadata, answeredMetadata: '{}' })),
  ...TAGS.map(([tags, answeredTags]) => ({ tags, answeredTags })),
  ...CONTENTS.map((content) => ({ content })),
  ...IDS.map((id) => ({ id })),
  ...USERS.map((userId) => ({ userId })),
  { userId: '' },
  ...NAMES.map((collection) => ({ collection })),
  ...NAMES.map((sessionId) => ({ sessionId })),
  ...TIMES.map((createdAt) => ({ createdAt })),
  ...STRENGTHS,
  ...SECTORS.map(([primarySector, sectors]) => ({ primarySector, sectors })),
  ...VERSIONS.map((version) => ({ version })),
];

const withWord = (content: StoredText, word: string): StoredText =>
  typeof content === 'string' ? `${content} ${word}` : Buffer.concat([content, Buffer.from(` ${word}`)]);

export const AWKWARD: readonly StoredAwkward[] = KINDS.map((kind, i) => {
  const word = `zq${i}word`;
  const { id = `m${String(i).padStart(3, '0')}`, userId = 'ana' } = kind;
  return { ...kind, id, userId, word, content: withWord(kind.content ?? 'An ordinary text with', word) };
});

const ids = AWKWARD.filter(({ userId }) => userId === 'ana').map(({ id }) => id);

export const AWKWARD_ROWS: AdoptedRows = {
  memories: AWKWARD,
  waypoints: [
    ...[Infinity, -Infinity, -0.5, 7, 0, 1e-320].map((weight, i) => ({
      src: ids[i],
      dst: ids[i + 1],
      weight,
    })),
    ...[0, 1, 2].map((i) => ({ src: ids[i], dst: ids[i], weight: 1 })),
    ...METADATA.map((metadata, i) => ({ src: ids[i], dst: ids[i + 20], type: 'noted', metadata })),
    { src: '', dst: LONG_ID },
    { src: LONG_ID, dst: VERY_LONG_ID },
    { src: VERY_LONG_ID, dst: 'line\nbreak\r\nX-Injected: 1' },
  ],
  users: [
    { userId: 'ana', summary: '\u0000', createdAt: -8.64e15 - 1 },
    { userId: LONG_USER, summary: 's'.repeat(180_000), reflectionCount: -1 },
    { userId: 'Ana', summary: '' },
    { userId: 'nobody has memories', summary: '"\\ud800"\n', createdAt: Number.MAX_SAFE_INTEGER },
  ],
  collections: Object.fromEntries(METADATA.map((metadata, i) => [`described ${i}`, metadata])),
};
