import { type Mutant, DATA_SOURCE, CONTEXT, UNIT, RUNNER, checks } from './mutant.js';

/** Context and units of work. */
export const units: readonly Mutant[] = [
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
    find: 'return this.unit && TenantContext.unit()?.nested && this.waitForNested();',
    replace: 'return undefined;',
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
  ),
  checks('a unit goes on when the database has ended its transaction', {
    file: RUNNER,
    find: 'if (!lease.inTransaction) throw',
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
];
