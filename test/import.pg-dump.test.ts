import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PgDumpReader, keyOf } from '../src/upgrade/import/pg-dump-reader.js';
import {
  pgArrayOf,
  pgBooleanOf,
  pgNumberJson,
  pgTimeOf,
  pgVectorOf,
} from '../src/upgrade/import/pg-values.js';
import { DUMP_FORMS, dumpOf, tableData } from './harness/import/memory-mcp-dump.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('import.pg-dump');
const ROUNDS = Number(process.env.DUMP_ROUNDS ?? 400);

/** What a dump says, by the table: the columns and rows; or why it is refused. */
async function read(dump: string | Buffer, chunk?: number, wanted = (_: string): boolean => true) {
  const path = join(tempFolder(), 'dump.sql');
  writeFileSync(path, dump);
  const reader = await PgDumpReader.open(path, ({ name }) => wanted(name), chunk);
  const rows: [table: string, row: Record<string, string | null>][] = [];
  for await (const { table, columns, values } of reader.rows()) {
    const name = table.schema === 'public' ? table.name : `${table.schema}.${table.name}`;
    rows.push([name, Object.fromEntries(columns.map((column, i) => [column, values[i]]))]);
  }
  return { rows, reader };
}

const refusal = (dump: string | Buffer) =>
  read(dump).then(
    () => 'nothing',
    (error: Error) => error.message.replace(/^.*dump\.sql, /, '').replace(/\. Nothing was imported[^]*$/, ''),
  );

const PIECES = [
  ...[
    '\\',
    "'",
    '"',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\b',
    '\f',
    '\v',
    '$$',
    '$x$',
    '{',
    '}',
    ',',
    ';',
    '--',
    '/*',
    '*/',
  ],
  ...[
    '\\N',
    '\\.',
    '\n\\.\n',
    '\\\\',
    "''",
    "E'",
    'NULL',
    '()',
    '::',
    'a',
    'B',
    ' ',
    '7',
    '0',
    'x41',
    'é',
    '标签',
    '🦊',
  ],
  ...[
    '\u0001',
    '\u007f',
    '\u0085',
    '\u2028',
    '\ufeff',
    '[0.5,-1e-05]',
    '{a,"b c",NULL}',
    '{"k": "v\\n"}',
    '',
  ],
];

function randomValue(random: Random): string | null {
  if (random.chance(0.1)) return null;
  return Array.from({ length: random.below(7) }, () => random.pick(PIECES)).join('');
}

describe('a dump of PostgreSQL', () => {
  it('gives its values however they are written, and wherever a piece of the file ends', async () => {
    const random = new Random(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      const columns = ['a', 'b', '"odd ""name"""', 'd'].slice(0, 1 + random.below(4));
      const rows = Array.from({ length: random.below(5) }, () => columns.map(() => randomValue(random)));
      const form = random.pick(DUMP_FORMS);
      const dump =
        `${random.pick(['', '\ufeff', '-- a comment\n', "/* it's /* one */ */\n", '\\restrict abc\n'])}` +
        `CREATE TABLE public.t (\n    ${columns.join(' text,\n    ')} text\n);\n` +
        tableData('public.t', columns, rows, form, random.chance(0.8) ? random : undefined) +
        random.pick(['', "SELECT pg_catalog.setval('public.t_id_seq', 90, true);\n", '--']);
      const found = await read(dump, 1 + random.below(60));
      const names = columns.map((column) => (column.startsWith('"') ? 'odd "name"' : column));
      const expected = rows.map((row) => ['t', Object.fromEntries(names.map((name, i) => [name, row[i]]))]);
      expect(found.rows, `round ${round}: ${dump}`).toEqual(expected);
    }
  });

  it('takes backslashes in plain strings for what the dump says they are', async () => {
    const insert = "INSERT INTO t (a) VALUES ('a\\nb'), (E'a\\nb'), ('\\\\');\n";
    const values = async (dump: string) => (await read(dump)).rows.map(([, { a }]) => a);
    expect(await values(insert)).toEqual(['a\\nb', 'a\nb', '\\\\']);
    expect(await values(`SET standard_conforming_strings = off;\n${insert}`)).toEqual(['a\nb', 'a\nb', '\\']);
  });

  it('reads arrays, casts, numbers and booleans of INSERT as COPY has them', async () => {
    const { rows } = await read(
      "INSERT INTO t (a, b, c, d, e) VALUES (ARRAY['a,b', 'q\"\\', NULL]::text[], -1.5e-05, TRUE, " +
        "'2025-01-01 00:00:00+00'::timestamp(3) with time zone, ARRAY[]::text[]), ('{x}', + 7, false, null, " +
        "'[1,2]'::public.vector(2)) ON CONFLICT DO NOTHING;",
    );
    expect(rows).toEqual([
      ['t', { a: '{"a,b","q\\"\\\\",NULL}', b: '-1.5e-05', c: 't', d: '2025-01-01 00:00:00+00', e: '{}' }],
      ['t', { a: '{x}', b: '7', c: 'f', d: null, e: '[1,2]' }],
    ]);
    expect(pgArrayOf(rows[0][1].a)).toEqual(['a,b', 'q"\\', null]);
  });

  it('takes NULL for what stands alone, and a number for one wherever a piece of the file ends', async () => {
    const dump =
      'COPY t (a, b) FROM stdin;\n\\Nx\t\\N\n\\.\n' +
      "INSERT INTO t (a, b) VALUES (-12345.6789e-10, 9007199254740993), (E'\\x41\\101', $long_tag$$l$long_tag$);\n";
    for (let chunk = 1; chunk < 90; chunk += 1) {
      expect((await read(dump, chunk)).rows.map(([, row]) => row)).toEqual([
        { a: 'Nx', b: null },
        { a: '-12345.6789e-10', b: '9007199254740993' },
        { a: 'AA', b: '$l' },
      ]);
    }
  });

  it('takes the end of lines from Windows', async () => {
    const { rows } = await read('COPY t (a, b) FROM stdin;\r\nx\\r\ty\r\n\\N\t\r\n\\.\r\n');
    expect(rows.map(([, row]) => row)).toEqual([
      { a: 'x\r', b: 'y' },
      { a: null, b: '' },
    ]);
  });

  it('counts the rows of tables that are not wanted, and knows which schema a name is of', async () => {
    const dump =
      'CREATE TABLE IF NOT EXISTS public.other (a integer DEFAULT 1 NOT NULL, PRIMARY KEY (a));\n' +
      "INSERT INTO public.other VALUES (1), (2);\nINSERT INTO public.other VALUES ((3), f(';'));\n" +
      'COPY public.other (a) FROM stdin;\n4\n5\n\\.\nSET search_path = mine, pg_catalog;\n' +
      'COPY t (a) FROM stdin;\n1\n\\.\nCOPY "T t".t (a) FROM stdin;\n2\n\\.\n';
    const { rows, reader } = await read(dump, 7, (name) => name === 't');
    expect(rows).toEqual([
      ['mine.t', { a: '1' }],
      ['T t.t', { a: '2' }],
    ]);
    const key = keyOf({ database: '', schema: 'public', name: 'other' });
    expect(reader.others).toEqual(new Map([[key, 5]]));
    expect([...reader.tables.get(key)!.columns]).toEqual([['a', 'integer']]);
  });

  it('passes over functions, rules, policies and whatever else holds no rows', async () => {
    const { rows } = await read(`
      CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql BEGIN ATOMIC
        SELECT CASE WHEN true THEN 1 ELSE 2 END; SELECT 2; END;
      CREATE OR REPLACE PROCEDURE p() LANGUAGE plpgsql AS $_$ BEGIN DELETE FROM t; END $_$;
      CREATE RULE r AS ON INSERT TO t DO ALSO (NOTIFY a; NOTIFY b);
      CREATE POLICY p ON t USING (a = ';');
      CREATE PUBLICATION p FOR TABLE t (b);
      CREATE TABLE t (a text, b text COLLATE "C", CONSTRAINT c CHECK ((a <> 'x);')));
      CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "i x" ON t (a);
      ALTER TABLE ONLY t ALTER COLUMN a SET DEFAULT 'INSERT INTO t';
      COMMENT ON TABLE t IS 'DROP TABLE t; --'; GRANT ALL ON t TO PUBLIC; BEGIN; COMMIT;
      INSERT INTO t VALUES ('1', '2');
      ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a);
      ALTER TABLE public.t OWNER TO somebody; ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;`);
    expect(rows).toEqual([['t', { a: '1', b: '2' }]]);
  });

  it.each([
    [
      'COPY t (a, b) FROM stdin;\n1\n\\.\n',
      'line 2: 2 values are expected here, one for each column, and 1 stand here',
    ],
    ['COPY t (a) FROM stdin;\n1\n', 'line 3: the dump breaks off in the midst of the rows of a table'],
    [
      'COPY t (a) FROM stdin WITH CSV;\n1\n\\.\n',
      'line 1: COPY with options is nothing that pg_dump writes, and is not understood',
    ],
    [
      "COPY t (a) FROM '/etc/passwd';",
      'line 1: COPY other than FROM stdin is nothing that pg_dump writes, and is not understood',
    ],
    ['COPY t FROM stdin;\n\\.\n', 'line 1: rows of a table whose columns are nowhere named'],
    ['COPY t (a, a) FROM stdin;\n\\.\n', 'line 1: a column is named twice'],
    [Buffer.from('COPY t (a) FROM stdin;\n\xff\n\\.\n', 'latin1'), 'line 2: a value is not UTF-8'],
    ['COPY t (a) FROM stdin;\n\\303\n\\.\n', 'line 2: a value is not UTF-8'],
    ['COPY t (a) FROM stdin;\n\\0\n\\.\n', 'line 2: a value is not UTF-8'],
    [
      '\n\nINSERT INTO t (a) VALUES (now());',
      'line 3: a value is not understood: it is no string, number, array, true, false or NULL',
    ],
    ['INSERT INTO t (a) VALUES (1 + 1);', 'line 1: the value of column 1 is not understood'],
    ["INSERT INTO t (a) VALUES ('a' 'b');", 'line 1: the value of column 1 is not understood'],
    ["INSERT INTO t (a) VALUES (U&'a');", 'line 1: a string has a prefix that is not understood'],
    [
      'INSERT INTO t (a) VALUES (DEFAULT);',
      'line 1: a value is not understood: it is no string, number, array, true, false or NULL',
    ],
    [
      'INSERT INTO t (a) VALUES (1, 2);',
      'line 1: 1 values are expected here, one for each column, and 2 stand here',
    ],
    [
      'INSERT INTO t (a) SELECT 1;',
      'line 1: INSERT without VALUES is nothing that pg_dump writes, and is not understood',
    ],
    ["INSERT INTO t (a) VALUES ('a) ;\n\n", 'line 1: a string has no end'],
    [
      'INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 2;',
      'line 1: INSERT … ON CONFLICT other than DO NOTHING is nothing that pg_dump writes, and is not understood',
    ],
    ["INSERT INTO t (a) VALUES (E'\\uD83E');", 'line 1: a string has half of a character in it'],
    [
      'UPDATE t SET a = 1;',
      'line 1: a statement that begins with UPDATE is nothing that pg_dump writes, and is not understood',
    ],
    [
      'DELETE FROM t;',
      'line 1: a statement that begins with DELETE is nothing that pg_dump writes, and is not understood',
    ],
    ['SELECT f();', 'line 1: SELECT is nothing that pg_dump writes, and is not understood'],
    [
      'CREATE TABLE t AS SELECT 1;',
      'line 1: CREATE TABLE AS is nothing that pg_dump writes, and is not understood',
    ],
    ['\\! rm -rf /', 'line 1: \\something else is nothing that pg_dump writes, and is not understood'],
    ['\\i other.sql', 'line 1: \\I is nothing that pg_dump writes, and is not understood'],
    [
      'INSERT INTO t (a) VALUES (1);\nDROP TABLE t;',
      'line 2: DROP behind rows is nothing that pg_dump writes, and is not understood',
    ],
    [
      'INSERT INTO t (a) VALUES (1);\nALTER TABLE t ADD COLUMN b text DEFAULT 1;',
      'line 2: ALTER TABLE … ADD behind rows is nothing that pg_dump writes, and is not understood',
    ],
    [
      'INSERT INTO t (a) VALUES (1);\nALTER TABLE t RENAME a TO b;',
      'line 2: ALTER TABLE … RENAME behind rows is nothing that pg_dump writes, and is not understood',
    ],
    [
      "SET client_encoding = 'LATIN1';",
      'line 1: its encoding is something else: dump it with pg_dump --encoding=UTF8',
    ],
    ['/* no end', 'line 1: a comment has no end'],
    ['$x$ no end $y$', 'line 1: a string in dollar signs has no end'],
    ["'SECRET';", 'line 1: a statement is expected here'],
    [
      '--\n-- PostgreSQL database dump\n--\n\nSET a = 1;\n',
      'line 6: the dump breaks off: its last line is missing',
    ],
  ])('refuses what is not understood, and says where: %s', async (dump, complaint) => {
    expect(await refusal(dump)).toBe(complaint);
  });

  it('is refused wherever it breaks off', async () => {
    const row = { id: 'm', content: 'a\nb', project: 'p', index_id: 'i', memory_type: 'self' };
    for (const form of DUMP_FORMS) {
      const whole = dumpOf(1, { memories: [row, row] }, form);
      const random = new Random(seed);
      const end = whole.indexOf('-- PostgreSQL database dump complete');
      const start = whole.indexOf('PostgreSQL database dump') + 30;
      for (let i = 0; i < 60; i += 1) {
        const at = start + random.below(end - start);
        expect(await refusal(whole.slice(0, at)), `${form}, cut at ${at}`).not.toBe('nothing');
      }
      expect(await refusal(whole)).toBe('nothing');
    }
  });
});

describe('values as PostgreSQL writes them', () => {
  it.each<[string, number | undefined]>([
    ['2025-01-17 00:00:01+00', Date.UTC(2025, 0, 17, 0, 0, 1)],
    ['2025-01-17 05:30:01.123456+05:30', Date.UTC(2025, 0, 17, 0, 0, 1, 123)],
    ['2025-01-16 20:30:01.9-03:30', Date.UTC(2025, 0, 17, 0, 0, 1, 900)],
    ['1883-11-18 12:00:00-04:56:02', Date.UTC(1883, 10, 18, 16, 56, 2)],
    ['2025-01-17 00:00:01', Date.UTC(2025, 0, 17, 0, 0, 1)],
    ['10000-01-01 00:00:00+00', Date.UTC(10000, 0, 1)],
    ['0044-03-15 00:00:00+00 BC', Date.parse('-000043-03-15T00:00:00Z')],
    ['0044-03-15 00:00:00+00', Date.parse('0044-03-15T00:00:00Z')],
    ['2025-01-17T00:00:01Z', Date.UTC(2025, 0, 17, 0, 0, 1)],
    ['2025-02-30 00:00:00+00', undefined],
    ['infinity', undefined],
    ['1737072001', undefined],
    ['', undefined],
  ])('knows the time %s', (text, at) => expect(pgTimeOf(text)).toBe(at));

  it('knows arrays', () => {
    const random = new Random(seed);
    for (let round = 0; round < ROUNDS; round += 1) {
      const items = Array.from({ length: random.below(5) }, () => randomValue(random));
      const text = items.map((item) => {
        if (item === null) return 'NULL';
        const isBare = item !== '' && !/[",{}\\\s]|^null$/i.test(item) && !/^\s|\s$/.test(item);
        return isBare && random.chance(0.7) ? item : `"${item.replaceAll(/["\\]/g, '\\$&')}"`;
      });
      expect(pgArrayOf(`{${text.join(',')}}`), `round ${round}`).toEqual(items);
    }
    expect(pgArrayOf('[0:1]={a,b}')).toEqual(['a', 'b']);
    for (const none of ['', 'a', '{a', '{a,}', '{,a}', '{{a},{b}}', '{"a}', '{a"b"}', null])
      expect(pgArrayOf(none)).toBeUndefined();
  });

  it('knows vectors, booleans and numbers', () => {
    const bytes = pgVectorOf('[0.5,-1,2e-05, 3]')!;
    expect(Array.from({ length: 4 }, (_, i) => bytes.readFloatLE(4 * i))).toEqual([
      0.5,
      -1,
      Math.fround(2e-5),
      3,
    ]);
    for (const none of ['', '[]', '[a]', '[1,]', '[NaN]', '[Infinity]', '1,2', '[1,2', null])
      expect(pgVectorOf(none)).toBeUndefined();
    expect(['t', 'true', 'f', 'false', 'x', null].map(pgBooleanOf)).toEqual([
      true,
      true,
      false,
      false,
      undefined,
      undefined,
    ]);
    expect(['1', '-0.5', '1e-05', 'NaN', '01', '12345678901234567890'].map(pgNumberJson)).toEqual([
      ...['1', '-0.5', '1e-05', '"NaN"', '"01"', '12345678901234567890'],
    ]);
  });
});
