import { isIP } from 'node:net';
import { userInfo } from 'node:os';
import { decoded, isRoute, readParameters, type Parameters } from './postgres-parameters.js';

/** How much encryption is asked for, in libpq's words; what it calls allow and prefer is not taken. */
export const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

export type SslMode = (typeof SSL_MODES)[number];

/** What a PostgreSQL URL says, with libpq's defaults for what it leaves out. */
export interface PostgresUrl {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly sslMode?: SslMode;
  /** A file's path, or `system`. */
  readonly sslRootCert?: string;
  readonly applicationName?: string;
  readonly connectTimeoutMs?: number;
  readonly options?: string;
  /** Whether it holds options that are not used. */
  readonly idleOptions: boolean;
}

export const DEFAULT_PORT = 5432;

const ENCODE =
  'write postgres://user:password@host:port/database, and percent-encode what is special in a password ' +
  '(% as %25, @ as %40, / as %2F, ? as %3F, # as %23)';
const MALFORMED = `is a malformed PostgreSQL URL: ${ENCODE}`;

/**
 * The last @ before the path ends the password, as people mean it who forget to encode one. Further on no @ may
 * stand: there it would be the end of a password whose beginning was taken for something else.
 */
const PARTS = /^postgres(?:ql)?:\/\/(?:([^/?#\s]*)@)?([^/?#@\s]*)(?:\/([^/?#@\s]*))?(?:\?([^#@\s]*))?$/i;

const ADDRESS = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{0,5}))?$/;

/** Host names of containers may hold an underscore. */
const NAME = /^(?![-.])[A-Za-z0-9_.-]{1,253}$/;

/** @returns the URL's parts, or a sentence that says what is wrong, to follow the setting's name */
export function readPostgresUrl(raw: string): PostgresUrl | string {
  const parts = PARTS.exec(raw);
  if (!parts) return MALFORMED;
  const [, login = '', address, path = '', query = ''] = parts;
  const parameters = readParameters(query);
  if (typeof parameters === 'string') return parameters;
  if (address.includes(',')) return 'names several hosts: name one (a pooler or proxy can stand for several)';
  const place = ADDRESS.exec(address);
  if (!place) return MALFORMED;
  const colon = login.indexOf(':');
  return assemble(parameters, {
    user: colon < 0 ? login : login.slice(0, colon),
    password: colon < 0 ? '' : login.slice(colon + 1),
    host: place[1] ?? place[2],
    port: place[3] ?? '',
    dbname: path,
  });
}

const TWICE = ['user', 'password', 'host', 'port', 'dbname'] as const;

type Stated = Partial<Record<(typeof TWICE)[number], string>>;

function assemble(parameters: Parameters, stated: Stated): PostgresUrl | string {
  const given: Stated = {};
  for (const name of TWICE) {
    const value = stated[name] ? decoded(stated[name]) : '';
    if (value === undefined) return MALFORMED;
    if (value !== '' && parameters[name] !== undefined) {
      return `gives ${name} twice, before and after the question mark`;
    }
    given[name] = value || parameters[name];
  }
  return (
    problemOf({ ...parameters, ...given }) ?? {
      ...connection(given),
      ...extras(parameters),
    }
  );
}

function connection(given: Stated): Pick<PostgresUrl, 'host' | 'port' | 'database' | 'user' | 'password'> {
  const user = given.user ?? systemUser();
  return {
    host: given.host ?? 'localhost',
    port: given.port === undefined ? DEFAULT_PORT : Number(given.port),
    database: given.dbname ?? user,
    user,
    password: given.password,
  };
}

function extras(parameters: Parameters): Omit<PostgresUrl, keyof ReturnType<typeof connection>> {
  const { sslmode, sslrootcert, application_name, connect_timeout, options } = parameters;
  const route = options !== undefined && isRoute(options) ? options : undefined;
  return {
    sslMode: sslmode as SslMode | undefined,
    sslRootCert: sslrootcert,
    applicationName: application_name,
    connectTimeoutMs: connect_timeout === undefined ? undefined : Number(connect_timeout) * 1000,
    options: route,
    idleOptions: options !== route,
  };
}

function problemOf(given: Parameters): string | undefined {
  const { host, port, user, sslmode, connect_timeout } = given;
  if (host !== undefined && !isHost(host)) {
    return 'must name its host by a name, an address (IPv6 in brackets) or, as ?host=/FOLDER, a socket';
  }
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    return 'must have a port from 1 to 65535';
  }
  if (user === undefined && systemUser() === '') return `names no user: ${ENCODE}`;
  if (connect_timeout !== undefined && !/^\d{1,4}$/.test(connect_timeout)) {
    return 'must have a connect_timeout of whole seconds, up to 9999';
  }
  return sslmode === undefined ? undefined : sslModeProblem(sslmode);
}

function sslModeProblem(mode: string): string | undefined {
  if ((SSL_MODES as readonly string[]).includes(mode)) return undefined;
  if (mode === 'prefer' || mode === 'allow') {
    return (
      `has sslmode=${mode}, which goes on without encryption where somebody in between takes it away: ` +
      'say verify-full, require, or disable'
    );
  }
  if (mode === 'no-verify') return 'has sslmode=no-verify, which PostgreSQL itself calls sslmode=require';
  return `must have an sslmode of ${SSL_MODES.join(', ')}`;
}

/** Whether it is a name, an address, or the folder of a Unix socket. */
export function isHost(text: string): boolean {
  return isSocket(text) || isIP(text) !== 0 || NAME.test(text);
}

/** Whether a host is the folder of a Unix socket. */
export function isSocket(host: string): boolean {
  return host.startsWith('/');
}

/** Whom libpq connects as when nobody is named; empty where the system has no name for the process's user. */
export function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** The URL without its password and parameters, for messages. */
export function publicUrl(server: Pick<PostgresUrl, 'host' | 'port' | 'database' | 'user'>): string {
  const { host, port } = server;
  const database = encodeURIComponent(server.database);
  const user = encodeURIComponent(server.user);
  if (isSocket(host)) return `postgres://${user}@/${database}?host=${encodeURI(host)}&port=${port}`;
  return `postgres://${user}@${isIP(host) === 6 ? `[${host}]` : host}:${port}/${database}`;
}
