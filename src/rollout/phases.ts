import type { VaultStatus } from '../vaults/vault.entity.js';
import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import type { Enforcement } from './flags.js';
import type { VaultlessClient, VaultlessRequests } from './vaultless-tokens.js';

/**
 * Where a vault stands on the way from one vault for everybody to vaults of their own. It is read off the facts:
 * - `legacy`: tokens without a vault claim work in `default-vault`, and their clients are to be found.
 * - `shadow`: they still work, and what `enforced` would refuse is kept.
 * - `enforced`: they are refused, but some came in the days looked at, and users still own memories in
 *   `default-vault`: this is the time to see whether anybody is missed, while nothing has been moved yet.
 * - `re-home`: they are refused, none came in the days looked at, and users still own memories in `default-vault`:
 *   each can go to a vault of their own.
 * - `clean-up`: no user owns a memory in `default-vault`, and every user of it still sees what belongs to nobody there.
 * - `done`: nothing is left to do. Other vaults are done as soon as tokens without a vault claim are refused.
 */
export const PHASES = ['legacy', 'shadow', 'enforced', 're-home', 'clean-up', 'done'] as const;

export type Phase = (typeof PHASES)[number];

/** What a phase is read off. */
export interface RolloutFacts {
  readonly vaultId: string;
  readonly status: VaultStatus;
  readonly shareUnowned: boolean;
  /** That of `default-vault`. */
  readonly mode: Enforcement;
  readonly memories: number;
  /** Users who own some of them. */
  readonly users: number;
  /** Those that belong to nobody. */
  readonly unowned: number;
  /** Of `default-vault` alone: no other vault has any. */
  readonly requests: VaultlessRequests | null;
  /** How many days of requests were looked at. */
  readonly days: number;
}

/** The next step of a vault. */
export interface NextStep {
  /** Where it leads. */
  readonly phase: Phase;
  /** What it changes for the vault, a sentence each. */
  readonly changes: readonly string[];
  /** The settings, commands or requests that make it, in their order. */
  readonly how: readonly string[];
}

/** Clients that a sentence names. */
const MOST_NAMED = 10;

export function phaseOf({ vaultId, status, shareUnowned, mode, ...facts }: RolloutFacts): Phase {
  if (mode !== 'enforced') return mode;
  if (vaultId !== DEFAULT_VAULT) return 'done';
  if (facts.users > 0) return facts.requests?.total ? 'enforced' : 're-home';
  return status === 'active' && shareUnowned ? 'clean-up' : 'done';
}

/** @returns null where nothing is left to do */
export function nextStepOf(facts: RolloutFacts): NextStep | null {
  const phase = phaseOf(facts);
  if (phase === 'done') return null;
  if (facts.vaultId !== DEFAULT_VAULT) return stepOfAnother(phase === 'legacy' ? 'shadow' : 'enforced');
  switch (phase) {
    case 'legacy':
      return {
        phase: 'shadow',
        changes: [
          ...closed(facts),
          'Nobody is refused: tokens without a vault claim go on working here, and each request of theirs is kept as one that enforced would refuse.',
          `So far: ${foundSentence(facts, 'had none')}`,
        ],
        how: settingOf('shadow'),
      };
    case 'shadow':
      return {
        phase: 'enforced',
        changes: [
          ...closed(facts),
          'Tokens without a vault claim are refused with 401 INVALID_TOKEN; those with one work as before.',
          ...shadowSentences(facts),
        ],
        how: settingOf('enforced'),
      };
    case 'enforced':
      return {
        phase: 're-home',
        changes: [
          `Of the requests without a vault claim in these days, all like them are refused now: ${foundSentence(facts, 'were let in before')}`,
          ...rehomeSentences(facts),
        ],
        how: [`npm run rehome -- --vault ${DEFAULT_VAULT} --by user --dry-run`],
      };
    case 're-home':
      return {
        phase: 'clean-up',
        changes: rehomeSentences(facts),
        how: [
          `npm run rehome -- --vault ${DEFAULT_VAULT} --by user --dry-run`,
          `npm run rehome -- --vault ${DEFAULT_VAULT} --by user`,
        ],
      };
    case 'clean-up':
      return {
        phase: 'done',
        changes: cleanUpSentences(facts),
        how: [
          `PATCH /v1/vault {"share_unowned":false}, with a service token of ${DEFAULT_VAULT} that has admin`,
        ],
      };
  }
}

function stepOfAnother(phase: Phase): NextStep {
  return {
    phase,
    changes: [
      `Nothing changes for this vault. Tokens without a vault claim only ever work in ${DEFAULT_VAULT}, and what is done with them is for the flag tenancy.enforcement of ${DEFAULT_VAULT} to say.`,
    ],
    how: [`npm run rollout -- --vault ${DEFAULT_VAULT}`],
  };
}

function settingOf(mode: Enforcement): string[] {
  return [
    `FLAG_TENANCY_ENFORCEMENT=${mode}, or in FLAGS_FILE a rule of tenancy.enforcement with the value ${mode} for ${DEFAULT_VAULT}`,
  ];
}

function closed({ status }: RolloutFacts): string[] {
  return status === 'active'
    ? []
    : [`${DEFAULT_VAULT} is ${status}: tokens that work in it are refused anyway.`];
}

/** @param what is said of the requests */
function foundSentence({ requests, days }: RolloutFacts, what: string): string {
  if (!requests?.total) return nothingIn(days);
  return sentenceOf(requests.total, requests.clients, requests.since, what, ({ count }) => count);
}

function shadowSentences({ requests, days }: RolloutFacts): string[] {
  const { total = 0, inShadow = 0, clients = [], since = '' } = requests ?? {};
  const sentences: string[] = [];
  if (inShadow > 0) {
    const seen = clients.filter((client) => client.inShadow > 0);
    sentences.push(sentenceOf(inShadow, seen, since, 'would have been refused', (client) => client.inShadow));
  } else {
    sentences.push(`Shadow has found ${nothingIn(days)}`);
  }
  if (total > inShadow) {
    const others = clients.filter(({ count, inShadow: n }) => count > n);
    const last = others
      .map(({ lastSeen }) => lastSeen)
      .sort()
      .at(-1)!;
    sentences.push(
      `Before shadow, in legacy: ${sentenceOf(total - inShadow, others, since, 'had none', ({ count, inShadow: n }) => count - n)} The last was seen on ${last}.`,
    );
  }
  return sentences;
}

function nothingIn(days: number): string {
  return `nothing in the last ${counted(days, 'day')}: 0 requests without a vault claim.`;
}

function sentenceOf(
  total: number,
  clients: readonly VaultlessClient[],
  since: string,
  what: string,
  countOf: (client: VaultlessClient) => number,
): string {
  const named = [...clients]
    .sort((a, b) => countOf(b) - countOf(a))
    .slice(0, MOST_NAMED)
    .map((client) => `${JSON.stringify(client.client)} (${countOf(client)})`);
  if (clients.length > MOST_NAMED) named.push(`and ${clients.length - MOST_NAMED} more`);
  return `${counted(total, 'request')} of ${counted(clients.length, 'client')} since ${since} ${what}: ${named.join(', ')}.`;
}

function rehomeSentences({ users, memories, unowned, shareUnowned }: RolloutFacts): string[] {
  const sentences = [
    `${counted(users, 'user')} with ${counted(memories - unowned, 'memory', 'memories')} would leave ${DEFAULT_VAULT} for vaults of their own, and tokens that name ${DEFAULT_VAULT} find nothing of theirs any more.`,
  ];
  sentences.push('What users share with one another stays; the dry run names it.');
  if (unowned > 0) {
    const lost = shareUnowned ? '; users who have left no longer see them' : '';
    sentences.push(`${counted(unowned, 'memory', 'memories')} of nobody would stay${lost}.`);
  }
  return sentences;
}

function cleanUpSentences({ memories }: RolloutFacts): string[] {
  return [
    `Users of ${DEFAULT_VAULT} no longer see what belongs to nobody there, ${counted(memories, 'memory', 'memories')}; service tokens do, and nothing is deleted.`,
  ];
}

function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
