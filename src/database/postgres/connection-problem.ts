import { isIP } from 'node:net';
import type { PostgresRoles, PostgresServer } from '../../config/postgres-config.js';
import { describeTlsProblem } from './tls-problem.js';

/** What else a sentence about a connection needs to know. */
export interface ConnectionContext {
  /** The setting that the connection comes from, such as `DATABASE_URL`. */
  readonly setting: string;
  readonly schema: string;
  readonly roles: PostgresRoles;
}

interface Problem {
  /** Of the operating system or of TLS, or an SQLSTATE. */
  readonly code?: string;
  readonly message: string;
  /** Where in the server's source an error arose: the same in every language that it may speak. */
  readonly routine?: string;
}

const ROLES = 'npm run db:roles -- --apply';
const MIGRATE = 'npm run migration:run';

/**
 * Says in a sentence why the database cannot be used, and what mends it. The sentence holds neither a password
 * nor anything of a statement.
 *
 * @param error what the driver, or TypeORM around it, threw
 * @returns undefined for an error that says nothing about the connection, the schema or the roles
 */
export function describeConnectionProblem(
  error: unknown,
  server: PostgresServer,
  context: ConnectionContext,
): string | undefined {
  const problem = problemOf(error);
  if (problem === undefined) return undefined;
  const at = address(server);
  return (
    describeNetwork(problem, server, at, context) ??
    describeTlsProblem(problem, { server, at, setting: context.setting }) ??
    describeEntrance(problem, server, at, context) ??
    describeState(problem, server, at, context) ??
    describePrivilege(problem, server, context)
  );
}

/** @param used the setting that names the pooler */
export function describePooler(used: string): string {
  const put = used === 'DATABASE_MIGRATOR_URL' ? 'put' : 'set DATABASE_MIGRATOR_URL, and put';
  return (
    `${used} goes through a pooler that lends a connection for one transaction at a time, and a migration holds a ` +
    `lock from its beginning to its end: ${put} there the direct URL of the server.`
  );
}

export function describeMissingVector(server: PostgresServer): string {
  return (
    `The database ${server.database} has no extension vector: run CREATE EXTENSION vector; in it as a superuser ` +
    '(on a hosted service, as the role that it gave you), after installing pgvector 0.8 or later on the server.'
  );
}

function problemOf(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  // What TypeORM wraps, and what it and others give as the cause.
  const inner = (error as { driverError?: unknown }).driverError ?? error.cause;
  if (inner instanceof Error) return problemOf(inner);
  const { code, routine } = error as { code?: unknown; routine?: unknown };
  return {
    code: typeof code === 'string' ? code : undefined,
    message: error.message,
    routine: typeof routine === 'string' ? routine : undefined,
  };
}

function address({ host, port }: PostgresServer): string {
  if (host.startsWith('/')) return `${host}/.s.PGSQL.${port}`;
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function describeNetwork(
  { code, message }: Problem,
  server: PostgresServer,
  at: string,
  { setting }: ConnectionContext,
): string | undefined {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return (
        `No PostgreSQL server listens at ${at}: start it, or correct host and port in ${setting} ` +
        `(pg_isready ${target(server)} tells when it is there).`
      );
    case 'EACCES':
      return `The socket ${at} may not be opened: give the service's user access to its folder, or name a host in ${setting}.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host ${server.host} is not known: correct it in ${setting}, or mend the name service.`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return unreachable(at, setting);
    case 'ECONNRESET':
    case 'EPIPE':
      return lost(at);
    case undefined:
      // The driver's and its pool's own sentences, which have no code.
      if (message === 'timeout expired' || message === 'Connection terminated due to connection timeout') {
        return unreachable(at, setting);
      }
      return message.startsWith('Connection terminated') ? lost(at) : undefined;
    default:
      return undefined;
  }
}

function unreachable(at: string, setting: string): string {
  return (
    `The server at ${at} does not answer: correct host and port in ${setting}, and let the connection through ` +
    'firewalls and the list of addresses the server accepts (a host with an IPv6 address alone needs IPv6 here).'
  );
}

function lost(at: string): string {
  return `The server at ${at} closed the connection: it or a pooler before it is stopping, failing or full; see its log.`;
}

/** What a server says before it lets a role in. */
function describeEntrance(
  { code, message, routine }: Problem,
  server: PostgresServer,
  at: string,
  { setting }: ConnectionContext,
): string | undefined {
  const user = JSON.stringify(server.user);
  if (code === '28P01') {
    return (
      `The server at ${at} does not accept the password of the role ${user}, or has no such role: correct user and ` +
      `password in ${setting} (percent-encoded), or set it anew by ALTER ROLE ${quoted(server.user)} PASSWORD '…'; ` +
      `${ROLES} makes the roles.`
    );
  }
  if (code === undefined && message.startsWith('SASL:') && server.password === undefined) {
    return `The server at ${at} asks for the password of the role ${user}, and ${setting} holds none: put it there.`;
  }
  if (server.tls === undefined && /sslmode=require|ssl (?:connection )?is required/i.test(message)) {
    return unencrypted(at, setting);
  }
  if (/tenant or user not found/i.test(message)) {
    return (
      `The pooler at ${at} does not know the user ${user}: on Supabase its users are written ROLE.PROJECT; ` +
      `correct it in ${setting}.`
    );
  }
  if (code !== '28000') return undefined;
  if (routine === 'InitializeSessionUserId') {
    return (
      `The role ${user} does not exist at ${at}, or may not log in: make it by ${ROLES}, ` +
      `or correct the user in ${setting}.`
    );
  }
  if (routine === 'ClientAuthentication') {
    if (server.tls === undefined && !server.host.startsWith('/')) return unencrypted(at, setting);
    return (
      `The server at ${at} has no rule that lets the role ${user} into ${JSON.stringify(server.database)} from ` +
      `here: add a line to its pg_hba.conf, such as "hostssl ${server.database} ${server.user} ADDRESS ` +
      'scram-sha-256", and reload it.'
    );
  }
  return (
    `The server at ${at} does not let in the role ${user} this way (its pg_hba.conf decides how): over a socket with ` +
    `peer authentication the system's user must be called so; with a password, name a host in ${setting}.`
  );
}

function unencrypted(at: string, setting: string): string {
  return (
    `The server at ${at} takes no unencrypted connection from here (or none at all, by its pg_hba.conf): ` +
    `say sslmode=verify-full or sslmode=require in ${setting}, or OM_PG_SSL.`
  );
}

/** What a server says about itself and what it holds. */
function describeState(
  { code }: Problem,
  server: PostgresServer,
  at: string,
  { setting, schema }: ConnectionContext,
): string | undefined {
  switch (code) {
    case '3D000':
      return (
        `The database ${JSON.stringify(server.database)} does not exist at ${at}: make it by ` +
        `createdb ${target(server)} -U postgres ${shell(server.database)}, or by ${MIGRATE} with ` +
        `OM_PG_AUTO_CREATE_DB=true, or correct its name in ${setting}.`
      );
    case '3F000':
    case '42P01':
      return (
        `The schema ${schema} of the database ${JSON.stringify(server.database)} does not have Cairn's tables: ` +
        `run ${MIGRATE} (and ${ROLES} before it, if the roles are new), or correct DATABASE_SCHEMA.`
      );
    case '53300':
      return (
        `The server at ${at} takes no more connections: lower DATABASE_POOL_SIZE so that all processes together ` +
        `stay below its max_connections and the role's CONNECTION LIMIT, or put a pooler before it.`
      );
    case '57P03':
      return `The server at ${at} is starting, stopping or recovering: it will take connections again by itself.`;
    case '57P01':
    case '57P02':
      return `The server at ${at} ended the connection because it is being stopped or has crashed: see its log.`;
    default:
      return undefined;
  }
}

/** The kinds of things that the server names in English; in another language the general advice has to do. */
const DENIED =
  /^permission denied (?:for|to) (database|schema|table|sequence|function|view|create database|create role)\b/;

function describePrivilege(
  { code, message, routine }: Problem,
  server: PostgresServer,
  { schema, roles }: ConnectionContext,
): string | undefined {
  // A row that belongs to another vault is no lack of a privilege.
  if (code !== '42501' || routine === 'ExecWithCheckOptions') return undefined;
  const what = DENIED.exec(message)?.[1];
  const user = quoted(server.user);
  const grant = {
    database: `GRANT CONNECT ON DATABASE ${quoted(server.database)} TO ${user}`,
    schema: `GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${user}`,
    'create database': `ALTER ROLE ${user} CREATEDB`,
    'create role': `ALTER ROLE ${user} CREATEROLE`,
  }[what ?? ''];
  return (
    `The role ${JSON.stringify(server.user)} lacks a privilege${what === undefined ? '' : ` (${what})`}: run ` +
    `${ROLES}${grant === undefined ? `, then ${MIGRATE}, as a role that may grant it` : `, or ${grant}`}; ` +
    `the service connects as ${roles.app}, migrations as ${roles.migrator}.`
  );
}

/** Host and port as PostgreSQL's own programs take them. */
function target({ host, port }: PostgresServer): string {
  return `-h ${shell(host)} -p ${port}`;
}

function shell(word: string): string {
  return /^[\w./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
