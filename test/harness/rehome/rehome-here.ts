import type { PostgresConfig } from '../../../src/config/postgres-config.js';
import { Destinations } from '../../../src/upgrade/rehome/destinations.js';
import {
  type GroupReport,
  type RehomeReport,
  rehomeUsers,
} from '../../../src/upgrade/rehome/rehome-users.js';
import { configOf } from '../migrated-database.js';

export interface Here {
  readonly from?: string;
  readonly to?: string;
  readonly map?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
}

/** Moves users in this process, as the command does. @param place see `migratedDatabase` */
export async function rehomeHere(
  place: string,
  { from = 'home', to = 'user-{user_id}', map = {}, dryRun }: Here = {},
): Promise<RehomeReport & { readonly groups: readonly GroupReport[] }> {
  const groups: GroupReport[] = [];
  const report = await rehomeUsers({
    database: configOf(place) as PostgresConfig,
    ...{ from, dryRun },
    destinations: new Destinations(to, new Map(Object.entries(map))),
    onGroup: (group) => groups.push(group),
  });
  return { ...report, groups };
}
