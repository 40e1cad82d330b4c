import type { Outcome } from './outcome.js';

/** A row as a source holds it. */
export interface SourceRow {
  /** Counts the rows of the source from 1, in an order that is the same each time it is read. */
  readonly ordinal: number;
  readonly table: string;
  /** What the source knows it by in its table; undefined: by nothing. */
  readonly key: string | undefined;
  /** All of it, to the letter: JSON, unless `broken` says that it is none. */
  readonly text: string;
  /** The row could not be read as what it should be. Then `text` is JSON with what stood there. */
  readonly broken?: string;
  /** The vault that the source has it in; undefined where it knows none. */
  readonly vault?: string;
  /** How much of the source has been read with it, as `ImportSource.size` counts. */
  readonly at: number;
}

/**
 * Where an import comes from: rows, in an order that is the same each time, and what each of them becomes. A further
 * source is one more class of this shape.
 */
export interface ImportSource<Row extends SourceRow = SourceRow> {
  /** Whose data it is, such as `mem0`; it stands before the names of tables in `legacy_rows`. */
  readonly system: string;
  /** What it is called for people. */
  readonly name: string;
  /** Tells it from all sources with other rows. */
  readonly fingerprint: string;
  /** How much there is to read, in `unit`s; for the progress bar. */
  readonly size: number;
  readonly unit: string;
  /** What the vaults of its own are called by here in front of their names there. */
  readonly vaultPrefix?: string;
  /** What is to be said of it before the import begins. */
  readonly notes?: readonly string[];
  rows(): AsyncIterable<Row>;
  outcomeOf(row: Row): Outcome;
  /** The row without what must not be kept: JSON, and the row's own where nothing is secret. */
  keptText(row: Row): string;
  close(): void;
}
