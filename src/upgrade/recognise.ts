import type Database from 'better-sqlite3';
import { steps } from '../../migrations/chain.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { type AppliedSteps, MIGRATIONS_TABLE, VERSION_TABLE, readAppliedSteps } from './schema-version.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';

export type DatabaseKind = 'empty' | 'cairn' | 'openmemory' | 'metamorph' | 'memory-mcp' | 'unknown';

export interface Recognition {
  readonly kind: DatabaseKind;
  /** What it is, in words that complete "This is …". */
  readonly description: string;
  /** Of an empty or a Cairn database: what was done to it. */
  readonly state?: AppliedSteps;
}

const EMPTY: Recognition = {
  kind: 'empty',
  description: 'an empty database',
  state: { applied: [], pending: steps, unknown: [] },
};

/** Each table with its columns. */
type Shape = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Says whose database a file is, by the columns of its tables, and what was done to it if it is ours. Nothing
 * in it is changed.
 *
 * @throws MigrationRefusedError when it cannot be read
 */
export function recognise(path: string): Recognition {
  if (isAbsentOrEmpty(path)) return EMPTY;
  const database = openReadOnly(path);
  try {
    return recogniseOpen(database);
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_NOTADB') {
      return { kind: 'unknown', description: 'not an SQLite database' };
    }
    throw new MigrationRefusedError(`${path} cannot be read: ${(error as Error).message}`);
  } finally {
    database.close();
  }
}

function recogniseOpen(database: Database.Database): Recognition {
  const shape = readShape(database);
  const tables = [...shape.keys()];
  const others = tables.filter((table) => table !== MIGRATIONS_TABLE && table !== VERSION_TABLE);
  const hasVaults = has(shape, 'vaults', 'vault_id status share_unowned');
  if (has(shape, VERSION_TABLE, 'version applied_at') && (hasVaults || ranOurMigrations(database, shape))) {
    return { kind: 'cairn', description: 'a Cairn database', state: readAppliedSteps(database) };
  }
  if (others.length === 0 && tables.every((table) => isEmpty(database, table))) return EMPTY;
  return recogniseForeign(shape) ?? unknown(others.length > 0 ? others : tables);
}

function recogniseForeign(shape: Shape): Recognition | undefined {
  if (
    has(shape, 'memories', 'id content primary_sector meta salience decay_lambda') &&
    has(shape, 'waypoints', 'src_id dst_id weight')
  ) {
    return { kind: 'openmemory', description: `an OpenMemory database (${openMemoryVersion(shape)})` };
  }
  if (
    has(shape, 'semantic_memory', 'id type content importance decay') &&
    has(shape, 'conversations', 'id stance')
  ) {
    const state = has(shape, 'conversations', 'vault_id') ? 'with vaults' : 'before vaults';
    return { kind: 'metamorph', description: `a Metamorph database (${state})` };
  }
  if (
    has(shape, 'memory_indexes', 'project name') &&
    has(shape, 'memories', 'index_id project memory_type')
  ) {
    return { kind: 'memory-mcp', description: 'a Memory MCP database' };
  }
  return undefined;
}

function openMemoryVersion(shape: Shape): string {
  if (has(shape, 'memories', 'project_id')) return 'after 1.3.0';
  if (has(shape, 'waypoints', 'user_id')) return '1.2.1 to 1.3.0';
  if (has(shape, 'memories', 'user_id')) return '1.2.0';
  return '1.0 or 1.1';
}

function unknown(tables: readonly string[]): Recognition {
  const shown = tables.slice(0, 5).join(', ') + (tables.length > 5 ? ', …' : '');
  return { kind: 'unknown', description: `a database of another program (tables: ${shown})` };
}

function readShape(database: Database.Database): Shape {
  const rows = database
    .prepare(
      `SELECT t.name AS tbl, c.name AS col FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~'`,
    )
    .all() as { tbl: string; col: string }[];
  const shape = new Map<string, Set<string>>();
  for (const { tbl, col } of rows) shape.set(tbl, (shape.get(tbl) ?? new Set()).add(col));
  return shape;
}

function has(shape: Shape, table: string, columns: string): boolean {
  const actual = shape.get(table);
  return actual !== undefined && columns.split(' ').every((column) => actual.has(column));
}

/** A database that stands before the step that made the vaults is known by TypeORM's record. */
function ranOurMigrations(database: Database.Database, shape: Shape): boolean {
  if (!has(shape, MIGRATIONS_TABLE, 'id timestamp name')) return false;
  const names = database.prepare(`SELECT "name" FROM "${MIGRATIONS_TABLE}"`).pluck().all();
  return steps.some(({ name }) => names.includes(name));
}

function isEmpty(database: Database.Database, table: string): boolean {
  return database.prepare(`SELECT 1 FROM "${table}" LIMIT 1`).get() === undefined;
}
