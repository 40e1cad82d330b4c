import type { PostgresConfig, PostgresRoles, PostgresServer } from './postgres-config.js';
import { schemaName } from './postgres-names.js';
import { readTls } from './postgres-tls.js';
import { type PostgresUrl, publicUrl } from './postgres-url.js';
import { DEFAULTS } from './settings.js';
import { named, type SettingName, type SettingReader } from './setting-reader.js';

/** What means something on PostgreSQL alone, whichever setting names the database. */
export const POSTGRES_ONLY = [
  'DATABASE_SCHEMA',
  'DATABASE_OPERATOR_ROLE',
  'DATABASE_BACKUP_ROLE',
  'CAIRN_MIGRATOR_PASSWORD',
  'CAIRN_APP_PASSWORD',
  'CAIRN_OPERATOR_PASSWORD',
  'CAIRN_BACKUP_PASSWORD',
  'DATABASE_POOL_SIZE',
  'DATABASE_ACQUIRE_TIMEOUT_MS',
  'DATABASE_STATEMENT_TIMEOUT_MS',
  'DATABASE_IDLE_TRANSACTION_TIMEOUT_MS',
  'OM_PG_SCHEMA',
  'OM_PG_TABLE',
  'OM_PG_SSL',
  'OM_PG_SSL_CA',
  'OM_PG_MIGRATOR_ROLE',
  'OM_PG_APP_ROLE',
  'OM_PG_AUTO_DDL',
  'OM_PG_AUTO_CREATE_DB',
] as const satisfies readonly SettingName[];

/** How a PostgreSQL database is named, and by which setting. */
export interface NamedPostgres {
  readonly url: PostgresUrl;
  /** For messages that say what to change. */
  readonly setting: string;
  /** For the log. */
  readonly source: string;
}

/**
 * Everything about a PostgreSQL database but where it is. Notes problems and warnings in the reader.
 *
 * @param cwd where relative paths start
 */
export function readPostgres(reader: SettingReader, database: NamedPostgres, cwd: string): PostgresConfig {
  const service = readServer(reader, database.setting, database.url, cwd);
  const migrator = readOther(reader, 'DATABASE_MIGRATOR_URL', service, cwd);
  const operator = readOther(reader, 'DATABASE_OPERATOR_URL', service, cwd);
  if (operator && ![service, migrator].some((server) => server && sameAddress(server, operator))) {
    reader.problems.push(
      'DATABASE_OPERATOR_URL names another server than the database: only DATABASE_MIGRATOR_URL may go past a pooler.',
    );
  }
  return {
    kind: 'postgres',
    url: publicUrl(service),
    source: database.source,
    service,
    migrator,
    operator,
    admin: readAdmin(reader, cwd),
    schema: readSchema(reader),
    openMemory: {
      schema: reader.value('OM_PG_SCHEMA') ?? DEFAULTS.openMemory.schema,
      memories: reader.value('OM_PG_TABLE') ?? DEFAULTS.openMemory.memories,
      vectors: reader.value('OM_VECTOR_TABLE') ?? DEFAULTS.openMemory.vectors,
    },
    roles: readRoles(reader),
    passwords: readPasswords(reader),
    pool: {
      size: reader.value('DATABASE_POOL_SIZE') ?? DEFAULTS.poolSize,
      acquireTimeoutMs: reader.value('DATABASE_ACQUIRE_TIMEOUT_MS') ?? DEFAULTS.acquireTimeoutMs,
      statementTimeoutMs: reader.value('DATABASE_STATEMENT_TIMEOUT_MS') ?? DEFAULTS.statementTimeoutMs,
      idleInTransactionTimeoutMs:
        reader.value('DATABASE_IDLE_TRANSACTION_TIMEOUT_MS') ?? DEFAULTS.idleInTransactionTimeoutMs,
    },
    autoCreateDatabase: reader.value('OM_PG_AUTO_CREATE_DB') ?? DEFAULTS.autoCreateDatabase,
    autoDdl: reader.value('OM_PG_AUTO_DDL') ?? DEFAULTS.autoDdl,
  };
}

function readServer(reader: SettingReader, setting: string, url: PostgresUrl, cwd: string): PostgresServer {
  if (url.idleOptions) {
    reader.warnings.push(
      `The options in ${setting} have no effect: the service sets what its sessions need by itself.`,
    );
  }
  return {
    host: url.host,
    port: url.port,
    database: url.database,
    user: url.user,
    password: url.password,
    tls: readTls(reader, setting, url, cwd),
    applicationName: url.applicationName,
    connectTimeoutMs: url.connectTimeoutMs,
    options: url.options,
  };
}

/** The same database under another role, perhaps past a pooler. */
function readOther(
  reader: SettingReader,
  setting: 'DATABASE_MIGRATOR_URL' | 'DATABASE_OPERATOR_URL',
  service: PostgresServer,
  cwd: string,
): PostgresServer | undefined {
  const other = reader.value(setting);
  if (other === undefined) return undefined;
  if (other.kind === 'sqlite' || other.url.database !== service.database) {
    const kind = other.kind === 'sqlite' ? 'an SQLite file' : 'another database';
    return void reader.problems.push(
      `${setting} names ${kind}: it must be a PostgreSQL URL of the database that the service uses.`,
    );
  }
  return readServer(reader, setting, other.url, cwd);
}

function readAdmin(reader: SettingReader, cwd: string): PostgresServer | undefined {
  const admin = reader.value('DATABASE_ADMIN_URL');
  if (admin === undefined) return undefined;
  if (admin.kind === 'postgres') return readServer(reader, 'DATABASE_ADMIN_URL', admin.url, cwd);
  return void reader.problems.push('DATABASE_ADMIN_URL names an SQLite file: roles are for PostgreSQL.');
}

function sameAddress(one: PostgresServer, other: PostgresServer): boolean {
  return one.host === other.host && one.port === other.port;
}

function readSchema(reader: SettingReader): string {
  const schema = reader.value('DATABASE_SCHEMA');
  const old = reader.value('OM_PG_SCHEMA');
  // OpenMemory's own default, which says nothing of what anybody wants.
  if (reader.given('DATABASE_SCHEMA') || old === undefined || old === 'public') {
    return schema ?? DEFAULTS.schema;
  }
  const checked = schemaName.safeParse(old);
  if (!checked.success) {
    reader.problems.push(
      `OM_PG_SCHEMA ${checked.error.issues[0].message}; or set DATABASE_SCHEMA, which goes before it.`,
    );
  }
  return old;
}

const ROLE_SETTINGS = [
  ['migrator', 'OM_PG_MIGRATOR_ROLE'],
  ['app', 'OM_PG_APP_ROLE'],
  ['operator', 'DATABASE_OPERATOR_ROLE'],
  ['backup', 'DATABASE_BACKUP_ROLE'],
] as const;

/** The settings that hold passwords for `db:roles`. */
export const PASSWORD_SETTINGS = {
  migrator: 'CAIRN_MIGRATOR_PASSWORD',
  app: 'CAIRN_APP_PASSWORD',
  operator: 'CAIRN_OPERATOR_PASSWORD',
  backup: 'CAIRN_BACKUP_PASSWORD',
} as const;

function readPasswords(reader: SettingReader): PostgresConfig['passwords'] {
  const given = Object.entries(PASSWORD_SETTINGS).map(
    ([kind, setting]) => [kind, reader.value(setting)] as const,
  );
  return Object.fromEntries(given.filter(([, password]) => password !== undefined));
}

function readRoles(reader: SettingReader): PostgresRoles {
  const roles = { ...DEFAULTS.roles } as Record<keyof PostgresRoles, string>;
  for (const [kind, setting] of ROLE_SETTINGS) roles[kind] = reader.value(setting) ?? roles[kind];
  const doubled = ROLE_SETTINGS.filter(
    ([kind]) => ROLE_SETTINGS.filter(([other]) => roles[other] === roles[kind]).length > 1,
  );
  if (doubled.length > 0) {
    reader.problems.push(
      `${named(doubled.map(([, setting]) => setting))} must name different roles: each may do what the others must not.`,
    );
  }
  return roles;
}
