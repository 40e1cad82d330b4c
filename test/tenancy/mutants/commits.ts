import { KNOWN, LEASE, type Mutant, RUNNER, WRITER, checks } from './mutant.js';

/** Units of work that are brought to the disk together. */
export const commits: readonly Mutant[] = [
  checks('a unit is over before it is on the disk', {
    file: WRITER,
    find: 'return ended.committed;',
    replace: 'ended.committed.catch(() => {});',
  }),
  checks('a unit that fails takes those with it that share its commit', {
    file: WRITER,
    find: "else connection.database.exec('ROLLBACK TO unit; RELEASE unit');",
    replace: 'else this.giveUp(undefined);',
  }),
  checks('a unit that fails undoes nothing', {
    file: WRITER,
    find: 'ROLLBACK TO unit; RELEASE unit',
    replace: 'RELEASE unit',
  }),
  checks('a unit that fails does not wait for what it saw', {
    file: RUNNER,
    find: 'if (this.seen) await this.seen;',
    replace: '',
  }),
  checks('a commit that fails is one for those who share it', {
    file: WRITER,
    find: "ended?.settle(error ?? new Error('The transaction was not committed'));",
    replace: 'ended?.settle();',
  }),
  checks('what the database has ended is committed all the same', {
    file: WRITER,
    find: 'if (!ended || !connection.inTransaction) this.giveUp(connection.failure);',
    replace: 'if (!ended) this.giveUp(connection.failure); else if (!connection.inTransaction) {}',
  }),
  checks('a commit does not wait for the unit that runs', {
    file: WRITER,
    find: 'const free = await this.mutex.acquire();',
    replace: 'const free = () => {};',
  }),
  checks('what was kept outlives a statement that writes to its table', {
    file: RUNNER,
    find: 'this.lease.known.forget(table);',
    replace: '{}',
  }),
  checks('what was kept outlives a unit that fails', {
    file: WRITER,
    after: 'private rollback(',
    find: 'this.known.clear();',
    replace: '',
  }),
  checks('what was kept outlives a nested unit that fails', {
    file: LEASE,
    find: 'this.known?.clear();',
    replace: '{}',
  }),
  checks('what was kept outlives a commit that fails', {
    file: WRITER,
    after: 'private giveUp(',
    find: 'this.known.clear();',
    replace: '',
  }),
  checks('what was kept outlives what another process writes', {
    file: WRITER,
    find: 'if (version !== this.dataVersion) this.known.clear();',
    replace: '',
  }),
  checks('what was kept is every vault’s', {
    file: KNOWN,
    find: 'return `${vaultId} ${key}`;',
    replace: 'return key;',
  }),
];
