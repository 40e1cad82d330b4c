import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from 'pg';
import { OpenMemoryFile } from '../../openmemory/file.js';
import { DEFAULT_NAMES, type Names, RELEASE_OF, type Shape, namesInFile } from './tables.js';

type Cell = bigint | number | string | Buffer | null;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Stores rows as an SQLite file of OpenMemory has them, as far as the tables on PostgreSQL take them.
 *
 * @returns how many were stored, and how many were not
 */
export async function storeRows(
  client: Client,
  shape: Shape,
  fill: (file: OpenMemoryFile) => void,
  names: Names = DEFAULT_NAMES,
): Promise<{ stored: number; refused: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-rows-'));
  const path = join(folder, 'rows.sqlite');
  OpenMemoryFile.make(path, RELEASE_OF[shape], fill, { vectorTable: 'vectors' });
  const database = new Database(path, { readonly: true });
  const counts = { stored: 0, refused: 0 };
  try {
    for (const [inFile, name] of Object.entries(namesInFile(names))) {
      const types = await typesOf(client, names.schema, name);
      const columns = (
        database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(inFile) as string[]
      ).filter((column) => types.has(column));
      if (columns.length === 0) continue;
      const list = columns.map((column) => `"${column}"`).join(', ');
      const marks = columns.map((column, i) => markOf(types.get(column)!, `$${i + 1}`));
      const sql = `INSERT INTO "${names.schema}"."${name}" (${list}) VALUES (${marks.join(', ')})`;
      for (const row of database
        .prepare(`SELECT ${list} FROM "${inFile}"`)
        .raw(true)
        .safeIntegers(true)
        .all() as Cell[][]) {
        const values = row.map((value, i) => valueOf(types.get(columns[i])!, value));
        if (await inserted(client, sql, values)) counts.stored += 1;
        else counts.refused += 1;
      }
    }
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, 'id'), 1000) WHERE to_regclass($1) IS NOT NULL`,
      [`"${names.schema}".stats`],
    );
    return counts;
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

/** How a value is written into a column of a type. */
function markOf(type: string, mark: string): string {
  if (type === 'tsvector') return `to_tsvector('english', ${mark})`;
  // With the digits that pgvector writes.
  return type === 'vector' ? `'[' || array_to_string(${mark}::real[], ',') || ']'` : mark;
}

async function typesOf(client: Client, schema: string, table: string): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT a.attname AS name, t.typname AS type FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`,
    [`"${schema}"."${table}"`],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
}

async function inserted(client: Client, sql: string, values: unknown[]): Promise<boolean> {
  try {
    await client.query(sql, values);
    return true;
  } catch {
    return false;
  }
}

function valueOf(type: string, value: Cell): unknown {
  if (value === null) return null;
  if (type === 'uuid' && !UUID.test(String(value))) {
    const hex = createHash('md5').update(String(value)).digest('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  if (Buffer.isBuffer(value)) return type === 'vector' ? numbersOf(value) : value;
  return String(value);
}

/** What pgvector takes: finite numbers. */
function numbersOf(bytes: Buffer): number[] | string {
  if (bytes.length === 0 || bytes.length % 4 > 0) return 'no vector';
  const numbers = [
    ...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)),
  ];
  return numbers.every(Number.isFinite) ? numbers : 'no vector';
}
