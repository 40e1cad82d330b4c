import type { Permission } from '../auth/permissions.js';
import { isVaultId } from '../vaults/vault-id.js';

/**
 * Who is asking, as far as data is concerned: one vault, and within it one user or (a service scope) the
 * whole vault. Immutable; made in one place per entrance (the auth guard, a job, a command).
 */
export interface Scope {
  readonly vaultId: string;
  /** Absent in a service scope. Never the empty string, which stands for "no owner" in keys. */
  readonly userId?: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Whether a user scope also sees the vault's rows without an owner (`vaults.share_unowned`). */
  readonly shareUnowned: boolean;
  /** Only for the sweep of expired rows: expired rows are seen. */
  readonly includeExpired: boolean;
  /**
   * The `user_id` by which a client of OpenMemory means itself, for callers with OM_API_KEY alone: on the old
   * routes and tools a request that names it is as one that names nobody.
   */
  readonly selfName?: string;
}

export class InvalidScopeError extends Error {
  override readonly name = 'InvalidScopeError';
}

const MAX_USER_ID_LENGTH = 256;

/** Whether `value` can name a user: 1 to 256 characters of well-formed text without U+0000. */
export function isUserId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_USER_ID_LENGTH &&
    !value.includes('\u0000') &&
    value.isWellFormed()
  );
}

export interface ScopeInput {
  vaultId: string;
  userId?: string;
  permissions: Iterable<Permission>;
  shareUnowned?: boolean;
  includeExpired?: boolean;
  selfName?: string;
}

/** @throws InvalidScopeError when the vault or user id is not a valid one */
export function makeScope(input: ScopeInput): Scope {
  if (!isVaultId(input.vaultId)) throw new InvalidScopeError('not a vault id');
  if (input.userId !== undefined && !isUserId(input.userId)) throw new InvalidScopeError('not a user id');
  return Object.freeze({
    vaultId: input.vaultId,
    userId: input.userId,
    permissions: new Set(input.permissions),
    shareUnowned: input.shareUnowned ?? false,
    includeExpired: input.includeExpired ?? false,
    selfName: input.selfName,
  });
}
