import { type OpenMemoryFile, RawText, type Row, floats } from './file.js';

const AT = 1_795_166_900_000;
const NOT_UTF8 = new RawText(Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0xff, 0xfe, 0xc0, 0x80, 0x20, 0x78]));
const MEGA = 'The quick brown fox jumps over the lazy dog; 世界 🜁. ';

/** Values of one column, by what is odd about them. */
const METADATA: Row = {
  nul: '{"text":"a\\u0000b"}',
  'lone surrogates': '{"high":"\\ud800","low":"\\udfffx","\\udc00":1}',
  'big numbers':
    '{"n":9007199254740993,"m":123456789012345678901234567890,"r":1e400,"z":-0,"p":1.10,"e":1E+2}',
  'duplicate keys': '{"a":1,"a":2,"b":{"c":1,"c":2}}',
  spaces: ' {\n\t"b" : 1 ,\r\n"a":[ 1 ,2 ] }  ',
  'number keys': '{"2":"b","1":"a","-1":"c"}',
  nested: `${'{"a":['.repeat(400)}1${']}'.repeat(400)}`,
  prototype:
    '{"__proto__":{"admin":true},"constructor":{"prototype":{"x":1}},"toString":1,"hasOwnProperty":0}',
  vault: '{"vault_id":"victim","vaultId":"victim","user_id":"mallory","tenant_id":"victim"}',
  session: '{"session_id":"s 1","speaker":"Irene","date":"2026-03-04","expires_at":1}',
  list: '[1,{"a":2}]',
  text: '"only a text"',
  null: 'null',
  true: 'true',
  number: '12345678901234567890',
  broken: '{"a":',
  'of Python': "{'a': None, 'b': True}",
  'not a number': '{"a":NaN,"b":-Infinity}',
  JSON5: "{a:1,b:'x',}",
  'with a mark': '\ufeff{"a":1}',
  empty: '',
  missing: null,
  bytes: Buffer.from('7b2261223a317d', 'hex'),
  integer: 42,
  'not UTF-8': NOT_UTF8,
  'raw nul': '{"a":"b\u0000c"}',
  'raw control': '{"a":"b\u0001\nc"}',
};

const TAGS: Row = {
  null: 'null',
  text: '"alone"',
  object: '{"a":1}',
  number: '7',
  broken: '["a"',
  mixed: '[1,null,{"a":1},["b"],"","x","x"]',
  surrogate: '["\\ud83d","\\u0000","\\u00e9"]',
  separated: 'red, green',
  many: JSON.stringify(Array.from({ length: 2_000 }, (_, i) => `tag ${i}`)),
  empty: '',
  missing: null,
  bytes: Buffer.from('["a"]'),
  'not UTF-8': NOT_UTF8,
};

const OWNERS: Row = {
  'capital A': 'Alice',
  'small a': 'alice',
  'space behind': 'alice ',
  'space before': ' alice',
  'all capitals': 'ALICE',
  'no letters': '',
  missing: null,
  anonymous: 'anonymous',
  orphan: '__legacy_orphan__',
  dots: '../../etc',
  quotes: `o'neil "x"; DROP TABLE memories;--`,
  composed: '\u00c5sa',
  decomposed: 'A\u030asa',
  long: 'u'.repeat(300),
  'too long for a name': `[Document: PDF]\n\n${MEGA.repeat(12)}`,
  nul: 'al\u0000ice',
  'only nul': '\u0000',
  emoji: '🜁',
  'capital hash': '01F9350B55022160',
  'long hash': '01f9350b550221600',
  'hash with a line': '01f9350b55022160\n',
  bytes: Buffer.from('alice'),
  'not UTF-8': NOT_UTF8,
  vault: 'default-vault',
};

const PROJECTS: Row = {
  global: 'system_global',
  empty: '',
  spaces: ' atlas ',
  long: 'p'.repeat(1_000),
  nul: 'a\u0000b',
  bytes: Buffer.from('atlas'),
  'not UTF-8': NOT_UTF8,
  number: '1.0',
};

const CONTENTS: Row = {
  huge: MEGA.repeat(Math.ceil(180_000 / MEGA.length)).slice(0, 180_000),
  nul: 'before\u0000after \u0000',
  'only nul': '\u0000',
  emoji: '👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \u202eabc\u202c \ufeff \ufffd',
  'not UTF-8': NOT_UTF8,
  empty: '',
  blank: ' \n\t\u00a0\u3000 ',
  bytes: Buffer.from([0, 1, 2, 0xff]),
  JSON: '{"id":"x","vault_id":"victim"}',
  number: '0012',
  languages: '昨日は夜行列車でリヨンへ行った。 Вчера мы ездили. ذهبنا أمس',
};

const TIMES: Row = {
  date: '2024-01-01T00:00:00Z',
  word: 'yesterday',
  digits: 'x1795166900000',
  real: 1_795_166_900_000.5,
  missing: null,
  negative: -62_135_596_800_000,
  zero: 0,
  seconds: 1_795_166_900,
  largest: 9_223_372_036_854_775_807n,
  least: -9_223_372_036_854_775_808n,
  'beyond a date': 8_640_000_000_000_001n,
  'beyond a double': 9_007_199_254_740_993n,
  'huge real': 1e300,
  infinite: Infinity,
  bytes: Buffer.from('12'),
};

const SALIENCES: Row = {
  missing: null,
  negative: -1,
  large: 7.5,
  infinite: Infinity,
  'minus infinite': -Infinity,
  word: 'high',
  tiny: 5e-324,
  long: 0.1 + 0.2,
  largest: 1.7976931348623157e308,
  bytes: Buffer.from('1'),
};

const VERSIONS: Row = {
  missing: null,
  word: 'three',
  zero: 0,
  negative: -3,
  half: 2.5,
  largest: 9_223_372_036_854_775_807n,
  bytes: Buffer.from('1'),
};

const SECTORS: Row = {
  other: 'custom',
  empty: '',
  capital: 'Semantic',
  time: '1795166900000.0',
  quote: 'a"b\\c',
  nul: 'semantic\u0000',
  bytes: Buffer.from('semantic'),
  'not UTF-8': NOT_UTF8,
};

const IDS: Row = {
  signs: 'a/b c?#%:@ü "\'',
  empty: '',
  long: 'i'.repeat(2_000),
  small: 'case',
  capital: 'CASE',
  nul: 'id\u0000x',
  bytes: Buffer.from('id'),
  'not UTF-8': NOT_UTF8,
  missing: null,
  'missing too': null,
};

const OTHER_COLUMNS: readonly Row[] = [
  { segment: null, simhash: null, feedback_score: null, mean_dim: null, mean_vec: null },
  { segment: 999_999, simhash: '', feedback_score: Infinity, mean_dim: 1536, mean_vec: Buffer.alloc(0) },
  { segment: 'one', simhash: Buffer.from([0xff]), feedback_score: 'x', mean_dim: 'x', mean_vec: 'a text' },
  { compressed_vec: floats([Infinity, NaN, -0]), mean_vec: Buffer.from([1, 2, 3]), mean_dim: 1.5 },
  { decay_lambda: null, salience: 0 },
  { decay_lambda: Infinity },
  { decay_lambda: 'slow' },
];

/** What is odd, where. */
const COLUMNS: Readonly<Record<string, Row>> = {
  meta: METADATA,
  tags: TAGS,
  user_id: OWNERS,
  project_id: PROJECTS,
  content: CONTENTS,
  created_at: TIMES,
  updated_at: TIMES,
  last_seen_at: TIMES,
  salience: SALIENCES,
  version: VERSIONS,
  primary_sector: SECTORS,
  id: IDS,
};

/** Memories that are ordinary but for one column each (the last few but for several). */
export function awkwardMemories(): Row[] {
  const rows: Row[] = [];
  const ordinary = (name: string): Row => ({
    id: `odd ${name}`,
    user_id: 'odin',
    project_id: null,
    segment: 0,
    content: `Odd: ${name}.`,
    simhash: '8c3100008c310000',
    primary_sector: 'semantic',
    tags: '[]',
    meta: '{}',
    created_at: AT + rows.length,
    updated_at: AT + rows.length,
    last_seen_at: AT + rows.length,
    salience: 0.4,
    decay_lambda: 0.005,
    version: 1,
    mean_dim: null,
    mean_vec: null,
    compressed_vec: null,
    feedback_score: 0,
  });
  for (const [column, values] of Object.entries(COLUMNS))
    for (const [what, value] of Object.entries(values))
      rows.push({ ...ordinary(`${column} ${what}`), [column]: value });
  for (const [i, columns] of OTHER_COLUMNS.entries()) rows.push({ ...ordinary(`columns ${i}`), ...columns });
  return rows;
}

/** The odd values of a column, for others to choose from. */
export function oddValues(column: string): Row[string][] {
  return Object.values(COLUMNS[column] ?? {});
}

export function storeAwkwardMemories(file: OpenMemoryFile): void {
  for (const row of awkwardMemories()) {
    file.insert('memories', row);
    if (typeof row.id === 'string') file.insert('memories_fts', { id: row.id, content: row.content });
  }
}
