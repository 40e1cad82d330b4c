import { PERMISSIONS, type Permission, isPermission } from '../auth/permissions.js';
import { isUserId } from '../tenancy/scope.js';
import { UsageError, readCommandLine, readVaultId } from './command.js';
import { MAX_SECONDS, readSeconds } from './time-span.js';

const GIVEN = PERMISSIONS.filter((one) => one !== 'vault');
const ACTIONS = ['create', 'list', 'rotate', 'revoke'] as const;

export const USAGE = `Makes, lists and ends the API keys of a vault.

  npm run --silent api-key -- create --vault acme --name "the agent" [--user ana] [--permissions read,write]
  npm run --silent api-key -- list   --vault acme
  npm run --silent api-key -- rotate --vault acme --id ID [--grace 1d]
  npm run --silent api-key -- revoke --vault acme --id ID

  --vault ID           the vault they open
  --name TEXT          what the key is for
  --user ID            the user it acts for; without it, the whole vault
  --permissions LIST   of ${GIVEN.join(', ')}, separated by commas; without it, read, write and delete
  --expires-in TIME    such as 12h or 90d; without it a new key holds until it is revoked, and a rotated one as long
                       as the former
  --grace TIME         how long the former key goes on working, at most 30d; without it, not at all

A new key goes to standard output, this once: only its hash is kept. The database is the one of DATABASE_URL, on
PostgreSQL as the role of DATABASE_MIGRATOR_URL; a service may go on using it, and knows of an ended key within 5
seconds. The exit status is 0, and 2 when nothing was done.`;

export type ApiKeyArguments =
  | {
      readonly action: 'create';
      readonly vault: string;
      readonly name: string;
      readonly userId?: string;
      readonly permissions?: readonly Permission[];
      readonly expiresInSeconds?: number;
    }
  | { readonly action: 'list'; readonly vault: string }
  | {
      readonly action: 'rotate';
      readonly vault: string;
      readonly id: string;
      readonly graceSeconds?: number;
      readonly expiresInSeconds?: number;
    }
  | { readonly action: 'revoke'; readonly vault: string; readonly id: string };

const TAKES: Readonly<Record<ApiKeyArguments['action'], readonly string[]>> = {
  create: ['name', 'user', 'permissions', 'expires-in'],
  list: [],
  rotate: ['id', 'grace', 'expires-in'],
  revoke: ['id'],
};

const MAX_GRACE_SECONDS = 30 * 86_400;

/** @throws UsageError */
export function readApiKeyArguments(): ApiKeyArguments | 'help' {
  const { values, positionals } = readCommandLine({
    allowPositionals: true,
    options: {
      vault: { type: 'string' },
      id: { type: 'string' },
      name: { type: 'string' },
      user: { type: 'string' },
      permissions: { type: 'string' },
      'expires-in': { type: 'string' },
      grace: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const [word, ...more] = positionals;
  const action = ACTIONS.find((one) => one === word);
  if (!action || more.length > 0) throw new UsageError(`Say one of ${ACTIONS.join(', ')}.`);
  const { vault: vaultOption, help: _, ...options } = values;
  const foreign = Object.keys(options).find((name) => !TAKES[action].includes(name));
  if (foreign) throw new UsageError(`${action} takes no --${foreign}.`);
  const vault = readVaultId(vaultOption);
  const expiresInSeconds = readTime('expires-in', options['expires-in'], MAX_SECONDS);
  switch (action) {
    case 'create':
      return {
        ...{ action, vault, expiresInSeconds, name: readName(options.name) },
        ...{ userId: readUser(options.user), permissions: readPermissions(options.permissions) },
      };
    case 'list':
      return { action, vault };
    case 'rotate': {
      const graceSeconds = readTime('grace', options.grace, MAX_GRACE_SECONDS);
      return { action, vault, id: readId(options.id), graceSeconds, expiresInSeconds };
    }
    case 'revoke':
      return { action, vault, id: readId(options.id) };
  }
}

function readName(name: string | undefined): string {
  if (name !== undefined && /^\P{Cc}{1,255}$/u.test(name) && name.isWellFormed()) return name;
  throw new UsageError('--name must be 1 to 255 characters, none of them a control character.');
}

function readUser(user: string | undefined): string | undefined {
  if (user === undefined || isUserId(user)) return user;
  throw new UsageError('--user must be 1 to 256 characters.');
}

function readId(id: string | undefined): string {
  if (id) return id;
  throw new UsageError('--id must be the id of a key, as `list` shows it.');
}

function readPermissions(text: string | undefined): Permission[] | undefined {
  const listed = text?.split(',').flatMap((entry) => entry.trim() || []);
  const unknown = listed?.filter((entry) => !isPermission(entry) || entry === 'vault') ?? [];
  if (unknown.length === 0) return listed as Permission[] | undefined;
  throw new UsageError(`--permissions holds ${unknown.join(', ')}; there are ${GIVEN.join(', ')}.`);
}

function readTime(name: string, text: string | undefined, most: number): number | undefined {
  return text === undefined ? undefined : readSeconds(`--${name}`, text, most);
}
