import { recognise } from './recognise.js';
import { currentVersion } from './schema-version.js';
import { openReadOnly } from './sqlite-file.js';

/** Tables whose rows are counted, with what one of them and several are called. */
const COUNTED = [
  ['vaults', 'vault', 'vaults'],
  ['users', 'user', 'users'],
  ['memories', 'memory', 'memories'],
] as const;

/**
 * What a database holds, for people who are to know it again: `a Cairn database of version 2.1.0 with 1 vault, 14
 * users and 81 memories`. @throws MigrationRefusedError when it cannot be read
 */
export function describeContents(path: string): string {
  const { kind, description, state } = recognise(path);
  const version = kind === 'cairn' && state ? ` of version ${currentVersion(state)}` : '';
  if (kind !== 'cairn' && kind !== 'openmemory') return description;
  const counts = countRows(path);
  return description + version + (counts.length > 0 ? ` with ${inWords(counts)}` : '');
}

/** As people read it: `12.3 MB`. */
export function describeSize(bytes: number): string {
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

function countRows(path: string): string[] {
  const database = openReadOnly(path);
  try {
    const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
    return COUNTED.filter(([table]) => tables.includes(table)).map(([table, one, several]) => {
      const n = database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get() as number;
      return `${n} ${n === 1 ? one : several}`;
    });
  } finally {
    database.close();
  }
}

function inWords(list: readonly string[]): string {
  return list.length === 1 ? list[0] : `${list.slice(0, -1).join(', ')} and ${list[list.length - 1]}`;
}
