import type { EntityMetadata, ObjectLiteral, Repository, SelectQueryBuilder } from 'typeorm';
import { type BytesForm, bytesForm } from '../database/dialect.js';
import type { ListedResult } from '../database/statement-result.js';
import { isPlain } from './column-values.js';
import { TenancyViolationError } from './errors.js';
import { conditionShape } from './tenant-conditions.js';
import type { TenantDataSource } from './tenant-data-source.js';
import { TENANT_PARAMETERS, TenantValue } from './tenant-values.js';

/**
 * The values of a statement, by the names that its text gives them: `:userId`, or for a list `IN (:...ids)`.
 * Lists of another length make another statement.
 */
export type Values = Readonly<
  Record<string, string | number | boolean | Buffer | null | readonly string[] | readonly number[]>
>;

/** What a statement's text is read from. */
interface Written {
  readonly expressionMap: { readonly parameters: ObjectLiteral };
  getQuery(): string;
}

/** What a parameter stands for: a value, or a member of a list, or a value of the scope. */
type Place = { readonly name: string; readonly index: number | undefined } | TenantValue;

/** A statement as the database takes it. */
interface Ready {
  readonly sql: string;
  readonly places: readonly Place[];
}

const LIST = /:\.\.\.(\w+)/g;

/**
 * A statement that is written once and run with other values each time, for what nearly every request runs:
 * for TypeORM to write a statement takes several times as long as for SQLite to run it. The text comes from
 * the tenant's own query builders, once for each shape that their conditions can have, and every run passes
 * the tripwire like any other statement.
 */
abstract class PreparedStatement<Entity extends ObjectLiteral> {
  /** By the shape of the conditions; the names are those of lists. */
  private readonly texts: { readonly text: string; readonly lists: readonly string[] }[] = [];
  private readonly ready = new Map<number | string, Ready>();

  constructor(protected readonly repository: Repository<Entity>) {}

  protected abstract write(): Written;

  /** The text that is run, of what `write` gives. */
  protected finish(text: string): string {
    return text;
  }

  protected execute(values: Values): ListedResult | Promise<ListedResult> {
    const { sql, places } = this.readyFor(values);
    const parameters = places.map((place) => (place instanceof TenantValue ? place : valueAt(place, values)));
    return (this.repository.manager.dataSource as TenantDataSource).list(sql, parameters);
  }

  private readyFor(values: Values): Ready {
    const shape = conditionShape();
    this.texts[shape] ??= this.textAndLists();
    const { text, lists } = this.texts[shape];
    const lengths = lists.map((name) => lengthOf(values[name]));
    const key = lengths.length === 0 ? shape : `${shape}/${lengths.join('/')}`;
    let ready = this.ready.get(key);
    if (!ready) {
      const places: Record<string, Place | Place[]> = {};
      for (const [name, value] of Object.entries(values)) {
        places[name] = Array.isArray(value)
          ? value.map((_, index) => ({ name, index }))
          : { name, index: undefined };
      }
      // The scope's own last: nothing of the same name takes their place.
      const named = { ...places, ...TENANT_PARAMETERS };
      const { driver } = this.repository.manager.dataSource;
      const [sql, parameters] = driver.escapeQueryWithParameters(text, named);
      ready = { sql, places: parameters as Place[] };
      this.ready.set(key, ready);
    }
    return ready;
  }

  private textAndLists() {
    const written = this.write();
    if (Object.keys(written.expressionMap.parameters).length > 0) {
      throw new TenancyViolationError('A prepared statement gets its values when it runs');
    }
    const text = this.finish(written.getQuery());
    return { text, lists: [...text.matchAll(LIST)].map(([, name]) => name) };
  }
}

function lengthOf(value: Values[string]): number {
  if (Array.isArray(value)) return value.length;
  throw new TypeError('A list is needed');
}

function valueAt({ name, index }: Exclude<Place, TenantValue>, values: Values): unknown {
  const value = values[name];
  if (value === undefined) throw new TypeError(`The statement has no value for ${name}`);
  return index === undefined ? value : (value as readonly unknown[])[index];
}

/** How a column becomes a property. */
interface EntityColumn {
  readonly property: string;
  /** Undefined where the value is taken as it is. */
  readonly read: ((value: unknown) => unknown) | undefined;
}

/** A prepared selection of entities of one table, or of some columns of them. */
export class PreparedSelect<Entity extends ObjectLiteral> extends PreparedStatement<Entity> {
  private readonly columns: ReadonlyMap<string, EntityColumn>;
  private readonly bytes: BytesForm | undefined;
  /** The entity's columns as the statement selects them, by the list that the database gives them in. */
  private readonly selected = new WeakMap<readonly string[], readonly (EntityColumn | undefined)[]>();

  /**
   * @param alias what `build` calls the entity
   * @param build adds conditions and order, with values by name only: `query.where('m.id = :id')`. It may select
   *   columns instead of the whole: `query.select(['m.id'])`; entities then lack the others
   */
  constructor(
    repository: Repository<Entity>,
    private readonly alias: string,
    private readonly build: (query: SelectQueryBuilder<Entity>) => SelectQueryBuilder<Entity>,
  ) {
    super(repository);
    const { dataSource } = repository.manager;
    const { driver } = dataSource;
    this.bytes = bytesForm(dataSource);
    // As TypeORM names the columns of a selection.
    this.columns = new Map(
      repository.metadata.columns.map((column) => [
        `${alias}_${column.databaseName}`,
        {
          property: column.propertyName,
          read: isPlain(column)
            ? column.type === 'blob'
              ? this.bytes?.read
              : undefined
            : (value) => driver.prepareHydratedValue(value, column) as unknown,
        },
      ]),
    );
  }

  /** @returns the first entity found, or null */
  async one(values: Values): Promise<Entity | null> {
    const result = this.execute(values);
    const { columns, rows } = result instanceof Promise ? await result : result;
    return rows.length === 0 ? null : this.entityOf(columns, rows[0]);
  }

  /** @returns the entities found, in the order that the statement gives them */
  async all(values: Values): Promise<Entity[]> {
    const result = this.execute(values);
    const { columns, rows } = result instanceof Promise ? await result : result;
    return rows.map((row) => this.entityOf(columns, row));
  }

  protected override write(): Written {
    return this.build(this.repository.createQueryBuilder(this.alias));
  }

  protected override finish(text: string): string {
    const { bytes, alias } = this;
    if (!bytes) return text;
    const { driver } = this.repository.manager.dataSource;
    return this.repository.metadata.columns
      .filter(({ type }) => type === 'blob')
      .reduce((all, { databaseName }) => {
        const column = `${driver.escape(alias)}.${driver.escape(databaseName)}`;
        const named = ` AS ${driver.escape(`${alias}_${databaseName}`)}`;
        return all.replace(column + named, bytes.select(column) + named);
      }, text);
  }

  private entityOf(names: readonly string[], row: readonly unknown[]): Entity {
    let selected = this.selected.get(names);
    if (!selected) {
      selected = names.map((name) => this.columns.get(name));
      this.selected.set(names, selected);
    }
    const entity = this.repository.metadata.create() as ObjectLiteral;
    for (let i = 0; i < row.length; i += 1) {
      const column = selected[i];
      if (column) entity[column.property] = column.read ? column.read(row[i]) : row[i];
    }
    return entity as Entity;
  }
}

/** A prepared change of columns that are no one's key: neither the owner nor a reference can be changed by one. */
export class PreparedUpdate<Entity extends ObjectLiteral> extends PreparedStatement<Entity> {
  /**
   * @param changes the new value of each property, as SQL: `{ slots: ':slots' }`
   * @param where the condition, as SQL
   */
  constructor(
    repository: Repository<Entity>,
    private readonly changes: Readonly<Partial<Record<keyof Entity & string, string>>>,
    private readonly where: string,
  ) {
    super(repository);
    refuseKeys(repository.metadata, Object.keys(changes));
  }

  /** @returns how many rows were changed */
  async run(values: Values): Promise<number> {
    const result = this.execute(values);
    return (result instanceof Promise ? await result : result).changes;
  }

  protected override write(): Written {
    const changes = Object.entries<string | undefined>(this.changes);
    const set = Object.fromEntries(changes.map(([property, sql]) => [property, () => sql]));
    return this.repository
      .createQueryBuilder()
      .update()
      .set(set as object)
      .where(this.where);
  }
}

/** The checks of references look at values, and a prepared statement has none yet. */
function refuseKeys(metadata: EntityMetadata, properties: readonly string[]): void {
  const keys = [...metadata.primaryColumns, ...metadata.foreignKeys.flatMap(({ columns }) => columns)];
  const names = new Set(['vaultId', 'userId', ...keys.map(({ propertyName }) => propertyName)]);
  const key = properties.find((property) => names.has(property));
  if (key) throw new TenancyViolationError(`A prepared statement cannot change ${metadata.tableName}.${key}`);
}
