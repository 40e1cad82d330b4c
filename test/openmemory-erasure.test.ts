import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { awkward, makeFile, plain } from './harness/openmemory/files.js';
import { ownWord } from './harness/openmemory/plain-rows.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import type { Release } from './harness/openmemory/tables.js';
import { upgradeHere } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

/** The rows of all tables in which a text stands, as `table: row`. */
function rowsWith(path: string, text: string): string[] {
  const hex = Buffer.from(text, 'utf8').toString('hex');
  return [...takeSnapshot(path).tables].flatMap(([table, rows]) =>
    rows
      .map((row) => Object.values(row).join(' '))
      .filter((row) => row.includes(hex))
      .map((row) => `${table}: ${row.slice(0, 200)}`),
  );
}

function first<T>(path: string, sql: string): T {
  const view = new DatabaseView(path);
  try {
    return Object.values(view.all(sql)[0])[0] as T;
  } finally {
    view.close();
  }
}

async function upgraded(release: Release, fill = plain(20)): Promise<{ path: string; service: TestService }> {
  const path = makeFile(tempFolder(), release, fill);
  await upgradeHere(path);
  return { path, service: await TestService.start({}, path) };
}

describe('what was kept of old rows', () => {
  it.each(['1.1.1', 'HEAD'] as const)('goes with its memory: %s', async (release) => {
    const { path, service } = await upgraded(release);
    const word = ownWord(5);
    const id = first<string>(path, `SELECT id FROM memories WHERE content LIKE '%${word}%'`);
    const vault = first<string>(path, `SELECT vault_id FROM memories WHERE id = '${id}'`);
    expect(rowsWith(path, id).length).toBeGreaterThan(3);
    expect((await service.as(vault).delete(`/v1/memories/${id}`)).status).toBeLessThan(300);
    await service.stop();
    expect(rowsWith(path, id)).toEqual([]);
    expect(rowsWith(path, word)).toEqual([]);
  });

  it('goes with its user', async () => {
    const { path, service } = await upgraded('1.2.3', awkward);
    const view = new DatabaseView(path);
    const ids = view.all<{ id: string }>(`SELECT id FROM memories WHERE user_id = 'mia'`).map(({ id }) => id);
    view.close();
    expect(ids.length).toBeGreaterThan(1);
    const { status } = await service.as('default-vault').delete('/v1/users/mia');
    expect(status).toBeLessThan(300);
    await service.stop();
    const after = new DatabaseView(path);
    for (const table of ['memories', 'vectors', 'waypoints', 'users', 'facts', 'scopes', 'legacy_rows'])
      expect(after.all(`SELECT * FROM ${table} WHERE user_id = 'mia'`), table).toEqual([]);
    for (const id of ids)
      expect(
        after.all(
          `SELECT source_table, data FROM legacy_rows WHERE data ->> '$.id' = ? OR data ->> '$.src_id' = ?`,
          id,
          id,
        ),
        id,
      ).toEqual([]);
    after.close();
  });
});
