import { userNamed } from '../memories/named-user.js';

const MISMATCH =
  'tenant_mismatch: user_id does not match the authenticated user; omit user_id or pass that user';

/** The user that the argument `user_id` of a tool names; see `userNamed`. */
export function namedUser(name: string | undefined): string | undefined {
  return userNamed(name, MISMATCH);
}
