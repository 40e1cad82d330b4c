import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../harness/app.js';
import { onPostgres, openAsSuperuser } from '../harness/postgres/postgres-databases.js';
import type { SyncPostgres } from '../harness/postgres/sync-postgres.js';
import { type Asked, askedDuring } from '../harness/statement-spy.js';

/** Memories of each vault, each with a waypoint to the next. */
const MEMORIES = 2_000;

interface Node {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly Node[];
}

describe.runIf(onPostgres)(
  'the plans of statements about a vault that PostgreSQL has not counted yet',
  () => {
    let service: TestService;
    let database: SyncPostgres;

    beforeAll(async () => {
      service = await TestService.start();
      database = openAsSuperuser(service.databasePath);
      for (const table of ['memories', 'waypoints']) {
        database.run(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
      }
      await fill('counted');
      database.run('ANALYZE');
      await fill('new');
    });

    afterAll(async () => {
      database.close();
      await service.stop();
    });

    /** A talk, whose memories have waypoints from each to the next, and one more with waypoints to all of them. */
    async function fill(vault: string): Promise<void> {
      const client = service.as(vault);
      const rows = Array.from({ length: MEMORIES }, (_, i) => ({
        id: `m${i}`,
        user_id: 'ana',
        session_id: 'talk',
        content: `unlike${i}`,
      }));
      const { body } = await client.post('/v1/memories/batch', rows);
      expect(body.created).toBe(MEMORIES);
      await client.post('/v1/memories', { id: 'hub', user_id: 'ana', content: 'hub' });
      const columns = '(vault_id, src_id, dst_id, type, user_id, weight, metadata, created_at, updated_at)';
      database.run(
        `INSERT INTO waypoints ${columns} SELECT $1, 'hub', 'm' || i, 'to', 'ana', 1, '{}', 1, 1
         FROM generate_series(0, ${MEMORIES - 1}) i`,
        vault,
      );
    }

    /** The rows that the parts of a plan hand on or leave out, one time after another. */
    function rowsOf({ text, values }: Asked): number {
      const [answer] = database.all<{ 'QUERY PLAN': { Plan: Node }[] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        ...values,
      );
      const count = (node: Node): number => {
        const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
        const below = (node.Plans ?? []).reduce((sum, plan) => sum + count(plan), 0);
        return (node['Actual Rows'] + removed) * node['Actual Loops'] + below;
      };
      return count(answer['QUERY PLAN'][0].Plan);
    }

    it.each([
      '/v1/waypoints?limit=100',
      '/v1/waypoints?limit=1&count=true',
      '/v1/waypoints?limit=100&type=next&order=asc',
      '/v1/waypoints?limit=1&count=true&memory_id=hub',
      '/v1/waypoints?limit=1&count=true&dst_id=m7',
      '/v1/waypoints/neighbours?memory_id=hub&depth=2',
    ])('do not go through all of its memories for each waypoint: %s', async (path) => {
      for (const client of [service.as('new'), service.as('new', 'ana')]) {
        const asked = await askedDuring(async () => {
          const { body } = await client.get(path);
          expect(body.items.length).toBeGreaterThan(0);
        });
        const ofWaypoints = asked.filter(({ text }) => text.includes('"waypoints" "w"'));
        expect(ofWaypoints.length).toBeGreaterThan(0);
        // Each row that is looked at, and what is looked up for it.
        for (const one of ofWaypoints) expect(rowsOf(one)).toBeLessThan(20 * MEMORIES);
      }
    });
  },
);
