import { jwtSecret, port } from './settings.js';
import { choice, filePath, flag, identifier, secret, text, trustedUrl, whole } from './setting-kinds.js';

const POSTGRES_NOT_YET =
  'is postgres, and PostgreSQL support is not there yet: set sqlite, or leave it unset';

const embeddingKind = choice([
  'synthetic',
  'openai',
  'gemini',
  'ollama',
  'aws',
  'siray',
  'orcarouter',
  'local',
]);

/** The settings of OpenMemory, Metamorph and Memory MCP that are understood. */
export const OLD_NAMES = {
  OM_PORT: port,
  OM_DB_PATH: filePath,
  OM_API_KEY: secret,
  OM_METADATA_BACKEND: choice(['sqlite'], { postgres: POSTGRES_NOT_YET }),
  OM_VECTOR_BACKEND: choice(['sqlite', 'postgres', 'pgvector', 'weaviate', 'valkey']),
  OM_EMBED_KIND: embeddingKind,
  OM_EMBEDDINGS: embeddingKind,
  OM_HYBRID_FUSION: flag,
  OM_PG_HOST: text,
  OM_PG_PORT: whole(1, 65535),
  OM_PG_DB: text,
  OM_PG_USER: text,
  OM_PG_PASSWORD: secret,
  OM_PG_SCHEMA: identifier,
  OM_PG_TABLE: identifier,
  OM_PG_SSL: choice(['disable', 'require', 'verify-full']),
  OM_PG_SSL_CA: text,
  OM_PG_MIGRATOR_ROLE: identifier,
  OM_PG_APP_ROLE: identifier,
  OM_PG_AUTO_DDL: flag,
  OM_PG_AUTO_CREATE_DB: flag,
  EMBLEM_DEV_MODE: flag,
  EMBLEM_JWT_SECRET: jwtSecret,
  EMBLEM_API_URL: trustedUrl,
  ENABLE_MULTITENANCY: flag,
  DATABASE_PATH: filePath,
  RAILWAY_VOLUME_MOUNT_PATH: text,
  MEMORY_POSTGRES_PROJECT_REGISTRY: text,
  MEMORY_ACTIVE_PROJECT: text,
  MEMORY_EMBEDDING_MODEL: text,
  // 16,000 is the most that pgvector's type can hold.
  MEMORY_EMBEDDING_DIMENSIONS: whole(1, 16_000),
  OPENAI_API_KEY: secret,
};

type OldName = keyof typeof OLD_NAMES;

/** Names that are checked and then warned about, with the feature each waits for. */
export const NOT_YET: readonly { feature: string; names: readonly OldName[] }[] = [
  {
    feature: 'PostgreSQL support is not there yet',
    names: [
      'OM_PG_HOST',
      'OM_PG_PORT',
      'OM_PG_DB',
      'OM_PG_USER',
      'OM_PG_PASSWORD',
      'OM_PG_SCHEMA',
      'OM_PG_TABLE',
      'OM_PG_SSL',
      'OM_PG_SSL_CA',
      'OM_PG_MIGRATOR_ROLE',
      'OM_PG_APP_ROLE',
      'OM_PG_AUTO_DDL',
      'OM_PG_AUTO_CREATE_DB',
    ],
  },
  {
    feature: 'Embeddings are not there yet (search is by words)',
    names: [
      'OM_EMBED_KIND',
      'OM_EMBEDDINGS',
      'OM_VECTOR_BACKEND',
      'OM_HYBRID_FUSION',
      'MEMORY_EMBEDDING_MODEL',
      'MEMORY_EMBEDDING_DIMENSIONS',
      'OPENAI_API_KEY',
    ],
  },
];

/** A variable that begins so was meant for Cairn or one of its forerunners. */
export const OUR_PREFIXES = /^(?:OM|MEMORY|EMBLEM|CAIRN|JWT)_/;
