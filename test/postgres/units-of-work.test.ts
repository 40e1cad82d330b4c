import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { type Answer, TestService } from '../harness/app.js';
import { onPostgres, openAsSuperuser } from '../harness/postgres/postgres-databases.js';
import type { SyncPostgres } from '../harness/postgres/sync-postgres.js';
import { describeChecks } from '../tenancy/describe-checks.js';
import { postgresChecks } from './unit-checks.js';

/** A service, and a superuser who can keep it from its tables. */
async function withService(
  env: NodeJS.ProcessEnv,
  work: (service: TestService, superuser: SyncPostgres, observer: SyncPostgres) => Promise<void>,
): Promise<void> {
  const service = await TestService.start(env);
  const superuser = openAsSuperuser(service.databasePath);
  // What a transaction sees of other connections does not change in it.
  const observer = openAsSuperuser(service.databasePath);
  try {
    await work(service, superuser, observer);
  } finally {
    observer.close();
    superuser.close();
    await service.stop();
  }
}

const HOLD = 'BEGIN; LOCK TABLE memories IN ACCESS EXCLUSIVE MODE';
const WAITING = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cairn_app'
  AND wait_event_type = 'Lock'`;
const IN_TRANSACTION = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cairn_app'
  AND state LIKE 'idle in transaction%'`;

function expectBusy({ status, headers, body }: Answer): void {
  expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  expect((body as { code: string }).code).toBe('UNAVAILABLE');
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; !holds(); round++) {
    if (round === 15_000) throw new Error('The server never said so');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe.runIf(onPostgres)('on PostgreSQL', () => {
  describeChecks('units of work', postgresChecks);

  it('a request that gets no connection in time is answered 503, and the next one as ever', () =>
    withService(
      { DATABASE_POOL_SIZE: '1', DATABASE_ACQUIRE_TIMEOUT_MS: '200' },
      async (service, superuser, observer) => {
        const client = service.as('acme', 'ana');
        expect((await client.post('/v1/memories', { content: 'an owl' })).status).toBe(201);
        superuser.run(HOLD);
        const first = client.get('/v1/memories');
        await until(() => observer.all(WAITING).length === 1);
        expectBusy(await client.get('/v1/memories'));
        expectBusy(await client.post('/v1/memories', { content: 'another owl' }));
        superuser.run('ROLLBACK');
        expect((await first).status).toBe(200);
        expect((await client.get('/v1/memories')).body).toMatchObject({ items: [{ content: 'an owl' }] });
      },
    ));

  it('a statement that takes too long is answered 503, and nothing of its request happened', () =>
    withService({ DATABASE_STATEMENT_TIMEOUT_MS: '200' }, async (service, superuser) => {
      const client = service.as('acme', 'ana');
      expect((await client.post('/v1/memories', { content: 'an owl' })).status).toBe(201);
      superuser.run(HOLD);
      expectBusy(await client.get('/v1/memories'));
      expectBusy(await client.post('/v1/memories', { content: 'another owl' }));
      superuser.run('ROLLBACK');
      expect((await client.get('/v1/memories?count=true')).body).toMatchObject({ count: 1 });
    }));

  it('connections that are ended, idle or in the midst of a request, are 503 at most, and then as ever', () =>
    withService({ DATABASE_POOL_SIZE: '2' }, async (service, superuser, observer) => {
      const end = () =>
        observer.all(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND usename = 'cairn_app'`,
        );
      const client = service.as('acme', 'ana');
      expect((await client.post('/v1/memories', { content: 'an owl' })).status).toBe(201);
      superuser.run(HOLD);
      const asked = [client.get('/v1/memories'), client.post('/v1/memories', { content: 'another owl' })];
      await until(() => observer.all(WAITING).length === 2);
      end();
      // A connection learns of its end when it next looks: the tables stay locked until both are gone.
      await until(() => observer.all(WAITING).length === 0);
      superuser.run('ROLLBACK');
      for (const answer of asked) expectBusy(await answer);
      for (let i = 0; i < 3; i++) {
        expect((await client.get('/v1/memories?count=true')).body).toMatchObject({ count: 1 });
        end();
        await until(() => end().length === 0);
        const { status } = await client.get('/v1/memories');
        expect([200, 503]).toContain(status);
      }
      expect((await client.post('/v1/memories', { content: 'a third owl' })).status).toBe(201);
    }));

  it('a client that goes away in the midst of its request leaves no transaction open and no vault behind', () =>
    withService({ DATABASE_POOL_SIZE: '1' }, async (service, superuser, observer) => {
      const client = service.as('acme', 'ana');
      expect((await client.post('/v1/memories', { content: 'an owl' })).status).toBe(201);
      superuser.run(HOLD);
      const leaving = new AbortController();
      const gone = fetch(`${service.baseUrl}/v1/memories`, {
        method: 'POST',
        headers: { ...tokenHeaders(client), 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'another owl' }),
        signal: leaving.signal,
      });
      gone.catch(() => {});
      await until(() => observer.all(WAITING).length === 1);
      leaving.abort();
      await expect(gone).rejects.toThrow();
      superuser.run('ROLLBACK');
      expect((await service.as('globex').get('/v1/memories')).body).toMatchObject({ items: [] });
      expect(observer.all(IN_TRANSACTION)).toEqual([]);
      expect((await client.get('/v1/memories')).status).toBe(200);
    }));
});

function tokenHeaders(client: unknown): Record<string, string> {
  return (client as { headers: Record<string, string> }).headers;
}
