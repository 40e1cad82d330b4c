import type { EntityMetadata } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';

/** A row that another is deleted with, and the properties by which it names that other. */
export interface Dependent {
  readonly entity: EntityMetadata;
  /** Each of them names a row of the parent by the one part of its key beside the vault. */
  readonly references: readonly string[];
}

/** How everything of a user is found. */
export interface ErasurePlan {
  /** Of memories, in whose deletion the recall index is kept in step. */
  readonly memories: EntityMetadata;
  /** Tables whose rows of one user lie together in a key or an index. */
  readonly byOwner: readonly EntityMetadata[];
  /** Tables that must be walked through by their `id`: rows of one user lie anywhere. */
  readonly anywhere: readonly EntityMetadata[];
  /** What goes with its parent (ON DELETE CASCADE), by the parent's table. */
  readonly dependents: ReadonlyMap<string, readonly Dependent[]>;
}

/**
 * Finds for every table with a `user_id` a way to a user's rows, so that a table that is added later cannot be
 * forgotten.
 *
 * @throws Error naming a table for which there is none
 */
export function planErasure(entities: readonly EntityMetadata[]): ErasurePlan {
  const owned = entities.filter((entity) => entity.findColumnWithDatabaseName('user_id'));
  const byOwner: EntityMetadata[] = [];
  const anywhere: EntityMetadata[] = [];
  const dependents = new Map<string, Dependent[]>();
  let memories: EntityMetadata | undefined;
  for (const entity of owned) {
    const parent = entity.foreignKeys.find(
      ({ referencedEntityMetadata: to, onDelete }) => owned.includes(to) && onDelete === 'CASCADE',
    )?.referencedEntityMetadata;
    if (entity.target === Memory) memories = entity;
    else if (liesTogether(entity)) byOwner.push(entity);
    else if (parent)
      append(dependents, parent.tableName, { entity, references: referencesTo(entity, parent) });
    else if (keyOf(entity).join() === 'id') anywhere.push(entity);
    else throw new Error(`${entity.tableName}: there is no way to a user's rows`);
  }
  if (!memories) throw new Error('There are no memories');
  return { memories, byOwner, anywhere, dependents };
}

/** The properties of the primary key, the vault apart. */
export function keyOf({ primaryColumns }: EntityMetadata): string[] {
  return primaryColumns.map(({ propertyName }) => propertyName).filter((name) => name !== 'vaultId');
}

function liesTogether({ primaryColumns, indices }: EntityMetadata): boolean {
  const lists = [primaryColumns, ...indices.filter(({ where }) => !where).map(({ columns }) => columns)];
  return lists.some(([, second]) => second?.databaseName === 'user_id');
}

function referencesTo(entity: EntityMetadata, parent: EntityMetadata): string[] {
  return entity.foreignKeys
    .filter(({ referencedEntityMetadata }) => referencedEntityMetadata === parent)
    .map(({ columns }) => columns.find(({ databaseName }) => databaseName !== 'vault_id')!.propertyName);
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
