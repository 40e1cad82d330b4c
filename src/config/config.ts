import type { Permission } from '../auth/permissions.js';
import { readAuth } from './auth-settings.js';
import { readDatabase } from './database-settings.js';
import { type FlagSettings, readFlags } from './flag-settings-reader.js';
import type { PostgresConfig } from './postgres-config.js';
import { DEFAULTS, type Algorithm, type ENVIRONMENTS, type LOG_LEVELS } from './settings.js';
import { SettingReader } from './setting-reader.js';

export { isLoopback } from './loopback.js';
export type { Algorithm } from './settings.js';

/** The injection token of the process's `Config`. */
export const CONFIG = Symbol('CONFIG');

/** The embedded database. */
export interface SqliteConfig {
  readonly kind: 'sqlite';
  readonly url: string;
  /** Absolute. */
  readonly path: string;
  /** The setting it comes from, such as `DATABASE_URL`, `registry entry "main"` or `default`. */
  readonly source: string;
}

/** Everything that is decided outside the program; frozen in depth. */
export interface Config {
  readonly env: (typeof ENVIRONMENTS)[number];
  readonly http: {
    readonly host: string;
    /** 0 lets the system choose a free one. */
    readonly port: number;
    /** Largest request body in bytes. */
    readonly bodyLimit: number;
    /** Web pages of these origins may call; none by default. */
    readonly corsOrigins: readonly string[];
    /** Whether forwarding headers are believed. */
    readonly trustProxy: boolean;
  };
  readonly database: SqliteConfig | PostgresConfig;
  readonly auth: {
    readonly devMode: boolean;
    /** Whether API keys of vaults are accepted, beside whatever else is. */
    readonly apiKeys: boolean;
    /** The key of OpenMemory's clients. */
    readonly openMemoryKey?: string;
    /** What clients are told of the service as an OAuth resource (RFC 9728). */
    readonly protectedResource?: {
      /** Where callers reach the service, without a slash at its end. */
      readonly publicUrl: string;
      /** Of the tokens. */
      readonly issuer: string;
    };
    /** Holds either `secret` or `jwksUrl`. */
    readonly jwt?: {
      readonly secret?: string;
      readonly jwksUrl?: string;
      readonly issuer?: string;
      /** A token needs one of them. */
      readonly audience?: readonly string[];
      readonly algorithms: readonly Algorithm[];
      /** The first that a token holds names the user. */
      readonly userClaims: readonly string[];
      /** What a token without any permissions claim may do. */
      readonly defaultPermissions: readonly Permission[];
      /** May precede a permission's name in a token. */
      readonly permissionPrefix: string;
      readonly clockToleranceSeconds: number;
    };
  };
  readonly vaults: {
    /** Whether a vault is made by the first write to it. */
    readonly autoCreate: boolean;
  };
  readonly waypoints: {
    /** Whether new memories are joined to those before them. */
    readonly automatic: boolean;
  };
  readonly search: {
    /** Bytes of memory for what searches have read of the recall index; 0 keeps nothing. */
    readonly cacheBytes: number;
  };
  readonly users: {
    /** Whether summaries of users are made by themselves. */
    readonly summaries: boolean;
    /** How long after a write the summaries it outdates are made anew. */
    readonly summaryDelayMs: number;
    /** Whether memories that repeat themselves are reflected on without being asked. */
    readonly reflection: boolean;
    /** How long after a write that happens. */
    readonly reflectionDelayMs: number;
  };
  readonly flags: FlagSettings;
  readonly log: { readonly level: (typeof LOG_LEVELS)[number] };
  readonly shutdownTimeoutMs: number;
  /** What is set and has no effect, or an effect to know of: a sentence each, for the log at boot. */
  readonly warnings: readonly string[];
}

/** The environment asks for something impossible. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** @param problems everything that is wrong: a sentence each, never holding a value that may be secret */
  constructor(readonly problems: readonly string[]) {
    super(['The configuration is not usable:', ...problems.map((problem) => `- ${problem}`)].join('\n'));
  }
}

/**
 * Reads the configuration out of an environment; the environment itself is not touched.
 *
 * @param cwd where relative paths start
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()): Config {
  return load(env, cwd, readAuth);
}

/**
 * The same for a process that answers whoever has started it, and nobody over the network: credentials, and what may
 * be done without, are not its affair.
 *
 * @throws ConfigError
 */
export function loadLocalConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()): Config {
  return load(env, cwd, () => ({ devMode: false, apiKeys: false }));
}

function load(env: NodeJS.ProcessEnv, cwd: string, authOf: typeof readAuth): Config {
  const reader = new SettingReader(env);
  const environment = reader.value('NODE_ENV') ?? DEFAULTS.env;
  const host = reader.value('HOST') ?? DEFAULTS.host;
  const trustProxy = reader.value('TRUST_PROXY') ?? false;
  noteOldNames(reader);
  const config: Config = {
    env: environment,
    http: {
      host,
      port: reader.either('PORT', 'OM_PORT') ?? DEFAULTS.port,
      bodyLimit: reader.value('BODY_LIMIT') ?? DEFAULTS.bodyLimit,
      corsOrigins: reader.value('CORS_ORIGINS') ?? [],
      trustProxy,
    },
    database: readDatabase(reader, cwd),
    auth: authOf(reader, { production: environment === 'production', host, trustProxy }),
    vaults: { autoCreate: reader.value('VAULT_AUTO_CREATE') ?? DEFAULTS.autoCreate },
    ...readFeatures(reader, cwd),
    search: { cacheBytes: reader.value('SEARCH_CACHE_SIZE') ?? DEFAULTS.searchCacheBytes },
    log: { level: reader.value('LOG_LEVEL') ?? DEFAULTS.logLevel },
    shutdownTimeoutMs: reader.value('SHUTDOWN_TIMEOUT_MS') ?? DEFAULTS.shutdownTimeoutMs,
    warnings: reader.warnings,
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return deepFreeze(config);
}

/**
 * Reads only where the database is, for commands that need nothing else: a migration must run where the
 * credentials of the service are not at hand.
 *
 * @throws ConfigError
 */
export function loadDatabaseConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()): Config['database'] {
  const reader = new SettingReader(env);
  const database = readDatabase(reader, cwd);
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return deepFreeze(database);
}

/**
 * Reads only what feature flags depend on, for the command that lists them.
 *
 * @throws ConfigError
 */
export function loadFlagsConfig(
  env: NodeJS.ProcessEnv,
  cwd = process.cwd(),
): Pick<Config, 'flags' | 'waypoints' | 'users' | 'warnings'> {
  const reader = new SettingReader(env);
  const config = { ...readFeatures(reader, cwd), warnings: reader.warnings };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return deepFreeze(config);
}

/**
 * The process's environment, completed from a `.env` file in the working directory if there is one. Variables
 * that are set already win.
 *
 * @throws ConfigError when there is a `.env` that cannot be read
 */
export function readEnvironment(): NodeJS.ProcessEnv {
  try {
    process.loadEnvFile('.env');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    if (code !== 'ENOENT') {
      throw new ConfigError([`The file .env cannot be read (${code}): make it readable, or remove it.`]);
    }
  }
  return process.env;
}

/** The feature flags, and the settings that are the defaults of some. */
function readFeatures(reader: SettingReader, cwd: string): Pick<Config, 'flags' | 'waypoints' | 'users'> {
  return {
    flags: readFlags(reader, cwd),
    waypoints: { automatic: reader.value('WAYPOINTS_AUTOMATIC') ?? DEFAULTS.automaticWaypoints },
    users: {
      summaries: reader.value('USER_SUMMARIES') ?? DEFAULTS.userSummaries,
      summaryDelayMs: reader.value('USER_SUMMARY_DELAY_MS') ?? DEFAULTS.userSummaryDelayMs,
      reflection: reader.value('REFLECTION') ?? DEFAULTS.reflection,
      reflectionDelayMs: reader.value('REFLECTION_DELAY_MS') ?? DEFAULTS.reflectionDelayMs,
    },
  };
}

function noteOldNames(reader: SettingReader): void {
  reader.either('OM_EMBED_KIND', 'OM_EMBEDDINGS');
  if (reader.value('ENABLE_MULTITENANCY') === false) {
    reader.warnings.push(
      'ENABLE_MULTITENANCY=false has no effect: vaults are always kept apart, and one vault alone needs no switch.',
    );
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
