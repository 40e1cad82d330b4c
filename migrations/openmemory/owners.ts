import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { DEFAULT_VAULT, vaultOfTenant } from '../../src/vaults/vault-id.js';
import type { SetAside } from './set-aside.js';
import { defineFunctions, defineVaultOf } from './sql-functions.js';

/** Which vaults the rows of an OpenMemory database come into. */
export interface AdoptionOptions {
  /** The vault of all rows but those that another rule names. */
  readonly vault: string;
  /** Former tenants (owners of 16 hex digits, where the release had such) do not get vaults of their own. */
  readonly singleVault: boolean;
  /** Owners with the vault of each; '' stands for no owner. */
  readonly vaultMap: Readonly<Record<string, string>>;
}

export const DEFAULT_ADOPTION: AdoptionOptions = { vault: DEFAULT_VAULT, singleVault: false, vaultMap: {} };

/** In the last releases a tenant was the beginning of the SHA-256 of an API key. */
const TENANT = /^[0-9a-f]{16}$/;

/** The id of the vault that an owner's rows come into. */
export function vaultOf(
  owner: string,
  { vault, singleVault, vaultMap }: AdoptionOptions,
  hadTenants: boolean,
): string {
  if (Object.hasOwn(vaultMap, owner)) return vaultMap[owner];
  return hadTenants && !singleVault && TENANT.test(owner) ? vaultOfTenant(owner) : vault;
}

/** Whether the release told tenants apart: they came with projects. */
export function hadTenants(tables: readonly { kind: string; columns: readonly string[] }[]): boolean {
  return tables.some(({ kind, columns }) => kind === 'memories' && columns.includes('project_id'));
}

/**
 * The owner that a row of an old table names, '' for none. Bytes that are no UTF-8, which no request could name,
 * are written out.
 */
export function ownerSql(columns: readonly string[], row = 'old'): string {
  if (!columns.includes('user_id')) return `''`;
  const owner = `${row}."user_id"`;
  return `(CASE WHEN ${owner} IS NULL THEN '' WHEN is_utf8(CAST(${owner} AS blob)) THEN CAST(${owner} AS text)
    ELSE 'bytes:' || hex(${owner}) END)`;
}

/** Makes the list of all owners, with the vault of each. */
export async function listOwners(
  runner: QueryRunner,
  tables: readonly SetAside[],
  options: AdoptionOptions,
): Promise<void> {
  const database = (await runner.connect()) as Database.Database;
  const tenants = hadTenants(tables);
  defineFunctions(database);
  defineVaultOf(database, (owner) => vaultOf(owner, options, tenants));
  await runner.query(
    `CREATE TABLE "old_owners" ("owner" text PRIMARY KEY, "vault_id" text NOT NULL) WITHOUT ROWID`,
  );
  await runner.query(`INSERT INTO "old_owners" VALUES ('', vault_of(''))`);
  for (const { staged, columns } of tables) {
    if (!columns.includes('user_id')) continue;
    await runner.query(
      `INSERT OR IGNORE INTO "old_owners"
       SELECT owner, vault_of(owner) FROM (SELECT DISTINCT ${ownerSql(columns)} AS owner FROM "${staged}" old)`,
    );
  }
}
