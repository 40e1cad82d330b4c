import { type Mutant, DATA_SOURCE, CONNECTION, SQLITE, paths } from './mutant.js';

/** The driver and its connections. */
export const database: readonly Mutant[] = [
  paths('row numbers of all vaults are told', {
    file: CONNECTION,
    find: 'changes: statement.run(parameters).changes',
    replace: 'changes: Number(statement.run(parameters).lastInsertRowid)',
  }),
  paths(
    'lists are spread over the parameters',
    { file: CONNECTION, find: 'raw(false).all(parameters)', replace: 'raw(false).all(...parameters)' },
    { file: SQLITE, find: "if (typeof value === 'object' && value !== null", replace: 'if (false' },
  ),
  paths('the bare connection is there', {
    file: SQLITE,
    find: 'driver.escapeQueryWithParameters = bindSqlite; hideConnection(driver);',
    replace: 'driver.escapeQueryWithParameters = bindSqlite;',
  }),
  paths('the driver makes runners of its own', {
    file: DATA_SOURCE,
    find: 'this.driver.createQueryRunner = () => this.createQueryRunner();',
    replace: '',
  }),
];
