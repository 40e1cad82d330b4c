import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf } from '../../src/rollout/flag-bucket.js';
import { FlagDecider } from '../../src/rollout/flag-rules.js';
import { FLAG_NAMES, type FlagName, type FlagValues, isSwitch } from '../../src/rollout/flags.js';
import { recordFigure } from '../harness/figures.js';
import { EditedFile, flagsOf } from '../harness/flags.js';

const VAULTS = Array.from({ length: 10_000 }, (_, at) => `vault-${at}`);

/** Another value than the default. */
const given = (flag: FlagName) => (isSwitch(flag) ? true : 'shadow');

describe('percentages of 10,000 vaults', () => {
  it.each([10, 50])('%i %% of them, within a percentage point, for each flag', async (percentage) => {
    const rules = FLAG_NAMES.map((flag) => [
      flag,
      { rules: [{ value: given(flag), percentage }], default: isSwitch(flag) ? false : 'legacy' },
    ]);
    const file = new EditedFile(JSON.stringify({ flags: Object.fromEntries(rules) }), 'flags.json');
    const flags = flagsOf({ FLAGS_FILE: file.path });
    const values: FlagValues[] = [];
    for (const vault of VAULTS) values.push(await flags.load(vault));
    const shares = FLAG_NAMES.map(
      (flag) => (100 * values.filter((one) => one[flag] === given(flag)).length) / VAULTS.length,
    );
    const off = Math.max(...shares.map((share) => Math.abs(share - percentage)));
    expect(off).toBeLessThanOrEqual(1);
    // The figures of one name are added up.
    recordFigure(`flags.off-target-${percentage}`, off);
  });

  it('takes in others for another flag', () => {
    const first = (flag: FlagName) => VAULTS.filter((vault) => bucketOf(flag, vault) < 10);
    const both = first('mcp').filter((vault) => bucketOf('recall.waypoints', vault) < 10);
    expect(both.length / first('mcp').length).toBeLessThan(0.2);
  });

  it('never lets a vault go back as it grows', () => {
    const seed = Date.now();
    console.log(`percentages seed ${seed}`);
    const percentage = fc.oneof(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.integer({ min: 0, max: 100 }),
    );
    let back = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...FLAG_NAMES),
        fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,40}$/),
        fc.array(percentage, { minLength: 2, maxLength: 20 }),
        (flag, vault, steps) => {
          const taken = [0, ...steps.sort((a, b) => a - b), 100].map((step) =>
            new FlagDecider(flag, { rules: [{ value: given(flag), percentage: step }] }, 'x').decide(vault),
          );
          const from = taken.findIndex((decision) => decision !== undefined);
          back += taken.slice(from).filter((decision) => decision === undefined).length;
          expect(back).toBe(0);
          // None at 0, all at 100.
          expect([taken[0], taken.at(-1)?.value]).toEqual([undefined, given(flag)]);
        },
      ),
      { seed, numRuns: 2_000 },
    );
    for (const vault of VAULTS) {
      const taken = [5, 10, 10.01, 25, 50, 99.9].map((step) => bucketOf('mcp', vault) < step);
      back += taken.lastIndexOf(false) > taken.indexOf(true) && taken.includes(true) ? 1 : 0;
    }
    expect(back).toBe(0);
    recordFigure('flags.flipped-back', back);
  });

  it('stays the same for ever', () => {
    // What vaults have been told must hold in the next release too.
    expect(bucketOf('mcp', 'acme')).toBeCloseTo(56.106298, 5);
    expect(bucketOf('tenancy.enforcement', 'default-vault')).toBeCloseTo(29.205383, 5);
  });
});
