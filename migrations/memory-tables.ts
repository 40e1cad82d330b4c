import type { TableSpec } from './ddl.js';

const memories: TableSpec = {
  name: 'memories',
  columns: `vault_id text, id text, user_id text, collection text null, session_id text null, position integer,
    content text, primary_sector text, sectors text, tags text, metadata text, content_hash text,
    salience double precision, decay_lambda double precision, last_seen_at bigint, version integer,
    created_at bigint, updated_at bigint, expires_at bigint null`,
  primaryKey: { name: 'pk_memories', columns: 'vault_id, id' },
  foreignKeys: [
    {
      name: 'fk_memories_vault',
      columns: 'vault_id',
      references: 'vaults',
      referencedColumns: 'vault_id',
      onDelete: 'NO ACTION',
    },
  ],
  indexes: [
    { name: 'ux_memories_position', columns: 'vault_id, user_id, position', unique: true },
    { name: 'ix_memories_owner_created', columns: 'vault_id, user_id, created_at, id' },
    { name: 'ix_memories_created', columns: 'vault_id, created_at, id' },
    { name: 'ix_memories_content_hash', columns: 'vault_id, user_id, content_hash' },
    {
      name: 'ix_memories_session',
      columns: 'vault_id, session_id, created_at',
      where: '"session_id" IS NOT NULL',
    },
    {
      name: 'ix_memories_collection',
      columns: 'vault_id, collection, created_at',
      where: '"collection" IS NOT NULL',
    },
    { name: 'ix_memories_expires', columns: 'vault_id, expires_at', where: '"expires_at" IS NOT NULL' },
  ],
};

const toMemory = (name: string, column: string) => ({
  name,
  columns: `vault_id, ${column}`,
  references: 'memories',
  referencedColumns: 'vault_id, id',
  onDelete: 'CASCADE' as const,
});

const memoryVersions: TableSpec = {
  name: 'memory_versions',
  columns: `vault_id text, memory_id text, version integer, user_id text, content text, primary_sector text,
    sectors text, tags text, metadata text, updated_at bigint, replaced_at bigint`,
  primaryKey: { name: 'pk_memory_versions', columns: 'vault_id, memory_id, version' },
  foreignKeys: [toMemory('fk_memory_versions_memory', 'memory_id')],
};

const vectors: TableSpec = {
  name: 'vectors',
  columns: `vault_id text, memory_id text, sector text, model text, user_id text, dim integer, v blob`,
  primaryKey: { name: 'pk_vectors', columns: 'vault_id, memory_id, sector, model' },
  foreignKeys: [toMemory('fk_vectors_memory', 'memory_id')],
};

const scopes: TableSpec = {
  name: 'scopes',
  columns: `vault_id text, user_id text, next_position integer, memory_count integer, term_count bigint,
    index_version integer`,
  primaryKey: { name: 'pk_scopes', columns: 'vault_id, user_id' },
};

const termBlocks: TableSpec = {
  name: 'term_blocks',
  columns: `vault_id text, user_id text, block_no integer, first_position integer, slots integer, data blob`,
  primaryKey: { name: 'pk_term_blocks', columns: 'vault_id, user_id, block_no' },
  foreignKeys: [
    {
      name: 'fk_term_blocks_scope',
      columns: 'vault_id, user_id',
      references: 'scopes',
      referencedColumns: 'vault_id, user_id',
      onDelete: 'CASCADE',
    },
  ],
};

const waypoints: TableSpec = {
  name: 'waypoints',
  columns: `vault_id text, src_id text, dst_id text, type text, user_id text, weight double precision,
    metadata text, created_at bigint, updated_at bigint`,
  primaryKey: { name: 'pk_waypoints', columns: 'vault_id, src_id, dst_id, type' },
  foreignKeys: [toMemory('fk_waypoints_src', 'src_id'), toMemory('fk_waypoints_dst', 'dst_id')],
  indexes: [{ name: 'ix_waypoints_dst', columns: 'vault_id, dst_id' }],
  withoutRowid: true,
};

/** The memories and what hangs on them. */
export const memoryTables: readonly TableSpec[] = [
  memories,
  memoryVersions,
  vectors,
  scopes,
  termBlocks,
  waypoints,
];
