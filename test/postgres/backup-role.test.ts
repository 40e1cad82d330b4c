import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
const restore = postgresProgram('pg_restore');
const tables = [...Object.keys(TABLES), 'migrations', 'schema_version'];

describe.skipIf(!TEST_DATABASE_URL || !dump || !restore)('a dump of the schema', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-dump-'));
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
    rmSync(folder, { recursive: true });
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
    const file = join(folder, 'cairn.dump');
    const source = urlOf(made.database, made.roles.backup);
    const well = { status: 0, stderr: '' };
    expect(await runProgram(dump!, ['--schema=cairn', '-Fc', '-f', file, source])).toEqual(well);
    expect(await runProgram(restore!, ['--exit-on-error', '-d', urlOf(target), file])).toEqual(well);
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
    const file = join(folder, `${role}.dump`);
    const source = urlOf(made.database, made.roles[role]);
    const { status, stderr } = await runProgram(dump!, ['--schema=cairn', '-Fc', '-f', file, source]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/row-level security policy|permission denied/);
  });
});
