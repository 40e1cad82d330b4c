import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { auditIndex, SOUND } from './harness/index-audit.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { HALF_DONE, STATEMENTS_TO_1_2_0, killAfter, makeHalfDone } from './harness/openmemory/half-done.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { expectNothingLost, upgrade, upgradeHere } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

/** Takes the file over, and looks for everything that was in it. */
async function adopt(path: string, by: (path: string) => Promise<unknown> = upgradeHere) {
  const before = takeSnapshot(path);
  await by(path);
  const accounting = expectNothingLost(before, path);
  expectSound(path);
  return { before, accounting };
}

function expectSound(path: string): void {
  const database = new Database(path);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    expect(auditIndex(path)).toMatchObject(SOUND);
  } finally {
    database.close();
  }
}

function count(path: string, source: string): number {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(`SELECT count(*) FROM ${source}`).pluck().get() as number;
  } finally {
    database.close();
  }
}

describe('the database of every release is taken over with everything in it', () => {
  for (const release of RELEASES) {
    it(`${release}`, async () => {
      const path = makeFile(tempFolder(), release);
      const { before } = await adopt(path, upgrade);
      expect(count(path, 'memories')).toBe(40);
      expect(count(path, 'memories')).toBe(before.tables.get('memories')!.length);
      expect(count(path, 'waypoints')).toBe(before.tables.get('waypoints')!.length);
      expect(count(path, 'facts')).toBe(before.tables.get('temporal_facts')?.length ?? 0);
      expect(count(path, 'fact_edges')).toBe(before.tables.get('temporal_edges')?.length ?? 0);
      expect(count(path, 'stats')).toBe(before.tables.get('stats')?.length ?? 0);
      expect(
        count(path, `legacy_rows WHERE source_table IN ('memories', 'waypoints', 'users', 'stats')`),
      ).toBe(0);
    });

    it(`${release}, without a row`, async () => {
      const path = makeFile(tempFolder(), release, () => {});
      const { accounting } = await adopt(path);
      expect(accounting).toMatchObject({ rows: 0, homed: 0, kept: 0 });
      expect(count(path, 'memories')).toBe(0);
    });
  }

  it('with what is still in the write-ahead log', async () => {
    const path = makeFile(tempFolder(), 'HEAD', plain(10), { wal: true });
    const writer = new Database(path);
    // Held open, as by a process that was killed: nothing is moved from the log into the file.
    writer.pragma('wal_autocheckpoint = 0');
    writer.exec(
      `INSERT INTO memories (id, content, primary_sector) VALUES ('late', 'in the log', 'semantic')`,
    );
    const before = takeSnapshot(path);
    await upgrade(path);
    writer.close();
    expect(expectNothingLost(before, path).rows).toBeGreaterThan(11);
    expect(count(path, `memories WHERE id = 'late'`)).toBe(1);
  });
});

describe('what the own migrations of OpenMemory leave behind is taken over with everything in it', () => {
  for (const half of HALF_DONE) {
    it(half.name, async () => {
      const path = join(tempFolder(), 'half.sqlite');
      makeHalfDone(path, half, plain());
      const { before } = await adopt(path);
      expect(count(path, 'memories')).toBe(40);
      const edges = ['waypoints', 'waypoints_new'].flatMap((table) => before.tables.get(table) ?? []);
      const pairs = new Set(edges.map(({ src_id, dst_id }) => `${src_id} ${dst_id}`));
      expect(count(path, 'waypoints')).toBe(pairs.size);
    });
  }

  it('killed after any statement of its migration to 1.2.0', async () => {
    const folder = tempFolder();
    for (let statements = 1; statements < STATEMENTS_TO_1_2_0; statements += 1) {
      const path = join(folder, `killed-${statements}.sqlite`);
      OpenMemoryFile.make(path, '1.1.1', (file) => {
        plain(12)(file);
        killAfter(file.database, statements);
      });
      await adopt(path);
      expect(count(path, 'waypoints'), `after ${statements} statements`).toBe(12);
    }
  });
});
