import { createHash } from 'node:crypto';
import { ApiError } from '../http/api-error.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** The last row of a page: the next one begins after it. */
export interface PageKey {
  readonly createdAt: number;
  readonly id: string;
}

/**
 * A page key as a cursor, bound to the vault, the user and the filters it was made for. It is no secret: what
 * it names is looked up in the scope that presents it.
 */
export function encodeCursor(key: PageKey, filters: object): string {
  return Buffer.from(JSON.stringify([key.createdAt, key.id, binding(filters)]), 'utf8').toString('base64url');
}

/** @throws ApiError 400 INVALID_CURSOR for anything that `encodeCursor` did not make for this very query */
export function decodeCursor(cursor: string, filters: object): PageKey {
  try {
    const text = Buffer.from(cursor, 'base64url').toString('utf8');
    const [createdAt, id, bound] = JSON.parse(text) as [unknown, unknown, unknown];
    if (Number.isSafeInteger(createdAt) && typeof id === 'string' && bound === binding(filters)) {
      return { createdAt: createdAt as number, id };
    }
  } catch {
    // Not base64url of a JSON array: answered below like every other mismatch.
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

function binding(filters: object): string {
  const { vaultId, userId } = TenantContext.scope();
  const entries = Object.entries(filters).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([vaultId, userId ?? null, entries]))
    .digest('base64url')
    .slice(0, 22);
}
