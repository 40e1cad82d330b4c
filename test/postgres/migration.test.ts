import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { steps } from '../../migrations/chain.js';
import { migratePostgres } from '../../src/upgrade/postgres/migrate-postgres.js';
import { TestService } from '../harness/app.js';
import { type MigrationPlace, makePlace } from '../harness/postgres/migration-place.js';
import { seedSchema } from '../harness/postgres/schema.js';
import { canDump, dumpOf, recordsOf, rowsOf } from '../harness/postgres/schema-state.js';
import {
  TEST_DATABASE_URL,
  asSuperuser,
  dropDatabase,
  uniqueName,
  urlOf,
} from '../harness/postgres/scratch-server.js';

const RUNNERS = 8;
const newest = steps[steps.length - 1];
const runningLines = (output: string) => output.match(/Running migration: .*/g) ?? [];

const places: MigrationPlace[] = [];

async function placeOf(schema: Parameters<typeof makePlace>[0]): Promise<MigrationPlace> {
  const place = await makePlace(schema);
  places.push(place);
  return place;
}

const dropPlaces = async () => {
  for (const place of places.splice(0)) await place.drop();
};

/** Something done by a superuser in a place's database. */
const asOwner = ({ database }: MigrationPlace, sql: string) =>
  asSuperuser((client) => client.query(sql), database);

describe.skipIf(!TEST_DATABASE_URL)('the migration commands on PostgreSQL', () => {
  afterEach(dropPlaces);

  it('run, show, go back step by step, and run again to the same schema', async () => {
    const place = await placeOf('with schema');
    const shown = async () => (await place.migrate(['show'])).stdout;
    expect(await shown()).toContain(`[ ] ${steps[0].version}`);

    const first = await place.migrate(['run']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(runningLines(first.stdout)).toEqual(
      steps.map(({ version, title }) => `Running migration: ${version} - ${title}`),
    );
    expect(first.stdout).toContain('[MIGRATE] Current database version: none');
    expect(first.stdout).toContain('[SUCCESS] Migration completed');
    const dump = canDump ? await dumpOf(place.database, urlOf(place.database)) : '';
    const records = await recordsOf(place.database);
    expect(records).toHaveLength(2 * steps.length);
    expect(await shown()).toContain(`[X] ${newest.version}`);

    const again = await place.migrate(['run']);
    expect(again.stdout).toContain('[MIGRATE] No migrations are pending');

    for (const [i, { version, title }] of steps.toReversed().entries()) {
      const { status, stdout } = await place.migrate(['revert']);
      expect(status).toBe(0);
      expect(stdout).toContain(`Reverting migration: ${version} - ${title}`);
      const left = steps.length - 1 - i;
      expect(await recordsOf(place.database)).toHaveLength(2 * left);
      expect(stdout).toContain(`at version ${left > 0 ? steps[left - 1].version : 'none'}`);
    }
    expect((await place.migrate(['revert'])).stdout).toContain('nothing to revert');

    expect(await place.migrate(['run'])).toMatchObject({ status: 0 });
    expect(await recordsOf(place.database)).toEqual(records);
    if (canDump) expect(await dumpOf(place.database, urlOf(place.database))).toBe(dump);
  });

  it.each(['with schema', 'without schema'] as const)('rehearse and leave nothing: %s', async (schema) => {
    const place = await placeOf(schema);
    const dump = () => (canDump ? dumpOf(place.database, urlOf(place.database)) : Promise.resolve(''));
    const before = await dump();
    const { status, stdout } = await place.migrate(['run', '--dry-run']);
    expect(status).toBe(0);
    expect(stdout).toContain(`[DRY RUN] Migration ${newest.version} completed successfully`);
    expect(stdout).toContain('was not changed');
    expect(stdout).not.toContain('[MIGRATE]');
    expect(await dump()).toBe(before);
    expect(await rowsOf(place.database)).toEqual({});
  });

  it('run by eight at once, each step is done once and all are content', async () => {
    const place = await placeOf('without schema');
    const runs = await Promise.all(Array.from({ length: RUNNERS }, () => place.migrate(['run'])));
    expect(runs.map(({ status, stderr }) => [status, stderr])).toEqual(runs.map(() => [0, '']));
    expect(runs.flatMap(({ stdout }) => runningLines(stdout))).toHaveLength(steps.length);
    expect(await recordsOf(place.database)).toHaveLength(2 * steps.length);
  });

  it('go back only where no row is lost, and otherwise change nothing', async () => {
    const place = await placeOf('with schema');
    await migratePostgres({ database: place.config });
    await seedSchema({ schema: 'cairn', asSuperuser: (work) => asSuperuser(work, place.database) });
    const before = await rowsOf(place.database);
    expect(before.memories.length).toBeGreaterThan(1);
    let refused: string | undefined;
    for (let left = steps.length; refused === undefined && left > 0; left -= 1) {
      const there = await rowsOf(place.database);
      const { status, stderr } = await place.migrate(['revert']);
      if (status === 0) continue;
      refused = stderr;
      expect(status).toBe(2);
      expect(await rowsOf(place.database)).toEqual(there);
    }
    expect(refused).toMatch(/Nothing was changed/);
    const after = await rowsOf(place.database);
    expect(after.memories.length).toBe(before.memories.length);
  });
});

describe.skipIf(!TEST_DATABASE_URL)('the service on PostgreSQL', () => {
  let place: MigrationPlace;
  beforeAll(async () => {
    place = await placeOf('with schema');
    await migratePostgres({ database: place.config });
    await asOwner(
      place,
      `CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'DDL: %', tg_tag; END $$;
       CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION public.refuse()`,
    );
  });
  afterAll(dropPlaces);

  it('starts and works where nobody may change a schema', async () => {
    await expect(asOwner(place, 'CREATE TABLE cairn.mine (a int)')).rejects.toThrow('DDL: CREATE TABLE');
    const service = await TestService.start(
      { ...place.env, DATABASE_MIGRATOR_URL: '' },
      urlOf(place.database),
    );
    try {
      const client = service.as('acme', 'ana');
      const { status, body } = await client.post('/v1/memories', { content: 'The owl sat in the barn.' });
      expect([status, body.content]).toEqual([201, 'The owl sat in the barn.']);
      const found = await client.post('/v1/memories/search', { query: 'owl' });
      expect(found.body.results).toHaveLength(1);
      expect((await client.get('/health/ready')).status).toBe(200);
    } finally {
      await service.stop();
    }
  });

  it('does not migrate an older schema, and names the command', async () => {
    const older = await placeOf('with schema');
    await migratePostgres({ database: older.config, to: steps[steps.length - 2].name });
    const before = await rowsOf(older.database);
    await expect(TestService.start(older.env, urlOf(older.database))).rejects.toThrow(
      /is of an older version.*npm run migration:run/,
    );
    expect(await rowsOf(older.database)).toEqual(before);
  });
});

describe.skipIf(!TEST_DATABASE_URL)('what keeps a migration from running is said', () => {
  afterEach(dropPlaces);

  const refusal = async (place: MigrationPlace, env: NodeJS.ProcessEnv = {}, ...args: string[]) => {
    const { status, stderr } = await place.migrate(['run', ...args], env);
    expect(status).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
    return stderr;
  };

  it('no DATABASE_MIGRATOR_URL', async () => {
    const place = await placeOf('with schema');
    expect(await refusal(place, { DATABASE_MIGRATOR_URL: undefined })).toContain(
      'DATABASE_MIGRATOR_URL is not set',
    );
  });

  it('no schema, and OM_PG_AUTO_DDL=false', async () => {
    const place = await placeOf('without schema');
    const sentence = await refusal(place, { OM_PG_AUTO_DDL: 'false' });
    expect(sentence).toContain('There is no schema cairn');
    expect(sentence).toContain('OM_PG_AUTO_DDL keeps it from being made');
    expect(sentence).toContain(`CREATE SCHEMA "cairn" AUTHORIZATION "${place.roles.migrator}";`);
  });

  it('no schema, and no privilege to make one', async () => {
    const place = await placeOf('without schema');
    await asOwner(place, `REVOKE CREATE ON DATABASE ${place.database} FROM ${place.roles.migrator}`);
    expect(await refusal(place)).toContain(`the role ${place.roles.migrator} may not make it`);
  });

  it('a schema that is somebody else’s', async () => {
    const place = await placeOf('with schema');
    await asOwner(place, 'ALTER SCHEMA cairn OWNER TO CURRENT_USER');
    const sentence = await refusal(place);
    expect(sentence).toContain(`may not make tables in the schema cairn`);
    expect(sentence).toContain(`ALTER SCHEMA "cairn" OWNER TO "${place.roles.migrator}";`);
  });

  it('no role of the service, which the tables would be closed for', async () => {
    const place = await placeOf('with schema');
    const { status, stdout, stderr } = await place.migrate(['run'], { OM_PG_APP_ROLE: 'absent_role' });
    expect(status === 0 ? stdout : stderr).toContain('absent_role');
    expect(status === 0 ? stdout : stderr).toContain('npm run db:roles');
  });

  it('a role that does not exist', async () => {
    const place = await placeOf('with schema');
    const url = new URL(place.env.DATABASE_MIGRATOR_URL!);
    url.username = 'absent_role';
    expect(await refusal(place, { DATABASE_MIGRATOR_URL: url.href })).toContain('"absent_role"');
  });

  it('another program’s tables in the schema, which stay as they are', async () => {
    const place = await placeOf('with schema');
    await asOwner(
      place,
      `CREATE TABLE cairn.openmemory_memories (id uuid PRIMARY KEY, user_id text, content text, simhash text,
         primary_sector text, salience double precision, mean_vec bytea);
       INSERT INTO cairn.openmemory_memories (id, content) VALUES (gen_random_uuid(), 'kept');
       ALTER TABLE cairn.openmemory_memories OWNER TO ${place.roles.migrator}`,
    );
    const before = await rowsOf(place.database);
    const sentence = await refusal(place);
    expect(sentence).toContain("holds tables that are not Cairn's (openmemory_memories)");
    expect(sentence).toContain('set DATABASE_SCHEMA');
    expect(await rowsOf(place.database)).toEqual(before);
  });

  describe('no database', () => {
    const absent = uniqueName('cairn_absent');
    const elsewhere = ({ env, roles }: MigrationPlace) => ({
      ...env,
      DATABASE_URL: urlOf(absent, roles.app),
      DATABASE_MIGRATOR_URL: urlOf(absent, roles.migrator),
    });
    afterEach(() => dropDatabase(absent));
    const mayMake = (place: MigrationPlace) => asOwner(place, `ALTER ROLE ${place.roles.migrator} CREATEDB`);
    const flag = { OM_PG_AUTO_CREATE_DB: 'true' };

    it('and nobody asked for one', async () => {
      const place = await placeOf('with schema');
      await mayMake(place);
      const sentence = await refusal(place, elsewhere(place));
      expect(sentence).toContain(`The database "${absent}" does not exist`);
      expect(sentence).toContain('OM_PG_AUTO_CREATE_DB=true');
    });

    it('and the migrator may not make it', async () => {
      const place = await placeOf('with schema');
      expect(await refusal(place, { ...elsewhere(place), ...flag })).toContain(
        `ALTER ROLE ${place.roles.migrator} CREATEDB`,
      );
    });

    it('and a rehearsal, which makes none', async () => {
      const place = await placeOf('with schema');
      await mayMake(place);
      expect(await refusal(place, { ...elsewhere(place), ...flag }, '--dry-run')).toContain(
        'does not exist, and a rehearsal does not make it',
      );
    });

    it('and OM_PG_AUTO_CREATE_DB: it is made, once, however many ask', async () => {
      const place = await placeOf('with schema');
      await mayMake(place);
      const env = { ...elsewhere(place), ...flag };
      const runs = await Promise.all([1, 2, 3].map(() => place.migrate(['run'], env)));
      expect(runs.map(({ status, stderr }) => [status, stderr])).toEqual(runs.map(() => [0, '']));
      const said = runs.filter(({ stdout }) => stdout.includes(`[MIGRATE] Made the database ${absent}`));
      expect(said).toHaveLength(1);
      expect(await recordsOf(absent)).toHaveLength(2 * steps.length);
      const service = await TestService.start(env, urlOf(absent));
      expect((await service.as('acme', 'ana').get('/v1/memories')).status).toBe(200);
      await service.stop();
    });
  });
});
