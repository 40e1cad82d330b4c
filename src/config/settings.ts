import { z } from 'zod';
import { PERMISSIONS, type Permission } from '../auth/permissions.js';
import { databaseUrl } from './database-url.js';
import { flagSetting, flagsFile } from './flag-settings.js';
import { roleName, rolePassword, schemaName } from './postgres-names.js';
import {
  byteSize,
  choice,
  flag,
  host,
  list,
  origin,
  publicUrl,
  text,
  trustedUrl,
  whole,
} from './setting-kinds.js';

export const ENVIRONMENTS = ['development', 'production', 'test'] as const;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Signature algorithms a token may use. There is no EdDSA: jsonwebtoken cannot verify it. */
export const ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

/** RFC 7518 §3.2: a key of HMAC-SHA-256 has at least the size of its hash. */
const MIN_SECRET_BYTES = 32;
const MAX_CLOCK_TOLERANCE_SECONDS = 60;

/** A permission may carry this prefix in a token's claims and in JWT_DEFAULT_PERMISSIONS. */
export const PERMISSION_PREFIX = 'cairn:';

export const port = whole(0, 65535);

export const jwtSecret = z.string().refine((raw) => Buffer.byteLength(raw) >= MIN_SECRET_BYTES, {
  error: `must be at least ${MIN_SECRET_BYTES} bytes long: set a random one, for example from "openssl rand -base64 48"`,
});

const algorithm = z.enum(ALGORITHMS, {
  error: ({ input }) =>
    input === 'EdDSA'
      ? 'must not hold EdDSA: the JWT library (jsonwebtoken) cannot verify it; use ES256 instead'
      : `must hold only ${ALGORITHMS.join(', ')}`,
});

const permission = z
  .string()
  .transform((raw) => (raw.startsWith(PERMISSION_PREFIX) ? raw.slice(PERMISSION_PREFIX.length) : raw))
  .pipe(
    z.enum([...PERMISSIONS, 'none'], {
      error: `must hold only ${PERMISSIONS.join(', ')}, or be the word none`,
    }),
  );

const defaultPermissions = list(permission)
  .refine((items) => items.length === 1 || !items.includes('none'), {
    error: 'must hold permissions or the word none, not both',
  })
  .transform((items): readonly Permission[] => items.filter((item) => item !== 'none'));

const claimName = z
  .string()
  .regex(/^[\w.:/-]{1,128}$/, 'must hold claim names: up to 128 letters, digits and _ . : / -');

/** How long something in the database may take; an hour at most. */
const databaseTimeout = whole(1, 3_600_000, 'milliseconds');

/** How long after a write a job follows it; a day at most. */
const jobDelay = whole(0, 86_400_000, 'milliseconds');

/** Cairn's own settings. Each takes the raw text of its variable; an empty text counts as unset. */
export const SETTINGS = {
  NODE_ENV: choice(ENVIRONMENTS),
  HOST: host,
  PORT: port,
  BODY_LIMIT: byteSize(1024, 64 * 1024 * 1024),
  CORS_ORIGINS: list(origin),
  TRUST_PROXY: flag,
  SHUTDOWN_TIMEOUT_MS: whole(1, 300_000, 'milliseconds'),
  LOG_LEVEL: choice(LOG_LEVELS),
  DATABASE_URL: databaseUrl,
  DATABASE_MIGRATOR_URL: databaseUrl,
  DATABASE_OPERATOR_URL: databaseUrl,
  DATABASE_ADMIN_URL: databaseUrl,
  DATABASE_SCHEMA: schemaName,
  DATABASE_OPERATOR_ROLE: roleName,
  DATABASE_BACKUP_ROLE: roleName,
  CAIRN_MIGRATOR_PASSWORD: rolePassword,
  CAIRN_APP_PASSWORD: rolePassword,
  CAIRN_OPERATOR_PASSWORD: rolePassword,
  CAIRN_BACKUP_PASSWORD: rolePassword,
  DATABASE_POOL_SIZE: whole(1, 200),
  DATABASE_ACQUIRE_TIMEOUT_MS: databaseTimeout,
  DATABASE_STATEMENT_TIMEOUT_MS: databaseTimeout,
  DATABASE_IDLE_TRANSACTION_TIMEOUT_MS: databaseTimeout,
  JWT_SECRET: jwtSecret,
  JWT_JWKS_URL: trustedUrl,
  JWT_ISSUER: text,
  JWT_AUDIENCE: list(text),
  JWT_ALGORITHMS: list(algorithm),
  JWT_USER_CLAIM: list(claimName),
  JWT_DEFAULT_PERMISSIONS: defaultPermissions,
  API_KEYS: flag,
  PUBLIC_URL: publicUrl,
  JWT_CLOCK_TOLERANCE: whole(0, MAX_CLOCK_TOLERANCE_SECONDS, 'seconds'),
  CAIRN_DEV_MODE: flag,
  VAULT_AUTO_CREATE: flag,
  WAYPOINTS_AUTOMATIC: flag,
  SEARCH_CACHE_SIZE: byteSize(0, 16 * 1024 * 1024 * 1024),
  USER_SUMMARIES: flag,
  USER_SUMMARY_DELAY_MS: jobDelay,
  REFLECTION: flag,
  REFLECTION_DELAY_MS: jobDelay,
  FLAGS_FILE: flagsFile,
  FLAGS_PROVIDER: text,
  FLAG_TENANCY_ENFORCEMENT: flagSetting('tenancy.enforcement'),
  FLAG_TENANCY_SHARED_MEMORIES: flagSetting('tenancy.shared-memories'),
  FLAG_RECALL_HYBRID_FUSION: flagSetting('recall.hybrid-fusion'),
  FLAG_RECALL_WAYPOINTS: flagSetting('recall.waypoints'),
  FLAG_RECALL_REINFORCE_ON_READ: flagSetting('recall.reinforce-on-read'),
  FLAG_MEMORIES_SUMMARIES: flagSetting('memories.summaries'),
  FLAG_MEMORIES_REFLECTION: flagSetting('memories.reflection'),
  FLAG_MCP: flagSetting('mcp'),
  FLAG_OPENMEMORY_CONTRACT: flagSetting('openmemory-contract'),
};

/** What holds where a setting is unset. */
export const DEFAULTS = {
  env: 'development',
  host: '127.0.0.1',
  port: 8080,
  bodyLimit: 2 * 1024 * 1024,
  searchCacheBytes: 64 * 1024 * 1024,
  shutdownTimeoutMs: 10_000,
  logLevel: 'info',
  databasePath: 'data/cairn.sqlite',
  schema: 'cairn',
  openMemory: { schema: 'public', memories: 'openmemory_memories', vectors: 'openmemory_vectors' },
  roles: {
    migrator: 'cairn_migrator',
    app: 'cairn_app',
    operator: 'cairn_operator',
    backup: 'cairn_backup',
  },
  poolSize: 10,
  /** As long as a writer waits for its turn on SQLite before it is told to come again. */
  acquireTimeoutMs: 5_000,
  /** Proxies wait no longer than this for an answer as a rule; whatever goes on then, goes on for nobody. */
  statementTimeoutMs: 30_000,
  idleInTransactionTimeoutMs: 10_000,
  autoCreateDatabase: false,
  autoDdl: true,
  /** As OpenMemory has it. */
  legacyDatabase: 'openmemory',
  secretAlgorithms: ['HS256'],
  jwksAlgorithms: ['RS256', 'ES256'],
  userClaims: ['user_id', 'userId', 'sub'],
  permissions: ['read', 'write', 'delete'],
  clockToleranceSeconds: 5,
  autoCreate: true,
  automaticWaypoints: true,
  userSummaries: true,
  userSummaryDelayMs: 60_000,
  reflection: false,
  /** As OpenMemory has it. */
  reflectionDelayMs: 600_000,
} as const;
