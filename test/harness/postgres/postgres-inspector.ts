import { TABLES, type TableRow } from '../tenant-rows.js';
import type { Owns, TenantInspector } from '../tenant-inspector.js';
import { copyDatabase, openAsSuperuser, SCHEMA } from './postgres-databases.js';
import type { SyncPostgres } from './sync-postgres.js';

const tables = Object.keys(TABLES);

/** Every row as JSON: enough to tell it apart and to see whose it is. */
const READ = `${tables
  .map((table) => `SELECT '${table}' AS "name", to_json(t) AS "row" FROM ${SCHEMA}.${table} t`)
  .join(' UNION ALL ')}`;

/** Where the rows are that are put back; the service's role may not even look there. */
const SEED = 'seed_of_test';

/** A superuser's connection to a database of tenants, of which another schema keeps what it began with. */
export class PostgresInspector implements TenantInspector {
  private readonly seed: string;

  private constructor(
    readonly place: string,
    private readonly database: SyncPostgres,
  ) {
    database.run("SET lock_timeout = '2s'; SET session_replication_role = replica");
    this.seed = JSON.stringify(this.read());
  }

  static copy(template: string, keep: Owns): PostgresInspector {
    const place = copyDatabase(template);
    const database = openAsSuperuser(place);
    database.run('SET session_replication_role = replica');
    for (const table of tables) {
      const rows = database.all<{ at: string; row: TableRow[1] }>(
        `SELECT ctid::text AS "at", to_json(t) AS "row" FROM ${table} t`,
      );
      const others = rows.filter(({ row }) => !keep(table, row)).map(({ at }) => at);
      database.run(`DELETE FROM ${table} WHERE ctid = ANY (?::text[]::tid[])`, others);
    }
    const copies = tables.map((table) => `CREATE TABLE ${SEED}.${table} AS TABLE ${SCHEMA}.${table}`);
    database.run([`CREATE SCHEMA ${SEED}`, ...copies].join('; '));
    const inspector = new PostgresInspector(place, database);
    inspector.restore();
    return inspector;
  }

  read(): TableRow[] {
    return this.database
      .all<{ name: string; row: TableRow[1] }>(READ)
      .map(({ name, row }) => [JSON.stringify([name, row]), [name, row]] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, entry]) => entry);
  }

  touched(): boolean {
    try {
      return JSON.stringify(this.read()) !== this.seed;
    } catch {
      return true;
    }
  }

  intact(): boolean {
    try {
      this.read();
      return true;
    } catch {
      return false;
    }
  }

  restore(): void {
    // Emptied for good, so that the rows are found in the same order again. Several statements in one message are one
    // transaction.
    const every = tables.map((table) => `${SCHEMA}.${table}`).join(', ');
    const copies = tables.map((table) => `INSERT INTO ${SCHEMA}.${table} TABLE ${SEED}.${table}`);
    this.database.run([`TRUNCATE ${every}`, ...copies].join('; '));
    if (this.touched()) throw new Error('The rows could not be put back');
  }

  close(): void {
    this.database.close();
  }
}
