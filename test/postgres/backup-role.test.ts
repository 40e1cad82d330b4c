import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresSchema, makeSchema, seedSchema } from '../harness/postgres/schema.js';
import {
  TEST_DATABASE_URL,
  asSuperuser,
  createDatabase,
  dropDatabase,
  urlOf,
} from '../harness/postgres/scratch-server.js';
import { postgresProgram, runProgram } from '../harness/postgres/programs.js';
import { TABLES } from '../harness/tenant-rows.js';

const dump = postgresProgram('pg_dump');
const psql = postgresProgram('psql');
const tables = [...Object.keys(TABLES), 'migrations', 'schema_version'];

describe.skipIf(!TEST_DATABASE_URL || !dump || !psql)('a dump of the schema', () => {
  let made: PostgresSchema;
  let target: string;
  beforeAll(async () => {
    made = await makeSchema();
    await seedSchema(made);
    target = await createDatabase();
  });
  afterAll(async () => {
    if (target) await dropDatabase(target);
    await made?.drop();
  });

  const contents = (database: string) =>
    asSuperuser(async (client) => {
      const rows: Record<string, string[]> = {};
      for (const table of tables) {
        const { rows: found } = await client.query<{ row: string }>(
          `SELECT t::text AS row FROM cairn.${table} t ORDER BY t::text COLLATE "C"`,
        );
        rows[table] = found.map(({ row }) => row);
      }
      return rows;
    }, database);

  it('by the backup role holds every row, policy and grant', async () => {
    const dumped = await runProgram(dump!, ['--schema=cairn', urlOf(made.database, made.roles.backup)]);
    expect({ ...dumped, stdout: '' }).toEqual({ status: 0, stdout: '', stderr: '' });
    const words = ['-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', urlOf(target)];
    const restored = await runProgram(psql!, words, dumped.stdout);
    expect({ status: restored.status, stderr: restored.stderr }).toEqual({ status: 0, stderr: '' });
    const [before, after] = [await contents(made.database), await contents(target)];
    for (const table of tables) expect(before[table].length, table).toBeGreaterThan(0);
    expect(after).toEqual(before);
    const guards = (database: string) =>
      asSuperuser(async (client) => {
        const { rows } = await client.query(
          `SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text, pg_get_userbyid(c.relowner),
             (SELECT jsonb_agg(to_jsonb(p) - 'oid' - 'polrelid' - 'polqual' - 'polwithcheck') FROM pg_policy p
               WHERE p.polrelid = c.oid)
           FROM pg_class c WHERE c.relnamespace = 'cairn'::regnamespace AND c.relkind = 'r' ORDER BY 1`,
        );
        return rows as unknown[];
      }, database);
    expect(await guards(target)).toEqual(await guards(made.database));
  });

  it.each(['app', 'migrator', 'operator'] as const)('by the role %s fails, and says so', async (role) => {
    const source = urlOf(made.database, made.roles[role]);
    const { status, stderr } = await runProgram(dump!, ['--schema=cairn', source]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/row-level security policy|permission denied/);
  });
});
