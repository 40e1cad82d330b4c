import type { FieldDef, PoolClient, QueryArrayResult } from 'pg';
import type { ListedResult, StatementResult } from '../statement-result.js';

/** What `pg` answers, its rows as objects or as lists. */
interface Answer {
  readonly fields: readonly FieldDef[];
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

/**
 * Has a statement carried out. What is sent before its answer is there is carried out after it, in order.
 *
 * @param rowMode `array` for rows as lists
 */
export function send(
  client: PoolClient,
  sql: string,
  values: readonly unknown[],
  rowMode?: 'array',
): Promise<QueryArrayResult<unknown[]>> {
  // Without a name: behind a pooler the next transaction may meet another connection.
  const query = { text: sql, values: values as unknown[], rowMode: rowMode as 'array' };
  return client.query<unknown[]>(query);
}

const READS = /^\s*(?:SELECT|WITH|VALUES)\b/i;

/** Whether a statement may change something. One that only seems to read is refused by the database. */
export function writes(sql: string): boolean {
  return !READS.test(sql);
}

const MOST_KNOWN = 1_000;
const known = new Map<string, readonly string[]>();

/** An answer whose rows are objects. */
export function statementResult({ fields, rows, rowCount }: Answer): StatementResult {
  return fields.length > 0 ? { rows, changes: 0 } : { changes: rowCount ?? 0 };
}

/** An answer whose rows are lists. */
export function listedResult(
  sql: string,
  { fields, rows, rowCount }: QueryArrayResult<unknown[]>,
): ListedResult {
  return { columns: columnsOf(sql, fields), rows, changes: fields.length > 0 ? 0 : (rowCount ?? 0) };
}

/** The names of a statement's columns: of one statement always the same list. */
function columnsOf(sql: string, fields: readonly FieldDef[]): readonly string[] {
  const columns = known.get(sql);
  if (columns?.length === fields.length) return columns;
  if (known.size >= MOST_KNOWN) known.clear();
  const names = fields.map(({ name }) => name);
  known.set(sql, names);
  return names;
}
