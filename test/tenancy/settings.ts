import { type Scope, makeScope } from '../../src/tenancy/scope.js';
import { type Row, TABLES, canary, memoryId } from '../harness/tenant-rows.js';
import type { Owns } from '../harness/tenant-inspector.js';

/** Rows that a path may name: ids, not contents. */
export interface Names {
  readonly vaultId: string;
  readonly userId: string;
  readonly memoryId: string;
  /** A memory that other rows refer to. */
  readonly parentId: string;
  readonly factId: string;
}

/** Between whom the battery looks for leaks. */
export interface Setting {
  readonly name: 'vaults' | 'users' | 'sharing';
  readonly scope: Scope;
  /** Rows that the scope may see, and of these the ones that it may change. */
  readonly reads: Owns;
  readonly writes: Owns;
  readonly readsCanary: (text: string) => boolean;
  readonly own: Names;
  readonly foreign: Names;
}

const permissions = ['read', 'write', 'delete'] as const;

const own: Names = {
  vaultId: 'A',
  userId: 'u1',
  memoryId: memoryId('u1', 1),
  parentId: memoryId('u1', 1),
  factId: 'f-u1-1',
};

/** What has expired belongs to nobody any more. */
function lives(row: Row): boolean {
  return typeof row.expires_at !== 'number' || row.expires_at > 1_500_000_000_000;
}

const ofVaultA: Owns = (_table, row) => row.vault_id === 'A' && lives(row);

function ofUser(users: readonly string[]): Owns {
  return (table, row) =>
    ofVaultA(table, row) &&
    (TABLES[table] === 'vault' || (TABLES[table] === 'owned' && users.includes(row.user_id as string)));
}

function oneOf(...allowed: readonly string[]): Setting['readsCanary'] {
  return (text) => allowed.includes(text);
}

const betweenUsers = {
  own,
  foreign: {
    vaultId: 'A',
    userId: 'u2',
    memoryId: memoryId('u2', 1),
    parentId: memoryId('u2', 1),
    factId: 'f-u2-1',
  },
};

export const SETTINGS: readonly Setting[] = [
  {
    name: 'vaults',
    scope: makeScope({ vaultId: 'A', permissions }),
    reads: ofVaultA,
    writes: ofVaultA,
    readsCanary: (text) => text.startsWith('canary.A.') && !text.includes('expired'),
    own,
    // Ids that only B has; ids that both have come up by themselves.
    foreign: {
      vaultId: 'B',
      userId: 'u1',
      memoryId: memoryId('u1', 3),
      parentId: memoryId('u1', 1),
      factId: 'f-u1-3',
    },
  },
  {
    name: 'users',
    scope: makeScope({ vaultId: 'A', userId: 'u1', permissions }),
    reads: ofUser(['u1']),
    writes: ofUser(['u1']),
    readsCanary: oneOf(canary('A', 'u1'), canary('A', 'vault')),
    ...betweenUsers,
  },
  {
    name: 'sharing',
    scope: makeScope({ vaultId: 'A', userId: 'u1', permissions, shareUnowned: true }),
    reads: ofUser(['u1', '']),
    writes: ofUser(['u1']),
    readsCanary: oneOf(canary('A', 'u1'), canary('A', ''), canary('A', 'vault')),
    ...betweenUsers,
  },
];
