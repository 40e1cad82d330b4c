import { type Mutant, PREPARED, PREPARED_INSERT, paths } from './mutant.js';

/** Prepared statements. */
export const prepared: readonly Mutant[] = [
  paths('prepared: a parameter given by hand wins', {
    file: PREPARED,
    find: '{ ...places, ...TENANT_PARAMETERS }',
    replace: '{ ...TENANT_PARAMETERS, ...places }',
  }),
  paths('prepared: an insert may name another vault or user', {
    file: PREPARED_INSERT,
    find: 'refuseForeign(metadata, entity);',
    replace: '',
  }),
  paths('prepared: of many rows the first alone is looked at', {
    file: PREPARED_INSERT,
    find: 'refuseForeign(metadata, entity);',
    replace: 'if (entity === entities[0]) refuseForeign(metadata, entity);',
  }),
  paths('prepared: a key may be changed', {
    file: PREPARED,
    find: 'if (key) throw',
    replace: 'if (key && false) throw',
  }),
  paths('prepared: an insert may refer to another user’s row', {
    file: PREPARED_INSERT,
    find: "if (references === 'unknown') await this.checkReferences(entities);",
    replace: '',
  }),
];
