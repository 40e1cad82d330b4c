import type { EntityMetadata, ObjectLiteral, QueryResult, Repository, SelectQueryBuilder } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { TenancyViolationError } from './errors.js';
import { conditionShape } from './tenant-conditions.js';
import { TENANT_PARAMETERS } from './tenant-values.js';

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

/**
 * A statement that is written once and run with other values each time, for what nearly every request runs:
 * for TypeORM to write a statement takes several times as long as for SQLite to run it. The text comes from
 * the tenant's own query builders, once for each shape that their conditions can have, and every run passes
 * the tripwire like any other statement.
 */
abstract class PreparedStatement<Entity extends ObjectLiteral> {
  private readonly texts = new Map<string, string>();

  constructor(protected readonly repository: Repository<Entity>) {}

  protected abstract write(): Written;

  protected async execute(values: Values): Promise<QueryResult> {
    const { dataSource } = this.repository.manager;
    const text = this.text();
    const runner = dataSource.createQueryRunner();
    try {
      const named = { ...values, ...TENANT_PARAMETERS };
      const [sql, parameters] = dataSource.driver.escapeQueryWithParameters(text, named);
      return await runner.query(sql, parameters, true);
    } finally {
      await runner.release();
    }
  }

  private text(): string {
    const shape = conditionShape();
    let text = this.texts.get(shape);
    if (text === undefined) {
      const written = this.write();
      if (Object.keys(written.expressionMap.parameters).length > 0) {
        throw new TenancyViolationError('A prepared statement gets its values when it runs');
      }
      text = written.getQuery();
      this.texts.set(shape, text);
    }
    return text;
  }
}

/** A prepared selection of entities of one table, or of some columns of them. */
export class PreparedSelect<Entity extends ObjectLiteral> extends PreparedStatement<Entity> {
  private readonly columns: readonly (readonly [name: string, column: ColumnMetadata])[];
  /** Those that the statement selects; known from the first row. */
  private selected: typeof this.columns | undefined;

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
    // As TypeORM names the columns of a selection.
    this.columns = repository.metadata.columns.map((column) => [`${alias}_${column.databaseName}`, column]);
  }

  /** @returns the first entity found, or null */
  async one(values: Values): Promise<Entity | null> {
    const { records } = await this.execute(values);
    return records.length === 0 ? null : this.entityOf(records[0]);
  }

  /** @returns the entities found, in the order that the statement gives them */
  async all(values: Values): Promise<Entity[]> {
    const { records } = await this.execute(values);
    return records.map((record) => this.entityOf(record as ObjectLiteral));
  }

  protected override write(): Written {
    return this.build(this.repository.createQueryBuilder(this.alias));
  }

  private entityOf(row: ObjectLiteral): Entity {
    const { driver } = this.repository.manager.dataSource;
    const entity = this.repository.metadata.create() as ObjectLiteral;
    this.selected ??= this.columns.filter(([name]) => name in row);
    for (const [name, column] of this.selected) {
      entity[column.propertyName] = driver.prepareHydratedValue(row[name], column);
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
    return (await this.execute(values)).affected ?? 0;
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
