import { parsedJson } from '../../memories/stored-json.js';
import type { SqlValue } from './metamorph-row.js';

/** Columns that hold JSON; other texts that happen to be JSON are texts. */
const JSON_COLUMNS = new Set([
  ...[
    'stance',
    'config',
    'tools_used',
    'metadata',
    'emotions',
    'insights',
    'patterns',
    'key_findings',
    'details',
  ],
  ...[
    'persistent_values',
    'emergent_goals',
    'consciousness_insights',
    'checkpoint',
    'persona',
    'payload',
    'scopes',
  ],
]);

/**
 * A JSON object of columns, those that hold JSON as what they hold.
 *
 * @param except these are left out, and those that are null
 * @param kind what the row was
 * @param state JSON of a session's state
 * @returns undefined where nothing is left
 */
export function membersOf(
  values: Readonly<Record<string, SqlValue>>,
  except: ReadonlySet<string | undefined>,
  kind: string | undefined,
  state: string | undefined,
): string | undefined {
  const members: string[] = kind === undefined ? [] : [`"kind":${JSON.stringify(kind)}`];
  for (const [column, value] of Object.entries(values)) {
    if (except.has(column) || value === null) continue;
    members.push(`${JSON.stringify(column)}:${jsonOf(column, value)}`);
  }
  if (state !== undefined) members.push(`"state":${state}`);
  return members.length > 0 ? `{${members.join(',')}}` : undefined;
}

function jsonOf(column: string, value: Exclude<SqlValue, null>): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number')
    return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
  if (Buffer.isBuffer(value)) return JSON.stringify({ base64: value.toString('base64') });
  return JSON_COLUMNS.has(column) && parsedJson(value) !== undefined ? value : JSON.stringify(value);
}
