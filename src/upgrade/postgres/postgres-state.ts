import { type Database, selectRows } from '../../../migrations/postgres/catalog.js';
import { qualified } from '../../../migrations/postgres/identifiers.js';
import { MIGRATIONS_TABLE, RECORD_TABLES, VERSION_TABLE } from '../../../migrations/record-tables.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { type AppliedSteps, stepsOf } from '../schema-version.js';

export interface PostgresState extends AppliedSteps {
  /** The tables of the schema, by name. */
  readonly tables: readonly string[];
  /** When each version was applied, in ms since 1970. */
  readonly times: ReadonlyMap<string, number>;
}

/**
 * What was done to a schema, and what is left to do; nothing in it is changed.
 *
 * @param leaving names of tables that are OpenMemory's, and left out
 * @throws MigrationRefusedError when it holds another program's tables, or is newer than this build
 */
export async function readPostgresState(
  database: Database,
  schema: string,
  leaving: readonly string[] = [],
): Promise<PostgresState> {
  const found = await selectRows<{ name: string }>(
    database,
    `SELECT c.relname AS name FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY c.relname`,
    [schema],
  );
  const tables = found.map(({ name }) => name).filter((name) => !leaving.includes(name));
  const recorded = async <Row>(table: string, columns: string) =>
    tables.includes(table)
      ? selectRows<Row>(database, `SELECT ${columns} FROM ${qualified(schema, table)}`)
      : [];
  const isOurs = RECORD_TABLES.every((name) => tables.includes(name));
  if (tables.length > 0 && !isOurs) {
    throw new MigrationRefusedError(
      `The schema ${schema} holds tables that are not Cairn's (${tables.slice(0, 5).join(', ')}). Nothing was ` +
        'changed: set DATABASE_SCHEMA to a schema of its own.',
    );
  }
  const names = await recorded<{ name: string }>(MIGRATIONS_TABLE, '"name"');
  const versions = await recorded<{ version: string; applied_at: number }>(
    VERSION_TABLE,
    '"version", "applied_at"',
  );
  const state = stepsOf(
    names.map(({ name }) => name),
    versions.map(({ version }) => version),
  );
  if (state.unknown.length > 0) {
    throw new MigrationRefusedError(
      `The schema ${schema} was made by a newer Cairn than this one: it holds ${state.unknown.join(', ')}. ` +
        'Run that version, or restore the dump from before.',
    );
  }
  return {
    ...state,
    tables,
    times: new Map(versions.map(({ version, applied_at }) => [version, applied_at])),
  };
}
