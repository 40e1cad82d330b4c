import type { Memory } from '../memories/memory.entity.js';
import { userNamed } from '../memories/named-user.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** Whom a request of an old client is about, as it says in the body, the query or the path. */
export interface Whose {
  readonly user_id?: string | undefined;
  readonly project_id?: string | undefined;
}

const MISMATCH =
  'user_id does not match the authenticated user; leave it out, or send the user that the credential is for';

/** The user that a request names; see `userNamed`. */
export function namedUser(name: string | undefined): string | undefined {
  return userNamed(name, MISMATCH);
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
