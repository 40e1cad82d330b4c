import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordFigure } from '../harness/figures.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { MUTANTS } from './mutants/all.js';
import { NO_TRIPWIRE } from './mutants/mutant.js';

type Examination = typeof import('./examine.js');

/** The examination of the layer with a mutant's faults in it. */
function examine(mutant: string): Promise<Examination> {
  const file = './examine.ts';
  return import(/* @vite-ignore */ `${file}?mutant=${encodeURIComponent(mutant)}`) as Promise<Examination>;
}

describe('the tenancy layer with one protection taken out', () => {
  const caught: string[] = [];
  let seeded: string;
  let empty: string;
  /** Paths that nothing but the tripwire stops. */
  let ofTripwire: ReadonlySet<string> = new Set();

  beforeAll(async () => {
    [seeded, empty] = [await makeDatabase('seeded', 'sqlite'), await makeDatabase('empty', 'sqlite')];
    const { everyFailingPath } = await examine(NO_TRIPWIRE);
    ofTripwire = new Set(await everyFailingPath(seeded));
  });

  afterAll(() => {
    recordFigure('mutants.caught', caught.length);
    recordFigure('mutants.total', MUTANTS.length);
    console.log(`${caught.length} of ${MUTANTS.length} mutants caught:\n${caught.join('\n')}`);
  });

  it.each(MUTANTS)('is found out: $name', async ({ name, caughtBy, withoutTripwire }) => {
    const { failingPaths, failingChecks } = await examine(name);
    const found =
      caughtBy === 'checks'
        ? await failingChecks(empty)
        : await failingPaths(seeded, withoutTripwire ? ofTripwire : new Set());
    expect(found).not.toEqual([]);
    caught.push(`  ${name}\n    by ${found.join('; ')}`);
  });
});
