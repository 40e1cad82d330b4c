import { createHash } from 'node:crypto';
import { DatabaseView } from '../database-view.js';

const APART = /^(schema_version|typeorm_|migrations$)/;

/** Rows of a table by the vault they are in, each as text without its vault. */
export type Rows = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Every row of every table with vaults: `rows.memories.acme`. */
export function rowsByVault(place: string): Rows {
  const view = new DatabaseView(place);
  const found: Record<string, Record<string, string[]>> = {};
  for (const table of view.tables().filter((name) => !APART.test(name))) {
    const vaults: Record<string, string[]> = {};
    for (const { vault_id, ...row } of view.all<{ vault_id: string }>(`SELECT * FROM "${table}"`)) {
      (vaults[vault_id] ??= []).push(textOf(row));
    }
    for (const rows of Object.values(vaults)) rows.sort();
    found[table] = vaults;
  }
  view.close();
  return found;
}

/** By table, how many rows there are in all vaults, and a hash of them that leaves the vaults out. */
export function fingerprintOf(rows: Rows, ...except: readonly string[]): Record<string, string> {
  const tables = Object.entries(rows).filter(([table]) => !except.includes(table));
  return Object.fromEntries(
    tables.map(([table, vaults]) => {
      const all = Object.values(vaults).flat().sort();
      return [table, `${all.length} ${createHash('sha256').update(all.join('\n')).digest('hex')}`];
    }),
  );
}

/** All that one vault has, by table. */
export function vaultOf(rows: Rows, vault: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(rows).flatMap(([table, vaults]) => (vaults[vault] ? [[table, vaults[vault]]] : [])),
  );
}

/** Rows that refer to what is not in their vault, and memories of one owner's conversation in two vaults. */
export function tornIn(place: string): string[] {
  const view = new DatabaseView(place);
  const torn: string[] = [];
  for (const [table, column, parent] of [
    ['waypoints', 'src_id', 'memories'],
    ['waypoints', 'dst_id', 'memories'],
    ['memory_versions', 'memory_id', 'memories'],
    ['vectors', 'memory_id', 'memories'],
    ['legacy_rows', 'memory_id', 'memories'],
    ['fact_edges', 'source_id', 'facts'],
    ['fact_edges', 'target_id', 'facts'],
  ]) {
    const rows = view.all(
      `SELECT c.* FROM ${table} c WHERE c.${column} IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM ${parent} p WHERE p.vault_id = c.vault_id AND p.id = c.${column})`,
    );
    if (rows.length > 0) torn.push(`${rows.length} ${table}.${column}`);
  }
  if (view.integrity() !== 'ok') torn.push('integrity');
  view.close();
  return torn;
}

function textOf(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ]),
  );
}

/** How many rows belong to users. */
export function owned(rows: Rows): number {
  return Object.values(rows)
    .flatMap((vaults) => Object.values(vaults).flat())
    .filter((row) => /\["user_id","(?!")/.test(row)).length;
}
