import type { DatabaseView } from './database-view.js';

/**
 * All that a vault's memories are made of, as text, for comparing before and after. Not what the service counts
 * and sums up in its own time.
 */
export function memoryRows(view: DatabaseView, vault: string): string {
  const tables = ['vaults', 'memories', 'memory_versions', 'vectors', 'waypoints', 'scopes', 'term_blocks'];
  const rows = tables.map((table) => view.all(`SELECT * FROM "${table}" WHERE vault_id = ?`, vault));
  return JSON.stringify(rows, (_, value: unknown) =>
    Buffer.isBuffer(value) ? value.toString('hex') : value,
  );
}
