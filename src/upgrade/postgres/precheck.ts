import type { Client } from 'pg';
import { selectRows } from '../../../migrations/postgres/catalog.js';
import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import type { PostgresConfig } from '../../config/postgres-config.js';
import { MigrationRefusedError } from '../migration-refused.error.js';

/**
 * Checks what a migration needs before it begins.
 *
 * @returns whether the schema is missing, and may be made
 * @throws MigrationRefusedError with the command that mends it
 */
export async function isSchemaMissing(client: Client, { schema, autoDdl }: PostgresConfig): Promise<boolean> {
  const [{ found, usable, creatable, role, database }] = await selectRows<{
    found: boolean;
    usable: boolean;
    creatable: boolean;
    role: string;
    database: string;
  }>(
    client,
    `SELECT n.oid IS NOT NULL AS found, current_user AS role, current_database() AS database,
       coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS usable,
       has_database_privilege(current_database(), 'CREATE') AS creatable
     FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $1`,
    [schema],
  );
  const name = quoteIdentifier(schema);
  if (found && usable) return false;
  if (found) {
    throw new MigrationRefusedError(
      `The role ${role} may not make tables in the schema ${schema}. As its owner or a superuser, run ` +
        `ALTER SCHEMA ${name} OWNER TO ${quoteIdentifier(role)}; or npm run db:roles -- --apply.`,
    );
  }
  if (!creatable || !autoDdl) {
    throw new MigrationRefusedError(
      `There is no schema ${schema} in the database ${database}` +
        (creatable
          ? ', and OM_PG_AUTO_DDL keeps it from being made'
          : `, and the role ${role} may not make it`) +
        `. As a superuser, run CREATE SCHEMA ${name} AUTHORIZATION ${quoteIdentifier(role)}; or npm run db:roles -- --apply.`,
    );
  }
  return true;
}
