import { createHash } from 'node:crypto';

const VAULT_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const MAX_BYTES = 128;

/** The vault that the rows of an older system come into where nothing else is said. */
export const DEFAULT_VAULT = 'default-vault';

/** The vault of a tenant of OpenMemory. @param tenant the first 16 hex digits of the SHA-256 of its API key */
export function vaultOfTenant(tenant: string): string {
  return `om-${tenant}`;
}

/** Whether `value` is a vault id: 1 to 128 ASCII letters, digits, `.`, `_`, `:` or `-`, the first alphanumeric. */
export function isVaultId(value: unknown): value is string {
  return typeof value === 'string' && VAULT_ID.test(value);
}

/**
 * The vault id that stands for a name from elsewhere (a tenant of another system, a project). Injective:
 * two different names never share an id, because every byte that could be ambiguous (the colon included) is
 * escaped, and the two prefixes `x:` and `h::` cannot be the outcome of escaping alone.
 *
 * @param name any well-formed text; it is kept as it is in `vaults.name`
 */
export function vaultIdFor(name: string): string {
  let id = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte);
    id += /[A-Za-z0-9._-]/.test(char) ? char : `:${byte.toString(16).padStart(2, '0')}`;
  }
  if (!/^[A-Za-z0-9]/.test(id)) id = `x:${id}`;
  if (id.length > MAX_BYTES) id = `h::${createHash('sha256').update(name, 'utf8').digest('hex')}`;
  return id;
}
