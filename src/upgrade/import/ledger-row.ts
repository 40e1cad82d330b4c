import { createHash } from 'node:crypto';
import type { Status } from './outcome.js';
import type { SourceRow } from './source.js';

/** What is said of a row in front of it. */
export interface LedgerHead {
  readonly import: string;
  readonly ordinal: number;
  readonly key?: string;
  readonly status: Status;
  /** SHA-256 of the row as the source has it, in hex. */
  readonly sha256: string;
  /** Parts of it were not kept, since they are secret. */
  readonly secrets?: 'dropped';
  /** What was made of it beside a memory, by table and key. */
  readonly made?: readonly (readonly string[])[];
}

/** Between the head and the row: quotes inside of a JSON string are never bare, so it stands there alone. */
const ROW = ',"row":';
const MAX_KEY = 200;

/** The SHA-256 of a row, in hex. */
export function shaOf(table: string, text: string): string {
  return createHash('sha256').update(table).update('\n').update(text).digest('hex');
}

/** `legacy_rows.data`: a JSON object with the row in it to the letter. */
export function writeData(head: LedgerHead, text: string): string {
  return `${JSON.stringify(head).slice(0, -1)}${ROW}${text}}`;
}

export function readData(data: string): { readonly head: LedgerHead; readonly text: string } {
  const at = data.indexOf(ROW);
  return {
    head: JSON.parse(`${data.slice(0, at)}}`) as LedgerHead,
    text: data.slice(at + ROW.length, -1),
  };
}

/** `legacy_rows.source_table` of what comes from a table of a source. */
export function sourceTable(system: string, table: string): string {
  return `${system}/${table}`;
}

/** `legacy_rows.id` of a row that the source knows by a key: of several with one key that of the first. */
export function ledgerId(importId: string, table: string, key: string): string {
  const isPlain = key.length <= MAX_KEY && !/\p{Cc}/u.test(key) && key.isWellFormed();
  const name = isPlain ? key : `sha256:${createHash('sha256').update(JSON.stringify(key)).digest('hex')}`;
  return `${importId}:${table}:=${name}`;
}

/** `legacy_rows.id` of a row that has no key, or that of another. */
export function ledgerIdByPlace(
  importId: string,
  { table, ordinal }: Pick<SourceRow, 'table' | 'ordinal'>,
): string {
  return `${importId}:${table}:#${ordinal}`;
}

/** The ids of all rows of an import are above the first and below the second, byte by byte. */
export function ledgerRange(importId: string): readonly [after: string, before: string] {
  return [`${importId}:`, `${importId};`];
}
