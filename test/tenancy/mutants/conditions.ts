import { type Mutant, CONDITIONS, paths, beneath } from './mutant.js';

/** The conditions that are added to statements. */
export const conditions: readonly Mutant[] = [
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
  beneath('a write does not mind expiry', {
    file: CONDITIONS,
    find: 'if (tenancy.expiring && !scope.includeExpired) {',
    replace: "if (tenancy.expiring && !scope.includeExpired && purpose === 'read') {",
  }),
];
