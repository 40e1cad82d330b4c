import 'reflect-metadata';
import { afterEach, describe, expect, it } from 'vitest';
import { MigrationRefusedError } from '../../src/upgrade/migration-refused.error.js';
import { plain } from '../harness/openmemory/files.js';
import { OpenMemoryPlace } from '../harness/postgres/openmemory/place.js';
import { DEFAULT_NAMES } from '../harness/postgres/openmemory/tables.js';
import { rowsOf } from '../harness/postgres/schema-state.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';

const places: OpenMemoryPlace[] = [];

async function placeOf(...given: Parameters<typeof OpenMemoryPlace.make>): Promise<OpenMemoryPlace> {
  const place = await OpenMemoryPlace.make(...given);
  places.push(place);
  return place;
}

/** Runs the migrations, which are refused with nothing changed. @returns what was said */
async function refusal(place: OpenMemoryPlace): Promise<string> {
  const { database } = place.place;
  const before = [await rowsOf(database, place.names.schema), await rowsOf(database)];
  const error: unknown = await place.upgradeHere().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MigrationRefusedError);
  expect([await rowsOf(database, place.names.schema), await rowsOf(database)]).toEqual(before);
  return (error as Error).message;
}

const notes = async (place: OpenMemoryPlace) => {
  const lines: string[] = [];
  await place.upgradeHere({ log: (line) => lines.push(line) });
  return lines.filter((line) => line.includes('Note: ') && !line.includes('BYPASSRLS'));
};

describe.skipIf(!TEST_DATABASE_URL)('what is in the way of OpenMemory’s tables is said', () => {
  afterEach(async () => {
    for (const place of places.splice(0)) await place.drop();
  });

  it('they are somebody else’s: the one statement that is printed is enough', async () => {
    const place = await placeOf('1.3.0', plain(4));
    const { operator } = place.place.roles;
    for (const table of ['openmemory_memories', 'stats', 'openmemory_users']) {
      await place.client.query(`ALTER TABLE ${table} OWNER TO ${operator}`);
    }
    await place.client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
    await place.client.query(`REVOKE ALL ON SCHEMA public FROM ${place.place.roles.migrator}`);
    const said = await refusal(place);
    expect(said).toContain('public.openmemory_memories, public.openmemory_users, public.stats');
    const statement = /DO \$take\$.*\$take\$;/.exec(said)![0];
    await place.client.query(statement);
    await place.upgradeHere();
    expect(await place.count('cairn.memories')).toBe(4);
  });

  it('one of them is somebody else’s', async () => {
    const place = await placeOf('1.3.0', plain(4));
    await place.client.query('ALTER TABLE openmemory_vectors OWNER TO CURRENT_USER');
    const { migrator } = place.place.roles;
    expect(await refusal(place)).toContain(
      `run ALTER TABLE "public"."openmemory_vectors" OWNER TO "${migrator}";`,
    );
  });

  it.each([
    ['a column', 'ALTER TABLE openmemory_memories ADD mine text', 'openmemory_memories.mine'],
    ['a column of vectors', 'ALTER TABLE openmemory_vectors ADD mine text', 'openmemory_vectors.mine'],
    ['a view', 'CREATE VIEW seen AS SELECT content FROM openmemory_memories', 'view seen'],
    [
      'a reference',
      'CREATE TABLE mine (memory uuid REFERENCES openmemory_memories (id))',
      'foreign key mine_memory_fkey of mine',
    ],
    [
      'a trigger',
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
       CREATE TRIGGER watch AFTER DELETE ON stats EXECUTE FUNCTION f()`,
      'trigger watch of stats',
    ],
    ['a child', 'CREATE TABLE more () INHERITS (openmemory_memories)', 'table more, which inherits'],
    [
      'policies',
      'ALTER TABLE openmemory_memories ENABLE ROW LEVEL SECURITY',
      'row-level security of openmemory_memories',
    ],
  ])('somebody has tied something to them: %s', async (_what, sql, named) => {
    const place = await placeOf('1.3.0', plain(4));
    await place.client.query(sql);
    expect(await refusal(place)).toContain(named);
  });

  it('they are in use', { timeout: 60_000 }, async () => {
    const place = await placeOf('1.3.0', plain(4));
    await place.client.query('BEGIN; LOCK TABLE openmemory_memories IN SHARE MODE');
    expect(await refusal(place)).toContain('stop OpenMemory, and run this again');
    await place.client.query('ROLLBACK');
    await place.upgradeHere();
  });

  it('a part of the way is wanted', async () => {
    const place = await placeOf('1.3.0', plain(4));
    await expect(place.upgradeHere({ to: '1.2.0' })).rejects.toThrow('is taken over as a whole');
    await place.upgradeHere({ to: '2.0.0' });
    await place.upgradeHere();
    expect(await place.count('cairn.memories')).toBe(4);
  });

  it('an id is too long for an index', async () => {
    const place = await placeOf('HEAD with ids of text', () => {});
    await place.client.query('ALTER TABLE openmemory_memories DROP CONSTRAINT openmemory_memories_pkey');
    await place.client.query(
      `INSERT INTO openmemory_memories (id, content, primary_sector)
       SELECT string_agg(md5(n::text), ''), 'x', 'semantic' FROM generate_series(1, 200) n`,
    );
    expect(await refusal(place)).toContain('too long for an index of PostgreSQL');
  });
});

describe.skipIf(!TEST_DATABASE_URL)('tables that are not OpenMemory’s', () => {
  afterEach(async () => {
    for (const place of places.splice(0)) await place.drop();
  });

  it('stay as they are beside it, whatever they are called', async () => {
    const place = await placeOf('1.1', plain(4));
    await place.client.query(
      `CREATE TABLE stats (id int, type text, count int, ts bigint, mine text);
       CREATE TABLE temporal_facts (id uuid, subject text, verb text);
       CREATE TABLE schema_version (version text, applied_at bigint);
       CREATE TABLE users (user_id text, summary text);
       CREATE TABLE memories (id uuid, content text);
       CREATE TABLE openmemory_users (name text);
       INSERT INTO stats VALUES (1, 'a', 1, 1, 'm');
       INSERT INTO schema_version VALUES ('20240101_first', 1), ('1.2.0', 1);
       INSERT INTO users VALUES ('somebody', 'else')`,
    );
    const others = ['stats', 'temporal_facts', 'schema_version', 'users', 'memories', 'openmemory_users'];
    for (const table of others.slice(0, 4)) {
      await place.client.query(`ALTER TABLE ${table} OWNER TO ${place.place.roles.migrator}`);
    }
    const rows = async () =>
      Object.fromEntries(
        Object.entries(await rowsOf(place.place.database, 'public')).filter(([name]) =>
          others.includes(name),
        ),
      );
    const before = await rows();
    expect(Object.keys(before)).toHaveLength(others.length);
    await place.upgradeHere();
    expect(await rowsOf(place.place.database, 'public')).toEqual(before);
    expect(await place.count('cairn.memories')).toBe(4);
    await place.revertAll();
    expect(await rows()).toEqual(before);
    expect(await place.count('public.openmemory_memories')).toBe(4);
  });

  it('stay where only the name is OpenMemory’s', async () => {
    const place = await OpenMemoryPlace.over(async (client) => {
      await client.query(`CREATE TABLE openmemory_memories (id int, text text)`);
    });
    places.push(place);
    expect(await notes(place)).toEqual([]);
    expect(Object.keys(await rowsOf(place.place.database, 'public'))).toEqual(['openmemory_memories']);
    expect(await place.count('cairn.memories')).toBe(0);
  });

  it('and tables that have its columns under another name are named', async () => {
    const place = await placeOf('1.3.0', plain(4), { ...DEFAULT_NAMES, memories: 'notes' });
    const { status, stdout } = await place.place.migrate(['run']);
    expect(status).toBe(0);
    expect(stdout).toContain('Note: public.notes has the columns of OpenMemory');
    expect(stdout).toContain('set OM_PG_TABLE=notes');
    expect(await place.count('public.notes')).toBe(4);
    // It is too late by then, which is said too.
    expect(await notes(place)).toEqual([expect.stringContaining('set DATABASE_SCHEMA')]);
    expect(await place.count('public.notes')).toBe(4);
  });
});
