import { quoteIdentifier, quoteLiteral } from '../../../migrations/postgres/identifiers.js';
import type { PostgresRoles } from '../../config/postgres-config.js';

/** For whom, and where. */
export interface RoleTarget {
  readonly database: string;
  readonly schema: string;
  readonly roles: PostgresRoles;
}

/** A statement of its own message, and what it is for. */
export interface RoleStatement {
  readonly about: string;
  readonly sql: string;
}

const DUTIES: Readonly<Record<keyof PostgresRoles, string>> = {
  migrator: 'owns the schema, for migrations alone',
  app: 'the service: reads and writes rows, owns nothing, and is a member of nothing',
  operator: 'sees the directory of vaults, and nothing that they hold',
  backup: 'reads everything, for pg_dump',
};

const PLAIN = 'LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
/** What it inherits nobody has to look for. */
const APP = `${PLAIN} NOINHERIT`;

/** What cannot work for a role that sees no vault under row-level security. */
const OVER_ALL_VAULTS = {
  operator: 'the directory of vaults stays empty',
  backup: 'pg_dump ends with an error; make backups as a superuser',
} as const;

/**
 * Makes the roles, the schema, and nothing else: what the roles may do with each table the migrations say. Every
 * statement can be run again, changes nothing that is as it should be, and leaves the passwords alone. They belong
 * in one transaction, run by somebody who is connected to that database, may create roles, and may make a schema in
 * it; where more would be needed, warnings say what then does not work.
 */
export function roleStatements({ database, schema, roles }: RoleTarget): RoleStatement[] {
  const { migrator, app, operator, backup } = roles;
  const kinds = Object.keys(DUTIES) as (keyof PostgresRoles)[];
  return [
    ...kinds.map((kind) => ({
      about: `${roles[kind]}: ${DUTIES[kind]}.`,
      sql: createRole(roles[kind], kind === 'app' ? APP : PLAIN),
    })),
    { about: 'The service is safe only if its role is weak.', sql: weakenApp(app) },
    { about: 'A session that turns it off gets errors, not rows.', sql: rowSecurity(app) },
    {
      about: 'The directory of vaults is about all of them.',
      sql: bypassRowSecurity(operator, OVER_ALL_VAULTS.operator),
    },
    { about: 'A backup holds all vaults.', sql: bypassRowSecurity(backup, OVER_ALL_VAULTS.backup) },
    { about: 'Each may connect.', sql: connect(database, Object.values(roles)) },
    { about: 'Vectors, where the server has them.', sql: vectorExtension() },
    {
      about: 'Whoever makes the schema for its owner has to be a member of it meanwhile.',
      sql: join(migrator),
    },
    { about: 'The schema, and nobody in it but its owner.', sql: createSchema(schema, migrator) },
    { about: 'What the owner makes is closed to everybody at first.', sql: closeDefaults(schema, migrator) },
    { about: 'A member no longer than that.', sql: leave(migrator) },
  ];
}

/** What is worth doing besides, and not done: other applications may live in the database. */
export function recommendations({ database, roles }: RoleTarget): string[] {
  return [
    `Where nothing else lives in this database, close it to everybody else:`,
    `  REVOKE ALL ON DATABASE ${quoteIdentifier(database)} FROM PUBLIC;`,
    `  REVOKE ALL ON SCHEMA public FROM PUBLIC;`,
    `On Citus, so that shards can be moved while they are written to:`,
    `  ALTER ROLE ${quoteIdentifier(roles.migrator)} BYPASSRLS;`,
  ];
}

function createRole(role: string, attributes: string): string {
  return block(`
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(role)}) THEN
    CREATE ROLE ${quoteIdentifier(role)} ${attributes};
  ELSIF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = ${quoteLiteral(role)}) THEN
    ALTER ROLE ${quoteIdentifier(role)} LOGIN;
  END IF;`);
}

/** What only a superuser may take away, and what has a purpose for somebody, is left to a person. */
function weakenApp(app: string): string {
  const [name, literal] = [quoteIdentifier(app), quoteLiteral(app)];
  return block(
    `
  SELECT * INTO app FROM pg_roles WHERE rolname = ${literal};
  IF app.rolsuper OR app.rolbypassrls OR app.rolreplication THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = ${quoteLiteral(`The role ${app} exists and reads every vault: choose another for the service (OM_PG_APP_ROLE), or run ALTER ROLE ${name} NOSUPERUSER NOBYPASSRLS NOREPLICATION`)};
  END IF;
  IF app.rolcreatedb OR app.rolcreaterole OR app.rolinherit THEN
    ALTER ROLE ${name} NOCREATEDB NOCREATEROLE NOINHERIT;
  END IF;
  FOR granted IN SELECT roleid::regrole::text FROM pg_auth_members WHERE member = app.oid LOOP
    RAISE WARNING '%', format(${quoteLiteral(`The role ${app} is a member of %s, and may do whatever that may: REVOKE %1$s FROM ${name}`)}, granted);
  END LOOP;`,
    'app record; granted text;',
  );
}

function rowSecurity(app: string): string {
  return block(`
  IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
      WHERE r.rolname = ${quoteLiteral(app)} AND s.setdatabase = 0 AND 'row_security=on' = ANY (s.setconfig)) THEN
    ALTER ROLE ${quoteIdentifier(app)} SET row_security = on;
  END IF;`);
}

function bypassRowSecurity(role: string, lacking: string): string {
  const name = quoteIdentifier(role);
  return block(`
  IF NOT (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = ${quoteLiteral(role)}) THEN
    ALTER ROLE ${name} BYPASSRLS;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING '%', format(${quoteLiteral(`%I may not give BYPASSRLS, so ${lacking}. As a superuser: ALTER ROLE ${name} BYPASSRLS`)}, current_user);`);
}

function connect(database: string, roles: readonly string[]): string {
  const grant = `GRANT CONNECT ON DATABASE ${quoteIdentifier(database)} TO ${roles.map(quoteIdentifier).join(', ')}`;
  return block(`
  IF EXISTS (SELECT FROM pg_database d, unnest(ARRAY[${roles.map(quoteLiteral).join(', ')}]) role
      WHERE d.datname = ${quoteLiteral(database)} AND NOT EXISTS (SELECT FROM aclexplode(d.datacl) g
        WHERE g.privilege_type = 'CONNECT' AND g.grantee = (SELECT oid FROM pg_roles WHERE rolname = role))) THEN
    ${grant};
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE WARNING '%', ${quoteLiteral(`The database belongs to somebody else. Its owner has to: ${grant}`)};`);
}

function vectorExtension(): string {
  return block(`
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
    RETURN;
  ELSIF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
    RAISE NOTICE 'The server has no extension vector (pgvector); it is not needed yet.';
  ELSE
    CREATE EXTENSION IF NOT EXISTS vector;
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE '%', format('%I may not create the extension vector; it is not needed yet. As a superuser: CREATE EXTENSION vector', current_user);`);
}

/** From PostgreSQL 16 on, whoever creates a role may manage it, but not act as it until it is granted to them. */
function join(migrator: string): string {
  return block(`
  IF NOT pg_has_role(current_user, ${quoteLiteral(migrator)},
      CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
    GRANT ${quoteIdentifier(migrator)} TO CURRENT_USER;
    PERFORM set_config('cairn.joined', current_user, true);
  END IF;`);
}

function createSchema(schema: string, migrator: string): string {
  const [name, owner] = [quoteIdentifier(schema), quoteIdentifier(migrator)];
  return block(
    `
  SELECT pg_get_userbyid(nspowner) INTO owner FROM pg_namespace WHERE nspname = ${quoteLiteral(schema)};
  IF owner IS NULL THEN
    CREATE SCHEMA ${name} AUTHORIZATION ${owner};
  ELSIF owner <> ${quoteLiteral(migrator)} THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
      MESSAGE = format(${quoteLiteral(`The schema ${schema} exists and belongs to %I, not to ${migrator}: set OM_PG_MIGRATOR_ROLE to its owner, or run ALTER SCHEMA ${name} OWNER TO ${owner}, and the same for its tables`)}, owner);
  END IF;`,
    'owner name;',
  );
}

/** PostgreSQL lets everybody run a new function; that can be changed for all schemas of a role together only. */
function closeDefaults(schema: string, migrator: string): string {
  return block(
    `
  SET LOCAL ROLE ${quoteIdentifier(migrator)};
  REVOKE ALL ON SCHEMA ${quoteIdentifier(schema)} FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  EXECUTE format('SET LOCAL ROLE %I', administrator);`,
    'administrator name := current_user;',
  );
}

function leave(migrator: string): string {
  return block(`
  IF current_setting('cairn.joined', true) = current_user THEN
    REVOKE ${quoteIdentifier(migrator)} FROM CURRENT_USER;
  END IF;`);
}

/** Conditions and errors in plain SQL, so that psql can run it too. */
function block(body: string, declarations = ''): string {
  const mark = ['$cairn$', '$cairn_roles$', '$cairn_make_roles$'].find((one) => !body.includes(one))!;
  return `DO ${mark} ${declarations && `DECLARE ${declarations} `}BEGIN${body}\nEND ${mark}`;
}
