import { beforeAll, describe, it } from 'vitest';
import { makeDatabase } from '../harness/tenant-database.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { type Check, House } from './checks/check.js';

/** Makes tests of checks, each with a database of its own. */
export function describeChecks(what: string, checks: readonly Check[]): void {
  describe(what, () => {
    let template: string;
    beforeAll(async () => {
      template = await makeDatabase('empty');
    });

    // A file's size is the file system's own matter on PostgreSQL.
    const those = checks.filter(({ room, onSqlite }) => !onPostgres || (room === undefined && !onSqlite));

    it.each(those)('$name', async ({ run, ...settings }) => {
      const house = await House.open(template, settings);
      try {
        await run(house);
      } finally {
        await house.close();
      }
    });
  });
}
