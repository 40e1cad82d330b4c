import type { Config } from './config.js';
import { isLoopback } from './loopback.js';
import { DEFAULTS, PERMISSION_PREFIX } from './settings.js';
import { named, type SettingName, type SettingReader } from './setting-reader.js';

type Auth = Config['auth'];
type Jwt = NonNullable<Auth['jwt']>;

const SECRETS = ['JWT_SECRET', 'EMBLEM_JWT_SECRET'] as const;
const KEY_URLS = ['JWT_JWKS_URL', 'EMBLEM_API_URL'] as const;
const CREDENTIALS = [...SECRETS, ...KEY_URLS, 'OM_API_KEY'] as const;
const SET_A_KEY = 'set JWT_SECRET (at least 32 random bytes) or JWT_JWKS_URL';

/** Who may come in, and how it is proved. Notes problems and warnings in the reader. */
export function readAuth(reader: SettingReader, server: Surroundings): Auth {
  const jwt = readJwt(reader);
  const devMode = readDevMode(reader, server);
  if (reader.given('OM_API_KEY')) {
    if (jwt) {
      reader.warnings.push(
        'OM_API_KEY has no effect: API keys are not there yet, so callers need a JSON Web Token.',
      );
    } else {
      reader.problems.push(
        `OM_API_KEY alone cannot guard the service: API keys come later. Until then ${SET_A_KEY}.`,
      );
    }
  }
  return jwt ? { devMode, jwt } : { devMode };
}

function readJwt(reader: SettingReader): Jwt | undefined {
  const secrets = given(reader, SECRETS);
  const urls = given(reader, KEY_URLS);
  if (secrets.length + urls.length === 0) {
    noteKeylessSettings(reader);
    return undefined;
  }
  if (secrets.length > 0 && reader.given('JWT_JWKS_URL')) {
    reader.problems.push(
      `${named([...secrets, 'JWT_JWKS_URL'])} are both set: keep one, for a token is checked against one kind of key.`,
    );
  }
  return {
    ...readKey(reader, secrets.length > 0),
    issuer: reader.value('JWT_ISSUER'),
    audience: reader.value('JWT_AUDIENCE'),
    algorithms: readAlgorithms(reader, secrets, urls),
    userClaims: reader.value('JWT_USER_CLAIM') ?? DEFAULTS.userClaims,
    defaultPermissions: readDefaultPermissions(reader),
    permissionPrefix: PERMISSION_PREFIX,
    clockToleranceSeconds: reader.value('JWT_CLOCK_TOLERANCE') ?? DEFAULTS.clockToleranceSeconds,
  };
}

function readKey(reader: SettingReader, bySecret: boolean): Pick<Jwt, 'secret' | 'jwksUrl'> {
  const api = reader.value('EMBLEM_API_URL');
  if (bySecret) {
    if (api !== undefined) {
      reader.warnings.push(
        'EMBLEM_API_URL has no effect beside a secret: tokens are checked here and never sent to another service.',
      );
    }
    return { secret: reader.either('JWT_SECRET', 'EMBLEM_JWT_SECRET') };
  }
  // Where the publisher of these tokens keeps its keys.
  const published = api && new URL('.well-known/jwks.json', api.endsWith('/') ? api : `${api}/`).href;
  const jwksUrl = reader.value('JWT_JWKS_URL');
  if (jwksUrl && published && new URL(jwksUrl).href !== published) reader.disagree(KEY_URLS);
  if (!reader.given('JWT_AUDIENCE')) {
    reader.warnings.push(
      'JWT_AUDIENCE is unset, so tokens that the same provider signs for other applications are accepted too.',
    );
  }
  return { jwksUrl: jwksUrl ?? published };
}

function readAlgorithms(reader: SettingReader, secrets: string[], urls: string[]): Jwt['algorithms'] {
  const bySecret = secrets.length > 0;
  const algorithms = reader.value('JWT_ALGORITHMS');
  if (algorithms === undefined) return bySecret ? DEFAULTS.secretAlgorithms : DEFAULTS.jwksAlgorithms;
  const misfits = algorithms.filter((name) => name.startsWith('HS') !== bySecret);
  if (misfits.length > 0 && !(bySecret && reader.given('JWT_JWKS_URL'))) {
    reader.problems.push(
      `JWT_ALGORITHMS holds ${named(misfits)}, which ${named(bySecret ? secrets : urls)} cannot verify: ` +
        (bySecret
          ? 'a secret verifies HS256, HS384 and HS512.'
          : 'published keys verify RS, PS and ES algorithms.'),
    );
  }
  return algorithms;
}

function readDefaultPermissions(reader: SettingReader): Jwt['defaultPermissions'] {
  const permissions = reader.value('JWT_DEFAULT_PERMISSIONS') ?? DEFAULTS.permissions;
  const wide = permissions.filter((name) => name === 'vault' || name === 'operator' || name === 'admin');
  if (wide.length > 0) {
    reader.warnings.push(`JWT_DEFAULT_PERMISSIONS gives ${named(wide)} to every token without permissions.`);
  }
  return permissions;
}

/** Settings of token checking without a key to check with: a key was probably meant, and mistyped. */
function noteKeylessSettings(reader: SettingReader): void {
  const names = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_ALGORITHMS', 'JWT_USER_CLAIM'] as const;
  const orphans = given(reader, [...names, 'JWT_DEFAULT_PERMISSIONS', 'JWT_CLOCK_TOLERANCE']);
  if (orphans.length > 0) {
    reader.problems.push(`${named(orphans)} cannot work without a key: ${SET_A_KEY}.`);
  }
}

interface Surroundings {
  production: boolean;
  host: string;
  trustProxy: boolean;
}

function readDevMode(reader: SettingReader, server: Surroundings): boolean {
  const wanted = reader.either('CAIRN_DEV_MODE', 'EMBLEM_DEV_MODE');
  const switches = given(reader, ['CAIRN_DEV_MODE', 'EMBLEM_DEV_MODE']);
  const credentials = given(reader, CREDENTIALS);
  const obstacles = [
    ...(server.production ? ['NODE_ENV is production'] : []),
    ...(isLoopback(server.host) ? [] : ['HOST is not loopback']),
    ...(server.trustProxy ? ['TRUST_PROXY is on'] : []),
    ...credentials.map((name) => `${name} is set`),
  ];
  if (wanted && obstacles.length > 0) {
    reader.problems.push(
      `${named(switches)} cannot be true while ${named(obstacles)}: ` +
        `dev mode lets whoever reaches the port act as anyone. Unset it, and ${SET_A_KEY}.`,
    );
  }
  if (wanted !== undefined) {
    if (!wanted && credentials.length === 0) {
      reader.problems.push(`No credentials are configured and dev mode is switched off: ${SET_A_KEY}.`);
    }
    return wanted;
  }
  if (switches.length === 0 && credentials.length === 0 && obstacles.length > 0) {
    reader.problems.push(
      `No credentials are configured, and dev mode is not allowed while ${named(obstacles)}: ${SET_A_KEY}.`,
    );
  }
  return obstacles.length === 0;
}

function given<N extends SettingName>(reader: SettingReader, names: readonly N[]): N[] {
  return names.filter((name) => reader.given(name));
}
