import type { RolloutReport } from '../rollout/rollout.service.js';
import type { VaultlessRequests } from '../rollout/vaultless-tokens.js';
import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import { count } from './import-report.js';

/** Clients that get a line each. */
const MOST_SHOWN = 20;

/** Where a vault stands, a line each. */
export function describeRollout({ facts, flags, phase, next }: RolloutReport): string[] {
  const { vaultId, status, mode, memories, users, unowned, requests, days } = facts;
  const values = Object.entries(flags).map(([flag, value]: [string, boolean | string]) => `${flag} ${value}`);
  return [
    `${vaultId}: phase ${phase}${status === 'active' ? '' : `, ${status}`}`,
    `Tokens without a vault claim: ${mode}, by tenancy.enforcement of ${DEFAULT_VAULT}`,
    `Flags of ${vaultId}: ${values.join(', ')}`,
    `${count(memories, 'memory', 'memories')}: ${memories - unowned} of ${count(users, 'user')}, ${unowned} of nobody`,
    ...(requests ? describeRequests(requests, days) : []),
    ...(next
      ? [
          `Next: ${next.phase}`,
          ...next.changes.map((change) => `  ${change}`),
          `By: ${next.how[0]}`,
          ...next.how.slice(1).map((step) => `then ${step}`),
        ]
      : ['Nothing is left to do.']),
  ];
}

function describeRequests({ since, total, inShadow, clients }: VaultlessRequests, days: number): string[] {
  const shown = clients.slice(0, MOST_SHOWN).map((one) => {
    const name = JSON.stringify(one.client);
    return `  ${name}: ${one.count}, ${one.inShadow} in shadow, ${one.firstSeen} to ${one.lastSeen}`;
  });
  if (clients.length > MOST_SHOWN) shown.push(`  and ${count(clients.length - MOST_SHOWN, 'client')} more`);
  return [
    `Requests without a vault claim in ${count(days, 'day')} since ${since}: ${total}, ${inShadow} in shadow, of ${count(clients.length, 'client')}; a running service may have some of the last 30 seconds besides`,
    ...shown,
  ];
}
