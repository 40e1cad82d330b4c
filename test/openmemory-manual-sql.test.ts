import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makeFile, plain } from './harness/openmemory/files.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { expectNothingLost, upgrade } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

/** The SQL that the README gives to those who would rather do it by hand. */
function sqlOfReadme(): string {
  const section = readFileSync('README.md', 'utf8')
    .split('\n## Upgrading from OpenMemory\n')[1]
    .split('\n## ')[0];
  return /```sql\n([\s\S]*?)```/.exec(section)![1];
}

/** Statement by statement up to the first error, as `sqlite3 -bail` does. */
function runByHand(path: string, sql: string): void {
  const database = new Database(path);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

describe('the SQL of the README', () => {
  it('brings a 1.1 database to the tables of 1.2, keeps every edge, and puts no NULL into a key', async () => {
    const path = makeFile(tempFolder(), '1.1.1', plain(60));
    const before = takeSnapshot(path);
    runByHand(path, sqlOfReadme());
    const byHand = takeSnapshot(path);
    const edges = byHand.tables.get('waypoints')!;
    expect(edges).toHaveLength(60);
    const asBefore = edges.map(({ user_id, ...edge }) => {
      expect(user_id).toBe('t');
      return edge;
    });
    expect(asBefore).toEqual(before.tables.get('waypoints'));
    const database = new Database(path, { readonly: true });
    const keys = database
      .prepare(`SELECT name, "notnull" FROM pragma_table_info('waypoints') WHERE pk > 0 ORDER BY pk`)
      .all();
    expect(keys).toEqual([
      { name: 'src_id', notnull: 1 },
      { name: 'user_id', notnull: 1 },
    ]);
    database.close();

    await upgrade(path);
    expectNothingLost(byHand, path);
  });

  it('leaves a database as it was where an edge cannot be copied', () => {
    const path = makeFile(tempFolder(), '1.1.1', (file) => {
      plain(5)(file);
      file.insert('waypoints', { src_id: null, dst_id: 'x', weight: 1 });
    });
    const before = comparable(takeSnapshot(path));
    expect(() => runByHand(path, sqlOfReadme())).toThrow(/NOT NULL/);
    expect(comparable(takeSnapshot(path))).toEqual(before);
  });

  it('stops where the copy is not whole', () => {
    const path = makeFile(tempFolder(), '1.1.1', plain(5));
    const before = comparable(takeSnapshot(path));
    const sql = sqlOfReadme();
    const partly = sql.replace('updated_at FROM waypoints;', 'updated_at FROM waypoints LIMIT 3;');
    expect(partly).not.toBe(sql);
    expect(() => runByHand(path, partly)).toThrow(/CHECK/);
    expect(comparable(takeSnapshot(path))).toEqual(before);
  });
});
