import {
  type Mutant,
  type Edit,
  BUILDERS,
  REFERENCES,
  DATA_SOURCE,
  MANAGER,
  paths,
  beneath,
} from './mutant.js';

const WHERE = 'return withTenantWhere(this, super.createWhereExpression());';
const noWhere = (builder: string): Edit => ({
  file: BUILDERS,
  after: `export class ${builder}<`,
  find: WHERE,
  replace: 'return super.createWhereExpression();',
});

/** The query builders. */
export const builders: readonly Mutant[] = [
  beneath('select without condition', noWhere('TenantSelectQueryBuilder')),
  beneath('delete without condition', noWhere('TenantDeleteQueryBuilder')),
  beneath('update without condition', noWhere('TenantUpdateQueryBuilder')),
  beneath('the own WHERE without brackets', {
    file: BUILDERS,
    find: "` WHERE ( ${own} ) AND ( ${conditions.join(' AND ')} )`",
    replace: "` WHERE ${own} AND ( ${conditions.join(' AND ')} )`",
  }),
  beneath('a WHERE may reach beyond its brackets', {
    file: BUILDERS,
    find: 'if (!isSelfContained(own))',
    replace: 'if (false)',
  }),
  beneath('a JOIN without condition', {
    file: BUILDERS,
    find: 'if (condition) join.condition =',
    replace: 'if (false) join.condition =',
  }),
  beneath('the own ON without brackets', {
    file: BUILDERS,
    find: '`(${join.condition}) AND ${condition}`',
    replace: '`${join.condition} AND ${condition}`',
  }),
  beneath('an ON may reach beyond its brackets', {
    file: BUILDERS,
    find: '!isSelfContained(join.condition)',
    replace: 'false',
  }),
  paths('a parameter set by hand wins', {
    file: BUILDERS,
    find: 'return Object.assign(parameters, TENANT_PARAMETERS);',
    replace: 'return { ...TENANT_PARAMETERS, ...parameters };',
  }),
  paths('an insert may name another vault or user', {
    file: BUILDERS,
    find: 'for (const values of this.getValueSets()) refuseForeign(metadata, values);',
    replace: '',
  }),
  paths('an update may name another vault or user', {
    file: BUILDERS,
    find: 'refuseForeign(metadata, valuesSet);',
    replace: '{}',
  }),
  beneath('an update may name another user', {
    file: BUILDERS,
    find: 'refuseForeign(metadata, valuesSet);',
    replace: '{}',
  }),
  beneath('an insert takes the values it is given', {
    file: BUILDERS,
    find: 'return `:${column.databaseName === VAULT ? PARAMETER.vault : PARAMETER.user}`;',
    replace: '{}',
  }),
  beneath('an insert of some columns leaves out the vault', {
    file: BUILDERS,
    find: 'if (column && !columns.includes(column)) columns.unshift(column);',
    replace: '',
  }),
  paths('an upsert needs no target', {
    file: BUILDERS,
    find: 'if (!Array.isArray(onUpdate.conflict) || !onUpdate.conflict.includes(VAULT)) {',
    replace: 'if (false) {',
  }),
  beneath('an upsert overwrites whatever is there', {
    file: BUILDERS,
    find: "if (!insert.includes(' DO UPDATE SET ')) return insert;",
    replace: 'return insert;',
  }),
  beneath('an insert from a selection', {
    file: BUILDERS,
    find: 'if (insertFromSelect) throw',
    replace: 'if (false) throw',
  }),
  beneath('one kind of builder turns into TypeORM’s other', {
    file: BUILDERS,
    find: 'return pair ? new pair[1](builder) : builder;',
    replace: 'return builder;',
  }),
  beneath('builders of the data source are TypeORM’s', {
    file: DATA_SOURCE,
    find: 'return new TenantSelectQueryBuilder<Entity>(this, queryRunner)',
    replace: 'return new (Object.getPrototypeOf(TenantSelectQueryBuilder))(this, queryRunner)',
  }),
  paths('an insert may refer to another user’s row', {
    file: BUILDERS,
    find: 'await checkReferences(mainEntity(this), this.getValueSets(), this.queryRunner);',
    replace: '',
  }),
  paths('an update may refer to another user’s row', {
    file: BUILDERS,
    find: 'await checkReferences(mainEntity(this), valueSets, this.queryRunner);',
    replace: '',
  }),
  paths('a reference may be to anybody’s row', {
    file: REFERENCES,
    find: '.where({ ...wanted, userId })',
    replace: '.where({ ...wanted })',
  }),
  paths('a reference may be SQL', {
    file: REFERENCES,
    find: "if (typeof value === 'function') throw",
    replace: "if (typeof value === 'function') return; if (false) throw",
  }),
  paths('a new entity does not know its vault', {
    file: MANAGER,
    find: 'fields.vaultId ??= vaultId;',
    replace: '',
  }),
];
