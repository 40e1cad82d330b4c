import 'reflect-metadata';
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBuilt } from './harness/built.js';
import { recordFigure } from './harness/figures.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { HALF_DONE, makeHalfDone } from './harness/openmemory/half-done.js';
import { copyInto, samples } from './harness/openmemory/samples.js';
import { stateOf } from './harness/openmemory/state.js';
import { upgradeHere } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

const UPGRADE_AND_COPY = 'test/harness/openmemory/upgrade-and-copy';
const UPGRADE_AND_DIE = 'test/harness/openmemory/upgrade-and-die';
/** Of so many statements one gets a real kill. */
const STRIDE = 60;

/** What a run left on the disk before some of its statements. */
interface Left {
  readonly name: string;
  readonly statements: number;
}

/**
 * Runs the upgrade again on what a kill before each of its statements would have left.
 *
 * @returns how many statements there are
 */
async function goOnFromEverywhere(original: string): Promise<number> {
  const folder = tempFolder();
  const whole = copyInto(folder, original, 'whole.sqlite');
  const left = join(folder, 'left');
  mkdirSync(left);
  const { stdout, stderr } = await runBuilt(UPGRADE_AND_COPY, [whole, left]);
  const states = JSON.parse(/states: (.*)/.exec(stdout)?.[1] ?? '[]') as Left[];
  const statements = states.reduce((sum, state) => sum + state.statements, 0);
  expect(statements, stderr).toBeGreaterThan(100);
  // Before it, in the midst of it, and after its commit, at least.
  expect(states.length).toBeGreaterThan(3);
  const expected = stateOf(whole);
  for (const [i, state] of states.entries()) {
    const path = join(left, state.name);
    await upgradeHere(path);
    expect(stateOf(path), `what is left ${i}th of ${states.length}`).toEqual(expected);
    for (const ending of ['', '-wal', '-shm', '.migrate-lock']) rmSync(path + ending, { force: true });
  }
  recordFigure('upgrade.kills', statements);
  return statements;
}

/** Kills real runs, and runs them again. */
async function killAndGoOn(original: string, statements: number): Promise<void> {
  const folder = tempFolder();
  const whole = copyInto(folder, original, 'whole.sqlite');
  await upgradeHere(whole);
  const expected = stateOf(whole);
  const first = 1 + Math.floor(Math.random() * STRIDE);
  console.log(`killing before statements ${first}, ${first + STRIDE}, … of ${statements}`);
  for (let n = first; n <= statements; n += STRIDE) {
    const path = copyInto(folder, original, `killed-${n}.sqlite`);
    const { signal } = await runBuilt(UPGRADE_AND_DIE, [path, String(n)]);
    expect(signal, `statement ${n}`).toBe('SIGKILL');
    await upgradeHere(path);
    expect(stateOf(path), `killed before statement ${n}`).toEqual(expected);
  }
}

describe('kill -9 before every statement of an upgrade, and run again', { timeout: 1_200_000 }, () => {
  for (const release of ['1.1.1', '1.2.3', 'HEAD'] as const) {
    it(`comes to the schema and the rows of a clean run: ${release}`, async () => {
      const original = makeFile(tempFolder(), release, plain(15));
      await killAndGoOn(original, await goOnFromEverywhere(original));
    });
  }

  it('comes to the schema and the rows of a clean run where the edges are in waypoints_new', async () => {
    const original = join(tempFolder(), 'half.sqlite');
    makeHalfDone(
      original,
      HALF_DONE.find(({ name }) => name.includes('changed since'))!,
      plain(15),
    );
    await goOnFromEverywhere(original);
  });

  for (const sample of samples()) {
    it(`comes to the schema and the rows of a clean run: ${basename(sample)}`, async () => {
      await goOnFromEverywhere(sample);
      recordFigure('upgrade.kills.samples', 1);
    });
  }
});
