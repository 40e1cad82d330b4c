import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { isPostgresUrl, openAsSuperuser, SCHEMA } from './postgres/postgres-databases.js';
import type { SyncPostgres } from './postgres/sync-postgres.js';

/** A look at a service's database past the service: all vaults, expired rows included, nothing changed. */
export class DatabaseView {
  protected readonly sqlite?: Database.Database;
  protected readonly postgres?: SyncPostgres;
  private counted?: readonly { readonly name: string; readonly hasVault: boolean }[];

  /** @param place as `TestService.databasePath` */
  constructor(place: string, writable = false) {
    if (isPostgresUrl(place)) this.postgres = openAsSuperuser(place);
    else this.sqlite = new Database(place, { readonly: !writable, fileMustExist: true, timeout: 10_000 });
  }

  close(): void {
    this.sqlite?.close();
    this.postgres?.close();
  }

  all<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Row[] {
    if (this.postgres) return this.postgres.all<Row>(sql, ...values);
    return this.sqlite!.prepare(sql).all(...values) as Row[];
  }

  /** The SQL of a text that tells apart the values of some columns, such as those of a key. */
  keyOf(...columns: readonly string[]): string {
    return this.postgres
      ? `json_build_array(${columns.join(', ')})::text`
      : `json_array(${columns.join(', ')})`;
  }

  tables(): string[] {
    const rows = this.postgres
      ? this.all<{ name: string }>(
          'SELECT tablename::text AS name FROM pg_tables WHERE schemaname = ? ORDER BY tablename',
          SCHEMA,
        )
      : this.all<{ name: string }>(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
        );
    return rows.map(({ name }) => name);
  }

  /** How many rows every table has, of one vault or of all. */
  counts(vaultId?: string): Record<string, number> {
    this.counted ??= this.tables().map((name) => ({
      name,
      hasVault: this.columns(name).includes('vault_id'),
    }));
    const some = this.counted.filter(({ hasVault }) => vaultId === undefined || hasVault);
    const where = vaultId === undefined ? '' : ' WHERE vault_id = ?';
    // In one statement: a service in this very process waits while the database is looked at.
    const sql = some.map(({ name }) => `SELECT '${name}' AS name, count(*) AS n FROM "${name}"${where}`);
    const rows = this.all<{ name: string; n: number }>(
      sql.join(' UNION ALL '),
      ...(vaultId === undefined ? [] : some.map(() => vaultId)),
    );
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  }

  /** One hash of everything in every table but these. */
  digest(...except: readonly string[]): string {
    const hash = createHash('sha256');
    for (const table of this.tables().filter((name) => !except.includes(name))) {
      const rows = this.all(`SELECT * FROM "${table}"`).map((row) => JSON.stringify(row));
      hash.update(`${table}\n${rows.sort().join('\n')}\n`);
    }
    return hash.digest('hex');
  }

  /** Runs `look` on one snapshot. */
  snapshot<T>(look: () => T): T {
    if (!this.postgres) return this.sqlite!.transaction(look)();
    this.postgres.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      return look();
    } finally {
      this.postgres.run('ROLLBACK');
    }
  }

  /** On PostgreSQL, keeps everybody from a table until `letGo`. */
  hold(table: string): void {
    this.postgres!.run(`BEGIN; LOCK TABLE ${SCHEMA}.${table} IN ACCESS EXCLUSIVE MODE`);
  }

  letGo(): void {
    this.postgres!.run('ROLLBACK');
  }

  /** Changes whenever another connection commits something; now and then also when none did. */
  version(): number {
    if (!this.postgres) return this.sqlite!.pragma('data_version', { simple: true }) as number;
    const [{ n }] = this.all<{ n: number }>(
      'SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS n',
    );
    return n;
  }

  /** `ok` where every index holds what its table does, and what every reference names is there. */
  integrity(): string {
    if (!this.postgres) {
      const broken = this.all('PRAGMA foreign_key_check');
      return broken.length > 0
        ? JSON.stringify(broken)
        : (this.sqlite!.pragma('integrity_check', { simple: true }) as string);
    }
    this.postgres.run('CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA public');
    this.all(
      `SELECT public.bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE c.relnamespace = ?::regnamespace`,
      SCHEMA,
    );
    return 'ok';
  }

  /** The columns of a table. */
  columns(table: string): string[] {
    const sql = this.postgres
      ? 'SELECT column_name::text AS name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?'
      : 'SELECT name FROM pragma_table_info(?)';
    return this.all<{ name: string }>(sql, table).map(({ name }) => name);
  }
}
