import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkAppRole } from '../../src/upgrade/postgres/role-check.js';
import { checkServerVersion } from '../../src/database/postgres/server-version.js';
import { type PostgresSchema, makeSchema } from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL, connectTo } from '../harness/postgres/scratch-server.js';

describe.skipIf(!TEST_DATABASE_URL)('the check of the role of the service', () => {
  let made: PostgresSchema;
  let app: Client;
  beforeAll(async () => {
    made = await makeSchema();
    app = await made.connect('app');
  });
  afterAll(async () => {
    await app?.end();
    await made?.drop();
  });

  /** The problems while these statements hold; then they are taken back, and the schema is closed again. */
  async function problemsWith(
    spoil: readonly string[],
    mend: readonly string[] = [],
    as: { readonly connect?: () => Promise<Client>; readonly schema?: string } = {},
  ): Promise<string[]> {
    const run = (statements: readonly string[]) =>
      made.asSuperuser(async (client) => {
        await client.query(`SET search_path = ${made.schema}`);
        for (const sql of statements) await client.query(sql);
      });
    let client: Client | undefined;
    try {
      await run(spoil);
      client = await as.connect?.();
      return await checkAppRole(client ?? app, as.schema ?? made.schema);
    } finally {
      await client?.end();
      await run(mend);
      await made.secure();
      expect(await checkAppRole(app, made.schema)).toEqual([]);
    }
  }

  it('finds nothing wrong with what db:roles and the migrations make', async () => {
    expect(await checkAppRole(app, made.schema)).toEqual([]);
  });

  it.each(['SUPERUSER', 'BYPASSRLS', 'REPLICATION', 'CREATEROLE'])(
    'refuses a role with %s',
    async (attribute) => {
      const role = made.roles.app;
      const [problem, ...more] = await problemsWith(
        [`ALTER ROLE ${role} ${attribute}`],
        [`ALTER ROLE ${role} NO${attribute}`],
      );
      expect(problem).toContain(`ALTER ROLE "${role}" NO${attribute}`);
      expect(more).toEqual([]);
    },
  );

  it('refuses the owner of the schema', async () => {
    const problems = await problemsWith([], [], { connect: () => made.connect('migrator') });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`The role ${made.roles.migrator} owns the schema`);
  });

  it('refuses the owner of a single table', async () => {
    const problems = await problemsWith(
      [`ALTER TABLE facts OWNER TO ${made.roles.app}`],
      [`ALTER TABLE facts OWNER TO ${made.roles.migrator}`],
    );
    expect(problems[0]).toContain(
      `The role ${made.roles.app} owns the schema ${made.schema} or something in it`,
    );
  });

  it('refuses a member of the owner, however far away, and though it inherits nothing', async () => {
    const { app: role, migrator } = made.roles;
    const direct = await problemsWith([`GRANT ${migrator} TO ${role}`], [`REVOKE ${migrator} FROM ${role}`]);
    expect(direct).toHaveLength(1);
    expect(direct[0]).toContain(`REVOKE "${migrator}" FROM "${role}"`);
    const between = `${role}_between`;
    const indirect = await problemsWith(
      [`CREATE ROLE ${between}`, `GRANT ${migrator} TO ${between}`, `GRANT ${between} TO ${role}`],
      [`DROP ROLE ${between}`],
    );
    expect(indirect).toHaveLength(1);
    expect(indirect[0]).toContain(`is a member of ${migrator}`);
  });

  it('refuses a member of a role that row-level security does not hold back', async () => {
    const { app: role, backup } = made.roles;
    for (const strong of [backup, 'pg_read_server_files']) {
      const problems = await problemsWith([`GRANT ${strong} TO ${role}`], [`REVOKE ${strong} FROM ${role}`]);
      expect(problems.length, strong).toBeGreaterThan(0);
      expect(problems[0]).toContain(`is a member of ${strong}, which gets round`);
    }
  });

  it('refuses a superuser’s session that acts as the role of the service', async () => {
    const problems = await problemsWith([], [], {
      connect: async () => {
        const client = await connectTo(made.database);
        await client.query(`SET ROLE ${made.roles.app}`);
        return client;
      },
    });
    expect(problems[0]).toContain('is a superuser');
    for (const problem of problems) expect(problem).not.toContain(made.roles.app);
  });

  it('misses the schema, the right to use it, a table, and a privilege', async () => {
    const { app: role } = made.roles;
    expect(await problemsWith([], [], { schema: 'nowhere' })).toEqual([
      'The schema nowhere does not exist: run npm run db:roles and npm run migration:run.',
    ]);
    const unusable = await problemsWith([`REVOKE USAGE ON SCHEMA ${made.schema} FROM ${role}`]);
    expect(unusable).toHaveLength(1);
    expect(unusable[0]).toContain(`GRANT USAGE ON SCHEMA "${made.schema}" TO "${role}"`);
    const tableless = await problemsWith(
      ['ALTER TABLE audit RENAME TO auditing'],
      ['ALTER TABLE auditing RENAME TO audit'],
    );
    expect(tableless).toEqual([`The table ${made.schema}.audit is missing: run npm run migration:run.`]);
    const blind = await problemsWith([`REVOKE SELECT ON scopes FROM ${role}`]);
    expect(blind).toHaveLength(1);
    expect(blind[0]).toContain(`lacks SELECT on "${made.schema}"."scopes"`);
    const tied = await problemsWith([`REVOKE UPDATE (count) ON stats FROM ${role}`]);
    expect(tied[0]).toContain('lacks UPDATE (count) on');
  });

  it.each([
    ['TRUNCATE ON stats', 'has TRUNCATE on'],
    ['UPDATE (vault_id) ON stats', 'has UPDATE (vault_id) on'],
    ['TRIGGER ON memories', 'has TRIGGER on'],
    ['CREATE ON SCHEMA cairn', 'may create objects in the schema cairn'],
  ])('refuses a role with %s', async (privilege, problem) => {
    const { app: role } = made.roles;
    const problems = await problemsWith([`GRANT ${privilege} TO ${role}`]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it.each([
    [['ALTER TABLE facts DISABLE ROW LEVEL SECURITY'], []],
    [['ALTER TABLE facts NO FORCE ROW LEVEL SECURITY'], []],
    [['CREATE POLICY open ON facts USING (true)'], []],
    [['CREATE POLICY shut ON facts AS RESTRICTIVE USING (false)'], []],
    [['ALTER POLICY vault ON facts USING (true)'], []],
    [['ALTER POLICY vault ON facts TO CURRENT_USER'], []],
    [['CREATE TABLE more (vault_id text)', 'ALTER TABLE more OWNER TO :owner'], ['DROP TABLE more']],
  ])('refuses a table that is open: %s', async (spoil, mend) => {
    const statements = spoil.map((sql) => sql.replace(':owner', made.roles.migrator));
    const problems = await problemsWith(statements, mend);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/cairn\.(facts|more)\b.*npm run migration:run/);
  });
});

describe('the check of the server’s version', () => {
  it('takes what is safe, and nothing older', () => {
    for (const good of [150_014, 150_018, 160_010, 170_006, 180_000, 190_001]) {
      expect(checkServerVersion(good), String(good)).toBeUndefined();
    }
    expect(checkServerVersion(150_013)).toContain('update it to 15.14');
    expect(checkServerVersion(160_009)).toContain('update it to 16.10');
    expect(checkServerVersion(170_005)).toContain('update it to 17.6');
    expect(checkServerVersion(140_020)).toContain(
      'The server is PostgreSQL 14.20, and Cairn needs 15 or later',
    );
  });
});
