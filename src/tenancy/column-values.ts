import type { ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

const PLAIN_TYPES: readonly unknown[] = ['text', 'integer', 'bigint', 'double precision', 'blob'];

/** Whether the column's values are in the database as they are in the entity, so that no driver need look at them. */
export function isPlain({ type, transformer }: ColumnMetadata): boolean {
  return transformer === undefined && PLAIN_TYPES.includes(type);
}

/** The value of a column in an entity: its property, or where an entity that it refers to is given, that one's. */
export function columnValue(column: ColumnMetadata, entity: ObjectLiteral): unknown {
  const { relationMetadata, propertyName } = column;
  const isOwn = !relationMetadata || entity[relationMetadata.propertyName] === undefined;
  if (isOwn && !column.embeddedMetadata) {
    const value = entity[propertyName] as unknown;
    if (typeof value !== 'object' || value === null) return value;
  }
  return column.getEntityValue(entity) as unknown;
}
