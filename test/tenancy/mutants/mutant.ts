/** A place in a source file, and what stands there instead. */
export interface Edit {
  readonly file: string;
  /** The first occurrence after this text is meant; from the beginning where it is left out. */
  readonly after?: string;
  readonly find: string;
  readonly replace: string;
}

/** The tenancy layer with one protection taken out. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
  /** What must notice: the access paths, or the checks of context and units of work. */
  readonly caughtBy: 'paths' | 'checks' | 'postgres';
  /**
   * The tripwire is off in this mutant and in what it is compared with: it refuses what this protection
   * would let through, so that alone it cannot be seen to be missing.
   */
  readonly withoutTripwire?: true;
}

/** @throws Error when the source does not hold what the edit is about */
export function mutate(code: string, { file, after = '', find, replace }: Edit): string {
  const start = code.indexOf(after) + after.length;
  // However the source is broken into lines.
  const words = find.split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const match = code.includes(after) ? new RegExp(words.join('\\s+')).exec(code.slice(start)) : null;
  if (!match) throw new Error(`${file} no longer holds "${find}"${after && ` after "${after}"`}`);
  const at = start + match.index;
  return code.slice(0, at) + replace + code.slice(at + match[0].length);
}

export const CONDITIONS = 'src/tenancy/tenant-conditions.ts';
export const BUILDERS = 'src/tenancy/tenant-query-builders.ts';
export const REFERENCES = 'src/tenancy/references.ts';
export const DATA_SOURCE = 'src/tenancy/tenant-data-source.ts';
export const MANAGER = 'src/tenancy/tenant-entity-manager.ts';
export const CONTEXT = 'src/tenancy/tenant-context.ts';
export const PREPARED = 'src/tenancy/prepared-statements.ts';
export const PREPARED_INSERT = 'src/tenancy/prepared-insert.ts';
export const TRIPWIRE = 'src/tenancy/tripwire.ts';
export const ANALYSIS = 'src/tenancy/sql-analysis.ts';
export const SQL_CONDITIONS = 'src/tenancy/sql-conditions.ts';
export const SOURCES = 'src/tenancy/sql-sources.ts';
export const WRITES = 'src/tenancy/sql-writes.ts';
export const TOKENS = 'src/tenancy/sql-tokens.ts';
export const UNIT = 'src/tenancy/unit-of-work.ts';
export const RUNNER = 'src/database/tenant-query-runner.ts';
export const CONNECTION = 'src/database/sqlite/sqlite-connection.ts';
export const POSTGRES = 'src/database/postgres/postgres-connections.ts';
export const SQLITE = 'src/database/sqlite/sqlite-database.ts';
export const LEASE = 'src/database/sqlite/sqlite-lease.ts';
export const KNOWN = 'src/database/known-rows.ts';
export const WRITER = 'src/database/sqlite/sqlite-writer.ts';

/** The mutant that has no tripwire, and nothing else missing. */
export const NO_TRIPWIRE = 'tripwire: off';

export const TRIPWIRE_OFF: Edit = {
  file: TRIPWIRE,
  find: 'return this.analyses.get(sql, (text) => analyse(text, this.names, this.schema));',
  replace: 'return [];',
};

/** A mutant that the access paths must find out. */
export function paths(name: string, ...edits: Edit[]): Mutant {
  return { name, edits, caughtBy: 'paths' };
}

/** A mutant that the checks of context and units of work must find out. */
export function checks(name: string, ...edits: Edit[]): Mutant {
  return { name, edits, caughtBy: 'checks' };
}

/** A mutant that the checks of units of work on PostgreSQL must find out. */
export function onPostgres(name: string, ...edits: Edit[]): Mutant {
  return { name, edits, caughtBy: 'postgres' };
}

/** A protection that the tripwire stands behind. */
export function beneath(name: string, ...edits: Edit[]): Mutant {
  return { name, edits: [TRIPWIRE_OFF, ...edits], caughtBy: 'paths', withoutTripwire: true };
}
