import { RECORD_TABLES } from '../record-tables.js';

/** What a role may do with a table besides reading it. */
export interface TableGrant {
  readonly insert?: true;
  readonly delete?: true;
  /** The columns that may change, separated by commas: never `vault_id`, and none of the primary key. */
  readonly update?: string;
}

/**
 * What the service does with the tables that hold rows of vaults: no more than its statements need. All are read,
 * since an erasure is checked by counting. Rows that only migrations and importers write are deleted with their user
 * or vault, and nothing else. A table that is not here is closed to the service.
 */
export const APP_TABLES: Readonly<Record<string, TableGrant>> = {
  // No row goes: what is left of an erased vault keeps its id from being used again.
  vaults: { insert: true, update: 'name, status, share_unowned, updated_at, erased_at' },
  // A key is never another's, and its secret never changes: a new one is a new row.
  api_keys: { insert: true, delete: true, update: 'expires_at, revoked_at, last_used_at' },
  users: {
    insert: true,
    delete: true,
    update: 'summary, summary_manual, summary_stale, summary_at, reflection_count, updated_at',
  },
  sessions: { insert: true, delete: true },
  collections: { insert: true, delete: true, update: 'description, metadata, updated_at' },
  memories: {
    insert: true,
    delete: true,
    update: `user_id, collection, session_id, position, content, primary_sector, sectors, tags, metadata, content_hash,
      salience, decay_lambda, last_seen_at, version, updated_at, expires_at`,
  },
  // The owner follows the memory's; a text that JavaScript cannot give back as it is, is copied by the database.
  memory_versions: {
    insert: true,
    delete: true,
    update: 'user_id, content, primary_sector, sectors, tags, metadata',
  },
  vectors: { delete: true, update: 'user_id' },
  scopes: {
    insert: true,
    delete: true,
    update: 'next_position, memory_count, term_count, index_version, revision',
  },
  term_blocks: { insert: true, delete: true, update: 'slots, data' },
  waypoints: { insert: true, delete: true, update: 'weight, metadata, updated_at' },
  facts: { delete: true },
  fact_edges: { delete: true },
  stats: { insert: true, delete: true, update: 'count' },
  audit: { delete: true },
  idempotency: { insert: true, delete: true },
  imports: { delete: true },
  legacy_rows: { delete: true },
};

/** What the service reads to know which version its schema has. */
export const APP_RECORDS: readonly string[] = RECORD_TABLES;

/** What the directory of vaults shows: the columns of each table that the operator role reads. */
export const OPERATOR_TABLES: Readonly<Record<string, string>> = {
  vaults: 'vault_id, name, status, share_unowned, created_at, updated_at, erased_at',
  scopes: 'vault_id, user_id, next_position, memory_count, index_version',
};

/** Privileges by their names: `SELECT`, or of one column `UPDATE (content)`. */
export type Privileges = ReadonlySet<string>;

/** What the role of the service may do with a table. */
export function appPrivileges(table: string): Privileges {
  if (APP_RECORDS.includes(table)) return new Set(['SELECT']);
  if (!Object.hasOwn(APP_TABLES, table)) return new Set();
  const { insert, delete: remove, update } = APP_TABLES[table];
  return new Set([
    'SELECT',
    ...(insert ? ['INSERT'] : []),
    ...(remove ? ['DELETE'] : []),
    ...(update === undefined ? [] : ofColumns('UPDATE', update)),
  ]);
}

/** What the operator role may do with a table. */
export function operatorPrivileges(table: string): Privileges {
  if (!Object.hasOwn(OPERATOR_TABLES, table)) return new Set();
  return new Set(ofColumns('SELECT', OPERATOR_TABLES[table]));
}

function ofColumns(privilege: string, columns: string): string[] {
  return columns.split(',').map((column) => `${privilege} (${column.trim()})`);
}
