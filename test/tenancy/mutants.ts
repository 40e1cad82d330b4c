/** A place in a source file, and what stands there instead. */
export interface Edit {
  readonly file: string;
  /** The first occurrence after this text is meant; from the beginning where it is left out. */
  readonly after?: string;
  readonly find: string;
  readonly replace: string;
}

/** The tenancy layer with one protection taken out. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What must notice: the access paths, or the checks of context and units of work. */
  readonly caughtBy: 'paths' | 'checks';
  /**
   * The tripwire is off in this mutant and in what it is compared with: it refuses what this protection
   * would let through, so that alone it cannot be seen to be missing.
   */
  readonly withoutTripwire?: true;
}

/** @throws Error when the source does not hold what the edit is about */
export function mutate(code: string, { file, after = '', find, replace }: Edit): string {
  const start = code.indexOf(after) + after.length;
  // However the source is broken into lines.
  const words = find.split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const match = code.includes(after) ? new RegExp(words.join('\\s+')).exec(code.slice(start)) : null;
  if (!match) throw new Error(`${file} no longer holds "${find}"${after && ` after "${after}"`}`);
  const at = start + match.index;
  return code.slice(0, at) + replace + code.slice(at + match[0].length);
}

const CONDITIONS = 'src/tenancy/tenant-conditions.ts';
const BUILDERS = 'src/tenancy/tenant-query-builders.ts';
const REFERENCES = 'src/tenancy/references.ts';
const DATA_SOURCE = 'src/tenancy/tenant-data-source.ts';
const MANAGER = 'src/tenancy/tenant-entity-manager.ts';
const CONTEXT = 'src/tenancy/tenant-context.ts';
const PREPARED = 'src/tenancy/prepared-statements.ts';
const TRIPWIRE = 'src/tenancy/tripwire.ts';
const ANALYSIS = 'src/tenancy/sql-analysis.ts';
const SQL_CONDITIONS = 'src/tenancy/sql-conditions.ts';
const SOURCES = 'src/tenancy/sql-sources.ts';
const WRITES = 'src/tenancy/sql-writes.ts';
const TOKENS = 'src/tenancy/sql-tokens.ts';
const UNIT = 'src/tenancy/unit-of-work.ts';
const RUNNER = 'src/database/sqlite/sqlite-query-runner.ts';
const CONNECTION = 'src/database/sqlite/sqlite-connection.ts';
const DIALECT = 'src/database/dialect.ts';

/** The mutant that has no tripwire, and nothing else missing. */
export const NO_TRIPWIRE = 'tripwire: off';

const TRIPWIRE_OFF: Edit = {
  file: TRIPWIRE,
  find: 'const uses = this.analyses.get(sql, (text) => analyse(text, this.names));',
  replace: 'const uses: readonly TableUse[] = [];',
};

function paths(name: string, ...edits: Edit[]): Mutant {
  return { name, edits, caughtBy: 'paths' };
}

function checks(name: string, ...edits: Edit[]): Mutant {
  return { name, edits, caughtBy: 'checks' };
}

/** A protection that the tripwire stands behind. */
function beneath(name: string, ...edits: Edit[]): Mutant {
  return { name, edits: [TRIPWIRE_OFF, ...edits], caughtBy: 'paths', withoutTripwire: true };
}

const WHERE = 'return withTenantWhere(this, super.createWhereExpression());';
const noWhere = (builder: string): Edit => ({
  file: BUILDERS,
  after: `export class ${builder}<`,
  find: WHERE,
  replace: 'return super.createWhereExpression();',
});

const conditions: readonly Mutant[] = [
  beneath('no vault condition', {
    file: CONDITIONS,
    find: "[`${column('vault_id')} = :${PARAMETER.vault}`]",
    replace: "['1=1']",
  }),
  beneath('no owner condition', {
    file: CONDITIONS,
    find: 'conditions.push(ownerCondition(',
    replace: 'void (ownerCondition(',
  }),
  paths('rows of nobody are shared without being shared', {
    file: CONDITIONS,
    find: "scope.shareUnowned && purpose === 'read'",
    replace: "purpose === 'read'",
  }),
  beneath('shared rows of nobody can be changed', {
    file: CONDITIONS,
    find: "scope.shareUnowned && purpose === 'read'",
    replace: 'scope.shareUnowned',
  }),
  beneath('shared rows of nobody are not shared', {
    file: CONDITIONS,
    find: "scope.shareUnowned && purpose === 'read'",
    replace: 'false',
  }),
  beneath('service tables are open to users', {
    file: CONDITIONS,
    find: "if (tenancy.visibility === 'service') {",
    replace: 'if (false) {',
  }),
  beneath('no expiry condition', {
    file: CONDITIONS,
    find: 'if (tenancy.expiring && !scope.includeExpired) {',
    replace: 'if (false) {',
  }),
];

const builders: readonly Mutant[] = [
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

const prepared: readonly Mutant[] = [
  paths('prepared: a parameter given by hand wins', {
    file: PREPARED,
    find: '{ ...values, ...TENANT_PARAMETERS }',
    replace: '{ ...TENANT_PARAMETERS, ...values }',
  }),
  paths('prepared: an insert may name another vault or user', {
    file: PREPARED,
    find: 'refuseForeign(metadata, entity);',
    replace: '',
  }),
  paths('prepared: a key may be changed', {
    file: PREPARED,
    find: 'if (key) throw',
    replace: 'if (key && false) throw',
  }),
  paths('prepared: an insert may refer to another user’s row', {
    file: PREPARED,
    find: 'if (owned) throw',
    replace: 'if (owned && false) throw',
  }),
];

const tripwire: readonly Mutant[] = [
  paths(NO_TRIPWIRE, TRIPWIRE_OFF),
  paths('tripwire: a table needs no vault condition', {
    file: TRIPWIRE,
    find: "if (!bound(conditions.vault, TenantValue.vault)) throw missing(table, 'its vault condition');",
    replace: '',
  }),
  paths('tripwire: a table needs no user condition', {
    file: TRIPWIRE,
    find: 'if (!bound([...conditions.user, ...shared], TenantValue.user)) throw',
    replace: 'if (false) throw',
  }),
  paths('tripwire: a table needs no expiry condition', {
    file: TRIPWIRE,
    find: 'if (tenancy.expiring && !scope.includeExpired &&',
    replace: 'if (false &&',
  }),
  paths('tripwire: any value will do for the scope’s', {
    file: TRIPWIRE,
    find: 'ordinals.some((ordinal) => parameters[ordinal] === value);',
    replace: 'ordinals.some((ordinal) => parameters[ordinal] !== undefined || !value);',
  }),
  paths('tripwire: an insert needs no vault', {
    file: TRIPWIRE,
    find: "if (!is(vault, TenantValue.vault)) throw missing(table, 'its vault');",
    replace: '',
  }),
  paths('tripwire: an insert needs no user', {
    file: TRIPWIRE,
    find: "if (ofUser && !is(user, TenantValue.user)) throw missing(table, 'its user');",
    replace: '',
  }),
  paths('tripwire: a row may be given to another', {
    file: TRIPWIRE,
    find: 'for (const { column, value } of use.assigned) {',
    replace: 'for (const { column, value } of use.assigned.slice(0, 0)) {',
  }),
  paths('tripwire: service tables are open to users', {
    file: TRIPWIRE,
    find: "if (tenancy.visibility === 'service' && scope.userId !== undefined) {",
    replace: 'if (false) {',
  }),
  paths('tripwire: rows of nobody are for everybody', {
    file: TRIPWIRE,
    find: "role === 'read' && scope.shareUnowned",
    replace: "role === 'read'",
  }),
  paths('tripwire: shared rows of nobody can be changed', {
    file: TRIPWIRE,
    find: "role === 'read' && scope.shareUnowned",
    replace: 'scope.shareUnowned || !role',
  }),
];

const reading: readonly Mutant[] = [
  paths('reading: a table may be named anywhere', {
    file: ANALYSIS,
    find: 'if (names && !qualifies',
    replace: 'if (false && names && !qualifies',
  }),
  paths('reading: row numbers and counters may be read', {
    file: ANALYSIS,
    find: 'if (telling) throw',
    replace: 'if (telling && false) throw',
  }),
  paths('reading: any table may be read', {
    file: SOURCES,
    find: 'if (!isTable && (name === undefined || !ctes.has(name))) throw',
    replace: 'if (name === undefined) throw',
  }),
  paths('reading: the condition of a join is everybody’s', {
    file: SOURCES,
    find: 'for (const source of operand.sources) source.on.push(on);',
    replace: 'for (const source of [...sources, ...operand.sources]) source.on.push(on);',
  }),
  paths('reading: a FULL JOIN is as good as any', {
    file: SOURCES,
    find: "isWord(nodes[i], 'left', 'inner', 'cross')",
    replace: "isWord(nodes[i], 'left', 'inner', 'cross', 'full')",
  }),
  paths('reading: OR is as good as AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'between', 'case')",
  }),
  paths('reading: the AND of a BETWEEN is an AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'or', 'case')",
  }),
  paths('reading: the AND of a CASE is an AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'or', 'between')",
  }),
  paths('reading: a condition may be part of another', {
    file: SQL_CONDITIONS,
    find: "(alone && patterns('').includes(text))",
    replace: "(alone && patterns('').some((pattern) => text.includes(pattern)))",
  }),
  paths('reading: a second ON CONFLICT may follow', {
    file: WRITES,
    find: 'if (more.length > 0 || set.some((node) => isWord(node, ...OTHER_PARTS))) throw',
    replace: 'if (more.length > 0) throw',
  }),
  paths('reading: names in square brackets', {
    file: TOKENS,
    find: "'`', '[', ';'",
    replace: "'`', ';'",
  }),
];

const database: readonly Mutant[] = [
  paths('row numbers of all vaults are told', {
    file: CONNECTION,
    find: 'changes: statement.run(parameters).changes',
    replace: 'changes: Number(statement.run(parameters).lastInsertRowid)',
  }),
  paths(
    'lists are spread over the parameters',
    { file: CONNECTION, find: 'statement.all(parameters)', replace: 'statement.all(...parameters)' },
    { file: RUNNER, find: "if (typeof value === 'object' && value !== null", replace: 'if (false' },
  ),
  paths('the bare connection is there', {
    file: DIALECT,
    find: 'driver.escapeQueryWithParameters = bindSqlite; hideConnection(driver);',
    replace: 'driver.escapeQueryWithParameters = bindSqlite;',
  }),
  paths('the driver makes runners of its own', {
    file: DATA_SOURCE,
    find: 'this.driver.createQueryRunner = () => this.createQueryRunner();',
    replace: '',
  }),
];

const units: readonly Mutant[] = [
  checks('a scope is not needed', {
    file: CONTEXT,
    after: 'static scope(): Scope {',
    find: 'if (!scope) throw new NoTenantContextError();',
    replace: "if (!scope) return makeScope({ vaultId: 'A', permissions: [] });",
  }),
  checks('the scope of a request can be set again', {
    file: CONTEXT,
    find: "if (store.scope) throw new Error('The scope of a request is set once');",
    replace: '',
  }),
  checks('a context carries its unit of work into another', {
    file: CONTEXT,
    after: 'static run<T>(',
    find: 'unit: undefined',
    replace: 'unit: outer?.unit',
  }),
  checks('asVault keeps the user', {
    file: CONTEXT,
    find: 'userId: undefined, includeExpired: true',
    replace: 'includeExpired: true',
  }),
  checks('a transaction works in any vault', {
    file: RUNNER,
    find: 'if (this.vaultId !== undefined && this.vaultId !== scope.vaultId) {',
    replace: 'if (false) {',
  }),
  checks('a unit’s runner works outside it', {
    file: RUNNER,
    find: 'if (!caller || caller.runner !== this || !isOpen(caller)) {',
    replace: 'if (false) {',
  }),
  checks(
    'code that outlives its unit goes on outside it',
    {
      file: UNIT,
      find: 'return open && (parent === undefined || isOpen(parent));',
      replace: 'return open || (parent !== undefined && isOpen(parent));',
    },
    {
      file: RUNNER,
      find: "if (this.isReleased) throw new TenancyViolationError('This query runner was released');",
      replace: '',
    },
  ),
  checks('statements do not wait for a nested unit', {
    file: RUNNER,
    find: 'while (caller?.nested) await caller.nested;',
    replace: '',
  }),
  checks('siblings do not take turns', {
    file: DATA_SOURCE,
    after: 'private async nested<T>(',
    find: 'while (outer.nested) await outer.nested;',
    replace: '',
  }),
  checks('a unit does not wait for a nested one before it commits', {
    file: DATA_SOURCE,
    find: 'while (unit.nested) await unit.nested;',
    replace: '',
  }),
  checks(
    'a transaction begins in a unit that has ended',
    {
      file: DATA_SOURCE,
      find: "if (!isOpen(outer)) throw new TenancyViolationError('This unit of work has ended');",
      replace: '',
    },
    {
      file: RUNNER,
      find: "if (this.unit && !this.lease) throw new TenancyViolationError('This unit of work has ended');",
      replace: '',
    },
    {
      file: RUNNER,
      find: "if (this.isReleased) throw new TenancyViolationError('This query runner was released');",
      replace: '',
    },
  ),
  checks('a unit goes on when the database has ended its transaction', {
    file: RUNNER,
    find: 'if (!connection.inTransaction) throw',
    replace: 'if (false) throw',
  }),
  checks('repositories do not join the running unit', {
    file: DATA_SOURCE,
    find: 'return TenantContext.unit()?.runner ?? this.newRunner(database);',
    replace: 'return this.newRunner(database);',
  }),
  checks('writers do not queue', {
    file: 'src/database/mutex.ts',
    find: 'if (this.held) await this.wait(limitMs);',
    replace: '',
  }),
  checks('a snapshot in a writing unit can write', {
    file: RUNNER,
    find: 'if (TenantContext.unit()?.readOnly &&',
    replace: 'if (false &&',
  }),
  checks('a transaction in a snapshot', {
    file: DATA_SOURCE,
    find: 'if (outer.readOnly && !readOnly) throw',
    replace: 'if (false) throw',
  }),
  checks(
    'work after a commit that is rolled back is done',
    {
      file: DATA_SOURCE,
      find: 'outer.afterCommit.push(...unit.afterCommit);',
      replace: '',
    },
    {
      file: DATA_SOURCE,
      after: 'private async nested<T>(',
      find: 'afterCommit: [],',
      replace: 'afterCommit: outer.afterCommit,',
    },
  ),
  checks('a call to the network inside a unit', {
    file: 'src/tenancy/tenancy.ts',
    find: "if (TenantContext.unit()) throw new TenancyViolationError('No network call inside a unit of work');",
    replace: '',
  }),
  checks('a unit commits by hand', {
    file: RUNNER,
    find: "if (this.unit) throw new TenancyViolationError('A unit of work commits when its function returns');",
    replace: '',
  }),
  checks(
    'an upsert does not mind expiry',
    {
      file: CONDITIONS,
      find: 'if (tenancy.expiring && !scope.includeExpired) {',
      replace: "if (tenancy.expiring && !scope.includeExpired && purpose === 'read') {",
    },
    TRIPWIRE_OFF,
  ),
];

/** Every protection of the layer, taken out in turn. */
export const MUTANTS: readonly Mutant[] = [
  ...conditions,
  ...builders,
  ...prepared,
  ...tripwire,
  ...reading,
  ...database,
  ...units,
];
