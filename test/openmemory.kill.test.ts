import 'reflect-metadata';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { runBuilt } from './harness/built.js';
import { recordFigure } from './harness/figures.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { HALF_DONE, makeHalfDone } from './harness/openmemory/half-done.js';
import { copyInto, samples } from './harness/openmemory/samples.js';
import { stateOf } from './harness/openmemory/state.js';
import { tempFolder } from './harness/temp-folder.js';

const UPGRADE_AND_DIE = 'test/harness/openmemory/upgrade-and-die';
/** Of how many statements one is tried, from one chosen at random on; KILL_STRIDE=1 tries all of them. */
const STRIDE = Number(process.env.KILL_STRIDE ?? 25);
const AT_ONCE = Number(process.env.KILL_AT_ONCE ?? 2);

/** Kills an upgrade of copies of `original` before statements of it, and runs it again. */
async function killUpgrades(original: string, folder: string): Promise<void> {
  const whole = copyInto(folder, original, 'whole.sqlite');
  const { stdout, stderr } = await runBuilt(UPGRADE_AND_DIE, [whole, '0']);
  const statements = Number(/statements: (\d+)/.exec(stdout)?.[1]);
  expect(statements, stderr).toBeGreaterThan(100);
  const expected = stateOf(whole);

  const first = 1 + Math.floor(Math.random() * STRIDE);
  const numbers = Array.from({ length: statements }, (_, i) => i + 1).filter(
    (n) => (n - first) % STRIDE === 0,
  );
  console.log(`killing before ${numbers.length} of ${statements} statements: ${first}, ${first + STRIDE}, …`);
  const worker = async () => {
    for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
      const path = copyInto(folder, original, `killed-${n}.sqlite`);
      const { signal } = await runBuilt(UPGRADE_AND_DIE, [path, String(n)]);
      expect(signal, `statement ${n}`).toBe('SIGKILL');
      await migrateDatabase({ path, backup: false });
      await reindexDatabase({ path });
      expect(stateOf(path), `killed before statement ${n}`).toEqual(expected);
      recordFigure('upgrade.kills', 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

describe('kill -9 before any statement of an upgrade, and run again', { timeout: 3_600_000 }, () => {
  for (const release of ['1.1.1', '1.2.3', 'HEAD'] as const) {
    it(`comes to the same schema and rows: ${release}`, async () => {
      const folder = tempFolder();
      await killUpgrades(makeFile(folder, release, plain(15)), folder);
    });
  }

  it('comes to the same schema and rows where the edges are in waypoints_new', async () => {
    const folder = tempFolder();
    const original = join(folder, 'half.sqlite');
    makeHalfDone(
      original,
      HALF_DONE.find(({ name }) => name.includes('changed since'))!,
      plain(15),
    );
    await killUpgrades(original, folder);
  });

  // The real ones are larger: they take minutes each.
  for (const sample of STRIDE === 1 ? samples() : []) {
    it(`comes to the same schema and rows: ${sample}`, async () => {
      await killUpgrades(sample, tempFolder());
      recordFigure('upgrade.kills.samples', 1);
    });
  }
});
