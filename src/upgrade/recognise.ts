import type Database from 'better-sqlite3';
import { steps } from '../../migrations/chain.js';
import { findOldTables, hasMemories, readShape, releaseOf } from '../../migrations/openmemory/old-tables.js';
import { MIGRATIONS_TABLE, RECORD_TABLES, VERSION_TABLE } from '../../migrations/record-tables.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { type AppliedSteps, readAppliedSteps, readPeerVersion } from './schema-version.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';

export type DatabaseKind = 'empty' | 'cairn' | 'openmemory' | 'metamorph' | 'memory-mcp' | 'unknown';

export interface Recognition {
  readonly kind: DatabaseKind;
  /** What it is, in words that complete "This is …". */
  readonly description: string;
  /** Of a database that can be migrated in place (an empty one, Cairn's, OpenMemory's): what was done to it. */
  readonly state?: AppliedSteps;
  /** Why it cannot be, although it looks as if. */
  readonly obstacle?: string;
}

const UNTOUCHED: AppliedSteps = { applied: [], pending: steps, unknown: [] };
const EMPTY: Recognition = { kind: 'empty', description: 'an empty database', state: UNTOUCHED };

/** Each table with its columns. */
type Shape = ReadonlyMap<string, readonly string[]>;

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
  const shape: Shape = readShape(database, ['table', 'virtual', 'shadow', 'view']);
  const tables = [...shape.keys()];
  const others = tables.filter((table) => !RECORD_TABLES.includes(table));
  const hasVaults = has(shape, 'vaults', 'vault_id status share_unowned');
  if (has(shape, VERSION_TABLE, 'version applied_at') && (hasVaults || ranOurMigrations(database, shape))) {
    return { kind: 'cairn', description: 'a Cairn database', state: readAppliedSteps(database) };
  }
  if (others.length === 0 && tables.every((table) => isEmpty(database, table))) return EMPTY;
  return (
    recogniseOpenMemory(database) ?? recogniseForeign(shape) ?? unknown(others.length > 0 ? others : tables)
  );
}

function recogniseOpenMemory(database: Database.Database): Recognition | undefined {
  const { tables, unknown: strange } = findOldTables(database);
  if (!hasMemories(tables)) return undefined;
  const description = `an OpenMemory database (${releaseOf(tables)})`;
  const state = { ...UNTOUCHED, peerVersion: readPeerVersion(database) };
  if (strange.length === 0) return { kind: 'openmemory', description, state };
  return {
    kind: 'openmemory',
    description,
    obstacle:
      `It holds what no release of OpenMemory has: ${strange.join(', ')}. Since nothing may be lost, ` +
      'take that out (into another file, say) and run this again.',
  };
}

function recogniseForeign(shape: Shape): Recognition | undefined {
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

function unknown(tables: readonly string[]): Recognition {
  const shown = tables.slice(0, 5).join(', ') + (tables.length > 5 ? ', …' : '');
  return { kind: 'unknown', description: `a database of another program (tables: ${shown})` };
}

function has(shape: Shape, table: string, columns: string): boolean {
  const actual = shape.get(table);
  return actual !== undefined && columns.split(' ').every((column) => actual.includes(column));
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
