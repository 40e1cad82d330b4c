import type Database from 'better-sqlite3';
import { hasTable } from '../../migrations/ddl.js';
import type { AdoptionRecord } from '../../migrations/openmemory/record.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import type { Fingerprint } from './fingerprint.js';

type Fingerprints = ReadonlyMap<string, Fingerprint>;

/** Rows that `legacy_rows` keeps, by the table they came from. */
export function countLegacyRows(database: Database.Database): Map<string, number> {
  if (!hasTable(database, 'legacy_rows')) return new Map();
  const rows = database
    .prepare('SELECT source_table, count(*) AS n FROM legacy_rows GROUP BY source_table')
    .all();
  return new Map((rows as { source_table: string; n: number }[]).map((row) => [row.source_table, row.n]));
}

/**
 * Checks that a migration has lost nothing. A table that keeps its columns keeps its rows, to the byte; of one
 * that was rebuilt or dropped every row is in the table of that name or in `legacy_rows`.
 *
 * @throws MigrationRefusedError naming each table that differs
 */
export function checkNothingLost(
  before: { tables: Fingerprints; legacy: ReadonlyMap<string, number> },
  after: { tables: Fingerprints; legacy: ReadonlyMap<string, number> },
): void {
  const lost: string[] = [];
  for (const [name, was] of before.tables) {
    const is = after.tables.get(name);
    const kept = (after.legacy.get(name) ?? 0) - (before.legacy.get(name) ?? 0);
    const accounted = (is?.rows ?? 0) + kept;
    const sameColumns = is?.columns.join() === was.columns.join();
    if (accounted !== was.rows && name !== 'legacy_rows') {
      lost.push(`${name} had ${was.rows} rows, of which ${accounted} are accounted for`);
    } else if (sameColumns && kept === 0 && is?.hash !== was.hash && name !== 'legacy_rows') {
      lost.push(`the rows of ${name} are not what they were`);
    }
  }
  if (lost.length > 0)
    throw new MigrationRefusedError(`Undone, since rows would be lost: ${lost.join('; ')}.`);
}

/** The table of counts and hashes, a line a table. Hashes are cut; those of rebuilt tables differ by nature. */
export function describeTables(before: Fingerprints, after: Fingerprints): string[] {
  const cell = (print: Fingerprint | undefined): [string, string] =>
    print ? [String(print.rows), print.hash.slice(0, 16)] : ['-', '-'];
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  const lines = [
    ['table', 'rows before', 'sha256 before', 'rows after', 'sha256 after'],
    ...names.map((name) => [name, ...cell(before.get(name)), ...cell(after.get(name))]),
  ];
  return aligned(lines);
}

/** What became of the rows of an older database, a line a table. The hash is that of the rows before and after. */
export function describeAdoption({ tables }: AdoptionRecord): string[] {
  return aligned([
    ['table', 'rows before', 'rows after', 'in legacy_rows', 'sha256 of both'],
    ...tables.map(({ table, rows, home, legacy, derived, hash }) => [
      table,
      String(rows),
      derived ? '(an index)' : String(home),
      String(legacy),
      hash.slice(0, 16),
    ]),
  ]);
}

function aligned(lines: readonly string[][]): string[] {
  const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((text, i) => text.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
}
