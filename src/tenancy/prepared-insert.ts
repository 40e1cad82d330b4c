import type { ObjectLiteral, Repository } from 'typeorm';
import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';
import { columnValue, isPlain } from './column-values.js';
import { TenancyViolationError } from './errors.js';
import { LONGEST_LIST, padded } from './padded-list.js';
import { PreparedSelect } from './prepared-statements.js';
import { referenceOf, refusedReference } from './references.js';
import { conditionShape } from './tenant-conditions.js';
import { TenantContext } from './tenant-context.js';
import type { TenantDataSource } from './tenant-data-source.js';
import { refuseForeign, stamped } from './tenant-query-builders.js';
import { tenancyOf } from './tenant.decorators.js';
import { TENANT_PARAMETERS, TenantValue } from './tenant-values.js';

/** References to the rows of one table of users, and the look at such rows. */
interface References {
  readonly keys: ForeignKeyMetadata[];
  /** The property that the rows are known by, beside their vault. */
  readonly property: string;
  readonly lookup: PreparedSelect<ObjectLiteral>;
}

/** Rows of a statement: beyond the most, only its text would go on growing. */
const ROWS_A_STATEMENT = [20, 2, 1];

/** What a parameter of an insertion stands for: a column of one of its rows, or a value of the scope. */
type Place = { readonly row: number; readonly column: number } | TenantValue;

/** An insertion of a number of rows, ready to run. */
interface Insertion {
  readonly sql: string;
  readonly places: readonly Place[];
}

/** A prepared insertion of whole rows. The rows of users that they refer to are looked up first. */
export class PreparedInsert<Entity extends ObjectLiteral> {
  private readonly references: readonly References[];
  /** By the number of rows and the shape of the scope. */
  private readonly insertions = new Map<number, Insertion>();

  constructor(private readonly repository: Repository<Entity>) {
    this.references = referencesOf(repository);
  }

  /** @throws TenancyViolationError for what is another's, or in a user scope refers to what is */
  run(entity: Entity): Promise<void> {
    return this.runMany([entity]);
  }

  /**
   * Inserts in the order given; to be one with each other they need a unit of work.
   *
   * @param references `read`: the running unit of work has read the rows of users that these refer to in this very
   *   scope, or written them itself, and they need not be looked up again
   * @throws as `run`
   */
  async runMany(entities: readonly Entity[], references: 'unknown' | 'read' = 'unknown'): Promise<void> {
    for (let at = 0; at < entities.length;) {
      const rows = ROWS_A_STATEMENT.find((size) => size <= entities.length - at)!;
      await this.insert(entities.slice(at, at + rows), references);
      at += rows;
    }
  }

  private async insert(entities: readonly Entity[], references: 'unknown' | 'read'): Promise<void> {
    const { metadata, manager } = this.repository;
    const { sql, places } = this.insertion(entities.length);
    const values: unknown[][] = [];
    for (const entity of entities) {
      refuseForeign(metadata, entity);
      values.push(this.valuesOf(entity));
    }
    if (references === 'unknown') await this.checkReferences(entities);
    const parameters = places.map((place) =>
      place instanceof TenantValue ? place : values[place.row][place.column],
    );
    const result = (manager.dataSource as TenantDataSource).list(sql, parameters);
    if (result instanceof Promise) await result;
  }

  /** As the database takes them, in the order of the entity's columns. */
  private valuesOf(entity: Entity): unknown[] {
    const { metadata, manager } = this.repository;
    const { driver } = manager.dataSource;
    return metadata.columns.map((column) => {
      const value = columnValue(column, entity);
      if (value === undefined)
        throw new TypeError(`${metadata.tableName}.${column.propertyName} has no value`);
      return isPlain(column) ? value : (driver.preparePersistentValue(value, column) as unknown);
    });
  }

  /** Written once for each number of rows, and for scopes with a user and without. */
  private insertion(rows: number): Insertion {
    const key = 8 * rows + conditionShape();
    let insertion = this.insertions.get(key);
    if (!insertion) {
      insertion = this.write(rows);
      this.insertions.set(key, insertion);
    }
    return insertion;
  }

  private write(rows: number): Insertion {
    const { metadata, manager } = this.repository;
    const byScope = stamped(metadata);
    const places: Record<string, Place> = {};
    const sets = Array.from({ length: rows }, (_, row) => {
      const set: Record<string, () => string> = {};
      for (const [column, { databaseName, propertyName }] of metadata.columns.entries()) {
        if (byScope.includes(databaseName)) continue;
        const name = `row${row}_${column}`;
        places[name] = { row, column };
        set[propertyName] = () => `:${name}`;
      }
      return set;
    });
    const builder = this.repository
      .createQueryBuilder()
      .insert()
      .values(sets as object[]);
    const { driver } = manager.dataSource;
    // The scope's own last: nothing of the same name takes their place.
    const named = { ...places, ...TENANT_PARAMETERS };
    const [sql, parameters] = driver.escapeQueryWithParameters(builder.getQuery(), named);
    return { sql, places: parameters as Place[] };
  }

  /** As `checkReferences` of references.ts does for the query builders, but for many rows at once. */
  private async checkReferences(entities: readonly Entity[]): Promise<void> {
    const { userId } = TenantContext.scope();
    if (userId === undefined) return;
    const { metadata } = this.repository;
    for (const { keys, property, lookup } of this.references) {
      const wanted = new Set<string>();
      for (const entity of entities) {
        for (const key of keys) {
          const reference = referenceOf(metadata, key, entity);
          if (reference) wanted.add(reference[property] as string);
        }
      }
      const values = [...wanted];
      for (let at = 0; at < values.length; at += LONGEST_LIST) {
        const some = values.slice(at, at + LONGEST_LIST);
        // What has expired since the caller read it still stands where it stood.
        const found = await TenantContext.asVault(() => lookup.all({ values: padded(some), userId }));
        if (found.length < some.length) throw refusedReference(metadata, keys[0]);
      }
    }
  }
}

/** @throws TenancyViolationError for references by more than one column beside those of the scope */
function referencesOf({ manager, metadata }: Repository<ObjectLiteral>): References[] {
  const references = new Map<string, References>();
  for (const key of metadata.foreignKeys) {
    const { referencedEntityMetadata: to, referencedColumns } = key;
    if (tenancyOf(to)?.visibility !== 'owned') continue;
    const named = referencedColumns.map(({ propertyName }) => propertyName).filter(isOfTheRow);
    if (named.length === 0) continue;
    if (named.length > 1) throw new TenancyViolationError(`${key.name} refers by more than one column`);
    const known = references.get(`${to.tableName}.${named[0]}`);
    if (known) {
      known.keys.push(key);
      continue;
    }
    const lookup = new PreparedSelect(manager.getRepository(to.target), 'referenced', (query) =>
      query
        .select(['referenced.vaultId', `referenced.${named[0]}`])
        .where(`referenced.${named[0]} IN (:...values) AND referenced.userId = :userId`),
    );
    references.set(`${to.tableName}.${named[0]}`, { keys: [key], property: named[0], lookup });
  }
  return [...references.values()];
}

/** Whether a column is not one that the scope fills in. */
function isOfTheRow(property: string): boolean {
  return property !== 'vaultId' && property !== 'userId';
}
