import type Database from 'better-sqlite3';
import { Mutex } from '../mutex.js';
import { BusyError } from '../busy.error.js';
import { SqliteConnection } from './sqlite-connection.js';

const WRITER_WAIT_MS = 10_000;
const SNAPSHOT_CONNECTIONS = 4;

/** A connection that belongs to one caller until it gives it back. */
export interface Lease {
  readonly connection: SqliteConnection;
  release(): void;
}

/**
 * The connections of one process to one SQLite file. TypeORM itself has a single one for everybody, so that
 * one request's transaction would become a savepoint inside another's; here every transaction has a
 * connection to itself: the one writer behind a mutex, or one of a few read-only ones for snapshots. Single
 * reads share a read-only connection, which always sees the last commit.
 */
export class SqliteConnections {
  readonly reader: SqliteConnection;
  private readonly writer: SqliteConnection;
  private readonly mutex = new Mutex();
  private readonly idle: SqliteConnection[] = [];
  private readonly snapshotGates: Mutex[] = [];
  private readonly opened: SqliteConnection[] = [];
  private nextGate = 0;

  /**
   * @param writer an open connection in WAL mode
   * @param openReader opens a read-only connection to the same file
   */
  constructor(
    writer: Database.Database,
    private readonly openReader: () => Database.Database,
  ) {
    this.writer = new SqliteConnection(writer);
    this.reader = this.open();
    for (let i = 0; i < SNAPSHOT_CONNECTIONS; i++) this.snapshotGates.push(new Mutex());
  }

  /** The writer, alone. @throws BusyError after 10 s in line */
  async leaseWriter(): Promise<Lease> {
    const release = await this.mutex.acquire(WRITER_WAIT_MS);
    return { connection: this.writer, release };
  }

  /** A read-only connection, alone. @throws BusyError after 10 s in line */
  async leaseReader(): Promise<Lease> {
    const gate = this.snapshotGates[this.nextGate++ % this.snapshotGates.length];
    const free = await gate.acquire(WRITER_WAIT_MS);
    try {
      const connection = this.idle.pop() ?? this.open();
      return {
        connection,
        release: () => {
          this.idle.push(connection);
          free();
        },
      };
    } catch (error) {
      free();
      throw error;
    }
  }

  close(): void {
    for (const connection of this.opened) connection.close();
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
