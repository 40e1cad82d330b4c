import { type Mutant, POSTGRES, RUNNER, onPostgres } from './mutant.js';

const LEASE = 'src/database/postgres/postgres-lease.ts';
const FAILURE = 'src/database/postgres/database-failure.ts';

/** The connections to PostgreSQL; found out on a server. */
export const postgres: readonly Mutant[] = [
  onPostgres('postgres: the vault is not set', {
    file: POSTGRES,
    find: "`SET LOCAL app.vault_id = '${vaultId}'`",
    replace: '`SELECT 1`',
  }),
  onPostgres('postgres: the vault is set for good', {
    file: POSTGRES,
    find: "`SET LOCAL app.vault_id = '${vaultId}'`",
    replace: "`SET app.vault_id = '${vaultId}'`",
  }),
  onPostgres('postgres: a reading statement has no transaction', {
    file: POSTGRES,
    find: '`BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; ${limits}`',
    replace: '`SELECT 1`',
  }),
  onPostgres('postgres: a unit has no transaction', {
    file: POSTGRES,
    find: '`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${limits}; ` +',
    replace: '`SELECT 1; ${limits}; ` +',
  }),
  onPostgres('postgres: a reading unit sees what others commit, and can write', {
    file: POSTGRES,
    find: '`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${limits}`',
    replace: '`BEGIN; ${limits}`',
  }),
  onPostgres('postgres: writers do not take turns', {
    file: POSTGRES,
    find: '`SELECT pg_advisory_xact_lock(${lockKey(this.schema, vaultId)})`',
    replace: '`SELECT 1`',
  }),
  onPostgres('postgres: all writers wait for each other', {
    file: POSTGRES,
    find: '`SELECT pg_advisory_xact_lock(${lockKey(this.schema, vaultId)})`',
    replace: '`SELECT pg_advisory_xact_lock(1)`',
  }),
  onPostgres(
    'postgres: a connection goes back with its transaction',
    {
      file: LEASE,
      find: "this.client.query('ROLLBACK').then(",
      replace: "this.client.query('SELECT 1').then(",
    },
    {
      file: 'src/database/postgres/release.ts',
      find: 'lost || client.getTransactionStatus() !== IDLE',
      replace: 'lost',
    },
  ),
  onPostgres(
    'postgres: a connection is given back while it is rolled back',
    {
      file: LEASE,
      find: "this.client.query('ROLLBACK').then(",
      replace: 'Promise.resolve().then(',
    },
    {
      file: 'src/database/postgres/release.ts',
      find: 'lost || client.getTransactionStatus() !== IDLE',
      replace: 'lost',
    },
  ),
  onPostgres('postgres: it does not matter whether a transaction opened', {
    file: LEASE,
    find: 'await this.opening;',
    replace: 'await this.opening.catch(() => {});',
  }),
  onPostgres('postgres: a unit that was rolled back counts as committed', {
    file: LEASE,
    find: "if (command !== 'COMMIT') throw",
    replace: 'if (false) throw',
  }),
  onPostgres('postgres: a lost connection is nobody’s fault but the request’s', {
    file: FAILURE,
    find: '|| isLost(error)) return new BusyError();',
    replace: ') return error;',
  }),
  onPostgres('postgres: a savepoint that cannot be released is left', {
    file: RUNNER,
    find: 'await this.lease.control(`RELEASE SAVEPOINT nested_${this.depth - 1}`);',
    replace: 'await this.lease.control(`RELEASE SAVEPOINT nested_${--this.depth}`); this.depth++;',
  }),
];
