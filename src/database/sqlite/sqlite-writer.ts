import { KnownRows } from '../known-rows.js';
import { Mutex } from '../mutex.js';
import type { SqliteConnection } from './sqlite-connection.js';
import { SqliteLease } from './sqlite-lease.js';

const WRITER_WAIT_MS = 10_000;
/** Transactions that share a commit at most. */
const MOST_SHARING = 32;

/** Transactions that have ended well, and wait to be committed together. */
interface Ended {
  count: number;
  /** Settles once they are on the disk, or could not be brought there. */
  readonly committed: Promise<void>;
  settle(error?: unknown): void;
}

/**
 * The one connection that writes. Its transactions run one after the other, each as if alone; those that end in the
 * same turn of the event loop are committed together, since for bringing them to the disk it matters little how
 * many they are. None has ended for its caller before that: then all of them are there, or, where the commit fails,
 * none. One that fails by itself takes back what it did, and nothing of the others.
 */
export class SqliteWriter {
  private readonly mutex = new Mutex();
  private ended: Ended | undefined;
  private readonly known = new KnownRows();
  private dataVersion: unknown;

  constructor(private readonly connection: SqliteConnection) {
    // Else what a savepoint may have to put back goes to a file from 64 kB on, which is one memory's pages.
    connection.database.pragma('temp_store = MEMORY');
  }

  /** @throws BusyError after 10 s in line, or 5 s of another process holding the file */
  async begin(): Promise<SqliteLease> {
    const free = await this.mutex.acquire(WRITER_WAIT_MS);
    try {
      const begun = this.connection.control(this.ended ? 'SAVEPOINT unit' : 'BEGIN IMMEDIATE');
      if (begun) await begun;
      if (!this.ended) this.noticeOthers();
    } catch (error) {
      if (!this.ended) this.connection.rollback();
      free();
      throw error;
    }
    const end = { commit: () => this.commit(free), rollback: () => this.rollback(free) };
    return new SqliteLease(this.connection, end, this.known);
  }

  private async commit(free: () => void): Promise<void> {
    const { connection } = this;
    try {
      if (!connection.inTransaction)
        throw connection.failure ?? new Error('The transaction has ended before');
      const released = this.ended && connection.control('RELEASE unit');
      if (released) await released;
    } catch (error) {
      this.giveUp(error);
      free();
      throw error;
    }
    if (!this.ended) this.awaitOthers();
    const ended = this.ended!;
    ended.count += 1;
    if (ended.count === MOST_SHARING) await this.commitEnded();
    free();
    return ended.committed;
  }

  /** @returns what those have come to whose rows this one may have seen */
  private rollback(free: () => void): Promise<void> | undefined {
    const { connection, ended } = this;
    this.known.clear();
    try {
      // Where SQLite has ended the transaction by itself, as it does on a full disk, the others have gone too.
      if (!ended || !connection.inTransaction) this.giveUp(connection.failure);
      else connection.database.exec('ROLLBACK TO unit; RELEASE unit');
    } catch (error) {
      this.giveUp(error);
    } finally {
      free();
    }
    return ended?.committed;
  }

  /** Another process, or another connection of this one, may have written since: SQLite counts that. */
  private noticeOthers(): void {
    const version = this.connection.prepare('PRAGMA data_version').pluck().get();
    if (version !== this.dataVersion) this.known.clear();
    this.dataVersion = version;
  }

  /** Once the requests that have arrived by now have had their turn. */
  private awaitOthers(): void {
    let settle!: Ended['settle'];
    const committed = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error as Error));
    });
    const ended = (this.ended = { count: 0, committed, settle });
    setImmediate(() => void this.commitInTurn(ended));
  }

  private async commitInTurn(ended: Ended): Promise<void> {
    // Whoever stands in line by now goes first, and joins them.
    const free = await this.mutex.acquire();
    if (this.ended === ended) await this.commitEnded();
    free();
  }

  private async commitEnded(): Promise<void> {
    const ended = this.ended!;
    try {
      const done = this.connection.control('COMMIT');
      if (done) await done;
      this.ended = undefined;
      ended.settle();
    } catch (error) {
      this.giveUp(error);
    }
  }

  /** Undoes all that is not committed. */
  private giveUp(error: unknown): void {
    const { ended } = this;
    this.ended = undefined;
    this.known.clear();
    try {
      this.connection.rollback();
    } finally {
      ended?.settle(error ?? new Error('The transaction was not committed'));
    }
  }
}
