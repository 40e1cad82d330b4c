import type { EntityMetadata } from 'typeorm';
import { TenancyViolationError } from './errors.js';
import { TenantContext } from './tenant-context.js';
import { tenancyOf } from './tenant.decorators.js';
import { PARAMETER } from './tenant-values.js';

type Escape = (name: string) => string;

/**
 * The SQL condition under which the running scope sees rows of an entity; its parameters are the scope's own
 * values (tenant-values.ts).
 *
 * @param alias the alias that its columns are named by, undefined where the statement has none
 * @param purpose rows without an owner may be shared with users for reading, never for writing
 * @returns undefined for an entity that belongs to no tenant
 * @throws NoTenantContextError without a scope
 */
export function tenantCondition(
  metadata: EntityMetadata,
  alias: string | undefined,
  escape: Escape,
  purpose: 'read' | 'write',
): string | undefined {
  const tenancy = tenancyOf(metadata);
  if (!tenancy) return undefined;
  const scope = TenantContext.scope();
  const column = (name: string) => (alias === undefined ? escape(name) : `${escape(alias)}.${escape(name)}`);
  const conditions = [`${column('vault_id')} = :${PARAMETER.vault}`];
  if (scope.userId !== undefined) {
    if (tenancy.visibility === 'service') {
      throw new TenancyViolationError(`"${metadata.tableName}" is closed to user scopes`);
    }
    if (tenancy.visibility === 'owned') {
      conditions.push(ownerCondition(column('user_id'), scope.shareUnowned && purpose === 'read'));
    }
  }
  if (tenancy.expiring && !scope.includeExpired) {
    const expiresAt = column('expires_at');
    conditions.push(`(${expiresAt} IS NULL OR ${expiresAt} > :${PARAMETER.now})`);
  }
  return conditions.join(' AND ');
}

/**
 * What the text of `tenantCondition` depends on beside its arguments: in two scopes with the same shape it is
 * the same text.
 *
 * @returns a small number
 * @throws NoTenantContextError without a scope
 */
export function conditionShape(): number {
  const { userId, shareUnowned, includeExpired } = TenantContext.scope();
  return (userId === undefined ? 0 : 1) + (shareUnowned ? 2 : 0) + (includeExpired ? 4 : 0);
}

/** Rows without an owner have the empty string, which no user is called. */
function ownerCondition(column: string, shareUnowned: boolean): string {
  return shareUnowned ? `${column} IN (:${PARAMETER.user}, '')` : `${column} = :${PARAMETER.user}`;
}
