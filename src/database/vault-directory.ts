/** A page of the operator's directory. */
export interface DirectoryPage {
  /** Vaults whose id comes after this one, in byte order; empty: from the beginning. */
  readonly after: string;
  readonly limit: number;
  /** Only vaults in this state. */
  readonly status?: string;
}

/** A vault as the operator's directory shows it: its own row and counters, nothing of what it holds. */
export interface DirectoryEntry {
  readonly vaultId: string;
  readonly name: string;
  readonly status: string;
  readonly shareUnowned: boolean;
  /** ms since 1970 */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly erasedAt: number | null;
  /** As the recall index counts them: expired ones count until they are swept. */
  readonly memories: number;
  /** Owners of memories; "nobody" is one. */
  readonly owners: number;
}

/**
 * The one statement of the service that looks over all vaults. It sees `vaults` and counters only.
 *
 * @param table the name of a table, as SQL
 * @param mark the mark of the n-th value, from 1
 */
export function directorySql(table: (name: string) => string, mark: (n: number) => string): string {
  return `
  SELECT v.vault_id AS "vaultId", v.name AS "name", v.status AS "status", v.share_unowned AS "shareUnowned",
    v.created_at AS "createdAt", v.updated_at AS "updatedAt", v.erased_at AS "erasedAt",
    (SELECT coalesce(sum(s.memory_count), 0) FROM ${table('scopes')} s WHERE s.vault_id = v.vault_id) AS "memories",
    (SELECT count(*) FROM ${table('scopes')} s WHERE s.vault_id = v.vault_id AND s.memory_count > 0) AS "owners"
  FROM ${table('vaults')} v
  WHERE v.vault_id > ${mark(1)} AND (v.status = ${mark(2)} OR CAST(${mark(3)} AS text) IS NULL)
  ORDER BY v.vault_id
  LIMIT ${mark(4)}`;
}

/** The values of `directorySql`. */
export function directoryValues({ after, limit, status }: DirectoryPage): unknown[] {
  return [after, status ?? null, status ?? null, limit];
}

export function directoryEntry(row: Record<string, unknown>): DirectoryEntry {
  const { vaultId, name, status, erasedAt } = row as unknown as DirectoryEntry;
  return {
    vaultId,
    name,
    status,
    shareUnowned: Boolean(row.shareUnowned),
    createdAt: Number(row.createdAt),
    updatedAt: Number(row.updatedAt),
    erasedAt: erasedAt === null ? null : Number(erasedAt),
    memories: Number(row.memories),
    owners: Number(row.owners),
  };
}
