import type { OldKind } from './tables.js';
import type { SetAside } from './set-aside.js';

/** Everything a home is written from. */
export interface HomeContext {
  readonly table: SetAside;
  /** All tables that were set aside. */
  readonly tables: readonly SetAside[];
  /** The name that one of our tables has meanwhile. */
  readonly nameOf: (table: string) => string;
}

/**
 * Where the rows of an old table go, and what of them the new rows give back. All of it is SQL: over `old`, the old
 * row with every column of any release (NULL where this one has it not) and its `row` number; over what `join`
 * brings; and over `new`, the row it became.
 */
export interface Home {
  /** The table they go to. */
  readonly to: string;
  /** Joins that find a row's place. A row without one stays behind. */
  readonly join: string;
  readonly where: string;
  /** The values of a new row, by column. */
  readonly values: Readonly<Record<string, string>>;
  /** Ties the new row to the old one. */
  readonly match: string;
  /** Tells the new row from others of this table, as text. */
  readonly key: string;
  /** Old columns that tell a row from others. */
  readonly keyColumns: readonly string[];
  /** What the new row gives back, by old column. Columns that are not here have no home. */
  readonly back: Readonly<Record<string, string>>;
  /** Whether a new row belongs to this old table. */
  readonly belongs: string;
  /** In which order the rows came, where that matters. */
  readonly order?: string;
  /** Only a row of `legacy_rows` tells which of the new rows came from this table. */
  readonly marked?: boolean;
  /** Why a row has no place. */
  readonly reason: string;
}

export type HomeOf = (context: HomeContext) => Home;

/** The first memory, by whose vault a row without a place of its own is kept; else its owner tells. */
export const VAULT_BY: Readonly<Partial<Record<OldKind, string>>> = {
  vectors: 'id',
  waypoints: 'src_id',
  logs: 'id',
  fullText: 'id',
};

/** Text for SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
