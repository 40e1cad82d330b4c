import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAppRole } from '../../src/upgrade/postgres/role-check.js';
import {
  type PostgresSchema,
  inVault,
  makeSchema,
  refusalOf,
  seedSchema,
} from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL, dropDatabase } from '../harness/postgres/scratch-server.js';
import { TABLES } from '../harness/tenant-rows.js';

const tables = Object.keys(TABLES);

describe.skipIf(!TEST_DATABASE_URL)('Cairns in schemas of one database', () => {
  let one: PostgresSchema;
  /** With roles of its own. */
  let other: PostgresSchema;
  /** With the roles of the first. */
  let twin: PostgresSchema;
  beforeAll(async () => {
    one = await makeSchema({ schema: 'one' });
    other = await makeSchema({ database: one.database, schema: 'other' });
    twin = await makeSchema({ database: one.database, schema: 'twin', roles: one.roles });
    for (const made of [one, other, twin]) await seedSchema(made);
  });
  afterAll(async () => {
    await other?.drop();
    if (one) await dropDatabase(one.database, Object.values(one.roles));
  });

  it('each is fit for its service, and securing one changes nothing in another', async () => {
    for (const made of [one, other, twin]) {
      expect((await made.secure()).statements).toEqual([]);
      const app = await made.connect('app');
      expect(await checkAppRole(app, made.schema)).toEqual([]);
      await app.end();
    }
  });

  it('the role of one service cannot touch the other’s schema', async () => {
    for (const [mine, theirs] of [
      [one, other],
      [other, one],
      [other, twin],
    ]) {
      for (const role of ['app', 'operator', 'backup', 'migrator'] as const) {
        const client = await mine.connect(role);
        await client.query('BEGIN');
        for (const table of [...tables, 'migrations', 'schema_version']) {
          const place = `${theirs.schema}.${table}`;
          for (const sql of [`SELECT 1 FROM ${place}`, `DELETE FROM ${place}`, `TRUNCATE ${place}`]) {
            expect(await refusalOf(client, sql), `${role}: ${sql}`).toBe('42501');
          }
        }
        expect(await refusalOf(client, `CREATE TABLE ${theirs.schema}.mine (id text)`)).toBe('42501');
        await client.end();
      }
      const app = await mine.connect('app');
      expect(await checkAppRole(app, theirs.schema)).toHaveLength(1);
      await app.end();
    }
  });

  it('the same role in two schemas sees rows of its vault in both, and of no other vault', async () => {
    const app = await one.connect('app');
    for (const { schema } of [one, twin]) {
      await inVault(app, 'A', async () => {
        for (const table of tables) {
          const { rows } = await app.query<{ vault_id: string }>(`SELECT vault_id FROM ${schema}.${table}`);
          expect(rows.length, `${schema}.${table}`).toBeGreaterThan(0);
          expect(rows.every(({ vault_id }) => vault_id === 'A')).toBe(true);
        }
      });
    }
    await app.end();
  });
});
