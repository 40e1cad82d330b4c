import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { qualified, quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { contextOf, withClient } from './migrator.js';

/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';
/** Less than the time after which PostgreSQL looks for deadlocks: a service never loses a transaction to this. */
const LOCK_TIMEOUT_MS = 200;
const PAUSE_MS = 100;
const ATTEMPTS = 100;

/**
 * Reads the directory of vaults and the counters of their indexes, of all vaults at once: as the operator, who may,
 * and without one as the owner of the tables.
 *
 * @param sql reads `vaults` and `scopes`, with a `?` for each value
 * @throws MigrationRefusedError where there is no role that sees all vaults
 */
export async function selectOverAllVaults<Row>(
  database: PostgresConfig,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const { operator, migrator, schema } = database;
  let count = 0;
  const text = sql.replaceAll('?', () => `$${++count}`);
  const read = async (client: Client) => {
    await client.query(`SET LOCAL search_path TO ${quoteIdentifier(schema)}`);
    return (await client.query(text, [...values])).rows as Row[];
  };
  if (operator) {
    const rows = await withClient(operator, contextOf(database, 'DATABASE_OPERATOR_URL'), async (client) =>
      (await seesAll(client)) ? inTransaction(client, () => read(client)) : undefined,
    );
    if (rows) return rows;
  }
  if (migrator) {
    return withClient(migrator, contextOf(database, 'DATABASE_MIGRATOR_URL'), (client) =>
      asOwner(client, schema, () => read(client)),
    );
  }
  throw new MigrationRefusedError(
    operator
      ? 'The role of DATABASE_OPERATOR_URL lacks BYPASSRLS, so it sees no vault: run npm run db:roles -- --apply as ' +
          'a superuser, or set DATABASE_MIGRATOR_URL.'
      : 'No setting names a role that sees all vaults: set DATABASE_OPERATOR_URL or DATABASE_MIGRATOR_URL.',
  );
}

async function seesAll(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ sees: boolean }>(
    'SELECT rolbypassrls OR rolsuper AS sees FROM pg_catalog.pg_roles WHERE rolname = current_user',
  );
  return rows[0].sees;
}

/** Row-level security holds for the owner too; it is lifted for this look alone, and nobody else sees it lifted. */
async function asOwner<T>(client: Client, schema: string, look: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
        for (const table of ['vaults', 'scopes']) {
          await client.query(`ALTER TABLE ${qualified(schema, table)} NO FORCE ROW LEVEL SECURITY`);
        }
        return look();
      });
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE || attempt === ATTEMPTS) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

/** In a transaction that is undone: what is done here is to look. */
async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}
