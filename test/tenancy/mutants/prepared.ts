import { type Mutant, PREPARED, paths } from './mutant.js';

/** Prepared statements. */
export const prepared: readonly Mutant[] = [
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
