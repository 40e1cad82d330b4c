/** What a statement gave: rows, or how many it changed. Never a row number: those count every vault's rows. */
export interface StatementResult {
  readonly rows?: unknown[];
  readonly changes: number;
}

/** The same, with each row as a list of its values: a name beside each value would cost more than the value. */
export interface ListedResult {
  /** The columns' names; of one statement always the same list. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
}
