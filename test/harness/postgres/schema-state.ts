import { MIGRATIONS_TABLE, VERSION_TABLE } from '../../../migrations/record-tables.js';
import { postgresProgram, runProgram } from './programs.js';
import { asSuperuser } from './scratch-server.js';

const dump = postgresProgram('pg_dump');

/** Whether `dumpOf` can be had. */
export const canDump = dump !== undefined;

/** The statements that make a database's schemas, tables, policies and grants: `pg_dump -s`. @param schema of one schema alone */
export async function dumpOf(database: string, url: string, schema?: string): Promise<string> {
  const { status, stdout, stderr } = await runProgram(dump!, [
    '-s',
    ...(schema === undefined ? [] : ['-n', `"${schema}"`]),
    '-d',
    url,
  ]);
  if (status !== 0) throw new Error(`pg_dump of ${database}: ${stderr}`);
  // Newer releases put a random word there.
  return stdout.replace(/^\\(?:un)?restrict .*$/gm, '');
}

/** The names of the migrations and versions that a schema records, without their times; none where it has no records. */
export function recordsOf(database: string, schema = 'cairn'): Promise<string[]> {
  return asSuperuser(async (client) => {
    const names = async (table: string, column: string) => {
      const { rows } = await client.query('SELECT 1 WHERE to_regclass($1) IS NOT NULL', [
        `${schema}.${table}`,
      ]);
      if (rows.length === 0) return [];
      const sql = `SELECT ${column} AS name FROM ${schema}.${table} ORDER BY ${column} COLLATE "C"`;
      return (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    };
    return [...(await names(MIGRATIONS_TABLE, 'name')), ...(await names(VERSION_TABLE, 'version'))];
  }, database);
}

/** All rows of all tables of a schema, as text; nothing where there is no schema. */
export function rowsOf(database: string, schema = 'cairn'): Promise<Record<string, string[]>> {
  return asSuperuser(async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename',
      [schema],
    );
    const all: Record<string, string[]> = {};
    for (const { name } of tables) {
      const sql = `SELECT t::text AS row FROM ${schema}."${name}" t ORDER BY t::text COLLATE "C"`;
      all[name] = (await client.query<{ row: string }>(sql)).rows.map(({ row }) => row);
    }
    return all;
  }, database);
}
