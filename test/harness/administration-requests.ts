import fc from 'fast-check';

/** A request that is sent as it stands. */
export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who sends it: a service or a user of the vault, or an operator. */
  readonly as: 'service' | 'user' | 'operator';
}

const vault = fc.constantFrom('v1', 'v2', 'V1', 'v10', 'no vault', 'é');
const name = fc.constantFrom('Acme', '', 'x'.repeat(300), 'Grüße 京都', 'a\u0000b');
const limit = fc.constantFrom('', '?limit=1', '?limit=2', '?limit=0', '?status=active&limit=1', '?status=x');
const key = fc.constantFrom('k1', 'k2', 'é', '');
const content = fc.constantFrom('An owl.', 'A barn.', '\ud800', '', 'x'.repeat(70_000), 'tab\there');
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('a', 'B', 'é', '~', ' ', '😀'),
);
const who = fc.constantFrom('service' as const, 'user' as const);

/** Requests about vaults, and those that are sent twice. */
export const administrationRequest: fc.Arbitrary<PlainRequest> = fc.oneof(
  fc.record({ id: vault, name }).map((body) => operator('POST', '/v1/vaults', body)),
  limit.map((query) => operator('GET', `/v1/vaults${query}`)),
  vault.map((id) => operator('GET', `/v1/vaults/${encodeURIComponent(id)}`)),
  vault.map((id) => operator('GET', `/v1/vaults/${encodeURIComponent(id)}/rollout`)),
  fc
    .tuple(vault, fc.constantFrom('suspend', 'resume'))
    .map(([id, verb]) => operator('POST', `/v1/vaults/${encodeURIComponent(id)}/${verb}`)),
  vault.map((id) => operator('DELETE', `/v1/vaults/${encodeURIComponent(id)}`)),
  fc
    .record({ name, share_unowned: fc.constantFrom(true, false, undefined, 1) }, { requiredKeys: [] })
    .map((body) => ({ method: 'PATCH', path: '/v1/vault', body, as: 'operator' as const })),
  who.map((as) => ({ method: 'GET', path: '/v1/vault', as })),
  fc.tuple(content, key, who).map(([given, idempotency, as]) => ({
    method: 'POST',
    path: '/v1/memories',
    body: { content: given },
    headers: { 'idempotency-key': encodeURIComponent(idempotency) },
    as,
  })),
  // Texts that databases order, compare or refuse in ways of their own.
  fc
    .record(
      { content: text, session_id: text, collection: text, tags: fc.array(text, { maxLength: 2 }), id: text },
      { requiredKeys: ['content'] },
    )
    .map((body) => ({ method: 'POST', path: '/v1/memories', body, as: 'user' as const })),
  text.map((summary) => ({ method: 'PUT', path: '/v1/users/ana', body: { summary }, as: 'user' as const })),
  fc
    .record({ name: text, description: text })
    .map((body) => ({ method: 'POST', path: '/v1/collections', body, as: 'service' as const })),
  fc
    .tuple(
      fc.constantFrom('sessions', 'collections', 'users', 'memories'),
      fc.integer({ min: 1, max: 4 }),
      who,
    )
    .map(([list, most, as]) => ({ method: 'GET', path: `/v1/${list}?limit=${most}`, as })),
  text.map((query) => ({
    method: 'POST',
    path: '/v1/memories/search',
    body: { query },
    as: 'user' as const,
  })),
);

function operator(method: string, path: string, body?: unknown): PlainRequest {
  return { method, path, body, as: 'operator' };
}
