import { ApiError } from '../http/api-error.js';
import type { Memory } from '../memories/memory.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/**
 * The user that `user_id` names, undefined where it names nobody else than the caller.
 *
 * @throws ApiError 403 TENANT_MISMATCH where the caller is one user and names another
 */
export function namedUser(name: string | undefined): string | undefined {
  const { userId, selfName } = TenantContext.scope();
  if (name === undefined || name === selfName) return undefined;
  if (userId !== undefined && name !== userId) {
    throw new ApiError(
      403,
      'TENANT_MISMATCH',
      'tenant_mismatch: user_id does not match the authenticated user; omit user_id or pass that user',
    );
  }
  return name;
}

/** How the caller is told whose a memory is: what belongs to nobody is its own, where it has a name for itself. */
export function shownOwner({ userId }: Pick<Memory, 'userId'>): string | null {
  return userId || (TenantContext.scope().selfName ?? null);
}
