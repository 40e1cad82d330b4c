import { MigrationRefusedError } from '../migration-refused.error.js';

/** What Memory MCP calls its four tables, in the order in which they are read: rows before those that refer to them. */
export const TABLES = ['memory_indexes', 'memories', 'memory_relationships', 'memory_usage_log'] as const;

export type McpTable = (typeof TABLES)[number];

/** Columns that a table has at every level of the schema, and without which it is somebody else's. */
export const KNOWN_BY: Readonly<Record<McpTable, readonly string[]>> = {
  memory_indexes: ['id', 'project', 'name'],
  memories: ['id', 'index_id', 'project', 'content', 'memory_type'],
  memory_relationships: ['id', 'project', 'source_id', 'target_id', 'relationship_type'],
  memory_usage_log: ['id', 'project', 'action', 'accessed_at'],
};

/** @returns undefined for a table of somebody else */
export function mcpTable(name: string, columns: readonly string[]): McpTable | undefined {
  const table = TABLES.find((one) => one === name);
  return table && KNOWN_BY[table].every((column) => columns.includes(column)) ? table : undefined;
}

/** A table as a database or a dump declares it. */
export interface DeclaredTable {
  /** Of a dump of a whole server; empty where there is but one. */
  readonly database: string;
  readonly schema: string;
  readonly name: string;
  /** With their types, as far as these are known. */
  readonly columns: ReadonlyMap<string, string>;
}

/**
 * The tables of Memory MCP, which are all in one place.
 *
 * @param where what they were found in
 * @throws MigrationRefusedError where they are not
 */
export function ownTables(
  where: string,
  tables: ReadonlyMap<string, DeclaredTable>,
): Map<string, DeclaredTable> {
  const own = new Map([...tables].filter(([, table]) => mcpTable(table.name, [...table.columns.keys()])));
  const places = new Set([...own.values()].map(({ database, schema }) => JSON.stringify([database, schema])));
  const memories = [...own.values()].find(({ name }) => name === 'memories');
  if (!memories) throw new MigrationRefusedError(`${where} holds no table memories of Memory MCP.`);
  if (places.size > 1) {
    throw new MigrationRefusedError(
      `${where} holds tables of Memory MCP in several databases or schemas. Import a dump of each by itself ` +
        '(pg_dump --schema=NAME).',
    );
  }
  for (const [key, { database, schema, name }] of tables) {
    const isBeside = database === memories.database && schema === memories.schema;
    if (isBeside && TABLES.some((one) => one === name) && !own.has(key)) {
      throw new MigrationRefusedError(
        `${where}: the table ${schema}.${name} has not the columns of Memory MCP's.`,
      );
    }
  }
  return own;
}

/** What is known of the tables of a database. */
export interface McpSchema {
  /** With the types of their columns, where these are known. */
  readonly columns: ReadonlyMap<McpTable, ReadonlyMap<string, string>>;
  readonly indexes: ReadonlySet<string>;
}

/** Which of Memory MCP's five migrations had been run, in words: it keeps no record of them. */
export function levelOf({ columns, indexes }: McpSchema): string {
  const has = (table: McpTable, column: string) => columns.get(table)?.has(column) ?? false;
  if (!has('memory_relationships', 'index_id') && columns.has('memory_relationships'))
    return 'schema level 1';
  if (!has('memories', 'valid_at')) {
    return indexes.size === 0
      ? 'schema level 2 or 3'
      : `schema level ${indexes.has('idx_memories_metadata_gin') ? 3 : 2}`;
  }
  const type = columns.get('memories')?.get('embedding');
  if (type === undefined) return 'schema level 5, without its embeddings';
  if (type === '') return 'schema level 4 or 5';
  return `schema level ${/\(1024\)/.test(type) ? 5 : 4}`;
}
