import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ApiError } from './api-error.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** The kinds of value a page key is made of; integers are safe ones. */
interface KeyKinds {
  string: string;
  integer: number;
}

type KeyOf<Kinds extends readonly (keyof KeyKinds)[]> = { -readonly [I in keyof Kinds]: KeyKinds[Kinds[I]] };

/**
 * The key of a page's last row as a cursor, bound to the vault, the user and the list with its filters. It is
 * no secret: what it names is looked up in the scope that presents it.
 *
 * @param list what the cursor is good for: the list's name, filters and order
 */
export function encodeCursor(key: readonly (string | number)[], list: object): string {
  const text = Buffer.from(JSON.stringify([...key, binding(list)]), 'utf8');
  if (text.length <= MAX_PLAIN_BYTES) return text.toString('base64url');
  return PACKED + deflateRawSync(text).toString('base64url');
}

/** Adopted databases hold ids and names so long that a cursor made of them would be more than a URL can hold. */
const MAX_PLAIN_BYTES = 2_048;
const MAX_UNPACKED_BYTES = 4 * 1024 * 1024;
/** Before a cursor that is packed; no base64url begins so. */
const PACKED = '~';

function textOf(cursor: string): string {
  if (!cursor.startsWith(PACKED)) return Buffer.from(cursor, 'base64url').toString('utf8');
  const packed = Buffer.from(cursor.slice(PACKED.length), 'base64url');
  return inflateRawSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES }).toString('utf8');
}

/**
 * @param kinds of the key's parts
 * @throws ApiError 400 INVALID_CURSOR for anything that `encodeCursor` did not make for this very list
 */
export function decodeCursor<const Kinds extends readonly (keyof KeyKinds)[]>(
  cursor: string,
  kinds: Kinds,
  list: object,
): KeyOf<Kinds> {
  try {
    const read = JSON.parse(textOf(cursor)) as unknown;
    if (Array.isArray(read) && read.length === kinds.length + 1 && read.at(-1) === binding(list)) {
      const key: unknown[] = read.slice(0, -1);
      const fits = kinds.every((kind, i) =>
        kind === 'string' ? typeof key[i] === 'string' : Number.isSafeInteger(key[i]),
      );
      if (fits) return key as KeyOf<Kinds>;
    }
  } catch {
    // Not base64url of JSON: answered below like every other mismatch.
  }
  throw new ApiError(
    400,
    'INVALID_CURSOR',
    'The cursor does not belong to this list, its filters and its order.',
    {
      errors: [
        { field: 'cursor', message: 'must be the next_cursor of a page with the same filters and order' },
      ],
    },
  );
}

function binding(list: object): string {
  const { vaultId, userId } = TenantContext.scope();
  const entries = Object.entries(list).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([vaultId, userId ?? null, entries]))
    .digest('base64url')
    .slice(0, 22);
}
