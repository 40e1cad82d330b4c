import pg, { type Client } from 'pg';
import { readRelations } from '../../../migrations/postgres/catalog.js';
import { qualified, quoteIdentifier, quoteLiteral } from '../../../migrations/postgres/identifiers.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { BusyError } from '../../database/busy.error.js';
import { clientOptions } from '../../database/postgres/client-options.js';
import { describeConnectionProblem } from '../../database/postgres/connection-problem.js';
import { lockKey } from '../../database/postgres/lock-key.js';
import { valueTypes } from '../../database/postgres/value-types.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { contextOf, migratorOf } from '../postgres/migrator.js';
import type { Digest, RehomeDatabase } from './rehome-database.js';

/** How long a transaction waits for the writers of its vaults. */
const LOCK_TIMEOUT_MS = 15_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * As the owner of the tables, for whom row-level security holds too: a transaction enters one vault after the other,
 * and what goes from one to the other is carried in temporary tables.
 *
 * @throws MigrationRefusedError
 */
export async function openPostgres(database: PostgresConfig): Promise<RehomeDatabase> {
  const server = migratorOf(database);
  const client = new pg.Client({ ...clientOptions(server), types: valueTypes });
  client.on('error', () => {});
  try {
    await client.connect();
    await refuseWithoutTemporaryTables(client);
  } catch (error) {
    await client.end().catch(() => {});
    const problem = describeConnectionProblem(error, server, contextOf(database, 'DATABASE_MIGRATOR_URL'));
    throw problem === undefined ? error : new MigrationRefusedError(problem);
  }
  return new PostgresRehoming(client, database.schema);
}

async function refuseWithoutTemporaryTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ may: boolean; name: string; role: string }>(
    `SELECT has_database_privilege(current_database(), 'TEMPORARY') AS may, current_database() AS name,
       current_user AS role`,
  );
  const [{ may, name, role }] = rows;
  if (may) return;
  throw new MigrationRefusedError(
    `The role ${role} may not make temporary tables, in which rows go from vault to vault. The owner of the database ` +
      `has to: GRANT TEMPORARY ON DATABASE ${quoteIdentifier(name)} TO ${quoteIdentifier(role)}`,
  );
}

class PostgresRehoming implements RehomeDatabase {
  readonly text = 'text COLLATE "C"';

  constructor(
    private readonly client: Client,
    private readonly schema: string,
  ) {}

  table(name: string): string {
    return qualified(this.schema, name);
  }

  async tables(): Promise<ReadonlyMap<string, readonly string[]>> {
    const relations = await readRelations(this.client, this.schema);
    return new Map(relations.filter(({ hasVault }) => hasVault).map(({ name, columns }) => [name, columns]));
  }

  async transaction<T>(vaultIds: readonly string[], work: () => Promise<T>): Promise<T> {
    await this.client.query('BEGIN');
    try {
      await this.client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      // Rows are looked up one by one, by their keys, whatever the planner believes of tables that have just grown.
      for (const method of ['hashjoin', 'mergejoin']) {
        await this.client.query(`SET LOCAL enable_${method} = off`);
      }
      // As a service's writers do, which look at what they change before they change it.
      for (const vaultId of [...vaultIds].sort()) {
        await this.client.query(`SELECT pg_advisory_xact_lock(${lockKey(this.schema, vaultId)})`);
      }
      const result = await work();
      await this.client.query('COMMIT');
      return result;
    } catch (error) {
      await this.client.query('ROLLBACK').catch(() => {});
      throw (error as { code?: string }).code === LOCK_NOT_AVAILABLE ? new BusyError() : error;
    }
  }

  async enter(vaultId: string): Promise<void> {
    await this.client.query(`SET LOCAL app.vault_id = ${quoteLiteral(vaultId)}`);
  }

  async rows<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.client.query(numbered(sql), [...values])).rows as Row[];
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.client.query(numbered(sql), [...values])).rowCount ?? 0;
  }

  /** Not by DELETE: nothing clears away what that leaves of a temporary table. */
  async empty(table: string): Promise<void> {
    await this.client.query(`TRUNCATE ${table}`);
  }

  async analyse(...tables: readonly string[]): Promise<void> {
    await this.client.query(`ANALYZE ${tables.join(', ')}`);
  }

  async digest(columns: readonly string[], from: string, values: readonly unknown[]): Promise<Digest> {
    const row = `ROW(${columns.map((column) => `t.${quoteIdentifier(column)}`).join(', ')})::text`;
    const [{ rows, sum }] = await this.rows<{ rows: number; sum: string }>(
      `SELECT count(*) AS rows, coalesce(sum(('x' || substr(md5(${row}), 1, 15))::bit(60)::bigint), 0)::text AS sum
       FROM ${from}`,
      values,
    );
    return { rows, sum: BigInt(sum) };
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {});
  }
}

function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}
