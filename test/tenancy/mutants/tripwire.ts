import { type Mutant, TRIPWIRE, NO_TRIPWIRE, TRIPWIRE_OFF, paths } from './mutant.js';

/** The last look at every statement. */
export const tripwire: readonly Mutant[] = [
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
