/**
 * What a caller may do. `read`, `write` and `delete` concern memories and what hangs on them; `admin` the
 * own vault's settings and keys; `vault` makes a service scope (the whole vault instead of one user);
 * `operator` opens the directory of vaults and nothing else.
 */
export const PERMISSIONS = ['read', 'write', 'delete', 'admin', 'vault', 'operator'] as const;

export type Permission = (typeof PERMISSIONS)[number];

export function isPermission(value: unknown): value is Permission {
  return typeof value === 'string' && (PERMISSIONS as readonly string[]).includes(value);
}
