import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltServer, endBuiltServers, startBuiltServer } from '../built-server.js';
import { type State, lost, writersOf } from '../harness/acknowledging-writer.js';
import { DatabaseView } from '../harness/database-view.js';
import { recordFigure } from '../harness/figures.js';
import { SOUND, auditIndex } from '../harness/index-audit.js';
import { type OwnServer, startOwnServer } from '../harness/postgres/own-server.js';
import { POSTGRES_BIN } from '../harness/postgres/server-process.js';
import { Random } from '../harness/random.js';
import { randomSeed } from '../harness/seed.js';

const seed = randomSeed('immediate stop');
const STOPS = Number(process.env.IMMEDIATE_STOPS ?? 3);
const WRITERS = 8;
/** How long the service may take to answer again, on however busy a machine. */
const PATIENCE_MS = 60_000;

/** Everything there is, by id (the writers' ids are unique across vaults). */
function stored(url: string): Map<string, State> {
  const view = new DatabaseView(url);
  const rows = view.all<State & { id: string }>(
    'SELECT id, content, session_id AS session, version FROM memories',
  );
  view.close();
  return new Map(rows.map(({ id, content, session, version }) => [id, { content, session, version }]));
}

describe.skipIf(!POSTGRES_BIN)('when PostgreSQL is stopped at once under load', () => {
  let postgres: OwnServer;
  let service: BuiltServer;
  beforeAll(async () => {
    postgres = await startOwnServer();
    service = await startBuiltServer(postgres.env as Record<string, string>);
  });
  afterAll(() => {
    endBuiltServers();
    postgres?.stop();
  });

  const asked = async (path: string) => {
    const answer = await fetch(service.url + path, { headers: { 'x-vault-id': 'vault-0' } });
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      text: await answer.text(),
    };
  };

  it(
    'nothing acknowledged is lost, the answer is 503 meanwhile, and the service goes on by itself',
    async () => {
      const random = new Random(seed);
      const writers = writersOf(random, WRITERS);
      const missing: string[] = [];
      const acknowledged = () => writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
      let inDoubt = 0;
      let refused = 0;
      for (let stop = 1; stop <= STOPS; stop += 1) {
        const writing = Promise.all(writers.map((writer) => writer.write(service.url, Infinity, 'in doubt')));
        for (const before = acknowledged(); acknowledged() < before + WRITERS;) await sleep(20);
        await sleep(random.below(700));
        postgres.crash();
        await writing;
        // Nothing that it lost ends it.
        for (const path of ['/v1/memories', '/v1/users', '/v1/stats']) {
          const { status, retryAfter, text } = await asked(path);
          expect([stop, path, status]).toEqual([stop, path, 503]);
          expect(Number(retryAfter)).toBeGreaterThan(0);
          expect(text).not.toMatch(/ECONN|postgres|terminat/i);
          refused += 1;
        }
        expect((await asked('/health/ready')).status).toBe(503);
        expect((await asked('/health/live')).status).toBe(200);

        postgres.restart();
        const deadline = Date.now() + PATIENCE_MS;
        while ((await asked('/v1/memories')).status !== 200) {
          expect(Date.now(), 'it answers again').toBeLessThan(deadline);
          await sleep(50);
        }
        expect(service.child.exitCode).toBeNull();
        const found = stored(postgres.url);
        for (const writer of writers) {
          if (!writer.pending) continue;
          inDoubt += 1;
          writer.resolve(found.get(writer.pending.id));
        }
        missing.push(...lost(writers, found));
        const expected = writers.reduce((sum, { states }) => sum + states.size, 0);
        expect([stop, found.size]).toEqual([stop, expected]);
        expect([stop, auditIndex(postgres.url)]).toMatchObject([stop, SOUND]);
      }
      console.log(`${STOPS} stops, ${acknowledged()} writes acknowledged, ${inDoubt} in doubt`);
      recordFigure('immediate-stop.stops', STOPS);
      recordFigure('immediate-stop.acknowledged', acknowledged());
      recordFigure('immediate-stop.lost', missing.length);
      recordFigure('immediate-stop.refused', refused);
      expect(missing).toEqual([]);
    },
    STOPS * PATIENCE_MS + 60_000,
  );
});
