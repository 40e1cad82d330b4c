import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { PgDumpReader } from '../../src/upgrade/import/pg-dump-reader.js';
import { openSource } from '../../src/upgrade/import/open-source.js';
import { importHere } from '../harness/import/import-here.js';
import { importedState } from '../harness/import/imported-state.js';
import { LEVELS, type Level, schemaAt, rowsAt } from '../harness/import/memory-mcp-dump.js';
import { mcpRows } from '../harness/import/memory-mcp-rows.js';
import { copyOf, migratedDatabase } from '../harness/migrated-database.js';
import { postgresProgram, runProgram } from '../harness/postgres/programs.js';
import {
  TEST_DATABASE_URL,
  TEST_PASSWORD,
  asSuperuser,
  createDatabase,
  dropDatabase,
  uniqueName,
  urlOf,
} from '../harness/postgres/scratch-server.js';
import { Random } from '../harness/random.js';
import { randomSeed } from '../harness/seed.js';
import { tempFolder } from '../harness/temp-folder.js';

const seed = randomSeed('postgres.import-memory-mcp');
const dump = postgresProgram('pg_dump');
const FORMS = [
  [],
  ['--inserts'],
  ['--column-inserts'],
  ['--rows-per-insert=3'],
  ['--data-only'],
  ['--clean', '--create'],
];

const made: [name: string, roles: readonly string[]][] = [];
afterEach(async () => {
  for (const [name, roles] of made.splice(0)) await dropDatabase(name, roles);
});

/** A database of Memory MCP with rows of all kinds; where the server has no pgvector, its vectors are texts. */
async function mcpDatabase(level: Level): Promise<string> {
  const name = await createDatabase();
  made.push([name, []]);
  await asSuperuser(async (client) => {
    const { rowCount } = await client.query("SELECT FROM pg_available_extensions WHERE name = 'vector'");
    let schema = schemaAt(level);
    if (rowCount) await client.query('CREATE EXTENSION vector');
    else
      schema = schema.replace(/public\.vector\(\d+\)/, 'text').replace(/CREATE INDEX \w+ivfflat[^;]*;/, '');
    // What the rows have on purpose, keys and checks would refuse.
    await client.query(schema.replaceAll(/ALTER TABLE[^;]*FOREIGN KEY[^;]*;/g, ''));
    await client.query('SET search_path = public');
    const checks = await client.query<{ sql: string }>(
      `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS sql
         FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace`,
    );
    for (const { sql } of checks.rows) await client.query(sql);
    for (const [table, rows] of rowsAt(level, mcpRows(level))) {
      for (const row of rows) {
        const columns = Object.keys(row);
        const marks = columns.map((_, i) => `$${i + 1}`).join(', ');
        await client.query(
          `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${marks})`,
          Object.values(row),
        );
      }
    }
    await client.query('CREATE TABLE widgets (a int); INSERT INTO widgets VALUES (1)');
  }, name);
  return name;
}

async function dumpOf(database: string, options: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram(dump!, [...options, urlOf(database)]);
  if (status !== 0) throw new Error(stderr);
  const file = join(tempFolder(), 'dump.sql');
  writeFileSync(file, stdout);
  return file;
}

async function sourceOf(from: string) {
  const source = await openSource('memory-mcp', from);
  const rows: string[] = [];
  for await (const row of source.rows()) rows.push(JSON.stringify([row.table, row.key, row.text]));
  source.close();
  return { fingerprint: source.fingerprint, rows, notes: source.notes ?? [] };
}

describe.skipIf(!TEST_DATABASE_URL)('Memory MCP on a server', () => {
  it.each(LEVELS)('of schema level %i gives the same rows as its dumps', async (level) => {
    const database = await mcpDatabase(level);
    const live = await sourceOf(urlOf(database));
    const sizes = [...rowsAt(level, mcpRows(level)).values()].map((rows) => rows.length);
    expect(live.rows).toHaveLength(sizes.reduce((sum, n) => sum + n, 0));
    expect(live.notes[0]).toMatch(/^Memory MCP, schema level \d, on PostgreSQL \d+/);
    expect(live.notes).toContain("Left alone, since they are not Memory MCP's: public.widgets");
    if (!dump) return;
    for (const form of FORMS) {
      const { fingerprint, rows } = await sourceOf(await dumpOf(database, form));
      expect([form, fingerprint, rows]).toEqual([form, live.fingerprint, live.rows]);
    }
  });

  it('is imported like its dump, into whichever database', async () => {
    const database = await mcpDatabase(4);
    const place = await migratedDatabase();
    const other = copyOf(place);
    const report = await importHere(place, 'memory-mcp', urlOf(database));
    expect(report.vaults.flatMap(({ problems }) => problems)).toEqual([]);
    const projects = join(tempFolder(), 'projects.json');
    const entries = {
      main: { databaseUrl: urlOf(database) },
      other: { databaseUrl: 'postgres://nobody@h/d' },
    };
    writeFileSync(projects, JSON.stringify(entries));
    const again = await importHere(place, 'memory-mcp', projects, { project: 'main' });
    expect(again.importId).toBe(report.importId);
    expect(again.vaults.map(({ fresh }) => fresh)).toEqual([0, 0, 0]);
    if (!dump) return;
    await importHere(other, 'memory-mcp', await dumpOf(database, []));
    const stateOf = (at: string) => ({ ...importedState(at), imports: [], term_blocks: [] });
    expect(stateOf(other)).toEqual(stateOf(place));
  });

  it('is read without a right to write, and refused where it cannot be read whole', async () => {
    const database = await mcpDatabase(4);
    const role = uniqueName('t_reader');
    made[0] = [database, [role]];
    const run = (sql: string) => asSuperuser((client) => client.query(sql), database);
    await run(`CREATE ROLE ${role} LOGIN PASSWORD '${TEST_PASSWORD}'`);
    const refusal = () =>
      sourceOf(urlOf(database, role)).then(
        () => 'nothing',
        ({ message }: Error) => message,
      );
    expect(await refusal()).toMatch(
      /may not read all of it \(permission denied for table \w+\): GRANT SELECT/,
    );
    await run(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    expect(await refusal()).toBe('nothing');
    // Rows that a policy hides are not left out in silence.
    await run('ALTER TABLE memories ENABLE ROW LEVEL SECURITY');
    expect(await refusal()).toMatch(/may not read all of it \(query would be affected by row-level security/);
    await run('ALTER TABLE memories DISABLE ROW LEVEL SECURITY; CREATE SCHEMA two');
    await run('CREATE TABLE two.memories (LIKE public.memories)');
    expect(await refusal()).toMatch(/in several databases or schemas/);
    await run(
      'DROP TABLE two.memories; DROP TABLE public.memory_relationships; DROP TABLE public.memories CASCADE',
    );
    expect(await refusal()).toMatch(/holds no table memories of Memory MCP/);
    expect(await refusal()).not.toContain(TEST_PASSWORD);
    const missing = new URL(urlOf(database));
    missing.pathname = '/none_of_this_name';
    const message = await sourceOf(missing.href).then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    expect(message).toMatch(/There is no database "none_of_this_name" there/);
  });
});

describe.skipIf(!TEST_DATABASE_URL || !dump)('values on their way through pg_dump', () => {
  const PIECES = [
    ...[
      '\\',
      "'",
      '"',
      '\t',
      '\n',
      '\r',
      '\b',
      '\f',
      '\v',
      '$$',
      '{',
      '}',
      ',',
      ';',
      '--',
      '/*',
      '\\N',
      '\\.',
      '\n\\.\n',
    ],
    ...[
      "E'",
      'NULL',
      'a',
      '7',
      'x41',
      'é',
      '标签',
      '🦊',
      '\u0001',
      '\u007f',
      '\u0085',
      '\u2028',
      ' ',
      '\\\\',
      "''",
      '$1',
    ],
  ];
  const TYPES = [
    'text',
    'text[]',
    'jsonb',
    'json',
    'timestamptz',
    'real',
    'double precision',
    'numeric',
    'boolean',
    'bigint',
    'bytea',
    'uuid',
    'date',
    'interval',
    'smallint[]',
  ];

  function valueOf(type: string, random: Random): string | null {
    if (random.chance(0.15)) return null;
    const text = () => Array.from({ length: random.below(8) }, () => random.pick(PIECES)).join('');
    const number = () =>
      random.pick(['0', '-1', '1.5e-7', '3.4028e38', 'NaN', 'Infinity', '-Infinity', String(random.next())]);
    switch (type) {
      case 'text':
        return text();
      case 'text[]':
        return `{${Array.from({ length: random.below(4) }, () => (random.chance(0.2) ? 'NULL' : `"${text().replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`;
      case 'json':
      case 'jsonb':
        return JSON.stringify({ [text()]: [text(), random.below(9), null, { b: 1e300 }] });
      case 'timestamptz':
        return random.pick([
          'infinity',
          '-infinity',
          '0044-03-15 00:00:00+00 BC',
          '1883-11-18 12:00:00-04:56:02',
          '2025-03-30 02:30:00.123456+01',
          '12345-01-01 00:00:00+00',
        ]);
      case 'boolean':
        return random.pick(['t', 'f']);
      case 'bigint':
        return random.pick(['9223372036854775807', '-9223372036854775808', '0']);
      case 'bytea':
        return `\\x${Buffer.from(text()).toString('hex')}`;
      case 'uuid':
        return '00000000-0000-4000-8000-00000000000a';
      case 'date':
        return random.pick(['2025-02-28', 'infinity', '0001-01-01 BC']);
      case 'interval':
        return random.pick(['1 mon -3 days', '-04:05:06']);
      case 'smallint[]':
        return random.pick(['{}', '{1,-2,NULL}', '[0:1]={1,2}', '{{1,2},{3,4}}']);
      default:
        return type === 'numeric' && random.chance(0.3) ? '1'.repeat(60) : number();
    }
  }

  it('are what the server itself says they are', async () => {
    const random = new Random(seed);
    const name = await createDatabase();
    made.push([name, []]);
    const columns = TYPES.map((type, i) => `"c ${i} ""${type}"""`);
    const expected = await asSuperuser(async (client: Client) => {
      await client.query(
        `CREATE TABLE "odd ""name" (n int, ${columns.map((column, i) => `${column} ${TYPES[i]}`).join(', ')})`,
      );
      for (let n = 0; n < 300; n += 1) {
        const marks = TYPES.map((type, i) => `$${i + 2}::${type}`).join(', ');
        await client.query(`INSERT INTO "odd ""name" VALUES ($1, ${marks})`, [
          n,
          ...TYPES.map((type) => valueOf(type, random)),
        ]);
      }
      // As pg_dump has them.
      await client.query("SET extra_float_digits = 3; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'");
      const texts = columns.map((column, i) =>
        TYPES[i] === 'boolean' ? `left(${column}::text, 1)` : `${column}::text`,
      );
      const { rows } = await client.query<(string | null)[]>({
        text: `SELECT n::text, ${texts.join(', ')} FROM "odd ""name" AS t ORDER BY t.n`,
        rowMode: 'array',
      });
      return rows;
    }, name);
    for (const form of FORMS) {
      const reader = await PgDumpReader.open(await dumpOf(name, form), () => true, 1 + random.below(9_000));
      const found: (string | null)[][] = [];
      for await (const { values } of reader.rows()) found.push([...values]);
      found.sort((a, b) => Number(a[0]) - Number(b[0]));
      expect([form, found]).toEqual([form, expected]);
    }
  });
});
