import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';

/** A look at a service's database past the service: all vaults, expired rows included, nothing changed. */
export class DatabaseView {
  private readonly database: Database.Database;

  constructor(path: string) {
    this.database = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 });
  }

  close(): void {
    this.database.close();
  }

  all<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Row[] {
    return this.database.prepare(sql).all(...values) as Row[];
  }

  tables(): string[] {
    return this.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
    ).map(({ name }) => name);
  }

  /** How many rows every table has, of one vault or of all. */
  counts(vaultId?: string): Record<string, number> {
    return Object.fromEntries(
      this.tables()
        .filter((table) => vaultId === undefined || this.hasVault(table))
        .map((table) => {
          const where = vaultId === undefined ? '' : ' WHERE vault_id = ?';
          const [row] = this.all<{ n: number }>(
            `SELECT count(*) AS n FROM "${table}"${where}`,
            ...(vaultId === undefined ? [] : [vaultId]),
          );
          return [table, row.n];
        }),
    );
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
    return this.database.transaction(look)();
  }

  /** Changes whenever another connection commits something; now and then also when none did. */
  version(): number {
    return this.database.pragma('data_version', { simple: true }) as number;
  }

  integrity(): string {
    return this.database.pragma('integrity_check', { simple: true }) as string;
  }

  private hasVault(table: string): boolean {
    return this.all('SELECT 1 FROM pragma_table_info(?) WHERE name = ?', table, 'vault_id').length > 0;
  }
}
