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

    async function fill(vault: string): Promise<void> {
      const rows = Array.from({ length: MEMORIES }, (_, i) => ({
        id: `m${i}`,
        user_id: 'ana',
        session_id: 'talk',
        content: `unlike${i}`,
      }));
      const { body } = await service.as(vault).post('/v1/memories/batch', rows);
      expect(body.created).toBe(MEMORIES);
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

    it.each(['limit=100', 'limit=1&count=true', 'limit=100&type=next&order=asc'])(
      'list waypoints without going through all memories for each of them: %s',
      async (query) => {
        const asked = await askedDuring(async () => {
          const { body } = await service.as('new').get(`/v1/waypoints?${query}`);
          expect(body.items.length).toBeGreaterThan(0);
        });
        const ofWaypoints = asked.filter(({ text }) => text.includes('"waypoints" "w"'));
        expect(ofWaypoints.length).toBeGreaterThan(0);
        // They are looked up for a hundred memories or so at a time, and each may be looked for among all.
        for (const one of ofWaypoints) expect(rowsOf(one)).toBeLessThan(400 * MEMORIES);
      },
    );
  },
);
