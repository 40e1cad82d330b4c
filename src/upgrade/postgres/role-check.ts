import {
  type Database,
  type Relation,
  readPolicies,
  readRelations,
  selectRows,
} from '../../../migrations/postgres/catalog.js';
import { APP_RECORDS, APP_TABLES, appPrivileges } from '../../../migrations/postgres/grants.js';
import { qualified, quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import { isTheOnePolicy } from '../../../migrations/postgres/policy.js';

const APP_RELATIONS = [...Object.keys(APP_TABLES), ...APP_RECORDS];
/** Row-level security holds back none of the first; the others change whose a row is. */
const OWNERS_ALONE = ['TRUNCATE', 'REFERENCES', 'TRIGGER', 'UPDATE', 'UPDATE (vault_id)'];

const SECURE = 'npm run migration:run, as the owner, puts it right';

interface RoleState {
  /** Whom the session belongs to, or whom it acts as. */
  readonly name: string;
  readonly superuser: boolean;
  readonly bypasses: boolean;
  readonly replicates: boolean;
  readonly createsRoles: boolean;
}

/** A role whose rights the session's role has or can take. */
interface Membership {
  readonly role: string;
  readonly member: string;
  readonly owns: boolean;
}

/**
 * Looks whether this connection is fit for the service: its role neither owns the tables nor gets round row-level
 * security, it may do what the service needs and nothing else, and every table with rows of vaults is closed.
 *
 * @returns what is wrong, a sentence each, with what puts it right; nothing where all is well
 */
export async function checkAppRole(client: Database, schema: string): Promise<string[]> {
  const strong = [...(await attributeProblems(client)), ...(await membershipProblems(client, schema))];
  const [{ exists, usable, role }] = await selectRows<{ exists: boolean; usable: boolean; role: string }>(
    client,
    `SELECT current_user AS "role", n.oid IS NOT NULL AS "exists",
       n.oid IS NOT NULL AND has_schema_privilege(n.oid, 'USAGE') AS "usable"
     FROM (VALUES (1)) one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    [schema],
  );
  if (!exists) {
    return [
      ...strong,
      `The schema ${schema} does not exist: run npm run db:roles and npm run migration:run.`,
    ];
  }
  if (!usable) {
    return [
      ...strong,
      `The role ${role} may not use the schema ${schema}: npm run migration:run grants it to the role of ` +
        `OM_PG_APP_ROLE, or run GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoteIdentifier(role)}.`,
    ];
  }
  const relations = await readRelations(client, schema);
  const problems = [...strong, ...(await tableProblems(client, schema, relations))];
  // Whoever is too strong has every privilege.
  return strong.length > 0
    ? problems
    : [...problems, ...(await privilegeProblems(client, schema, role, relations))];
}

async function attributeProblems(client: Database): Promise<string[]> {
  const roles = await selectRows<RoleState>(
    client,
    `SELECT rolname AS "name", rolsuper AS "superuser", rolbypassrls AS "bypasses", rolreplication AS "replicates",
       rolcreaterole AS "createsRoles"
     FROM pg_roles WHERE rolname IN (current_user, session_user)`,
  );
  return roles.flatMap(({ name, ...has }) => {
    const wrong = (what: string, attribute: string) =>
      `The role ${name} ${what}: let DATABASE_URL name the role that npm run db:roles makes for the service, ` +
      `or run ALTER ROLE ${quoteIdentifier(name)} ${attribute}.`;
    return [
      ...(has.superuser ? [wrong('is a superuser, whom no policy holds back', 'NOSUPERUSER')] : []),
      ...(has.bypasses ? [wrong('bypasses row-level security', 'NOBYPASSRLS')] : []),
      ...(has.replicates ? [wrong('may read every row by replication', 'NOREPLICATION')] : []),
      ...(has.createsRoles ? [wrong('may make itself a member of other roles', 'NOCREATEROLE')] : []),
    ];
  });
}

/** The role itself is a member of itself, so what it owns comes out here too. */
async function membershipProblems(client: Database, schema: string): Promise<string[]> {
  const memberships = await selectRows<Membership>(
    client,
    `WITH owners AS (
       SELECT nspowner AS oid FROM pg_namespace WHERE nspname = $1
       UNION SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1
       UNION SELECT p.proowner FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1)
     SELECT DISTINCT r.rolname AS "role", m.rolname AS "member", r.oid IN (SELECT oid FROM owners) AS "owns"
     FROM pg_roles r, pg_roles m
     WHERE m.rolname IN (current_user, session_user) AND NOT m.rolsuper AND pg_has_role(m.oid, r.oid, 'MEMBER')
       AND (r.oid IN (SELECT oid FROM owners) OR r.oid <> m.oid AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole
         OR r.rolreplication OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files',
           'pg_write_server_files')))
     ORDER BY 1, 2`,
    [schema],
  );
  return memberships.map(({ role, member, owns }) => {
    if (role === member) {
      return (
        `The role ${member} owns the schema ${schema} or something in it, and can open it: let DATABASE_URL name the ` +
        'role that npm run db:roles makes for the service, and leave the owner to DATABASE_MIGRATOR_URL.'
      );
    }
    const why = owns
      ? `which owns the schema ${schema} or something in it`
      : 'which gets round row-level security';
    return (
      `The role ${member} is a member of ${role}, ${why}: ` +
      `run REVOKE ${quoteIdentifier(role)} FROM ${quoteIdentifier(member)}, or from the role that it is a member by.`
    );
  });
}

async function tableProblems(
  client: Database,
  schema: string,
  relations: readonly Relation[],
): Promise<string[]> {
  const policies = await readPolicies(client, schema);
  const missing = APP_RELATIONS.filter((table) => !relations.some(({ name }) => name === table));
  return [
    ...missing.map((table) => `The table ${schema}.${table} is missing: run npm run migration:run.`),
    ...relations
      .filter(({ hasVault }) => hasVault)
      .flatMap(({ name, enabled, forced }) => {
        const own = policies.filter(({ table }) => table === name);
        const closed = enabled && forced;
        return [
          ...(closed
            ? []
            : [`Row-level security is not enabled and forced on ${schema}.${name}: ${SECURE}.`]),
          ...(isTheOnePolicy(own)
            ? []
            : [
                `The table ${schema}.${name} has not exactly the one policy that keeps vaults apart: ${SECURE}.`,
              ]),
        ];
      }),
  ];
}

/**
 * What the role cannot do and must, and what nobody but the owner should do. Other privileges that it has more than
 * it needs may belong to a newer version.
 */
async function privilegeProblems(
  client: Database,
  schema: string,
  role: string,
  relations: readonly Relation[],
): Promise<string[]> {
  const held = await selectRows<{ table: string; privilege: string }>(
    client,
    `SELECT c.relname AS "table", p.privilege FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
         p (privilege)
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, p.privilege)
     UNION ALL
     SELECT c.relname, 'UPDATE (' || a.attname || ')' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege(c.oid, a.attnum, 'UPDATE')
     ORDER BY 1, 2`,
    [schema],
  );
  const [{ creates }] = await selectRows<{ creates: boolean }>(
    client,
    `SELECT has_schema_privilege($1, 'CREATE') AS "creates"`,
    [schema],
  );
  return [
    ...(creates ? [`The role ${role} may create objects in the schema ${schema}: ${SECURE}.`] : []),
    ...relations.flatMap(({ name }) => {
      const has = new Set(held.filter(({ table }) => table === name).map(({ privilege }) => privilege));
      const missing = [...appPrivileges(name)].filter((privilege) => !has.has(privilege));
      const excess = OWNERS_ALONE.filter((privilege) => has.has(privilege));
      const place = qualified(schema, name);
      return [
        ...(missing.length > 0
          ? [`The role ${role} lacks ${missing.join(', ')} on ${place}: ${SECURE}.`]
          : []),
        ...(excess.length > 0
          ? [`The role ${role} has ${excess.join(', ')} on ${place}, which it must not have: ${SECURE}.`]
          : []),
      ];
    }),
  ];
}
