import type { Config } from './config.js';
import { isLoopback } from './loopback.js';
import { trustedUrl } from './setting-kinds.js';
import { DEFAULTS, PERMISSION_PREFIX } from './settings.js';
import { named, type SettingName, type SettingReader } from './setting-reader.js';

type Auth = Config['auth'];
type Jwt = NonNullable<Auth['jwt']>;

const SECRETS = ['JWT_SECRET', 'EMBLEM_JWT_SECRET'] as const;
const KEY_URLS = ['JWT_JWKS_URL', 'EMBLEM_API_URL'] as const;
const SET_A_TOKEN_KEY = 'set JWT_SECRET (at least 32 random bytes) or JWT_JWKS_URL';
const SET_A_KEY = `${SET_A_TOKEN_KEY}, or API_KEYS=on to let in those with an API key alone`;

/** A key of OpenMemory that is shorter could be guessed: 16 characters of a random one hold 64 bits and more. */
const MIN_KEY_LENGTH = 16;

/** Who may come in, and how it is proved. Notes problems and warnings in the reader. */
export function readAuth(reader: SettingReader, server: Surroundings): Auth {
  const jwt = readJwt(reader);
  const devMode = readDevMode(reader, server);
  const apiKeys = reader.value('API_KEYS') ?? true;
  const openMemoryKey = readOpenMemoryKey(reader, server.production);
  const protectedResource = readProtectedResource(reader);
  return {
    devMode,
    apiKeys,
    ...(openMemoryKey === undefined ? {} : { openMemoryKey }),
    ...(protectedResource && { protectedResource }),
    ...(jwt && { jwt }),
  };
}

function readOpenMemoryKey(reader: SettingReader, isProduction: boolean): string | undefined {
  const key = reader.value('OM_API_KEY');
  if (key === undefined) return undefined;
  if (reader.value('API_KEYS') === false) {
    reader.problems.push('OM_API_KEY is an API key, and API_KEYS=off accepts none: unset one of them.');
  }
  if (key !== key.trim() || /[\u0000-\u001f\u007f]/.test(key)) {
    reader.problems.push(
      'OM_API_KEY begins or ends with white space, or holds control characters, which no header can: set it anew.',
    );
  } else if (key.length < MIN_KEY_LENGTH) {
    const reason = `OM_API_KEY is shorter than ${MIN_KEY_LENGTH} characters, so it can be guessed`;
    if (isProduction) {
      reader.problems.push(
        `${reason}: set a random one, for example from "openssl rand -hex 32", here and in its clients.`,
      );
    } else {
      reader.warnings.push(`${reason}; with NODE_ENV=production it is refused.`);
    }
  }
  return key;
}

/** Nothing of it is taken from requests: what Host they name is for them to choose. */
function readProtectedResource(reader: SettingReader): Auth['protectedResource'] {
  const publicUrl = reader.value('PUBLIC_URL');
  const issuer = reader.value('JWT_ISSUER');
  if (publicUrl === undefined) return undefined;
  if (issuer !== undefined && trustedUrl.safeParse(issuer).success) return { publicUrl, issuer };
  reader.warnings.push(
    'PUBLIC_URL has no effect: it tells OAuth clients of the issuer, and JWT_ISSUER is not an https URL.',
  );
  return undefined;
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
    reader.problems.push(`${named(orphans)} cannot work without a key: ${SET_A_TOKEN_KEY}.`);
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
  const credentials: SettingName[] = given(reader, [...SECRETS, ...KEY_URLS, 'OM_API_KEY']);
  if (reader.value('API_KEYS') === true) credentials.push('API_KEYS');
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
