import pg, { type Client } from 'pg';
import { clientOptions } from '../../database/postgres/client-options.js';
import { describeConnectionProblem } from '../../database/postgres/connection-problem.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import type { McpServer } from './memory-mcp-server.js';
import type { MemoryMcpStaging } from './memory-mcp-staging.js';
import { type DeclaredTable, type McpSchema, type McpTable, TABLES, ownTables } from './memory-mcp-tables.js';

/** Rows of one FETCH. */
const ROWS = 200;

/** What was read of a server. */
export interface LiveRead {
  readonly schema: McpSchema;
  readonly version: string;
  /** Tables of others beside Memory MCP's. */
  readonly others: readonly string[];
}

/**
 * Reads all rows of Memory MCP as they are at one moment, in a transaction that cannot write, each value as PostgreSQL
 * writes it as text.
 *
 * @throws MigrationRefusedError saying what keeps it from being read, without a password
 */
export async function readLive(
  { server, name, setting }: McpServer,
  staging: MemoryMcpStaging,
  progress: (done: number, size: number) => void,
): Promise<LiveRead> {
  const asText = { getTypeParser: () => (text: string) => text };
  const client = new pg.Client({ ...clientOptions(server), types: asText });
  // Heard of by whoever waits for an answer.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const read = await readAll(client, name, staging, progress);
    await client.query('COMMIT');
    return read;
  } catch (error) {
    if (error instanceof MigrationRefusedError) throw error;
    throw new MigrationRefusedError(describe(error, { server, name, setting }));
  } finally {
    await client.end().catch(() => {});
  }
}

/** How values are written, and that none is left out: as pg_dump sets it, which leaves the time zone as it is. */
const SETTINGS = [
  ...["SET LOCAL DateStyle = 'ISO, YMD'", "SET LOCAL IntervalStyle = 'postgres'"],
  ...['SET LOCAL extra_float_digits = 3', "SET LOCAL bytea_output = 'hex'", "SET LOCAL search_path = ''"],
  // Fails instead of giving some of the rows.
  'SET LOCAL row_security = off',
  ...['SET LOCAL statement_timeout = 0', 'SET LOCAL idle_in_transaction_session_timeout = 0'],
];

async function readAll(
  client: Client,
  name: string,
  staging: MemoryMcpStaging,
  progress: (done: number, size: number) => void,
): Promise<LiveRead> {
  for (const setting of SETTINGS) await client.query(setting);
  const one = async (sql: string) =>
    (await client.query<string[]>({ text: sql, rowMode: 'array' })).rows[0][0];
  if ((await one('SHOW server_encoding')) === 'SQL_ASCII') {
    throw new MigrationRefusedError(
      `${name} has the encoding SQL_ASCII: what its bytes mean is not known. Make a dump, turn it into UTF-8 and import that.`,
    );
  }
  const tables = await tablesOf(client);
  const own = ownTables(name, tables);
  const declared = TABLES.flatMap((table) => [...own.values()].filter((one) => one.name === table));
  let size = 0;
  for (const table of declared) size += Number(await one(`SELECT count(*) FROM ${quoted(table)}`));
  for (const table of declared) {
    const columns = [...table.columns.keys()];
    await client.query(
      `DECLARE cairn_rows NO SCROLL CURSOR FOR SELECT ${columns.map(quote).join(', ')} FROM ${quoted(table)}`,
    );
    for (;;) {
      const { rows } = await client.query<(string | null)[]>({
        text: `FETCH FORWARD ${ROWS} FROM cairn_rows`,
        rowMode: 'array',
      });
      if (rows.length === 0) break;
      for (const values of rows) staging.add(table.name as McpTable, columns, values);
      progress(staging.size, size);
    }
    await client.query('CLOSE cairn_rows');
  }
  const schema = declared[0].schema;
  const indexes = await client.query<string[]>({
    ...{ text: 'SELECT indexname FROM pg_catalog.pg_indexes WHERE schemaname = $1', values: [schema] },
    rowMode: 'array',
  });
  return {
    schema: {
      columns: new Map(declared.map((table) => [table.name as McpTable, table.columns])),
      indexes: new Set(indexes.rows.map(([index]) => index)),
    },
    version: await one('SHOW server_version'),
    others: [...tables].filter(([key]) => !own.has(key)).map(([, table]) => `${table.schema}.${table.name}`),
  };
}

/** All tables but the server's own, with their columns. */
async function tablesOf(client: Client): Promise<Map<string, DeclaredTable>> {
  const { rows } = await client.query<string[]>({
    text: `SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      ORDER BY n.nspname, c.relname, a.attnum`,
    rowMode: 'array',
  });
  const tables = new Map<string, DeclaredTable & { columns: Map<string, string> }>();
  for (const [schema, name, column, type] of rows) {
    const key = JSON.stringify([schema, name]);
    const table = tables.get(key) ?? { database: '', schema, name, columns: new Map<string, string>() };
    table.columns.set(column, type);
    tables.set(key, table);
  }
  return tables;
}

/** What a person can do about it. The server's own messages hold no password. */
function describe(error: unknown, { server, name, setting }: McpServer): string {
  const { code, message } = error as { code?: string; message: string };
  const role = JSON.stringify(server.user);
  switch (code) {
    case '28P01':
      return `The server does not accept the password of the role ${role}, or has no such role: correct ${name}.`;
    case '28000':
      return `The server does not let the role ${role} in from here (its pg_hba.conf decides): ${name}.`;
    case '3D000':
      return `There is no database ${JSON.stringify(server.database)} there: correct ${name}.`;
    case '42501':
      return `The role ${role} may not read all of it (${message}): GRANT SELECT on the four tables to it.`;
  }
  const roles = { migrator: server.user, app: server.user, operator: server.user, backup: server.user };
  const known = describeConnectionProblem(error, server, { setting, schema: 'public', roles });
  return known ?? `${name} cannot be read: ${message}.`;
}

function quoted({ schema, name }: DeclaredTable): string {
  return `${quote(schema)}.${quote(name)}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
