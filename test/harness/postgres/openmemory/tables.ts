import type { Release } from '../../openmemory/tables.js';

/** Databases of OpenMemory as its releases, and its own migrations where they stopped, leave them on PostgreSQL. */
export type Shape =
  | '1.1'
  | '1.1 with full text'
  | '1.1, its migration aborted'
  | '1.2.0'
  | '1.3.0'
  | '1.3.0, its migration aborted'
  | 'HEAD'
  | 'HEAD with ids of text';

export const SHAPES: readonly Shape[] = [
  '1.1',
  '1.1 with full text',
  '1.1, its migration aborted',
  '1.2.0',
  '1.3.0',
  '1.3.0, its migration aborted',
  'HEAD',
  'HEAD with ids of text',
];

/** Whose rows such a database holds. */
export const RELEASE_OF: Readonly<Record<Shape, Release>> = {
  '1.1': '1.1.1 without full text',
  '1.1 with full text': '1.1.1',
  '1.1, its migration aborted': '1.1.1 without full text',
  '1.2.0': '1.2.0',
  '1.3.0': '1.3.0',
  '1.3.0, its migration aborted': '1.3.0',
  HEAD: 'HEAD',
  'HEAD with ids of text': 'HEAD',
};

export interface Names {
  readonly schema: string;
  readonly memories: string;
  readonly vectors: string;
}

export const DEFAULT_NAMES: Names = {
  schema: 'public',
  memories: 'openmemory_memories',
  vectors: 'openmemory_vectors',
};

/** What each table is called in an SQLite file of OpenMemory. */
export function namesInFile({ memories, vectors }: Names): Readonly<Record<string, string>> {
  return {
    memories,
    vectors,
    waypoints: 'openmemory_waypoints',
    users: 'openmemory_users',
    embed_logs: 'openmemory_embed_logs',
    memories_fts: 'openmemory_memories_fts',
    stats: 'stats',
    temporal_facts: 'temporal_facts',
    temporal_edges: 'temporal_edges',
    schema_version: 'schema_version',
  };
}

const has1_2 = (shape: Shape) => !shape.startsWith('1.1');
const hasFacts = (shape: Shape) => shape.startsWith('HEAD');

/** The statements that make the tables. */
export function statementsOf(shape: Shape, names: Names = DEFAULT_NAMES): string[] {
  const at = `"${names.schema}".`;
  const memories = `${at}"${names.memories}"`;
  const vectors = `${at}"${names.vectors}"`;
  const waypoints = `${at}"openmemory_waypoints"`;
  const id = shape === 'HEAD with ids of text' ? 'text' : 'uuid';
  const perUser = shape.startsWith('1.3') || hasFacts(shape);
  const owner = (there: boolean) => (there ? 'user_id text,' : '');
  const project = hasFacts(shape) ? 'project_id text,' : '';
  return [
    `CREATE SCHEMA IF NOT EXISTS "${names.schema}"`,
    // Without pgvector what it writes and reads, which is this very text.
    ...(shape === 'HEAD'
      ? [
          `DO $$ BEGIN IF to_regtype('public.vector') IS NULL THEN
             CREATE DOMAIN ${at}vector AS text CHECK (VALUE ~ '^\\[.*\\]$'); END IF; END $$`,
        ]
      : []),
    `CREATE TABLE ${memories} (id ${id} PRIMARY KEY, ${owner(has1_2(shape))} ${project}
       ${has1_2(shape) ? 'segment integer DEFAULT 0,' : ''} content text NOT NULL,
       ${has1_2(shape) ? 'simhash text,' : ''} primary_sector text NOT NULL, tags text, meta text,
       created_at bigint, updated_at bigint, last_seen_at bigint, salience double precision,
       decay_lambda double precision, version integer DEFAULT 1, mean_dim integer, mean_vec bytea
       ${has1_2(shape) ? ', compressed_vec bytea, feedback_score double precision DEFAULT 0' : ''})`,
    `CREATE TABLE ${vectors} (id ${id}, sector text, ${owner(perUser)} ${project}
       v ${shape === 'HEAD' ? `${at}vector` : 'bytea'}, dim integer NOT NULL, PRIMARY KEY (id, sector))`,
    `CREATE TABLE ${waypoints} (src_id ${perUser ? 'text' : id}${perUser ? '' : ' PRIMARY KEY'},
       dst_id ${perUser ? 'text' : id} NOT NULL, ${perUser ? 'user_id text,' : ''} ${project}
       weight double precision NOT NULL, created_at bigint, updated_at bigint
       ${perUser ? ', PRIMARY KEY (src_id, user_id)' : ''})`,
    `CREATE TABLE ${at}openmemory_embed_logs (id text PRIMARY KEY, model text, status text, ts bigint, err text)`,
    // As the published guides name it, and a table of Cairn's chain, too.
    `CREATE INDEX idx_memories_sector ON ${memories} (primary_sector)`,
    ...(shape === '1.1 with full text'
      ? [`CREATE TABLE ${at}openmemory_memories_fts (id uuid PRIMARY KEY, content tsvector)`]
      : []),
    ...(has1_2(shape)
      ? [
          `CREATE TABLE ${at}openmemory_users (user_id text PRIMARY KEY, summary text,
             reflection_count integer DEFAULT 0, created_at bigint, updated_at bigint)`,
          `CREATE TABLE ${at}stats (id serial PRIMARY KEY, type text NOT NULL, count integer DEFAULT 1,
             ts bigint NOT NULL)`,
          `CREATE INDEX openmemory_stats_ts_idx ON ${at}stats (ts)`,
        ]
      : []),
    ...(hasFacts(shape) ? factTables(at, id) : []),
  ];
}

function factTables(at: string, id: string): string[] {
  return [
    `CREATE TABLE ${at}temporal_facts (id ${id} PRIMARY KEY, user_id text, project_id text, subject text NOT NULL,
       predicate text NOT NULL, object text NOT NULL, valid_from bigint NOT NULL, valid_to bigint,
       confidence double precision NOT NULL CHECK (confidence >= 0 AND confidence <= 1),
       last_updated bigint NOT NULL, metadata text, UNIQUE (subject, predicate, object, valid_from))`,
    `CREATE TABLE ${at}temporal_edges (id ${id} PRIMARY KEY,
       source_id ${id} NOT NULL REFERENCES ${at}temporal_facts (id),
       target_id ${id} NOT NULL REFERENCES ${at}temporal_facts (id), relation_type text NOT NULL,
       valid_from bigint NOT NULL, valid_to bigint, weight double precision NOT NULL, metadata text)`,
    `CREATE INDEX idx_temporal_user ON ${at}temporal_facts (user_id)`,
  ];
}

/** What OpenMemory's own migration does, once the rows are there, before it is stopped by its own errors. */
export function abortedMigration(shape: Shape, names: Names = DEFAULT_NAMES): string[] {
  const at = `"${names.schema}".`;
  const versions = `CREATE TABLE ${at}schema_version (version text PRIMARY KEY, applied_at bigint)`;
  const addTo = (column: string, ...tables: string[]) =>
    tables.map((table) => `ALTER TABLE ${at}"${table}" ADD COLUMN ${column} text`);
  if (shape === '1.1, its migration aborted') {
    return [versions, ...addTo('user_id', names.memories, names.vectors, 'openmemory_waypoints')];
  }
  if (shape === '1.3.0, its migration aborted') {
    return [
      versions,
      `INSERT INTO ${at}schema_version VALUES ('1.2.0', 1795167000000)`,
      ...addTo('project_id', names.memories, names.vectors, 'openmemory_waypoints'),
    ];
  }
  return [];
}
