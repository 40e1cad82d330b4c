import type { Status } from './outcome.js';

/** What became of rows. */
export type Counts = Record<Status, number>;

/** What `imports.counts` says, as JSON. */
export interface ImportCounts {
  /** What the source is called. */
  readonly name: string;
  /** SHA-256, in hex. */
  readonly fingerprint: string;
  /** All rows up to the one of this ordinal are settled. */
  readonly settled: number;
  /** By the source's tables. */
  readonly tables: Readonly<Record<string, Counts>>;
  /** How many rows were kept or quarantined for which reason, or imported with which note. */
  readonly reasons: Readonly<Record<string, number>>;
  /** SHA-256 of the rows as they are kept, summed modulo 2^256; in hex. */
  readonly sum: string;
  /** The vault came into being by this import. */
  readonly madeVault: boolean;
  /** How many memories have no owner. */
  readonly unowned: number;
}

const MODULUS = 1n << 256n;

export const NO_ROWS: Counts = { imported: 0, kept: 0, quarantined: 0 };

/** @param hashes in hex */
export function addHashes(sum: string, hashes: readonly string[]): string {
  const total = hashes.reduce((all, hash) => all + BigInt(`0x${hash}`), BigInt(`0x${sum || '0'}`));
  return (total % MODULUS).toString(16).padStart(64, '0');
}

export function rowsIn({ imported, kept, quarantined }: Counts): number {
  return imported + kept + quarantined;
}

export function totalOf(tables: Readonly<Record<string, Counts>>): Counts {
  const total = { ...NO_ROWS };
  for (const counts of Object.values(tables)) {
    for (const status of Object.keys(total) as Status[]) total[status] += counts[status];
  }
  return total;
}

/** The sums of two, name by name. */
export function addTables(
  a: Readonly<Record<string, Counts>>,
  b: Readonly<Record<string, Counts>>,
): Record<string, Counts> {
  const sum: Record<string, Counts> = { ...a };
  for (const [table, counts] of Object.entries(b)) sum[table] = totalOf({ a: sum[table] ?? NO_ROWS, counts });
  return sum;
}

export function addNumbers(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, n] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + n;
  return sum;
}
