import type Database from 'better-sqlite3';

/** What was applied, with the times, as they were written down. */
export type Applied = ReadonlyMap<string, string>;
export type Log = (line: string) => void;

/** A change that gives tables vaults, and the way back. Both run inside a transaction. */
export interface TenancyMigration {
  readonly id: string;
  readonly description: string;
  /** Changes with what the migration does; recorded beside its id. */
  readonly checksum: string;
  /** What is to be written down of it: its id, or the tables that have been through it. */
  records(database: Database.Database): readonly string[];
  /** What of it is written down. */
  recorded(applied: Applied): readonly string[];
  /** Whether something of what it does is still to be done, or has come undone. */
  isIncomplete(database: Database.Database): boolean;
  up(database: Database.Database, log: Log): void;
  /**
   * @returns tables that it has dropped
   * @throws MigrationRefusedError where rows would go
   */
  down(database: Database.Database, log: Log): readonly string[];
}

/** Tells what is done and what is not, a line each, and counts. */
export class Tally {
  done = 0;
  skipped = 0;

  constructor(private readonly log: Log) {}

  add(what: string, { act, reason }: { readonly act: boolean; readonly reason: string }): void {
    this.log(`  [${act ? '+' : '-'}] ${what}: ${reason}`);
    if (act) this.done += 1;
    else this.skipped += 1;
  }

  /** `11 (10 skipped)` */
  toString(): string {
    return `${this.done} (${this.skipped} skipped)`;
  }
}
