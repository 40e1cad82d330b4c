import type { SqliteConfig } from '../config/config.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { selectOverAllVaults } from './postgres/over-all-vaults.js';
import { openReadOnly } from './sqlite-file.js';

/** A database that is looked at past the service. */
export type AnyDatabase = Pick<SqliteConfig, 'kind' | 'path'> | PostgresConfig;

/** Vaults read in one go: a service may have more than fit into memory. */
const PAGE = 500;

/**
 * The vaults, by id, with an owner whose recall index was written by other rules than those of this version: those
 * of the time, each time they are asked for.
 *
 * @returns undefined where there are none
 */
export async function vaultsToReindex(
  database: AnyDatabase,
  indexVersion: number,
): Promise<AsyncIterable<string> | undefined> {
  const any = 'SELECT 1 AS "found" FROM "scopes" WHERE "index_version" <> ? LIMIT 1';
  if ((await select(database, any, indexVersion)).length === 0) return undefined;
  const sql = `SELECT DISTINCT "vault_id" FROM "scopes" WHERE "vault_id" > ? AND "index_version" <> ?
    ORDER BY "vault_id" LIMIT ${PAGE}`;
  return { [Symbol.asyncIterator]: () => inPages(database, sql, indexVersion) };
}

/** Every vault, by id. */
export function allVaults(database: AnyDatabase): AsyncIterable<string> {
  return inPages(
    database,
    `SELECT "vault_id" FROM "vaults" WHERE "vault_id" > ? ORDER BY "vault_id" LIMIT ${PAGE}`,
  );
}

/** @throws MigrationRefusedError when the database has no such vault */
export async function checkVault(database: AnyDatabase, vaultId: string): Promise<void> {
  const found = await select(database, 'SELECT "vault_id" FROM "vaults" WHERE "vault_id" = ?', vaultId);
  if (found.length > 0) return;
  const place = database.kind === 'postgres' ? `the schema ${database.schema}` : database.path;
  throw new MigrationRefusedError(`There is no vault "${vaultId}" in ${place}.`);
}

/** How many positions the indexes of all vaults have, or those of one. */
export async function countPositions(database: AnyDatabase, vaultId?: string): Promise<number> {
  const where = vaultId === undefined ? '' : ' WHERE "vault_id" = ?';
  const sql = `SELECT coalesce(sum("next_position"), 0) AS "positions" FROM "scopes"${where}`;
  const [row] = await select<{ positions: number }>(
    database,
    sql,
    ...(vaultId === undefined ? [] : [vaultId]),
  );
  return row.positions;
}

/** @param sql selects ids after the first parameter; further ones follow */
async function* inPages(
  database: AnyDatabase,
  sql: string,
  ...parameters: readonly unknown[]
): AsyncGenerator<string, void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: { vault_id: string }[] = await select(database, sql, after, ...parameters);
    for (const { vault_id } of page) yield vault_id;
    after = page.at(-1)?.vault_id;
  }
}

/** @param sql reads `vaults` and `scopes` alone, with a `?` for each value and nowhere else */
async function select<Row>(database: AnyDatabase, sql: string, ...values: unknown[]): Promise<Row[]> {
  if (database.kind === 'postgres') return selectOverAllVaults<Row>(database, sql, values);
  const file = openReadOnly(database.path);
  try {
    return file.prepare(sql).all(...values) as Row[];
  } finally {
    file.close();
  }
}
