import type { EntityMetadata, ObjectLiteral, QueryRunner } from 'typeorm';
import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';
import { columnValue } from './column-values.js';
import { TenancyViolationError } from './errors.js';
import { TenantContext } from './tenant-context.js';
import { tenancyOf } from './tenant.decorators.js';

/** Columns that the scope itself fills in. */
const OF_THE_SCOPE: ReadonlySet<string> = new Set(['vault_id', 'user_id']);

/**
 * Looks up, in a user scope, the rows that new values refer to. The database keeps references inside the
 * vault, but to it every row of the vault will do: without this look a user could tie a row to another
 * user's, and learn from the refusal of the others which ids there are.
 *
 * @throws TenancyViolationError for a reference to what is not the user's own, there or not
 */
export async function checkReferences(
  metadata: EntityMetadata | undefined,
  valueSets: readonly ObjectLiteral[],
  runner: QueryRunner | undefined,
): Promise<void> {
  const { userId } = TenantContext.scope();
  if (userId === undefined || !metadata || !tenancyOf(metadata)) return;
  for (const key of metadata.foreignKeys) {
    if (tenancyOf(key.referencedEntityMetadata)?.visibility !== 'owned') continue;
    const seen = new Set<string>();
    for (const values of valueSets) {
      const wanted = referenceOf(metadata, key, values);
      if (!wanted || seen.has(JSON.stringify(wanted))) continue;
      seen.add(JSON.stringify(wanted));
      // What has expired since the caller read it still stands where it stood.
      const found = await TenantContext.asVault(() =>
        metadata.dataSource
          .createQueryBuilder(key.referencedEntityMetadata.target, 'referenced', runner)
          .where({ ...wanted, userId })
          .getExists(),
      );
      if (!found) throw refusedReference(metadata, key);
    }
  }
}

/** The properties of the row that is referred to; undefined where nothing is, or the scope decides it. */
export function referenceOf(
  metadata: EntityMetadata,
  key: ForeignKeyMetadata,
  values: ObjectLiteral,
): ObjectLiteral | undefined {
  const wanted: ObjectLiteral = {};
  key.columns.forEach((column, i) => {
    if (OF_THE_SCOPE.has(column.databaseName)) return;
    const value = columnValue(column, values);
    if (value === undefined || value === null) return;
    // SQL instead of a value could name anything.
    if (typeof value === 'function') throw refusedReference(metadata, key);
    wanted[key.referencedColumns[i].propertyName] = value;
  });
  return Object.keys(wanted).length > 0 ? wanted : undefined;
}

/** What is thrown for a reference to what the user does not have, there or not. */
export function refusedReference(
  { tableName }: EntityMetadata,
  { referencedEntityMetadata }: ForeignKeyMetadata,
): Error {
  return new TenancyViolationError(
    `A row of "${tableName}" refers to a row of "${referencedEntityMetadata.tableName}" that its user does not have`,
  );
}
