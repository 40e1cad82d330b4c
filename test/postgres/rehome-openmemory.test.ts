import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { Destinations } from '../../src/upgrade/rehome/destinations.js';
import { rehomeUsers } from '../../src/upgrade/rehome/rehome-users.js';
import { plain } from '../harness/openmemory/files.js';
import { OpenMemoryPlace } from '../harness/postgres/openmemory/place.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { urlOf } from '../harness/postgres/scratch-server.js';
import { fingerprintOf, owned, rowsByVault, tornIn, vaultOf } from '../harness/rehome/whole.js';

describe.skipIf(!onPostgres)('tables of OpenMemory on PostgreSQL that were taken over', () => {
  it.each(['1.3.0', 'HEAD'] as const)('%s: every row of every user goes', async (shape) => {
    const taken = await OpenMemoryPlace.make(shape, plain(30));
    try {
      await taken.upgradeHere();
      const place = urlOf(taken.place.database);
      const before = rowsByVault(place);
      expect(owned(before)).toBeGreaterThan(30);
      let moved = 0;
      for (const from of Object.keys(before.vaults)) {
        const destinations = new Destinations(`${from}-{user_id}`, new Map());
        moved += (await rehomeUsers({ database: taken.place.config, from, destinations })).moved;
      }
      expect(moved).toBeGreaterThan(1);
      const after = rowsByVault(place);
      expect(fingerprintOf(after, 'vaults')).toEqual(fingerprintOf(before, 'vaults'));
      for (const from of Object.keys(before.vaults)) {
        const left = Object.values(vaultOf(after, from)).flat();
        expect(left.filter((row) => /\["user_id","(?!")/.test(row))).toEqual([]);
      }
      expect(tornIn(place)).toEqual([]);
    } finally {
      await taken.drop();
    }
  });
});
