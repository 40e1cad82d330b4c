import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from 'pg';
import { type Snapshot, readRows } from '../../openmemory/snapshot.js';
import { tempFolder } from '../../temp-folder.js';
import { namesInFile, type Names } from './tables.js';

/** What is in the tables of OpenMemory, as an SQLite file would hold it. */
export async function snapshotOf(client: Client, names: Names): Promise<Snapshot> {
  const path = join(tempFolder(), 'before.sqlite');
  const tables = Object.entries(namesInFile(names)).map(([as, name]) => ({ as, name }));
  await copyTables(client, names.schema, tables, path);
  const database = new Database(path, { readonly: true });
  try {
    const made = database.prepare('SELECT name FROM sqlite_schema').pluck().all() as string[];
    return { schema: [], tables: new Map(made.map((name) => [name, readRows(database, name)])) };
  } finally {
    database.close();
  }
}

/** Copies the tables of a schema of Cairn into a file. @returns its path */
export async function copyOfSchema(client: Client, schema: string): Promise<string> {
  const path = join(tempFolder(), 'after.sqlite');
  const { rows } = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
    [schema],
  );
  await copyTables(
    client,
    schema,
    rows.map(({ name }) => ({ as: name, name })),
    path,
  );
  return path;
}

async function copyTables(
  client: Client,
  schema: string,
  tables: readonly { as: string; name: string }[],
  path: string,
): Promise<void> {
  const database = new Database(path);
  try {
    for (const { as, name } of tables) {
      const { rows: columns } = await client.query<{ name: string; type: string }>(
        `SELECT a.attname AS name, t.typname AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
        [`"${schema}"."${name}"`],
      );
      if (columns.length === 0) continue;
      const list = columns.map((column) => `"${column.name}"`).join(', ');
      database.exec(`CREATE TABLE "${as}" (${list})`);
      const insert = database.prepare(`INSERT INTO "${as}" VALUES (${columns.map(() => '?').join(', ')})`);
      const texts = columns.map((column) =>
        column.type === 'bytea' ? `encode("${column.name}", 'hex')` : `"${column.name}"::text`,
      );
      const { rows } = await client.query<(string | null)[]>({
        text: `SELECT ${texts.join(', ')} FROM "${schema}"."${name}"`,
        rowMode: 'array',
      });
      for (const row of rows) insert.run(row.map((value, i) => cell(columns[i].type, value)));
    }
  } finally {
    database.close();
  }
}

function cell(type: string, value: string | null): bigint | number | string | Buffer | null {
  if (value === null) return null;
  if (/^int[248]$/.test(type)) return BigInt(value);
  if (type === 'bool') return value === 'true' ? 1n : 0n;
  if (type === 'bytea') return Buffer.from(value, 'hex');
  if (/^float[48]$/.test(type))
    return Number.isFinite(Number(value)) && value !== '-0' ? Number(value) : value;
  if (type === 'vector') return Buffer.from(new Float32Array(JSON.parse(value) as number[]).buffer);
  return value;
}
