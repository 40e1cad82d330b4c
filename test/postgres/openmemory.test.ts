import 'reflect-metadata';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { TestService } from '../harness/app.js';
import { recordFigure } from '../harness/figures.js';
import { awkward, plain } from '../harness/openmemory/files.js';
import { comparable } from '../harness/openmemory/snapshot.js';
import { OpenMemoryPlace } from '../harness/postgres/openmemory/place.js';
import { DEFAULT_NAMES, SHAPES } from '../harness/postgres/openmemory/tables.js';
import { postgresProgram, runProgram } from '../harness/postgres/programs.js';
import { rowsOf } from '../harness/postgres/schema-state.js';
import { TEST_DATABASE_URL, urlOf } from '../harness/postgres/scratch-server.js';

const places: OpenMemoryPlace[] = [];

async function placeOf(...given: Parameters<typeof OpenMemoryPlace.make>): Promise<OpenMemoryPlace> {
  const place = await OpenMemoryPlace.make(...given);
  places.push(place);
  return place;
}

const dropPlaces = async () => {
  for (const place of places.splice(0)) await place.drop();
};

const MEMORIES = 12;
const OTHER_NAMES = { schema: 'Old-Memory', memories: 'notes', vectors: 'embeddings' };

describe.skipIf(!TEST_DATABASE_URL)('tables of OpenMemory on PostgreSQL', () => {
  afterEach(dropPlaces);

  it.each(SHAPES)(
    'are taken over with everything in them, and given back as they were: %s',
    async (shape) => {
      const place = await placeOf(shape, plain(MEMORIES));
      await place.client.query(`GRANT SELECT ON openmemory_memories TO PUBLIC`);
      await place.client.query(
        `GRANT INSERT (content), UPDATE (content) ON openmemory_memories TO ${place.place.roles.app} WITH GRANT OPTION`,
      );
      const before = await place.snapshot();
      const state = await place.state();
      await place.upgradeHere();
      await place.expectNothingLost(before);
      const rows = (table: string) => before.tables.get(table)?.length ?? 0;
      expect(rows('memories')).toBe(MEMORIES);
      expect(await place.count('cairn.memories')).toBe(MEMORIES);
      expect(await place.count('cairn.vectors')).toBe(rows('vectors'));
      expect(await place.count('cairn.waypoints')).toBe(rows('waypoints'));
      expect(await place.count('cairn.facts')).toBe(rows('temporal_facts'));
      expect(await place.count('cairn.fact_edges')).toBe(rows('temporal_edges'));
      expect(await place.count('cairn.stats')).toBe(rows('stats'));
      expect(await place.count('cairn.users')).toBe(rows('users'));
      const left = `pg_tables WHERE schemaname = 'public' AND tablename <> 'schema_version'`;
      expect(await place.count(left)).toBe(0);
      expect(await place.revertAll()).toBe(4);
      expect(await place.state()).toEqual(state);
      expect(await rowsOf(place.place.database)).toEqual({});
      await place.upgradeHere();
      await place.expectNothingLost(before);
    },
  );

  it('are found in another schema, under other names', async () => {
    const place = await placeOf('1.3.0, its migration aborted', plain(MEMORIES), OTHER_NAMES);
    const before = await place.snapshot();
    const { stdout } = await place.upgrade();
    expect(stdout).toContain('OpenMemory Database Migration Tool');
    expect(stdout).toMatch(/\[MIGRATE\] Old-Memory\.notes +12 +12 +0 /);
    expect(stdout).toContain('[MIGRATE] Current database version: 1.2.0');
    expect(stdout).toContain('[MIGRATE] Running migration: 1.2.0 - Multi-user tenant support');
    expect(stdout).not.toContain('Running migration: 1.1.0');
    expect(stdout).toContain('[MIGRATE] Vault default-vault: 12 memories');
    expect(stdout).toContain('[SUCCESS] Migration completed');
    expect(stdout).toContain("curl -H 'X-Vault-Id: default-vault'");
    await place.expectNothingLost(before);
    const rows = await rowsOf(place.place.database);
    expect((await place.upgrade()).stdout).toContain('[MIGRATE] No migrations are pending');
    expect(await rowsOf(place.place.database)).toEqual(rows);
  });

  it('are taken over where they stand in the schema of Cairn itself', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES), { ...DEFAULT_NAMES, schema: 'cairn' });
    const before = await place.snapshot();
    const { rows } = await place.state();
    expect((await place.migrate('show')).stdout).toContain('[ ] 2.0.0');
    const env = { ...place.place.env, ...place.settings };
    await expect(TestService.start(env, urlOf(place.place.database))).rejects.toThrow(
      'npm run migration:run',
    );
    await place.upgradeHere();
    await place.expectNothingLost(before);
    expect((await place.upgradeHere()).steps).toEqual([]);
    await place.revertAll();
    expect((await place.state()).rows).toEqual(rows);
  });

  it.each(['1.1', '1.3.0', 'HEAD', 'HEAD with ids of text'] as const)(
    'keep every value that their columns take, however odd: %s',
    async (shape) => {
      const place = await placeOf(shape, awkward);
      const before = await place.snapshot();
      await place.upgradeHere();
      const { rows } = await place.expectNothingLost(before);
      expect(rows).toBeGreaterThan(100);
      recordFigure('upgrade.postgres.rows', rows);
      if (shape !== 'HEAD with ids of text') return;
      await place.revertAll();
      expect(comparable(await place.snapshot())).toEqual(comparable(before));
    },
  );

  it('may be empty', async () => {
    const place = await placeOf('HEAD', () => {});
    await place.upgradeHere();
    expect(await place.count('cairn.memories')).toBe(0);
  });

  it('keep numbers that SQLite has not, and every bit of a vector', async () => {
    const place = await placeOf('HEAD', () => {});
    await place.client.query(
      `INSERT INTO openmemory_memories (id, user_id, content, primary_sector, salience, decay_lambda, created_at, meta)
       SELECT gen_random_uuid(), u, 'content of ' || n, 'semantic', s, '-0', 9223372036854775807, '{"a":'
       FROM (VALUES (1, 'NaN'::float8, NULL), (2, 'Infinity', ''), (3, '-Infinity', 'a'), (4, '-0', 'A'),
         (5, 5e-324, E'\\U0001F701')) v (n, s, u)`,
    );
    await place.client.query(
      `INSERT INTO openmemory_vectors (id, sector, v, dim)
       SELECT id, 'semantic',
         ('[0.1,-0,3.4028235e+38,1.4013e-45,16777216' || repeat(',0.25', 1531) || ']')::vector, 1536
       FROM openmemory_memories`,
    );
    const before = await place.snapshot();
    const rows = await rowsOf(place.place.database, 'public');
    await place.upgradeHere();
    expect((await place.expectNothingLost(before)).rows).toBe(10);
    await place.revertAll();
    expect(await rowsOf(place.place.database, 'public')).toEqual(rows);
  });

  it('are rehearsed, and left as they are', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    const before = [await place.state(), await rowsOf(place.place.database)];
    const { stdout } = await place.upgrade('--dry-run');
    expect(stdout).toMatch(/\[DRY RUN\] public\.openmemory_memories +12 +12 +0 /);
    expect(stdout).not.toMatch(/\[MIGRATE\]|curl/);
    expect([await place.state(), await rowsOf(place.place.database)]).toEqual(before);
  });

  it('come into the vaults that are asked for', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgrade('--vault', 'acme');
    expect(await place.count(`cairn.memories WHERE vault_id = 'acme'`)).toBe(MEMORIES);
  });

  it('are served under row-level security, and searched', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    const { rows } = await place.client.query<{ id: string; content: string; user_id: string }>(
      'SELECT id, content, user_id FROM openmemory_memories ORDER BY created_at LIMIT 1',
    );
    await place.upgrade();
    const service = await TestService.start(place.place.env, urlOf(place.place.database));
    try {
      const client = service.as('default-vault');
      const list = await client.get('/v1/memories?limit=100');
      expect(list.body.items).toHaveLength(MEMORIES);
      const one = await client.get(`/v1/memories/${rows[0].id}`);
      expect([one.status, one.body.content, one.body.user_id]).toEqual([
        200,
        rows[0].content,
        rows[0].user_id,
      ]);
      const found = await client.post('/v1/memories/search', { query: rows[0].content });
      expect(found.body.results[0].id).toBe(rows[0].id);
      expect((await service.as('another').get('/v1/memories')).body.items).toEqual([]);
      const erased = await service
        .as('default-vault', undefined, ['read', 'write', 'delete', 'vault', 'admin'])
        .delete(`/v1/users/${rows[0].user_id}`);
      expect(erased.status).toBeLessThan(300);
      expect(await place.count(`cairn.legacy_rows WHERE user_id = '${rows[0].user_id}'`)).toBe(0);
    } finally {
      await service.stop();
    }
  });

  it.each(['public', 'elsewhere'])('that a release has written, in the schema %s', async (schema) => {
    const sample = join(process.env.CAIRN_DATA ?? '', 'legacy', 'openmemory-v1.3.0-postgres.sql');
    const psql = postgresProgram('psql');
    if (!process.env.CAIRN_DATA || !existsSync(sample) || !psql) {
      console.log(
        'A dump of OpenMemory on PostgreSQL: not measured. Set CAIRN_DATA to the folder that holds it.',
      );
      return;
    }
    const place = await OpenMemoryPlace.over(
      async (client) => {
        // The two lines that only psql understands.
        const dump = readFileSync(sample, 'utf8').replace(/^\\(?:un)?restrict .*$/gm, '');
        const moved = `CREATE SCHEMA IF NOT EXISTS ${schema};\n${dump.replaceAll('public.', `${schema}.`)}`;
        const { database } = client as unknown as { database: string };
        const at = ['-v', 'ON_ERROR_STOP=1', '-d', urlOf(database)];
        const { status } = await runProgram(psql, ['-q', ...at], moved);
        expect(status).toBe(0);
      },
      { ...DEFAULT_NAMES, schema },
    );
    places.push(place);
    const before = await place.snapshot();
    const state = await place.state();
    await place.upgrade();
    const { rows } = await place.expectNothingLost(before);
    expect(rows).toBe(32);
    recordFigure('upgrade.postgres.samples', rows);
    await place.revertAll();
    expect(await place.state()).toEqual(state);
  });
});
