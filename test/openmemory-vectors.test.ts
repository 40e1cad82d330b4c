import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { floats } from './harness/openmemory/file.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { HALF_DONE, makeHalfDone } from './harness/openmemory/half-done.js';
import { upgradeHere } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

interface VectorRow {
  readonly id: string;
  readonly sector: string;
  readonly dim: number;
  readonly v: Buffer;
}

const OLD = (table: string) => `SELECT id, sector, dim, v FROM "${table}" ORDER BY id, sector`;
const NOW = `SELECT memory_id AS id, sector, dim, v FROM vectors WHERE model GLOB ? ORDER BY memory_id, sector`;

function rows(path: string, sql: string, ...values: unknown[]): VectorRow[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(sql).all(...values) as VectorRow[];
  } finally {
    database.close();
  }
}

describe('vectors', () => {
  it.each(['1.1.1', '1.2.0', '1.3.0', 'HEAD'] as const)('are kept byte for byte: %s', async (release) => {
    const path = makeFile(tempFolder(), release, plain(30));
    const table = release === 'HEAD' ? 'openmemory_vectors' : 'vectors';
    const before = rows(path, OLD(table));
    expect(before.length).toBeGreaterThan(30);
    await upgradeHere(path);
    expect(rows(path, NOW, `openmemory/${table}/multi-sector`)).toEqual(before);
  });

  it('of a table of another name are marked with it', async () => {
    const path = makeFile(tempFolder(), '1.3.0', plain(10), { vectorTable: 'embeddings_v2' });
    const before = rows(path, OLD('embeddings_v2'));
    await upgradeHere(path);
    expect(rows(path, NOW, 'openmemory/embeddings_v2/multi-sector')).toEqual(before);
  });

  it('of two tables stand beside each other, where they differ too', async () => {
    const path = join(tempFolder(), 'both.sqlite');
    makeHalfDone(
      path,
      HALF_DONE.find(({ name }) => name.includes('openmemory_vectors'))!,
      plain(30),
    );
    const [old, later] = [rows(path, OLD('vectors')), rows(path, OLD('openmemory_vectors'))];
    expect(later.some(({ v }) => v.equals(floats([1, 2, 3])))).toBe(true);
    await upgradeHere(path);
    expect(rows(path, NOW, 'openmemory/vectors/*')).toEqual(old);
    expect(rows(path, NOW, 'openmemory/openmemory_vectors/*')).toEqual(later);
  });

  it('bear the model that the log names, or unknown', async () => {
    const path = makeFile(tempFolder(), '1.2.3', (file) => {
      for (const id of ['named', 'unnamed', 'unlogged']) {
        file.insert('memories', { id, content: id, primary_sector: 'semantic' });
        file.insertVector({ id, sector: 'semantic', v: floats([1, 2]), dim: 2 });
      }
      file.insert('embed_logs', { id: 'named', model: 'text-embedding-3-small' });
      file.insert('embed_logs', { id: 'unnamed', model: null });
    });
    await upgradeHere(path);
    const models = rows(path, 'SELECT memory_id AS id, model FROM vectors ORDER BY memory_id');
    expect(models).toEqual([
      { id: 'named', model: 'openmemory/vectors/text-embedding-3-small' },
      { id: 'unlogged', model: 'openmemory/vectors/unknown' },
      { id: 'unnamed', model: 'openmemory/vectors/unknown' },
    ]);
  });

  it('make the sectors of their memory, the primary one first', async () => {
    const path = makeFile(tempFolder(), '1.2.3', (file) => {
      file.insert('memories', { id: 'm', content: 'c', primary_sector: 'semantic' });
      for (const sector of ['semantic', 'procedural', 'emotional'])
        file.insertVector({ id: 'm', sector, v: floats([1]), dim: 1 });
    });
    await upgradeHere(path);
    const [{ sectors }] = rows(path, 'SELECT sectors FROM memories') as unknown as { sectors: string }[];
    expect(JSON.parse(sectors)).toEqual(['semantic', 'emotional', 'procedural']);
  });
});
