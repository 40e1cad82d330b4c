import type Database from 'better-sqlite3';
import { type Report, ownerName } from './finding.js';

interface Owner {
  readonly vault_id: string;
  readonly user_id: string;
}

type Counts = Owner &
  Readonly<Record<'memories' | 'lowest' | 'highest' | 'memory_count' | 'next_position', number>>;

/** Compares the counters of each owner with the owner's memories; those of expired ones count, too. */
export function verifyCounts(database: Database.Database, vaultId: string | undefined, report: Report): void {
  const [where, values] = vaultId === undefined ? ['', []] : [' AND vault_id = ?', [vaultId]];
  // Joined here and not by asking again for each: the name of an adopted owner may hold bytes that cannot be given.
  const owners = database.prepare(
    `SELECT m.*, s.memory_count, s.next_position FROM
       (SELECT vault_id, user_id, count(*) AS memories, min(position) AS lowest, max(position) AS highest
        FROM memories WHERE 1${where} GROUP BY vault_id, user_id) m
     LEFT JOIN scopes s ON s.vault_id = m.vault_id AND s.user_id = m.user_id`,
  );
  for (const row of owners.iterate(...values)) verifyOwner(row as Counts, report);
  const idle = database.prepare(
    `SELECT vault_id, user_id, memory_count FROM scopes s WHERE memory_count <> 0${where} AND NOT EXISTS
     (SELECT 1 FROM memories m WHERE m.vault_id = s.vault_id AND m.user_id = s.user_id)`,
  );
  for (const row of idle.iterate(...values)) {
    const { vault_id, user_id, memory_count } = row as Counts;
    report('counts', `scopes counts ${memory_count} ${ownerName(vault_id, user_id)}, and there are none`);
  }
}

function verifyOwner(counts: Counts | (Counts & { memory_count: null }), report: Report): void {
  const { vault_id, user_id, memories, lowest, highest, memory_count, next_position } = counts;
  const whose = ownerName(vault_id, user_id);
  if (lowest < 0) report('counts', `one of the ${whose} has the position ${lowest}`);
  if (memory_count === null) {
    report('counts', `scopes has no row for the ${memories} ${whose}`);
    return;
  }
  if (memory_count !== memories) {
    report('counts', `scopes counts ${memory_count} ${whose}, and there are ${memories}`);
  }
  if (next_position <= highest) {
    report('counts', `the next position of the ${whose} is ${next_position}, and ${highest} is taken`);
  }
}
