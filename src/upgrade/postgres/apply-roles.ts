import { type Client, DatabaseError } from 'pg';
import { quoteIdentifier, quoteLiteral } from '../../../migrations/postgres/identifiers.js';
import type { PostgresRoles } from '../../config/postgres-config.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { type RoleTarget, roleStatements } from './role-statements.js';
import { scramVerifier } from './scram.js';

/** New passwords; a role that has none here keeps its own. */
export type RolePasswords = Readonly<Partial<Record<keyof PostgresRoles, string>>>;

export interface AppliedRoles {
  /** The roles that were made. */
  readonly created: readonly string[];
  /** What the server has to say about it: a sentence each. */
  readonly notices: readonly { readonly severity: 'WARNING' | 'NOTICE'; readonly message: string }[];
}

const INSUFFICIENT_PRIVILEGE = '42501';
/** What `roleStatements` raise where a person has to decide. */
const NOT_IN_PREREQUISITE_STATE = '55000';

/**
 * Makes or mends the roles in one transaction.
 *
 * @param client connected to the target's database, as somebody who may create roles
 * @param verbatim whether passwords are sent as they are: some servers take no verifiers
 * @throws MigrationRefusedError when a privilege is missing, or a person has to decide; nothing has changed then
 */
export async function applyRoles(
  client: Client,
  target: RoleTarget,
  passwords: RolePasswords = {},
  { verbatim = false } = {},
): Promise<AppliedRoles> {
  const names = Object.values(target.roles);
  const before = await existing(client, names);
  const notices: AppliedRoles['notices'][number][] = [];
  const listen = ({ severity, message }: { severity?: string; message?: string }): void => {
    notices.push({ severity: severity === 'WARNING' ? 'WARNING' : 'NOTICE', message: message ?? '' });
  };
  client.on('notice', listen);
  try {
    await client.query('BEGIN');
    for (const { sql } of roleStatements(target)) await client.query(sql);
    for (const [kind, password] of Object.entries(passwords) as [keyof PostgresRoles, string][]) {
      const stored = verbatim ? password : scramVerifier(password);
      await client.query(
        `ALTER ROLE ${quoteIdentifier(target.roles[kind])} PASSWORD ${quoteLiteral(stored)}`,
      );
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw await explained(client, error);
  } finally {
    client.off('notice', listen);
  }
  return { created: names.filter((name) => !before.includes(name)), notices };
}

async function existing(client: Client, names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname = ANY($1)',
    [names],
  );
  return rows.map(({ rolname }) => rolname);
}

async function explained(client: Client, error: unknown): Promise<unknown> {
  if (!(error instanceof DatabaseError)) return error;
  if (error.code === NOT_IN_PREREQUISITE_STATE) return new MigrationRefusedError(`${error.message}.`);
  if (error.code !== INSUFFICIENT_PRIVILEGE) return error;
  const { rows } = await client.query<{ user: string; database: string }>(
    'SELECT quote_ident(current_user) AS "user", quote_ident(current_database()) AS "database"',
  );
  const [{ user, database }] = rows;
  const detail = error.detail === undefined ? '' : ` (${error.detail.replace(/\.$/, '')})`;
  return new MigrationRefusedError(
    `${user} may not do this: ${error.message}${detail}. Nothing was changed. Let DATABASE_ADMIN_URL name a role ` +
      `that may, or run as a superuser: ALTER ROLE ${user} CREATEROLE; GRANT CREATE ON DATABASE ${database} TO ${user}; ` +
      'and on PostgreSQL 16 or newer, for roles that others have made, grant them to it WITH ADMIN OPTION.',
  );
}
