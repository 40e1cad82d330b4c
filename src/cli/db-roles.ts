import { ConfigError, readEnvironment } from '../config/config.js';
import { connectAsAdmin } from '../upgrade/postgres/admin-connection.js';
import { applyRoles, type RolePasswords } from '../upgrade/postgres/apply-roles.js';
import { PASSWORD_SETTINGS, roleScript } from '../upgrade/postgres/role-script.js';
import { recommendations } from '../upgrade/postgres/role-statements.js';
import { isPlainPassword } from '../upgrade/postgres/scram.js';
import { readCommandLine, runCommand } from './command.js';
import { type RoleConfig, readRoleConfig } from './postgres-environment.js';

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

async function apply(config: RoleConfig, env: NodeJS.ProcessEnv, verbatim: boolean): Promise<void> {
  const url = readAdminUrl(env);
  const passwords = readPasswords(env);
  const client = await connectAsAdmin(url, config.database, config.autoCreateDatabase);
  try {
    const { created, notices } = await applyRoles(client, config, passwords, { verbatim });
    for (const { severity, message } of notices) console.log(`[${severity}] ${message}`);
    for (const [kind, role] of Object.entries(config.roles) as [keyof RolePasswords, string][]) {
      if (created.includes(role) && passwords[kind] === undefined) {
        console.log(
          `[NOTICE] ${role} has no password: set ${PASSWORD_SETTINGS[kind]} and run this again, or use \\password in psql`,
        );
      }
    }
    for (const line of recommendations(config)) console.log(line);
    const made = created.length === 0 ? 'All roles were there' : `Made ${created.join(', ')}`;
    console.log(`[SUCCESS] ${made}. The schema is ${config.schema}; next: npm run migration:run`);
  } finally {
    await client.end();
  }
}

/** @throws ConfigError */
function readAdminUrl(env: NodeJS.ProcessEnv): URL {
  const text = env.DATABASE_ADMIN_URL?.trim() ?? '';
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return new URL(text);
  const problem = text === '' ? 'is not set' : 'is no URL of PostgreSQL';
  throw new ConfigError([
    `DATABASE_ADMIN_URL ${problem}: it names who may create roles, as postgres://user:password@host:port/database.`,
  ]);
}

/** @throws ConfigError */
function readPasswords(env: NodeJS.ProcessEnv): RolePasswords {
  const passwords: { -readonly [Kind in keyof RolePasswords]: string } = {};
  const problems: string[] = [];
  for (const [kind, setting] of Object.entries(PASSWORD_SETTINGS) as [keyof RolePasswords, string][]) {
    const password = env[setting];
    if (password === undefined || password === '') continue;
    if (!isPlainPassword(password))
      problems.push(`${setting} must be 1 to 256 printable characters of ASCII.`);
    passwords[kind] = password;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return passwords;
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
  const env = readEnvironment();
  const config = readRoleConfig(env);
  if (!values.apply) return console.log(roleScript(config));
  return apply(config, env, values['send-passwords']);
});
