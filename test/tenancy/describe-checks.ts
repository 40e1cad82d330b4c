import { beforeAll, describe, it } from 'vitest';
import { makeDatabase } from '../harness/tenant-database.js';
import { type Check, House } from './checks/check.js';

/** Makes tests of checks, each with a database of its own. */
export function describeChecks(what: string, checks: readonly Check[]): void {
  describe(what, () => {
    let template: string;
    beforeAll(async () => {
      template = await makeDatabase('empty');
    });

    it.each(checks)('$name', async ({ room, run }) => {
      const house = await House.open(template, { room });
      try {
        await run(house);
      } finally {
        await house.close();
      }
    });
  });
}
