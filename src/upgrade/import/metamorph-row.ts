import { isUtf8 } from 'node:buffer';
import { jsonOf } from '../../../migrations/openmemory/sql-functions.js';
import { isObject } from '../../memories/stored-json.js';
import { quoteName } from '../sqlite-name.js';
import { DROPPED, isSecretName, withoutSecretMembers } from './secrets.js';
import type { SourceRow } from './source.js';

/** A value of SQLite: bytes are those of a text that is not UTF-8, or of a blob. */
export type SqlValue = string | number | bigint | Buffer | null;

/** Columns in which settings are kept as JSON, and with them perhaps what lets somebody in. */
const SETTINGS = new Set(['config', 'environment', 'agent_config']);

/** Who has a conversation, as far as sessions say. */
export interface Group {
  readonly conversation?: string;
  /** Whether the conversation, or the session, is there. */
  readonly isThere: boolean;
  /** Empty: nobody's. */
  readonly owner: string;
  /** Sessions of several users have it. */
  readonly isShared: boolean;
}

export interface MetamorphRow extends SourceRow {
  readonly values: Readonly<Record<string, SqlValue>>;
  /** As it is kept. */
  readonly keptText: string;
  /** What its `conversation_id` or `session_id` leads to. */
  readonly group?: Group;
  /** Of a session: the newest state that is known of it. */
  readonly state?: SessionState;
  /** Of a state: what becomes of it. */
  readonly role?: 'header' | 'part' | 'older';
}

/** A state of a session, from the table or from a file. */
export interface SessionState {
  readonly source: string;
  /** JSON object. */
  readonly text: string;
}

/** SQL for the cells that `readCells` takes. */
export function valueCells(columns: readonly string[]): string {
  return columns
    .map(quoteName)
    .map(
      (name) =>
        `typeof(${name}), CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS blob) ELSE ${name} END`,
    )
    .join(', ');
}

/** A row as its columns are: exact, and as JavaScript has it. */
export interface ReadRow {
  readonly values: Record<string, SqlValue>;
  readonly text: string;
  readonly keptText: string;
}

/**
 * Reads a row.
 *
 * @param cells for each column its type and its value, text as bytes, integers as BigInt
 */
export function readCells(
  columns: readonly string[],
  cells: readonly unknown[],
  withSecrets: boolean,
): ReadRow {
  const values: Record<string, SqlValue> = {};
  const members: string[] = [];
  const kept: string[] = [];
  columns.forEach((column, i) => {
    const [type, value] = [cells[2 * i] as string, cells[2 * i + 1]];
    const name = JSON.stringify(column);
    const text = jsonOf(type, value);
    members.push(`${name}:${text}`);
    const read = valueOf(type, value);
    const clean = withSecrets ? undefined : cleaned(column, read);
    values[column] = clean === undefined ? read : clean.value;
    kept.push(clean === undefined ? `${name}:${text}` : `${name}:${clean.text}`);
  });
  return { values, text: `{${members.join(',')}}`, keptText: `{${kept.join(',')}}` };
}

function valueOf(type: string, value: unknown): SqlValue {
  if (type === 'text') {
    const bytes = value as Buffer;
    return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
  }
  if (type === 'integer') {
    const integer = value as bigint;
    return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  }
  return value as SqlValue;
}

/** @returns undefined where nothing of it is secret */
function cleaned(column: string, value: SqlValue): { value: SqlValue; text: string } | undefined {
  if (value === null || value === '') return undefined;
  if (isSecretName(column)) return { value: null, text: DROPPED };
  if (!SETTINGS.has(column) || typeof value !== 'string') return undefined;
  try {
    const settings: unknown = JSON.parse(value);
    // The names of an environment are anybody's, and so are its secrets.
    const clean =
      column === 'environment' && isObject(settings)
        ? Object.fromEntries(Object.keys(settings).map((name) => [name, JSON.parse(DROPPED) as unknown]))
        : withoutSecretMembers(settings);
    if (clean === settings) return undefined;
    const text = JSON.stringify(clean);
    return { value: text, text: JSON.stringify(text) };
  } catch {
    return isSecretName(value) ? { value: null, text: DROPPED } : undefined;
  }
}
