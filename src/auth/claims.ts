import type { Config } from '../config/config.js';
import { clientOf } from '../rollout/client-name.js';
import { isUserId } from '../tenancy/scope.js';
import { isVaultId } from '../vaults/vault-id.js';
import type { TokenIdentity } from './identity.js';
import { type Permission, isPermission } from './permissions.js';
import { TokenRefused } from './refusals.js';
import type { JsonObject } from './token-form.js';

export type JwtSettings = NonNullable<Config['auth']['jwt']>;

/** 9999-12-31T23:59:59Z, in seconds. A later `exp` is milliseconds written where seconds belong. */
const LAST_SECOND = 253_402_300_799;

/**
 * Who the claims of a token with a good signature name.
 *
 * @param now in seconds since 1970
 * @throws TokenRefused when the claims name nobody, or name somebody in a way that could be read twice
 */
export function identityOf(claims: JsonObject, settings: JwtSettings, now: number): TokenIdentity {
  checkTimes(claims, now + settings.clockToleranceSeconds);
  const vaultId = vaultOf(claims);
  const permissions = permissionsOf(claims, settings);
  // Whoever the token was issued to, `vault` makes it a service token: it acts for the vault, not for a user.
  const userId = permissions.includes('vault') ? undefined : userOf(claims, settings.userClaims);
  if (vaultId === undefined) return { client: clientOf(claims, userId), userId, permissions };
  return { vaultId, userId, permissions };
}

/** What jsonwebtoken leaves open: that `exp` is there, that times are sane, and `iat`. */
function checkTimes(claims: JsonObject, latest: number): void {
  const { exp, iat } = claims;
  if (typeof exp !== 'number' || !(exp > 0 && exp <= LAST_SECOND)) throw new TokenRefused('no usable exp');
  if (iat !== undefined && !(typeof iat === 'number' && iat >= 0 && iat <= latest)) {
    throw new TokenRefused('iat is not a time in the past');
  }
}

/**
 * The vault claim has two spellings; a token with both has to mean one vault.
 * @returns undefined where the token has neither
 */
function vaultOf(claims: JsonObject): string | undefined {
  if (!Object.hasOwn(claims, 'vault_id') && !Object.hasOwn(claims, 'vaultId')) return undefined;
  const { vault_id: vaultId, vaultId: sameInOtherSpelling } = claims;
  const chosen = vaultId === undefined ? sameInOtherSpelling : vaultId;
  if (!isVaultId(chosen)) throw new TokenRefused('the vault claim is not a vault id');
  if (sameInOtherSpelling !== undefined && sameInOtherSpelling !== chosen) {
    throw new TokenRefused('two vault claims that differ');
  }
  return chosen;
}

/** The first of the configured claims that is there decides, even when a later one would be valid. */
function userOf(claims: JsonObject, names: readonly string[]): string {
  const name = names.find((candidate) => Object.hasOwn(claims, candidate));
  if (name === undefined) throw new TokenRefused('neither a user claim nor the permission "vault"');
  const userId = claims[name];
  if (!isUserId(userId)) throw new TokenRefused('the user claim is not a user id');
  return userId;
}

/**
 * `permissions` (a list) decides where it is there, else `scope` (words with spaces between), else the
 * configured default. Entries that are none of ours belong to other services and are passed over; so a token
 * with only such entries has no permission at all, and never the default.
 */
function permissionsOf(claims: JsonObject, settings: JwtSettings): readonly Permission[] {
  if (Object.hasOwn(claims, 'permissions')) {
    const { permissions } = claims;
    if (!Array.isArray(permissions) || !permissions.every((entry) => typeof entry === 'string')) {
      throw new TokenRefused('permissions is not a list of strings');
    }
    return known(permissions, settings.permissionPrefix);
  }
  if (Object.hasOwn(claims, 'scope')) {
    const { scope } = claims;
    if (typeof scope !== 'string') throw new TokenRefused('scope is not a string');
    return known(scope.split(' '), settings.permissionPrefix);
  }
  return settings.defaultPermissions;
}

function known(entries: readonly string[], prefix: string): readonly Permission[] {
  return entries
    .map((entry) => (entry.startsWith(prefix) ? entry.slice(prefix.length) : entry))
    .filter(isPermission);
}
