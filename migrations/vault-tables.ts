import type { TableSpec } from './ddl.js';
import { memoryTables } from './memory-tables.js';

const vaults: TableSpec = {
  name: 'vaults',
  columns: `vault_id text, name text, status text, share_unowned boolean, created_at bigint, updated_at bigint,
    erased_at bigint null`,
  primaryKey: { name: 'pk_vaults', columns: 'vault_id' },
};

const apiKeys: TableSpec = {
  name: 'api_keys',
  columns: `vault_id text, id text, user_id text, name text, secret_hash text, permissions text,
    created_at bigint, expires_at bigint null, revoked_at bigint null, last_used_at bigint null`,
  primaryKey: { name: 'pk_api_keys', columns: 'vault_id, id' },
  foreignKeys: [
    {
      name: 'fk_api_keys_vault',
      columns: 'vault_id',
      references: 'vaults',
      referencedColumns: 'vault_id',
      onDelete: 'NO ACTION',
    },
  ],
};

const users: TableSpec = {
  name: 'users',
  columns: `vault_id text, user_id text, summary text null, summary_manual boolean, reflection_count integer,
    created_at bigint, updated_at bigint`,
  primaryKey: { name: 'pk_users', columns: 'vault_id, user_id' },
};

const sessions: TableSpec = {
  name: 'sessions',
  columns: `vault_id text, user_id text, id text, memory_count integer, first_at bigint, last_at bigint,
    metadata text`,
  primaryKey: { name: 'pk_sessions', columns: 'vault_id, user_id, id' },
};

const collections: TableSpec = {
  name: 'collections',
  columns: `vault_id text, name text, description text null, metadata text, created_at bigint,
    updated_at bigint`,
  primaryKey: { name: 'pk_collections', columns: 'vault_id, name' },
};

const facts: TableSpec = {
  name: 'facts',
  columns: `vault_id text, id text, user_id text, collection text null, subject text, predicate text,
    object text, valid_from bigint, valid_to bigint null, confidence double precision, metadata text,
    last_updated bigint`,
  primaryKey: { name: 'pk_facts', columns: 'vault_id, id' },
  indexes: [{ name: 'ix_facts_subject', columns: 'vault_id, user_id, subject, predicate, valid_from' }],
};

const factEdges: TableSpec = {
  name: 'fact_edges',
  columns: `vault_id text, id text, user_id text, source_id text, target_id text, relation_type text,
    valid_from bigint, valid_to bigint null, weight double precision, metadata text`,
  primaryKey: { name: 'pk_fact_edges', columns: 'vault_id, id' },
  foreignKeys: [
    {
      name: 'fk_fact_edges_source',
      columns: 'vault_id, source_id',
      references: 'facts',
      referencedColumns: 'vault_id, id',
      onDelete: 'CASCADE',
    },
    {
      name: 'fk_fact_edges_target',
      columns: 'vault_id, target_id',
      references: 'facts',
      referencedColumns: 'vault_id, id',
      onDelete: 'CASCADE',
    },
  ],
  indexes: [
    { name: 'ix_fact_edges_source', columns: 'vault_id, source_id' },
    { name: 'ix_fact_edges_target', columns: 'vault_id, target_id' },
  ],
};

const stats: TableSpec = {
  name: 'stats',
  columns: 'vault_id text, user_id text, type text, ts bigint, dims text, count bigint',
  primaryKey: { name: 'pk_stats', columns: 'vault_id, user_id, type, ts, dims' },
};

const audit: TableSpec = {
  name: 'audit',
  columns: `vault_id text, id text, user_id text, at bigint, action text, target text, request_id text,
    details text`,
  primaryKey: { name: 'pk_audit', columns: 'vault_id, id' },
  indexes: [{ name: 'ix_audit_at', columns: 'vault_id, at' }],
};

const idempotency: TableSpec = {
  name: 'idempotency',
  columns: `vault_id text, user_id text, method text, path text, key text, body_hash text, status integer,
    answer text, created_at bigint`,
  primaryKey: { name: 'pk_idempotency', columns: 'vault_id, user_id, method, path, key' },
  indexes: [{ name: 'ix_idempotency_created', columns: 'vault_id, created_at' }],
};

const imports: TableSpec = {
  name: 'imports',
  columns: `vault_id text, id text, source text, state text, counts text, started_at bigint,
    finished_at bigint null`,
  primaryKey: { name: 'pk_imports', columns: 'vault_id, id' },
};

const legacyRows: TableSpec = {
  name: 'legacy_rows',
  columns: 'vault_id text, id text, source_table text, reason text, data text, created_at bigint',
  primaryKey: { name: 'pk_legacy_rows', columns: 'vault_id, id' },
};

/** Every table of a multi-vault store: a table stands after those that its references name. */
export const vaultTables: readonly TableSpec[] = [
  vaults,
  apiKeys,
  users,
  sessions,
  collections,
  ...memoryTables,
  facts,
  factEdges,
  stats,
  audit,
  idempotency,
  imports,
  legacyRows,
];

/** A table of these, as 2.0.0 makes it. */
export function vaultTable(name: string): TableSpec {
  return vaultTables.find((table) => table.name === name)!;
}
