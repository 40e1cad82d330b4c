import { MigrationRefusedError } from './migration-refused.error.js';
import { openReadOnly } from './sqlite-file.js';

/** Vaults read in one go: a service may have more than fit into memory. */
const PAGE = 500;

/** Whether any owner's recall index was written by other rules than those of this version. */
export function hasStaleIndex(path: string, indexVersion: number): boolean {
  const database = openReadOnly(path);
  try {
    const sql = 'SELECT 1 FROM "scopes" WHERE "index_version" <> ? LIMIT 1';
    return database.prepare(sql).get(indexVersion) !== undefined;
  } finally {
    database.close();
  }
}

/** The vaults with an owner of whom that is so, by id. */
export function vaultsWithStaleIndex(path: string, indexVersion: number): Generator<string, void> {
  return inPages(
    path,
    `SELECT DISTINCT "vault_id" FROM "scopes" WHERE "vault_id" > ? AND "index_version" <> ?
     ORDER BY "vault_id" LIMIT ${PAGE}`,
    indexVersion,
  );
}

/** Every vault, by id. */
export function allVaults(path: string): Generator<string, void> {
  return inPages(
    path,
    `SELECT "vault_id" FROM "vaults" WHERE "vault_id" > ? ORDER BY "vault_id" LIMIT ${PAGE}`,
  );
}

/** @throws MigrationRefusedError when the database has no such vault */
export function checkVault(path: string, vaultId: string): void {
  const database = openReadOnly(path);
  try {
    if (database.prepare('SELECT 1 FROM "vaults" WHERE "vault_id" = ?').get(vaultId)) return;
  } finally {
    database.close();
  }
  throw new MigrationRefusedError(`There is no vault "${vaultId}" in ${path}.`);
}

/** How many positions the indexes of all vaults have, or those of one. */
export function countPositions(path: string, vaultId?: string): number {
  const database = openReadOnly(path);
  try {
    const where = vaultId === undefined ? '' : ' WHERE "vault_id" = ?';
    const sql = `SELECT coalesce(sum("next_position"), 0) FROM "scopes"${where}`;
    return database
      .prepare(sql)
      .pluck()
      .get(...(vaultId === undefined ? [] : [vaultId])) as number;
  } finally {
    database.close();
  }
}

/** @param sql selects ids after the first parameter; further ones follow */
function* inPages(path: string, sql: string, ...parameters: readonly unknown[]): Generator<string, void> {
  const database = openReadOnly(path);
  try {
    const page = database.prepare(sql).pluck();
    for (let ids: string[] = ['']; ids.length > 0;) {
      ids = page.all(ids.at(-1), ...parameters) as string[];
      yield* ids;
    }
  } finally {
    database.close();
  }
}
