import type { EntityMetadata } from 'typeorm';
import { tenancyOf } from './tenant.decorators.js';

/**
 * Refuses, at boot, a schema in which a tenant's rows could be reached without their vault: the rules of
 * keys that make isolation hold by structure.
 *
 * @throws Error naming every rule that is broken
 */
export function checkEntities(entities: readonly EntityMetadata[]): void {
  const broken = entities.flatMap((metadata) =>
    brokenRules(metadata).map((rule) => `${metadata.tableName}: ${rule}`),
  );
  if (broken.length > 0) throw new Error(`The entities break the tenancy rules:\n- ${broken.join('\n- ')}`);
}

function brokenRules(metadata: EntityMetadata): string[] {
  if (metadata.isJunction) return ['an implicit many-to-many table has no vault: make it an entity'];
  const tenancy = tenancyOf(metadata);
  if (!tenancy) return ['has none of @Tenant, @Owned, @ServiceOnly'];
  const rules: string[] = [];
  const vault = metadata.findColumnWithDatabaseName('vault_id');
  if (!vault || metadata.columns[0] !== vault) rules.push('vault_id must be the first column');
  if (metadata.primaryColumns[0] !== vault) rules.push('vault_id must lead the primary key');
  if (vault?.isNullable || vault?.default !== undefined)
    rules.push('vault_id must be NOT NULL without a default');
  if (tenancy.visibility === 'owned' && !metadata.findColumnWithDatabaseName('user_id'))
    rules.push('needs user_id');
  if (tenancy.expiring && !metadata.findColumnWithDatabaseName('expires_at')) rules.push('needs expires_at');
  if (metadata.treeType || metadata.inheritancePattern) rules.push('trees and inheritance are not supported');
  if (metadata.deleteDateColumn) rules.push('soft deletion is not supported');
  for (const { name, columns } of [...metadata.indices, ...metadata.uniques]) {
    if (columns[0] !== vault) rules.push(`${name} must begin with vault_id`);
  }
  for (const { name, columns, referencedColumns, onDelete } of metadata.foreignKeys) {
    // By name: TypeORM clones a column that two relations share, and may reorder them.
    const own = columns.findIndex((column) => column.databaseName === 'vault_id');
    if (referencedColumns[own]?.databaseName !== 'vault_id')
      rules.push(`${name} must join vault_id with vault_id`);
    if (onDelete === 'SET NULL') rules.push(`${name} must CASCADE or take NO ACTION`);
  }
  return rules;
}
