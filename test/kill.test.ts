import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { type State, lost, writersOf } from './harness/acknowledging-writer.js';
import { newDatabase } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { recordFigure } from './harness/figures.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { environmentOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('kill');
const CYCLES = Number(process.env.KILL_CYCLES ?? 10);
const WRITERS = 8;

afterAll(endBuiltServers);

interface Row {
  id: string;
  content: string;
  session: string | null;
  version: number;
  former: number;
}

/** Everything there is, by id (the writers' ids are unique across vaults). */
function stored(path: string): Map<string, State> {
  const view = new DatabaseView(path);
  expect(view.integrity()).toBe('ok');
  const rows = view.all<Row>(
    `SELECT m.id, m.content, m.session_id AS session, m.version, count(v.version) AS former
     FROM memories m LEFT JOIN memory_versions v ON v.vault_id = m.vault_id AND v.memory_id = m.id
     GROUP BY m.vault_id, m.id`,
  );
  view.close();
  // Each version but the last is in the history.
  expect(rows.filter(({ version, former }) => former !== version - 1)).toEqual([]);
  return new Map(rows.map(({ id, content, session, version }) => [id, { content, session, version }]));
}

describe('the built server', () => {
  it(
    'loses no acknowledged write, and leaves no row without index entry, when it is killed',
    async () => {
      const random = new Random(seed);
      const path = newDatabase();
      const writers = writersOf(random, WRITERS);
      const acknowledged = () => writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
      const missing: string[] = [];
      let inDoubt = 0;
      let server = await startBuiltServer(environmentOf(path));
      for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
        const { url } = server;
        const writing = Promise.all(writers.map((writer) => writer.write(url)));
        const before = acknowledged();
        while (acknowledged() - before < WRITERS) await sleep(10);
        await sleep(random.below(700));
        server.child.kill('SIGKILL');
        await Promise.all([writing, server.exit]);

        // The next start recovers what the last one left, as it would in earnest.
        server = await startBuiltServer(environmentOf(path));
        const found = stored(path);
        for (const writer of writers) {
          if (!writer.pending) continue;
          inDoubt += 1;
          writer.resolve(found.get(writer.pending.id));
        }
        missing.push(...lost(writers, found));
        const expected = writers.reduce((sum, { states }) => sum + states.size, 0);
        expect([cycle, found.size]).toEqual([cycle, expected]);
        expect([cycle, auditIndex(path)]).toMatchObject([cycle, SOUND]);
      }
      console.log(`${CYCLES} kills, ${acknowledged()} writes acknowledged, ${inDoubt} in doubt`);
      recordFigure('kill.cycles', CYCLES);
      recordFigure('kill.lost', missing.length);
      recordFigure('kill.unindexed', auditIndex(path).rowsWithoutEntry.length);
      expect(missing).toEqual([]);
      expect(acknowledged()).toBeGreaterThan(CYCLES * WRITERS);
    },
    300_000 + CYCLES * 60_000,
  );

  it('loses nothing when two processes write to one database at once', async () => {
    const random = new Random(seed + 1);
    const path = newDatabase();
    const servers = await Promise.all([1, 2].map(() => startBuiltServer(environmentOf(path))));
    const writers = servers.map((_, i) => writersOf(random, WRITERS, `p${i}-`));
    await Promise.all(servers.flatMap(({ url }, i) => writers[i].map((writer) => writer.write(url, 60))));
    const all = writers.flat();
    expect(lost(all, stored(path))).toEqual([]);
    expect(stored(path).size).toBe(all.reduce((sum, { states }) => sum + states.size, 0));
    expect(auditIndex(path)).toMatchObject(SOUND);
    // Each process sees what the other wrote, and scores it the same.
    const answers = await Promise.all(
      servers.map(async ({ url }) => {
        const response = await fetch(`${url}/v1/memories/search`, {
          method: 'POST',
          headers: { 'x-vault-id': 'vault-0', 'content-type': 'application/json' },
          body: JSON.stringify({ query: 'owl in the winter garden', limit: 100 }),
        });
        return response.text();
      }),
    );
    expect(JSON.parse(answers[0]).results).toHaveLength(100);
    expect(answers[1]).toBe(answers[0]);
  });
});
