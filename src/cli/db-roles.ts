import { ConfigError, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { PASSWORD_SETTINGS } from '../config/postgres-settings.js';
import { connectAsAdmin } from '../upgrade/postgres/admin-connection.js';
import { applyRoles, type RolePasswords } from '../upgrade/postgres/apply-roles.js';
import { roleScript } from '../upgrade/postgres/role-script.js';
import { type RoleTarget, recommendations } from '../upgrade/postgres/role-statements.js';
import { readCommandLine, runCommand } from './command.js';

const USAGE = `Makes what Cairn needs of PostgreSQL before the first migration: four roles and a schema.

  npm run --silent db:roles > roles.sql    prints it for psql
  npm run db:roles -- --apply              does it, as the administrator of DATABASE_ADMIN_URL

  --apply            may be repeated: what is there is mended, and nothing is taken from other applications
  --send-passwords   sends passwords as they are, to servers that take no SCRAM verifiers (Neon): their log may
                     then hold them, where log_statement is on

The database is the one of DATABASE_URL, the schema that of DATABASE_SCHEMA. The roles are those of
OM_PG_MIGRATOR_ROLE, OM_PG_APP_ROLE, DATABASE_OPERATOR_ROLE and DATABASE_BACKUP_ROLE; their passwords are taken from
${Object.values(PASSWORD_SETTINGS).join(', ')}.
A role whose setting is absent keeps the password it has. The administrator need not be a superuser: CREATEROLE, and
CREATE on the database, are enough for all but BYPASSRLS, without which the directory of vaults stays empty and the
backup role cannot dump.`;

async function apply(config: PostgresConfig, verbatim: boolean): Promise<void> {
  const { roles, passwords, schema } = config;
  const target = targetOf(config);
  const client = await connectAsAdmin(config);
  try {
    const { created, notices } = await applyRoles(client, target, passwords, { verbatim });
    for (const { severity, message } of notices) console.log(`[${severity}] ${message}`);
    for (const [kind, role] of Object.entries(roles) as [keyof RolePasswords, string][]) {
      if (created.includes(role) && passwords[kind] === undefined) {
        console.log(
          `[NOTICE] ${role} has no password: set ${PASSWORD_SETTINGS[kind]} and run this again, or use \\password in psql`,
        );
      }
    }
    for (const line of recommendations(target)) console.log(line);
    const made = created.length === 0 ? 'All roles were there' : `Made ${created.join(', ')}`;
    console.log(`[SUCCESS] ${made}. The schema is ${schema}; next: npm run migration:run`);
  } finally {
    await client.end();
  }
}

function targetOf({ service, schema, roles }: PostgresConfig): RoleTarget {
  return { database: service.database, schema, roles };
}

/** @throws ConfigError */
function readPostgresConfig(): PostgresConfig {
  const config = loadDatabaseConfig(readEnvironment());
  if (config.kind === 'postgres') return config;
  throw new ConfigError([
    'DATABASE_URL must be postgres://user:password@host:port/database: roles are for PostgreSQL.',
  ]);
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'The roles could not be made' }, () => {
  const { values } = readCommandLine({
    options: {
      apply: { type: 'boolean', default: false },
      'send-passwords': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const config = readPostgresConfig();
  if (!values.apply) return console.log(roleScript(targetOf(config)));
  return apply(config, values['send-passwords']);
});
