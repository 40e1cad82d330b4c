import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { runBuilt } from '../harness/built.js';
import { recordFigure } from '../harness/figures.js';
import { plain } from '../harness/openmemory/files.js';
import { OpenMemoryPlace } from '../harness/postgres/openmemory/place.js';
import { rowsOf } from '../harness/postgres/schema-state.js';
import { TEST_DATABASE_URL } from '../harness/postgres/scratch-server.js';

const UPGRADE_AND_DIE = 'test/harness/postgres/openmemory/upgrade-and-die';
/** How many runs are killed; all that can be: as many as there are statements. */
const KILLS = Number(process.env.OPENMEMORY_KILLS ?? 6);

describe.skipIf(!TEST_DATABASE_URL)('kill -9 while OpenMemory’s tables are taken over', () => {
  it('leaves them as they were, and the next run takes them over', { timeout: 3_600_000 }, async () => {
    const place = await OpenMemoryPlace.make('1.3.0', plain(8));
    const run = (statement: number, ...args: string[]) =>
      runBuilt(UPGRADE_AND_DIE, [String(statement), ...args], { ...place.place.env, ...place.settings });
    try {
      const before = await place.snapshot();
      const state = [await place.state(), await rowsOf(place.place.database)];
      const { stdout, stderr } = await run(0, '--dry-run');
      const statements = Number(/statements: (\d+)/.exec(stdout)?.[1]);
      expect(statements, stderr).toBeGreaterThan(150);
      const stride = statements / KILLS;
      const first = Math.random() * stride;
      console.log(`killing before ${KILLS} of ${statements} statements, the first ${Math.ceil(first)}`);
      for (let n = Math.ceil(first); n < statements; n = Math.ceil(n + stride)) {
        const { signal } = await run(n);
        expect(signal, `statement ${n}`).toBe('SIGKILL');
        // From the commit on it is done as a whole.
        if (Object.keys(await rowsOf(place.place.database)).length > 0) break;
        expect([await place.state(), await rowsOf(place.place.database)], `statement ${n}`).toEqual(state);
        recordFigure('upgrade.postgres.kills', 1);
      }
      await place.upgrade();
      await place.expectNothingLost(before);
    } finally {
      await place.drop();
    }
  });
});
