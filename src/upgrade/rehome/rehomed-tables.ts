import type { EntityMetadata } from 'typeorm';

/** A table with rows of users, as re-homing takes them from one vault to another. */
export interface RehomedTable {
  readonly name: string;
  /** What tells two of its rows in one vault apart: the primary key and every unique index, the vault left out. */
  readonly keys: readonly (readonly string[])[];
  /**
   * Which rows `t` of the old vault go, as SQL over the temporary tables of `TreePlan`: those that hang on another
   * row go with it, whoever they name themselves.
   */
  readonly goes: string;
  /** Whether a row of a user who has nothing else is reason enough to move that user. */
  readonly isOwn: boolean;
}

const OF_MEMORY = 't."memory_id" IN (SELECT "id" FROM "rehome_moving")';
const OF_USER = 't."user_id" IN (SELECT "user_id" FROM "rehome_group")';
/** Of a user who stays in part, both vaults get an index of their own. */
const OF_WHOLE_USER = `${OF_USER} AND t."user_id" NOT IN (SELECT "user_id" FROM "rehome_split")`;

/** Every table that has a `user_id` and whose rows go with their user. One stands after those that its references name. */
export const REHOMED_TABLES: readonly RehomedTable[] = [
  {
    name: 'memories',
    keys: [['id'], ['user_id', 'position']],
    goes: 't."id" IN (SELECT "id" FROM "rehome_moving")',
    isOwn: true,
  },
  {
    name: 'memory_versions',
    keys: [['memory_id', 'version']],
    goes: OF_MEMORY,
    isOwn: false,
  },
  { name: 'vectors', keys: [['memory_id', 'sector', 'model']], goes: OF_MEMORY, isOwn: false },
  {
    name: 'waypoints',
    keys: [['src_id', 'dst_id', 'type']],
    goes: 't."src_id" IN (SELECT "id" FROM "rehome_moving")',
    isOwn: false,
  },
  {
    name: 'facts',
    keys: [['id']],
    goes: 't."id" IN (SELECT "id" FROM "rehome_moving_facts")',
    isOwn: true,
  },
  {
    name: 'fact_edges',
    keys: [['id']],
    goes: 't."source_id" IN (SELECT "id" FROM "rehome_moving_facts")',
    isOwn: false,
  },
  { name: 'scopes', keys: [['user_id']], goes: OF_WHOLE_USER, isOwn: true },
  { name: 'term_blocks', keys: [['user_id', 'block_no']], goes: OF_WHOLE_USER, isOwn: false },
  { name: 'users', keys: [['user_id']], goes: OF_USER, isOwn: true },
  {
    name: 'sessions',
    keys: [['user_id', 'id']],
    goes: `${OF_USER} AND t."id" NOT IN (SELECT "session_id" FROM "rehome_kept_sessions")`,
    isOwn: true,
  },
  { name: 'stats', keys: [['user_id', 'type', 'ts', 'dims']], goes: OF_USER, isOwn: true },
  { name: 'idempotency', keys: [['user_id', 'method', 'path', 'key']], goes: OF_USER, isOwn: true },
  { name: 'audit', keys: [['id']], goes: OF_USER, isOwn: true },
  {
    name: 'legacy_rows',
    keys: [['id']],
    goes: 't."id" IN (SELECT "id" FROM "rehome_moving_legacy")',
    isOwn: true,
  },
];

/** Tables of vaults that know no users. */
export const VAULT_TABLES: readonly string[] = ['vaults', 'collections', 'imports'];

/** The table whose rows name users and stay all the same: a key opens the vault that it was made for, and no other. */
export const KEY_TABLE = 'api_keys';

/**
 * Refuses to re-home with a table that nobody has said of where its rows go.
 *
 * @throws Error naming every such table
 */
export function checkRehomedTables(entities: readonly EntityMetadata[]): void {
  const wrong = entities.filter((entity) => !isKnown(entity)).map(({ tableName }) => tableName);
  if (wrong.length > 0) throw new Error(`Re-homing does not know these tables: ${wrong.join(', ')}`);
}

function isKnown({ tableName, primaryColumns, indices, uniques, columns }: EntityMetadata): boolean {
  const hasUser = columns.some(({ databaseName }) => databaseName === 'user_id');
  if (tableName === KEY_TABLE) return true;
  if (!hasUser) return VAULT_TABLES.includes(tableName);
  const table = REHOMED_TABLES.find(({ name }) => name === tableName);
  if (!table) return false;
  const unique = indices.filter(({ isUnique }) => isUnique).map((index) => index.columns);
  const keys = [primaryColumns, ...unique, ...uniques.map((one) => one.columns)].map((key) =>
    key.map(({ databaseName }) => databaseName).filter((name) => name !== 'vault_id'),
  );
  return JSON.stringify(keys) === JSON.stringify(table.keys);
}
