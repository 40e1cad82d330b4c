import { filePath } from './database-url.js';
import { roleName } from './postgres-names.js';
import { jwtSecret, port } from './settings.js';
import { choice, databaseHost, flag, identifier, secret, text, trustedUrl, whole } from './setting-kinds.js';

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
  OM_METADATA_BACKEND: choice(['sqlite', 'postgres']),
  OM_VECTOR_BACKEND: choice(['sqlite', 'postgres', 'pgvector', 'weaviate', 'valkey']),
  OM_EMBED_KIND: embeddingKind,
  OM_EMBEDDINGS: embeddingKind,
  OM_HYBRID_FUSION: flag,
  OM_PG_HOST: databaseHost,
  OM_PG_PORT: whole(1, 65535),
  OM_PG_DB: text,
  OM_PG_USER: text,
  OM_PG_PASSWORD: secret,
  OM_PG_SCHEMA: identifier,
  OM_PG_TABLE: identifier,
  OM_VECTOR_TABLE: identifier,
  OM_PG_SSL: choice(['disable', 'require', 'verify-full']),
  OM_PG_SSL_CA: text,
  OM_PG_MIGRATOR_ROLE: roleName,
  OM_PG_APP_ROLE: roleName,
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
export const OUR_PREFIXES = /^(?:OM|MEMORY|EMBLEM|CAIRN|JWT|FLAGS?)_/;
