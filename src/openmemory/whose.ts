import { ApiError } from '../http/api-error.js';
import type { Memory } from '../memories/memory.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** Whom a request of an old client is about, as it says in the body, the query or the path. */
export interface Whose {
  readonly user_id?: string | undefined;
  readonly project_id?: string | undefined;
}

/**
 * The user that is named, undefined where nobody is: an empty name, and the one by which the caller means itself,
 * are as if there were none.
 *
 * @throws ApiError 403 TENANT_MISMATCH for a user's credential that names another
 */
export function namedUser(name: string | undefined): string | undefined {
  const { userId, selfName } = TenantContext.scope();
  if (name === undefined || name === '' || name === selfName) return undefined;
  if (userId !== undefined && name !== userId) {
    throw new ApiError(
      403,
      'TENANT_MISMATCH',
      'user_id does not match the authenticated user; leave it out, or send the user that the credential is for',
    );
  }
  return name;
}

/** The collection that a project is kept as. */
export function collectionOf({ project_id }: Whose): string | undefined {
  return project_id === '' ? undefined : project_id;
}

/** The owners that the user in a path stands for: of the caller itself also nobody. */
export function ownersNamed(name: string): readonly string[] {
  const user = namedUser(name);
  if (user !== undefined) return [user];
  const { userId, selfName } = TenantContext.scope();
  if (userId !== undefined) return [userId];
  return selfName === undefined || selfName === '' ? [''] : ['', selfName];
}

/** How an old client is told whose a memory is: what belongs to nobody is its own, where it has a name for itself. */
export function shownOwner({ userId }: Pick<Memory, 'userId'>): string | null {
  return userId || (TenantContext.scope().selfName ?? null);
}

/** Whom the caller acts for where it names nobody. */
export function shownCaller(): string | null {
  const { userId, selfName } = TenantContext.scope();
  return userId ?? selfName ?? null;
}

/** Whether a memory that may be seen is also one of those that the request is about. */
export function isNamed(memory: Memory, whose: Whose): boolean {
  const user = namedUser(whose.user_id);
  const collection = collectionOf(whose);
  if (user !== undefined && memory.userId !== user) return false;
  return collection === undefined || memory.collection === collection;
}
