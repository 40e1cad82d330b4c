import type { VaultIndex } from './vault-index.js';

export interface SandboxTable {
  readonly name: string;
  /** Name, type and what holds of it, as SQL. */
  readonly columns: readonly string[];
  readonly constraints: readonly string[];
  readonly indexes: readonly VaultIndex[];
}

/** The tables that Metamorph's second migration makes, in the order in which they refer to one another. */
export const SANDBOX_TABLES: readonly SandboxTable[] = [
  {
    name: 'vercel_connections',
    columns: [
      'id TEXT PRIMARY KEY',
      'vault_id TEXT NOT NULL',
      'vercel_user_id TEXT NOT NULL',
      'vercel_team_id TEXT',
      'access_token TEXT NOT NULL',
      'refresh_token TEXT',
      'token_expires_at TEXT',
      'scopes TEXT NOT NULL',
      "connection_status TEXT NOT NULL DEFAULT 'active'",
      'created_at TEXT NOT NULL',
      'updated_at TEXT NOT NULL',
    ],
    constraints: ['UNIQUE(vault_id, vercel_user_id)'],
    indexes: indexes('vercel_connections', {
      vault_id: 'vault_id',
      status: 'vault_id connection_status',
      vercel_user: 'vercel_user_id',
    }),
  },
  {
    name: 'sandboxes',
    columns: [
      'id TEXT PRIMARY KEY',
      'vault_id TEXT NOT NULL',
      'vercel_connection_id TEXT',
      'sandbox_vercel_id TEXT',
      'name TEXT NOT NULL',
      "status TEXT NOT NULL DEFAULT 'pending'",
      "runtime TEXT NOT NULL DEFAULT 'node22'",
      'vcpus INTEGER NOT NULL DEFAULT 2',
      'memory_mb INTEGER NOT NULL DEFAULT 2048',
      'timeout_minutes INTEGER NOT NULL DEFAULT 30',
      'environment TEXT',
      "working_directory TEXT DEFAULT '/vercel/sandbox'",
      'agent_session_id TEXT',
      'agent_config TEXT',
      'created_at TEXT NOT NULL',
      'started_at TEXT',
      'stopped_at TEXT',
      'last_activity_at TEXT',
      'total_runtime_seconds INTEGER DEFAULT 0',
      'error_message TEXT',
    ],
    constraints: ['FOREIGN KEY (vercel_connection_id) REFERENCES vercel_connections(id)'],
    indexes: indexes('sandboxes', {
      vault_id: 'vault_id',
      status: 'vault_id status',
      connection: 'vercel_connection_id',
      vercel_id: 'sandbox_vercel_id',
      created: 'vault_id created_at',
      agent: 'agent_session_id',
    }),
  },
  {
    name: 'sandbox_resource_usage',
    columns: [
      'id TEXT PRIMARY KEY',
      'vault_id TEXT NOT NULL',
      'period_start TEXT NOT NULL',
      'period_end TEXT NOT NULL',
      'sandbox_count INTEGER DEFAULT 0',
      'total_runtime_seconds INTEGER DEFAULT 0',
      'total_executions INTEGER DEFAULT 0',
      'sandbox_limit INTEGER DEFAULT 5',
      'runtime_limit_hours INTEGER DEFAULT 100',
      'limit_exceeded BOOLEAN DEFAULT FALSE',
      'created_at TEXT NOT NULL',
      'updated_at TEXT NOT NULL',
    ],
    constraints: [],
    indexes: [
      ...indexes('sandbox_resource_usage', { vault_id: 'vault_id', period: 'vault_id period_start' }),
      {
        table: 'sandbox_resource_usage',
        name: 'idx_sandbox_resource_usage_vault_period',
        columns: ['vault_id', 'period_start'],
        unique: true,
      },
    ],
  },
];

/** @param columns of each index, by the ending of its name */
function indexes(table: string, columns: Readonly<Record<string, string>>): VaultIndex[] {
  return Object.entries(columns).map(([ending, list]) => ({
    table,
    name: `idx_${table}_${ending}`,
    columns: list.split(' '),
  }));
}
