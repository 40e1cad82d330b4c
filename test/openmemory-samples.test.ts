import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { recordFigure } from './harness/figures.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import {
  distinctiveWords,
  notFoundFirst,
  readMemories,
  sampleMemories,
} from './harness/openmemory/own-words.js';
import { copyInto, samples } from './harness/openmemory/samples.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { stateOf } from './harness/openmemory/state.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { expectNothingLost, revertAll, upgrade } from './harness/openmemory/upgrade.js';
import { account } from './harness/openmemory/accounting.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const SAMPLED = 200;
const found = samples();

describe.skipIf(found.length === 0)('databases that the releases themselves have written', () => {
  for (const sample of found) {
    describe(basename(sample), () => {
      it('are taken over with everything in them', async () => {
        const path = copyInto(tempFolder(), sample);
        const before = takeSnapshot(path);
        await upgrade(path);
        const { rows, lost, invented } = account(before, path);
        recordFigure('upgrade.rows', rows);
        recordFigure('upgrade.lost', lost.length + invented.length);
        expectNothingLost(before, path);
      });

      it(`have ${SAMPLED} memories found first by their own words`, async () => {
        const path = copyInto(tempFolder(), sample);
        await upgrade(path);
        const random = new Random(randomSeed('openmemory-samples'));
        const chosen = sampleMemories(path, random, SAMPLED);
        const service = await TestService.start({}, path);
        const missed = await notFoundFirst(
          (vault) => service.as(vault),
          chosen,
          distinctiveWords(readMemories(path)),
        );
        await service.stop();
        recordFigure('upgrade.searched', chosen.length);
        recordFigure('upgrade.missed', missed.length);
        expect(chosen.length).toBeGreaterThanOrEqual(100);
        expect(missed).toEqual([]);
      });

      it('go back to what they were, and forth again', async () => {
        const path = copyInto(tempFolder(), sample);
        const original = comparable(takeSnapshot(path));
        await upgrade(path);
        const upgraded = stateOf(path);
        await revertAll(path);
        expect(comparable(takeSnapshot(path))).toEqual(original);
        await upgrade(path);
        expect(stateOf(path)).toEqual(upgraded);
        recordFigure('upgrade.round trips', 1);
      });
    });
  }

  it('have the tables that the tests make', () => {
    const schemas = new Set(
      found.map((sample) => JSON.stringify(takeSnapshot(copyInto(tempFolder(), sample)).schema)),
    );
    const made = RELEASES.map((release) => {
      const path = join(tempFolder(), 'made.sqlite');
      OpenMemoryFile.make(path, release);
      return JSON.stringify(takeSnapshot(path).schema);
    });
    for (const schema of schemas) expect(made).toContain(schema);
  });
});
