import { type Permission, isPermission } from '../auth/permissions.js';
import type { ApiKey } from './api-key.entity.js';

/** What a key of a vault may be given by that vault's admins. */
export const KEY_PERMISSIONS = ['read', 'write', 'delete', 'admin'] as const satisfies readonly Permission[];

/** What a key may do; nothing where what is stored cannot be read. */
export function permissionsOf({ permissions }: Pick<ApiKey, 'permissions'>): Permission[] {
  let listed: unknown;
  try {
    listed = JSON.parse(permissions);
  } catch {
    return [];
  }
  // Whether a key acts for the whole vault is not for this list to say.
  return Array.isArray(listed) ? listed.filter(isPermission).filter((one) => one !== 'vault') : [];
}
