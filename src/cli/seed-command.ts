import type { INestApplicationContext } from '@nestjs/common';
import { loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { withImports } from '../upgrade/import/import-database.js';
import { removeSeed } from '../upgrade/seed/seed-removal.js';
import { type SeedCounts, seedVault } from '../upgrade/seed/seeder.js';
import { refuseBusy, whileBusy } from '../upgrade/while-busy.js';
import { count } from './import-report.js';

export async function add(vault: string): Promise<void> {
  const counts = await within((app) => seedVault(app, vault));
  const isNothing = Object.values(counts).every((n) => n === 0);
  console.log(
    isNothing
      ? `[SUCCESS] Nothing is new: the sample data is in the vault ${vault} already.`
      : `[SUCCESS] Put into the vault ${vault}: ${describe(counts)}.`,
  );
}

export async function remove(vault: string): Promise<void> {
  const { removed, automatic, kept } = await within((app) => removeSeed(app, vault));
  for (const { what, why } of kept) console.log(`[SEED] The ${what} stays: ${why}.`);
  if (automatic > 0) {
    console.log(`[SEED] ${count(automatic, 'waypoint')} that the service had made to them went with them.`);
  }
  const all = `${describe(removed)}${removed.vault ? ', and the vault' : ''}`;
  console.log(`[SUCCESS] Taken out of the vault ${vault}: ${all}.`);
}

/** Without the waypoints that the service makes by itself: the sample data has its own. */
function within<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const database = loadDatabaseConfig(readEnvironment());
  return refuseBusy(() =>
    withImports(database, { WAYPOINTS_AUTOMATIC: 'false' }, (app) => whileBusy(() => work(app))),
  );
}

function describe({ memories, waypoints, collections, users }: SeedCounts): string {
  return [
    count(memories, 'memory', 'memories'),
    count(waypoints, 'waypoint'),
    count(collections, 'collection'),
    count(users, 'user'),
  ].join(', ');
}
