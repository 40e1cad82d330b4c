import {
  DeleteQueryBuilder,
  type EntityMetadata,
  InsertQueryBuilder,
  type InsertResult,
  type ObjectLiteral,
  type QueryBuilder,
  type QueryRunner,
  RelationQueryBuilder,
  SelectQueryBuilder,
  UpdateQueryBuilder,
  type UpdateResult,
} from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import { isPostgres } from '../database/dialect.js';
import { type TextBuilder, selectionOf, withColumnNames } from './builder-texts.js';
import { columnValue } from './column-values.js';
import { TenancyViolationError } from './errors.js';
import { checkReferences } from './references.js';
import { isSelfContained } from './sql-nodes.js';
import { tenantCondition } from './tenant-conditions.js';
import { TenantContext } from './tenant-context.js';
import { tenancyOf } from './tenant.decorators.js';
import { PARAMETER, TENANT_PARAMETERS } from './tenant-values.js';

const VAULT = 'vault_id';
const USER = 'user_id';

/** What the builders below have in common with TypeORM's, as far as the helpers need it. */
interface Builder extends TextBuilder {
  escape(name: string): string;
}

/** The entity that a builder works on, undefined for a table that is none. */
function mainEntity({ expressionMap: { mainAlias } }: Builder): EntityMetadata | undefined {
  return mainAlias?.hasMetadata ? mainAlias.metadata : undefined;
}

/** TypeORM's parameters, then ours: a parameter of the same name set by hand does not win. */
function withTenantParameters(parameters: ObjectLiteral): ObjectLiteral {
  return Object.assign(parameters, TENANT_PARAMETERS);
}

/** TypeORM's WHERE, in brackets, AND the condition of every table of the FROM. */
function withTenantWhere(builder: Builder, where: string): string {
  const { expressionMap } = builder;
  const prefixed = expressionMap.aliasNamePrefixingEnabled;
  const conditions: string[] = [];
  for (const alias of expressionMap.aliases) {
    if (alias.type !== 'from' || !alias.hasMetadata) continue;
    const condition = tenantCondition(
      alias.metadata,
      prefixed ? alias.name : undefined,
      (name) => builder.escape(name),
      expressionMap.queryType === 'select' ? 'read' : 'write',
    );
    if (condition && !conditions.includes(condition)) conditions.push(condition);
  }
  // A scope is needed even where no tenant table is in sight.
  if (conditions.length === 0) TenantContext.scope();
  const own = where.replace(/^ WHERE /, '');
  if (!isSelfContained(own)) throw new TenancyViolationError('A WHERE fragment reaches beyond its brackets');
  if (conditions.length === 0) return where;
  return own === ''
    ? ` WHERE ${conditions.join(' AND ')}`
    : ` WHERE ( ${own} ) AND ( ${conditions.join(' AND ')} )`;
}

export class TenantSelectQueryBuilder<Entity extends ObjectLiteral> extends SelectQueryBuilder<Entity> {
  override getParameters(): ObjectLiteral {
    return withTenantParameters(super.getParameters());
  }

  protected override createWhereExpression(): string {
    return withTenantWhere(this, super.createWhereExpression());
  }

  protected override createSelectExpression(): string {
    return selectionOf(this, () => super.createSelectExpression());
  }

  /** Without TypeORM's cache of results, which knows statements by their text: two vaults' are the same text. */
  protected override async loadRawResults(queryRunner: QueryRunner): Promise<object[]> {
    const [sql, parameters] = this.getQueryAndParameters();
    const { records } = await queryRunner.query(sql, parameters, true);
    return records as object[];
  }

  /** Puts the condition of each joined table into its ON, where a LEFT JOIN needs it. */
  protected override createJoinExpression(): string {
    const joins = this.expressionMap.joinAttributes;
    const given = joins.map((join) => join.condition);
    try {
      for (const join of joins) {
        if (join.condition !== undefined && !isSelfContained(join.condition)) {
          throw new TenancyViolationError('A JOIN condition reaches beyond its brackets');
        }
        const condition = join.alias.hasMetadata
          ? tenantCondition(join.alias.metadata, join.alias.name, (name) => this.escape(name), 'read')
          : undefined;
        if (condition) join.condition = join.condition ? `(${join.condition}) AND ${condition}` : condition;
      }
      return super.createJoinExpression();
    } finally {
      joins.forEach((join, i) => (join.condition = given[i]));
    }
  }
}

export class TenantDeleteQueryBuilder<Entity extends ObjectLiteral> extends DeleteQueryBuilder<Entity> {
  override getParameters(): ObjectLiteral {
    return withTenantParameters(super.getParameters());
  }

  protected override createWhereExpression(): string {
    return withTenantWhere(this, super.createWhereExpression());
  }
}

export class TenantUpdateQueryBuilder<Entity extends ObjectLiteral> extends UpdateQueryBuilder<Entity> {
  override getParameters(): ObjectLiteral {
    return withTenantParameters(super.getParameters());
  }

  protected override createWhereExpression(): string {
    return withTenantWhere(this, super.createWhereExpression());
  }

  override async execute(): Promise<UpdateResult> {
    const { valuesSet } = this.expressionMap;
    const valueSets = valuesSet && !Array.isArray(valuesSet) ? [valuesSet] : [];
    await checkReferences(mainEntity(this), valueSets, this.queryRunner);
    return super.execute();
  }

  protected override createUpdateExpression(): string {
    const { valuesSet } = this.expressionMap;
    const metadata = mainEntity(this);
    if (metadata && valuesSet && !Array.isArray(valuesSet)) refuseForeign(metadata, valuesSet);
    return super.createUpdateExpression();
  }
}

export class TenantSoftDeleteQueryBuilder<
  Entity extends ObjectLiteral,
> extends SoftDeleteQueryBuilder<Entity> {
  override getParameters(): ObjectLiteral {
    return withTenantParameters(super.getParameters());
  }

  protected override createWhereExpression(): string {
    return withTenantWhere(this, super.createWhereExpression());
  }
}

export class TenantInsertQueryBuilder<Entity extends ObjectLiteral> extends InsertQueryBuilder<Entity> {
  override getParameters(): ObjectLiteral {
    return withTenantParameters(super.getParameters());
  }

  override async execute(): Promise<InsertResult> {
    await checkReferences(mainEntity(this), this.getValueSets(), this.queryRunner);
    return super.execute();
  }

  protected override createInsertExpression(): string {
    const { insertFromSelect, onUpdate } = this.expressionMap;
    const metadata = mainEntity(this);
    if (!metadata || !tenancyOf(metadata)) return super.createInsertExpression();
    if (insertFromSelect) throw new TenancyViolationError('INSERT … SELECT has no place for the vault');
    for (const values of this.getValueSets()) refuseForeign(metadata, values);
    if (!onUpdate) return super.createInsertExpression();
    if (!Array.isArray(onUpdate.conflict) || !onUpdate.conflict.includes(VAULT)) {
      throw new TenancyViolationError(`The conflict target of an upsert must include ${VAULT}`);
    }
    // TypeORM writes the condition of DO UPDATE on PostgreSQL only; without it one user's upsert would
    // overwrite another's row of the same key.
    const insert = super.createInsertExpression();
    if (!insert.includes(' DO UPDATE SET ')) return insert;
    if (insert.includes(' RETURNING ')) throw new TenancyViolationError('An upsert gives no rows back');
    // TypeORM gives the table an alias on PostgreSQL only, and there only where one was asked for.
    const hasAlias = isPostgres(this.dataSource) && this.alias !== this.getMainTableName();
    const name = hasAlias ? this.alias : metadata.tableName;
    const condition = tenantCondition(metadata, name, (part) => this.escape(part), 'write');
    const where = insert.indexOf(' WHERE ', insert.indexOf(' DO UPDATE SET '));
    if (where < 0) return `${insert} WHERE ${condition}`;
    const own = insert.slice(where + ' WHERE '.length);
    if (!isSelfContained(own)) throw new TenancyViolationError('A condition reaches beyond its brackets');
    return `${insert.slice(0, where)} WHERE ( ${own} ) AND ${condition}`;
  }

  /** The vault (and, in a user scope, the user) is inserted even where the caller listed other columns. */
  protected override getInsertedColumns(): ColumnMetadata[] {
    const columns = super.getInsertedColumns();
    const metadata = mainEntity(this);
    if (!metadata || !tenancyOf(metadata)) return columns;
    for (const name of stamped(metadata)) {
      const column = metadata.findColumnWithDatabaseName(name);
      if (column && !columns.includes(column)) columns.unshift(column);
    }
    return columns;
  }

  protected override createColumnValueExpression(
    valueSets: ObjectLiteral[],
    index: number,
    column: ColumnMetadata,
  ): string {
    if (tenancyOf(column.entityMetadata) && stamped(column.entityMetadata).includes(column.databaseName)) {
      return `:${column.databaseName === VAULT ? PARAMETER.vault : PARAMETER.user}`;
    }
    return super.createColumnValueExpression(valueSets, index, column);
  }
}

/** The columns whose values come from the scope. */
export function stamped(metadata: EntityMetadata): string[] {
  const owned = tenancyOf(metadata)?.visibility === 'owned' && TenantContext.scope().userId !== undefined;
  return owned ? [USER, VAULT] : [VAULT];
}

/** @throws TenancyViolationError for values that name another vault, or in a user scope another user */
export function refuseForeign(metadata: EntityMetadata, values: ObjectLiteral): void {
  if (!tenancyOf(metadata)) return;
  const scope = TenantContext.scope();
  for (const name of stamped(metadata)) {
    const column = metadata.findColumnWithDatabaseName(name);
    const value = column && columnValue(column, values);
    const own = name === VAULT ? scope.vaultId : scope.userId;
    if (value !== undefined && value !== own) {
      throw new TenancyViolationError(
        `${metadata.tableName}.${name} is set by the scope and cannot be another's`,
      );
    }
  }
}

/** `relation().of().add()` and the like: they update and insert through the builders above. */
export class TenantRelationQueryBuilder<Entity extends ObjectLiteral> extends RelationQueryBuilder<Entity> {}

type AnyBuilder = QueryBuilder<ObjectLiteral>;
type BuilderClass = new (builder: AnyBuilder) => AnyBuilder;

const TENANT_CLASSES: readonly (readonly [plain: BuilderClass, tenant: BuilderClass])[] = [
  [SelectQueryBuilder, TenantSelectQueryBuilder],
  [InsertQueryBuilder, TenantInsertQueryBuilder],
  [UpdateQueryBuilder, TenantUpdateQueryBuilder],
  [DeleteQueryBuilder, TenantDeleteQueryBuilder],
  [SoftDeleteQueryBuilder, TenantSoftDeleteQueryBuilder],
  [RelationQueryBuilder, TenantRelationQueryBuilder],
];

/**
 * The methods that turn one kind of builder into another. TypeORM makes the new one from a registry of the
 * whole process, which every `new DataSource()` resets; so the tenant builders take over what it made.
 */
const SWITCHES = ['select', 'insert', 'update', 'delete', 'softDelete', 'restore', 'relation'] as const;

for (const [, tenant] of TENANT_CLASSES) {
  const prototype = tenant.prototype as Record<string, (...given: unknown[]) => AnyBuilder>;
  rememberColumnNames(tenant.prototype as unknown as NamingBuilder);
  for (const name of SWITCHES) {
    const original = prototype[name];
    prototype[name] = function (this: AnyBuilder, ...given: unknown[]) {
      return asTenantBuilder(original.apply(this, given));
    };
  }
}

interface NamingBuilder extends TextBuilder {
  replacePropertyNamesForTheWholeQuery(statement: string): string;
}

function rememberColumnNames(prototype: NamingBuilder): void {
  const replace = prototype.replacePropertyNamesForTheWholeQuery;
  prototype.replacePropertyNamesForTheWholeQuery = function (statement) {
    return withColumnNames(this, statement, () => replace.call(this, statement));
  };
}

function asTenantBuilder(builder: AnyBuilder): AnyBuilder {
  const pair = TENANT_CLASSES.find(([plain]) => builder.constructor === plain);
  return pair ? new pair[1](builder) : builder;
}
