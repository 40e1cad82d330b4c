import type Database from 'better-sqlite3';
import { Mutex } from '../mutex.js';
import { BusyError } from '../busy.error.js';
import type { Statements, TenantConnections } from '../tenant-connections.js';
import { SqliteConnection } from './sqlite-connection.js';
import { SqliteLease } from './sqlite-lease.js';
import { SqliteWriter } from './sqlite-writer.js';

const READER_WAIT_MS = 10_000;
const SNAPSHOT_CONNECTIONS = 4;

/**
 * The connections of one process to one SQLite file. TypeORM itself has a single one for everybody, so that
 * one request's transaction would become a savepoint inside another's; here every transaction has a
 * connection to itself: the one writer behind a mutex, or one of a few read-only ones for snapshots. Single
 * reads share a read-only connection, which always sees the last commit; a single write is a transaction.
 */
export class SqliteConnections implements TenantConnections {
  readonly reader: SqliteConnection;
  private readonly writer: SqliteWriter;
  private readonly idle: SqliteConnection[] = [];
  private readonly snapshotGates: Mutex[] = [];
  private readonly opened: SqliteConnection[] = [];
  private readonly single: Statements;
  private nextGate = 0;

  /**
   * @param writer an open connection in WAL mode
   * @param openReader opens a read-only connection to the same file
   */
  constructor(
    writer: Database.Database,
    private readonly openReader: () => Database.Database,
  ) {
    this.writer = new SqliteWriter(new SqliteConnection(writer));
    this.reader = this.open();
    for (let i = 0; i < SNAPSHOT_CONNECTIONS; i++) this.snapshotGates.push(new Mutex());
    const { reader } = this;
    this.single = {
      run: (sql, values) =>
        reader.writes(sql) ? this.writeAlone((lease) => lease.run(sql, values)) : reader.run(sql, values),
      list: (sql, values) =>
        reader.writes(sql) ? this.writeAlone((lease) => lease.list(sql, values)) : reader.list(sql, values),
    };
  }

  /** In line with the other writers, or on a read-only connection. @throws BusyError after 10 s in line */
  begin(_scope: unknown, readOnly: boolean): Promise<SqliteLease> {
    return readOnly ? this.beginReading() : this.writer.begin();
  }

  alone(): Statements {
    return this.single;
  }

  close(): void {
    for (const connection of this.opened) connection.close();
  }

  private async beginReading(): Promise<SqliteLease> {
    const gate = this.snapshotGates[this.nextGate++ % this.snapshotGates.length];
    const free = await gate.acquire(READER_WAIT_MS);
    try {
      const connection = this.idle.pop() ?? this.open();
      const end = () => {
        connection.rollback();
        this.idle.push(connection);
        free();
      };
      await connection.control('BEGIN');
      const commit = async () => {
        try {
          await connection.control('COMMIT');
        } finally {
          end();
        }
      };
      return new SqliteLease(connection, { commit, rollback: () => void end() }, undefined);
    } catch (error) {
      free();
      throw error;
    }
  }

  /** One writing statement as a transaction of its own. */
  private async writeAlone<Result>(write: (lease: SqliteLease) => Result | Promise<Result>): Promise<Result> {
    const lease = await this.writer.begin();
    // Which table it writes to is not known here.
    lease.known?.clear();
    try {
      const result = await write(lease);
      await lease.commit();
      return result;
    } catch (error) {
      await lease.end();
      throw error;
    }
  }

  private open(): SqliteConnection {
    try {
      const connection = new SqliteConnection(this.openReader());
      this.opened.push(connection);
      return connection;
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw new BusyError();
      throw error;
    }
  }
}
