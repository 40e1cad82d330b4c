import 'reflect-metadata';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from '../harness/app.js';
import { SOUND, auditIndex } from '../harness/index-audit.js';
import { runBuilt } from '../harness/built.js';
import { type Pgbouncer, findPgbouncer, startPgbouncer } from '../harness/postgres/pgbouncer.js';
import { ROLES, createDatabase, settingsOf } from '../harness/postgres/postgres-databases.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';

const CLIENTS = 8;
const MEMORIES = 20;
/** What the pooler holds to PostgreSQL for a role, fewer than there are clients. */
const POOL = 2;

const program = findPgbouncer();

describe.skipIf(!TEST_DATABASE_URL || !program)('through a pooler that lends a transaction at a time', () => {
  let pooler: Pgbouncer;
  let service: TestService;
  let place: string;
  let direct: NodeJS.ProcessEnv;
  let pooled: (setting: string) => string;
  beforeAll(async () => {
    const { hostname, port } = new URL(TEST_DATABASE_URL);
    const passwords = Object.fromEntries(Object.values(ROLES).map((role) => [role, 'test']));
    pooler = await startPgbouncer(program!, { host: hostname, port: Number(port) }, passwords, POOL);
    place = createDatabase();
    direct = settingsOf(place);
    pooled = (setting) => {
      const url = new URL(direct[setting]!);
      url.port = String(pooler.port);
      return url.href;
    };
    service = await TestService.start(
      {
        DATABASE_URL: pooled('DATABASE_URL'),
        DATABASE_OPERATOR_URL: pooled('DATABASE_OPERATOR_URL'),
        DATABASE_POOL_SIZE: String(CLIENTS),
      },
      place,
    );
  });
  afterAll(async () => {
    await service?.stop();
    await pooler?.stop();
  });

  /** What a client of the service does all day. @returns the contents that it must find in the end */
  async function use(client: Client, name: string): Promise<string[]> {
    const ok = async (status: number, answer: ReturnType<Client['get']>) => {
      const { status: found, body, text } = await answer;
      expect([found, found === status ? '' : text]).toEqual([status, '']);
      return body;
    };
    const contents: string[] = [];
    for (let n = 0; n < MEMORIES; n += 1) {
      const content = `The owl ${name} sat in barn ${n}.`;
      const { id } = await ok(201, client.post('/v1/memories', { content, session_id: `s${n % 3}` }));
      expect((await ok(200, client.get(`/v1/memories/${id}`))).content).toBe(content);
      const { results } = await ok(200, client.post('/v1/memories/search', { query: `owl barn ${n}` }));
      // Every client's memories are its own: nobody else's come up, whichever connection was lent.
      expect(results.every((hit: { content: string }) => hit.content.includes(` ${name} `))).toBe(true);
      expect(results.length).toBeGreaterThan(0);
      if (n % 5 === 1) {
        await ok(200, client.patch(`/v1/memories/${id}`, { content: `${content} Again.` }));
        contents.push(`${content} Again.`);
      } else if (n % 5 === 2) await ok(204, client.delete(`/v1/memories/${id}`));
      else contents.push(content);
    }
    await ok(200, client.post('/v1/memories/batch', [{ content: `A batch of ${name}` }]));
    await ok(200, client.get('/v1/sessions'));
    await ok(200, client.get('/v1/users'));
    await ok(200, client.get('/v1/stats'));
    await ok(200, client.post('/v1/memories/context', { query: 'owl', max_tokens: 200 }));
    return [...contents, `A batch of ${name}`];
  }

  it(`serves ${CLIENTS} clients at once over ${POOL} connections, each in its own vault`, async () => {
    const clients = Array.from({ length: CLIENTS }, (_, i) => ({
      client: service.as(`vault-${i >> 1}`, `user-${i}`),
      name: `n${i}`,
    }));
    const expected = await Promise.all(clients.map(({ client, name }) => use(client, name)));
    for (const [i, { client }] of clients.entries()) {
      const { body } = await client.get('/v1/memories?limit=100');
      const found = (body as { items: { content: string }[] }).items.map(({ content }) => content);
      expect(found.sort()).toEqual(expected[i].sort());
    }
    expect(auditIndex(place)).toMatchObject(SOUND);
  });

  it('holds no more connections than it may, and the service names no statement', async () => {
    const client = new pg.Client({ connectionString: place });
    await client.connect();
    try {
      const { rows } = await client.query<{ n: string }>(
        'SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = $1',
        [ROLES.app],
      );
      expect(Number(rows[0].n)).toBeGreaterThan(0);
      expect(Number(rows[0].n)).toBeLessThanOrEqual(POOL);
    } finally {
      await client.end();
    }
    // A pooler that does not follow named statements refuses them, or gives the next client somebody else's.
    const behind = new pg.Client({ connectionString: pooled('DATABASE_URL') });
    await behind.connect();
    const { rows } = await behind.query('SELECT name FROM pg_prepared_statements');
    await behind.end();
    expect(rows).toEqual([]);
  });

  it('refuses to migrate, and names the direct URL', async () => {
    const { status, stderr } = await runBuilt('src/cli/migrate', ['run'], {
      ...direct,
      DATABASE_MIGRATOR_URL: pooled('DATABASE_MIGRATOR_URL'),
    });
    expect(status).toBe(2);
    expect(stderr).toContain('DATABASE_MIGRATOR_URL goes through a pooler');
    expect(stderr).toContain('put there the direct URL of the server');
    const past = await runBuilt('src/cli/migrate', ['run'], {
      ...direct,
      DATABASE_URL: pooled('DATABASE_URL'),
    });
    expect(past).toMatchObject({ status: 0, stderr: '' });
    expect(past.stdout).toContain('No migrations are pending');
  });
});
