import { createSecretKey } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import type { JwtSettings } from '../auth/claims.js';
import { PERMISSIONS, type Permission, isPermission } from '../auth/permissions.js';
import { ConfigError, loadConfig, readEnvironment } from '../config/config.js';
import { isUserId } from '../tenancy/scope.js';
import { UsageError, readCommandLine, readVaultId } from './command.js';
import { readSeconds } from './time-span.js';

const USAGE = `Prints a token that this service accepts, signed with JWT_SECRET.

  npm run --silent token -- --vault acme --user u1 --permissions read,write
  npm run --silent token -- --vault acme --service

  --vault ID           the vault it opens
  --user ID            the user it acts for; needed unless --service
  --service            acts for the whole vault (the permission "vault")
  --permissions LIST   of ${PERMISSIONS.join(', ')}, separated by commas;
                       without it, the service's JWT_DEFAULT_PERMISSIONS
  --expires-in TIME    such as 30s, 15m, 12h or 90d; 1h without it`;

/** Exit status 2 for a command line or configuration that cannot be used, as commands have it by custom. */
function main(): number {
  try {
    const options = readOptions();
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    console.log(mint(options, loadConfig(readEnvironment()).auth.jwt));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
    else if (error instanceof ConfigError) console.error(error.message);
    else throw error;
    return 2;
  }
}

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  return readCommandLine({
    options: {
      vault: { type: 'string' },
      user: { type: 'string' },
      service: { type: 'boolean', default: false },
      permissions: { type: 'string' },
      'expires-in': { type: 'string', default: '1h' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
}

function mint(options: Options, jwt: JwtSettings | undefined): string {
  const algorithm = jwt?.algorithms.find((name) => name.startsWith('HS'));
  if (!jwt?.secret || !algorithm) {
    throw new ConfigError([
      jwt
        ? 'Tokens are checked with the keys at JWT_JWKS_URL, so only whoever holds those can sign one.'
        : 'JWT_SECRET is not set: set the secret that the service runs with (at least 32 random bytes).',
    ]);
  }
  const { user } = options;
  const vault = readVaultId(options.vault);
  if (user === undefined ? !options.service : !isUserId(user)) {
    throw new UsageError('--user must be 1 to 256 characters; it can be left out with --service only.');
  }
  const permissions = readPermissions(options, jwt);
  // The claim that the service looks at first, so that no other decides.
  const claims = { vault_id: vault, ...(user !== undefined && { [jwt.userClaims[0]]: user }), permissions };
  const signer = new JwtService({ privateKey: createSecretKey(jwt.secret, 'utf8') });
  return signer.sign(claims, {
    algorithm,
    expiresIn: readSeconds('--expires-in', options['expires-in']),
    ...(jwt.issuer !== undefined && { issuer: jwt.issuer }),
    ...(jwt.audience?.length && { audience: jwt.audience[0] }),
  });
}

function readPermissions(options: Options, jwt: JwtSettings): Permission[] | undefined {
  const listed = options.permissions?.split(',').flatMap((entry) => entry.trim() || []);
  const unknown = listed?.filter((entry) => !isPermission(entry)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`--permissions holds ${unknown.join(', ')}; there are ${PERMISSIONS.join(', ')}.`);
  }
  const permissions = listed as Permission[] | undefined;
  if (!options.service) return permissions;
  return [...new Set([...(permissions ?? jwt.defaultPermissions), 'vault' as const])];
}

process.exitCode = main();
