import { TenancyViolationError } from './errors.js';
import type { Conditions } from './sql-conditions.js';
import { type Group, type Node, isWord } from './sql-nodes.js';
import type { Token } from './sql-tokens.js';

/** What is assigned to a column: the parameter of this ordinal, the inserted value, or something else. */
export type Assigned = number | 'excluded' | 'other';

/** One place where a statement works with a tenant table. */
export interface TableUse {
  readonly table: string;
  readonly role: 'read' | 'change' | 'insert';
  /** Of a read or a change: what must hold of every row of the table that the statement gets at. */
  readonly conditions: Conditions;
  /** Of an insert: the parameters of `vault_id` and `user_id`, one of each a row; undefined where there is none. */
  readonly rows: readonly { readonly vault: number | undefined; readonly user: number | undefined }[];
  /** Of a change: what it assigns to the columns that say whose a row is. */
  readonly assigned: readonly { readonly column: string; readonly value: Assigned }[];
}

/** What the parts of a statement are read into. */
export interface Reading {
  /** The tenant tables' names, in lower case. */
  readonly tables: ReadonlySet<string>;
  readonly uses: TableUse[];
  /** Tokens that name a table, or an alias, where one is expected. */
  readonly placed: Set<Token>;
  /**
   * Reads a statement or a subquery.
   *
   * @param ctes the names of common table expressions that it may select from
   */
  statement(nodes: readonly Node[], ctes: ReadonlySet<string>): void;
  /** Looks for subqueries, however deep. */
  expression(nodes: readonly Node[], ctes: ReadonlySet<string>): void;
}

/** For what cannot be judged. */
export function refused(why: string): TenancyViolationError {
  return new TenancyViolationError(`A statement was refused: ${why}`);
}

/** Whether brackets hold a subquery. */
export function isQuery({ nodes }: Group): boolean {
  return isWord(nodes[0], 'select', 'with', 'values');
}
