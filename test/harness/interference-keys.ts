import fc from 'fast-check';
import { ApiKeysService, type KnownApiKey } from '../../src/vaults/api-keys.service.js';
import type { TestService } from './app.js';
import type { Seen } from './interference-callers.js';

/** Requests about API keys, in plans of interference. */
export type KeyOperation =
  | { readonly kind: 'keys' }
  | { readonly kind: 'make-key'; readonly permissions: readonly ('read' | 'write' | 'admin')[] }
  | { readonly kind: 'get-key' | 'rotate-key' | 'revoke-key'; readonly whose: WhoseKey };

/** One that this side has made, or one of the other's. */
export type WhoseKey = { readonly made: number } | { readonly others: number };

/** @param id of the key that it is about */
export type KeyRequest = KeyOperation & { readonly id: string; readonly name: string };

const whose: fc.Arbitrary<WhoseKey> = fc.oneof(
  fc.record({ made: fc.nat(2) }),
  fc.record({ others: fc.nat(2) }),
);

export const keyOperation: fc.Arbitrary<KeyOperation> = fc.oneof(
  fc.record({ kind: fc.constant('keys' as const) }),
  fc.record({
    kind: fc.constant('make-key' as const),
    permissions: fc.subarray(['read' as const, 'write' as const, 'admin' as const]),
  }),
  fc.record({
    kind: fc.constantFrom('get-key' as const, 'rotate-key' as const, 'revoke-key' as const),
    whose,
  }),
);

/** As it goes over HTTP. */
export function httpOfKeys(request: KeyRequest): [method: string, path: string, body?: object] {
  const path = '/v1/vault/api-keys';
  switch (request.kind) {
    case 'keys':
      return ['GET', `${path}?limit=100`];
    case 'make-key':
      return ['POST', path, { name: request.name, permissions: request.permissions }];
    case 'get-key':
      return ['GET', `${path}/${request.id}`];
    case 'rotate-key':
      return ['POST', `${path}/${request.id}/rotate`, {}];
    case 'revoke-key':
      return ['POST', `${path}/${request.id}/revoke`, {}];
  }
}

/** What the services themselves give. */
export async function askKeys({ app }: TestService, request: KeyRequest): Promise<unknown> {
  const keys = app.get(ApiKeysService, { strict: false });
  switch (request.kind) {
    case 'keys': {
      const { items, nextCursor } = await keys.list({ limit: 100 });
      return { items: items.map(plain), next_cursor: nextCursor };
    }
    case 'make-key': {
      const made = await keys.create({ name: request.name, permissions: request.permissions });
      return { ...plain(made), key: made.key };
    }
    case 'get-key':
      return plain(await keys.get(request.id));
    case 'rotate-key': {
      const made = await keys.rotate(request.id, {});
      return { ...plain(made), key: made.key };
    }
    case 'revoke-key':
      return plain(await keys.revoke(request.id));
  }
}

function plain({ row, lastUsedAt }: KnownApiKey) {
  const { id, name, userId, permissions, createdAt, expiresAt, revokedAt } = row;
  return {
    ...{ id, name, user_id: userId, permissions, created_at: createdAt, expires_at: expiresAt },
    ...{ revoked_at: revokedAt, last_used_at: lastUsedAt },
  };
}

/**
 * What was seen, as far as it is the same in every run: no secrets and times of writing, and keys of one millisecond
 * in the order in which they were made.
 *
 * @param made the ids of this side's keys, in that order; one that was made now is added
 */
export function settledKeys(seen: Seen, made: string[]): Seen {
  const body = JSON.parse(JSON.stringify(seen.body ?? null), withoutClock);
  if (typeof body?.key === 'string') {
    body.key = body.key.startsWith('cairn_') ? 'a key' : body.key;
    made.push(body.id as string);
  }
  if (Array.isArray(body?.items)) {
    const placeOf = ({ id }: { id: string }) => (made.includes(id) ? made.indexOf(id) : Infinity);
    (body.items as { id: string }[]).sort((a, b) => placeOf(a) - placeOf(b));
  }
  return { ...seen, body };
}

function withoutClock(this: unknown, name: string, value: unknown): unknown {
  return name === 'created_at' || name === 'revoked_at' ? value === null : value;
}
