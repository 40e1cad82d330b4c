import { ConfigError } from '../config/config.js';
import type { PostgresConfig } from '../config/postgres-config.js';

/** What `db:roles` has to know of the configuration. */
export type RoleConfig = Pick<PostgresConfig, 'schema' | 'roles' | 'autoCreateDatabase'> & {
  readonly database: string;
};

const NAME = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;

/** @throws ConfigError */
export function readRoleConfig(env: NodeJS.ProcessEnv): RoleConfig {
  const problems: string[] = [];
  const name = (setting: string, fallback: string): string => {
    const value = env[setting]?.trim() || fallback;
    if (!NAME.test(value) || value === 'public' || value === 'none') {
      problems.push(`${setting} must be a name of up to 63 lower-case letters, digits and _, not public.`);
    }
    return value;
  };
  const legacy = env.OM_PG_SCHEMA?.trim();
  const roles = {
    migrator: name('OM_PG_MIGRATOR_ROLE', 'cairn_migrator'),
    app: name('OM_PG_APP_ROLE', 'cairn_app'),
    operator: name('DATABASE_OPERATOR_ROLE', 'cairn_operator'),
    backup: name('DATABASE_BACKUP_ROLE', 'cairn_backup'),
  };
  if (new Set(Object.values(roles)).size < 4) problems.push('The four roles must have different names.');
  const schema = name('DATABASE_SCHEMA', legacy && legacy !== 'public' ? legacy : 'cairn');
  const url = env.DATABASE_URL?.trim() ?? '';
  const database = /^postgres(?:ql)?:\/\/[^/]*\/([^?]+)/.exec(url)?.[1];
  if (database === undefined) {
    problems.push(
      'DATABASE_URL must be postgres://user:password@host:port/database: roles are for PostgreSQL.',
    );
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    database: decodeURIComponent(database!),
    schema,
    roles,
    autoCreateDatabase: env.OM_PG_AUTO_CREATE_DB === 'true',
  };
}
