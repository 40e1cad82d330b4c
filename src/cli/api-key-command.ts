import { PERMISSIONS } from '../auth/permissions.js';
import { loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { withApiKeys } from '../upgrade/api-key-database.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { permissionsOf } from '../vaults/api-key-permissions.js';
import type { ApiKeysService, KnownApiKey, NewApiKey } from '../vaults/api-keys.service.js';
import type { ApiKeyArguments } from './api-key-options.js';
import { count } from './import-report.js';

/** Rows of a list that are read in one go. */
const PAGE = 100;

/** A new key on standard output by itself, so that a script can take it; what is said of it on standard error. */
export async function execute(args: ApiKeyArguments): Promise<void> {
  const database = loadDatabaseConfig(readEnvironment());
  // Whoever may run commands may do anything; what a key may do is for them to say.
  const scope = makeScope({ vaultId: args.vault, permissions: PERMISSIONS });
  try {
    await withApiKeys(database, (keys) => TenantContext.run(scope, () => carryOut(keys, args)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // To a request a closed vault is as one that is not there.
    const isClosed = error.getStatus() === 401;
    throw new MigrationRefusedError(
      isClosed ? `The vault ${args.vault} is suspended or erased.` : error.detail,
    );
  }
}

async function carryOut(keys: ApiKeysService, args: ApiKeyArguments): Promise<void> {
  switch (args.action) {
    case 'create': {
      const { name, userId, permissions } = args;
      const expiresAt = after(args.expiresInSeconds);
      return show(await keys.create({ name, userId, permissions, expiresAt }), args.vault);
    }
    case 'list':
      return list(keys, args.vault);
    case 'rotate': {
      const { id, graceSeconds } = args;
      return show(
        await keys.rotate(id, { graceSeconds, expiresAt: after(args.expiresInSeconds) }),
        args.vault,
      );
    }
    case 'revoke': {
      await keys.revoke(args.id);
      console.log(`[SUCCESS] The API key ${args.id} of the vault ${args.vault} is revoked.`);
    }
  }
}

async function list(keys: ApiKeysService, vault: string): Promise<void> {
  const lines: string[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const { items, nextCursor } = await keys.list({ cursor, limit: PAGE });
    lines.push(...items.map(lineOf));
    cursor = nextCursor ?? undefined;
    more = nextCursor !== null;
  }
  for (const line of lines) console.log(line);
  console.error(`[SUCCESS] The vault ${vault} has ${count(lines.length, 'API key')}.`);
}

function show({ key, row }: NewApiKey, vault: string): void {
  console.log(key);
  console.error(`[SUCCESS] The API key ${row.id} of the vault ${vault} is made; it is shown this once.`);
}

function lineOf({ row, lastUsedAt }: KnownApiKey): string {
  const { id, userId, name, createdAt, expiresAt, revokedAt } = row;
  return [
    id,
    JSON.stringify(name),
    userId === '' ? 'whole vault' : `user ${JSON.stringify(userId)}`,
    permissionsOf(row).join(',') || 'no permissions',
    `made ${timeOf(createdAt)}`,
    ...(revokedAt === null ? [] : [`revoked ${timeOf(revokedAt)}`]),
    ...(expiresAt === null ? [] : [`${expiresAt > Date.now() ? 'expires' : 'expired'} ${timeOf(expiresAt)}`]),
    lastUsedAt === null ? 'not known to be used' : `used ${timeOf(lastUsedAt)}`,
  ].join('  ');
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function after(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Date.now() + 1000 * seconds;
}
