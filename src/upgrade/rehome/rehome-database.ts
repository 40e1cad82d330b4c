import type { AnyDatabase } from '../all-vaults.js';
import { openPostgres } from './postgres-rehoming.js';
import { openSqlite } from './sqlite-rehoming.js';

/** What rows hold, whatever their order. */
export interface Digest {
  readonly rows: number;
  /** Of the rows' hashes: sums of two sets of rows add up. */
  readonly sum: bigint;
}

/** A connection on which rows go from vault to vault. Every `?` of a statement stands for a value. */
export interface RehomeDatabase {
  /** The type of text that is compared byte by byte. */
  readonly text: string;
  /** A table of ours as SQL names it. */
  table(name: string): string;
  /** The tables with a `vault_id`, each with its columns in order. */
  tables(): Promise<ReadonlyMap<string, readonly string[]>>;
  /** Runs `work` in one transaction that keeps other writers from these vaults, and undoes all where it throws. */
  transaction<T>(vaultIds: readonly string[], work: () => Promise<T>): Promise<T>;
  /** From here on to the end of the transaction statements see this vault alone. */
  enter(vaultId: string): Promise<void>;
  rows<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** @returns how many rows were changed */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
  /** Empties a temporary table. */
  empty(table: string): Promise<void>;
  /** Tells the planner how much is in temporary tables, where it cannot know. */
  analyse(...tables: readonly string[]): Promise<void>;
  /** @param from what follows FROM: the rows are those of `t` */
  digest(columns: readonly string[], from: string, values: readonly unknown[]): Promise<Digest>;
  close(): Promise<void>;
}

/**
 * @param readOnly only looks
 * @throws MigrationRefusedError where it cannot be opened, or no setting names the owner of the tables
 */
export function openForRehoming(database: AnyDatabase, readOnly: boolean): Promise<RehomeDatabase> {
  return database.kind === 'postgres' ? openPostgres(database) : openSqlite(database.path, readOnly);
}

/** A table of ours that rows are carried in between the vaults. */
export function carrierOf(table: string): string {
  return `"rehome_carried_${table}"`;
}
