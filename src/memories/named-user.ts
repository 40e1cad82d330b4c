import { ApiError } from '../http/api-error.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import type { Memory } from './memory.entity.js';

/**
 * The user that a client of OpenMemory names, undefined where it names nobody else than itself: an empty name, and
 * the one by which it means itself, are as if there were none.
 *
 * @param mismatch what is said to a user's credential that names another
 * @throws ApiError 403 TENANT_MISMATCH to that
 */
export function userNamed(name: string | undefined, mismatch: string): string | undefined {
  const { userId, selfName } = TenantContext.scope();
  if (name === undefined || name === '' || name === selfName) return undefined;
  if (userId !== undefined && name !== userId) throw new ApiError(403, 'TENANT_MISMATCH', mismatch);
  return name;
}

/** How such a client is told whose a memory is: what belongs to nobody is its own, where it has a name for itself. */
export function shownOwner({ userId }: Pick<Memory, 'userId'>): string | null {
  return userId || (TenantContext.scope().selfName ?? null);
}
