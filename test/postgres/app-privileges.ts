import type { Client } from 'pg';
import type { PostgresSchema } from '../harness/postgres/schema.js';

const SYSTEM = `('pg_catalog', 'information_schema', 'pg_toast')`;

/** What a role may do, by whatever grant: its own, a membership's, or everybody's. */
const EFFECTIVE = `
  SELECT 1 AS place, 'database' AS object, p.privilege FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) p (privilege)
    WHERE has_database_privilege($1, current_database(), p.privilege)
  UNION ALL SELECT 2, 'schema ' || n.nspname, p.privilege FROM pg_namespace n,
      unnest(ARRAY['USAGE', 'CREATE']) p (privilege)
    WHERE n.nspname NOT IN ${SYSTEM} AND n.nspname !~ '^pg_(toast_)?temp_' AND has_schema_privilege($1, n.oid, p.privilege)
  UNION ALL SELECT 3, 'table ' || n.nspname || '.' || c.relname, p.privilege
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
      unnest($2::text[]) p (privilege)
    WHERE n.nspname NOT IN ${SYSTEM} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege($1, c.oid, p.privilege)
  UNION ALL SELECT 3, 'table ' || n.nspname || '.' || c.relname, p.privilege || ' (' ||
      string_agg(a.attname, ', ' ORDER BY a.attname COLLATE "C") || ')'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid,
      unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p (privilege)
    WHERE n.nspname NOT IN ${SYSTEM} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
      AND has_column_privilege($1, c.oid, a.attnum, p.privilege) AND NOT has_table_privilege($1, c.oid, p.privilege)
    GROUP BY n.nspname, c.relname, p.privilege
  UNION ALL SELECT 4, 'sequence ' || n.nspname || '.' || c.relname, p.privilege
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest(ARRAY['SELECT', 'USAGE', 'UPDATE']) p (privilege)
    WHERE n.nspname NOT IN ${SYSTEM} AND c.relkind = 'S' AND has_sequence_privilege($1, c.oid, p.privilege)
  UNION ALL SELECT 5, 'function ' || f.oid::regprocedure, 'EXECUTE' FROM pg_proc f JOIN pg_namespace n
      ON n.oid = f.pronamespace
    WHERE n.nspname NOT IN ${SYSTEM} AND has_function_privilege($1, f.oid, 'EXECUTE') AND NOT EXISTS
      (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
  UNION ALL SELECT 6, 'member', regexp_replace(r.rolname, '^.*_', '... ') FROM pg_auth_members m JOIN pg_roles r
      ON r.oid = m.roleid
    WHERE m.member = $1::regrole
  UNION ALL SELECT 7, 'owner', o.classid::regclass || ' ' || o.objid FROM pg_shdepend o
    WHERE o.refobjid = $1::regrole AND o.deptype = 'o'`;

/** Every privilege of the role of the service in its database, a line for each object. */
export async function appPrivilegesOf(client: Client, { roles }: PostgresSchema): Promise<string> {
  const { rows: version } = await client.query<{ number: number }>(
    `SELECT current_setting('server_version_num')::integer AS number`,
  );
  const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];
  if (version[0].number >= 170_000) privileges.push('MAINTAIN');
  const { rows } = await client.query<{ line: string }>(
    `SELECT object || ': ' || string_agg(privilege, ', ' ORDER BY privilege COLLATE "C") AS line
     FROM (${EFFECTIVE}) held GROUP BY place, object ORDER BY place, object COLLATE "C"`,
    [roles.app, privileges],
  );
  return rows.map(({ line }) => `${line}\n`).join('');
}
