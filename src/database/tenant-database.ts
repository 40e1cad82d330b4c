import type { Scope } from '../tenancy/scope.js';
import type { TenantQueryRunner } from './tenant-query-runner.js';
import type { DirectoryEntry, DirectoryPage } from './vault-directory.js';

/** What the tenant-aware data source needs of a database. */
export interface TenantDatabase {
  createQueryRunner(): TenantQueryRunner;
  ping(): Promise<void>;
  /**
   * See `directorySql`; who may look is for the caller to check. Absent where it takes a role that the service has
   * not been given.
   */
  readonly directory?: (page: DirectoryPage) => Promise<DirectoryEntry[]>;
  /** How many rows of the scope's vault there are in each table that has a column `vault_id`, found from the catalog. */
  rowsOf(scope: Scope): Promise<Record<string, number>>;
  /** The names of the migrations that were applied. */
  appliedMigrations(): Promise<string[]>;
  close(): void;
}
