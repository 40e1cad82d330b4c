import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { awkwardMemories } from './harness/openmemory/awkward-memories.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { awkward, makeFile } from './harness/openmemory/files.js';
import { storeRandomRows } from './harness/openmemory/random-rows.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { expectNothingLost, upgradeHere } from './harness/openmemory/upgrade.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const RANDOM_FILES = 8;
/** Memories whose metadata no parser gives back. */
const TO_THE_LETTER = ['nul', 'lone surrogates', 'big numbers', 'duplicate keys', 'prototype'].map(
  (what) => `odd meta ${what}`,
);

describe('odd values', () => {
  for (const release of RELEASES) {
    it(`are kept to the bit: ${release}`, async () => {
      const path = makeFile(tempFolder(), release, awkward);
      const before = takeSnapshot(path);
      await upgradeHere(path);
      const { rows } = expectNothingLost(before, path);
      expect(rows).toBeGreaterThan(awkwardMemories().length);
    });
  }

  it('are kept to the bit wherever they come together', async () => {
    const random = new Random(randomSeed('openmemory-awkward'));
    const folder = tempFolder();
    for (let i = 0; i < RANDOM_FILES; i += 1) {
      const release = random.pick(RELEASES);
      const path = join(folder, `random-${i}.sqlite`);
      OpenMemoryFile.make(path, release, (file) => storeRandomRows(file, random, 60));
      const before = takeSnapshot(path);
      await upgradeHere(path);
      expectNothingLost(before, path);
    }
  });
});

describe('a service over odd values', () => {
  it('answers for every memory, with what was stored', async () => {
    const path = makeFile(tempFolder(), '1.2.3', awkward);
    await upgradeHere(path);
    const service = await TestService.start({}, path);
    const client = service.as('default-vault');
    const seen = new Map<
      string,
      { content: string; metadata: unknown; tags: unknown; user_id: string | null }
    >();
    for (let cursor = ''; ;) {
      const { status, body } = await client.get(`/v1/memories?limit=50${cursor}`);
      expect(status).toBe(200);
      for (const item of body.items) seen.set(item.id, item);
      if (body.next_cursor === null) break;
      cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
    }
    for (const row of awkwardMemories().filter(({ id }) => typeof id === 'string')) {
      const item = seen.get(row.id as string);
      expect(item, String(row.id).slice(0, 80)).toBeDefined();
      if (typeof row.content === 'string') expect(item!.content).toBe(row.content);
      if (typeof row.user_id === 'string')
        expect(item!.user_id).toBe(row.user_id === '' ? null : row.user_id);
      expect(item!.metadata).toEqual(objectOf(row.meta));
      expect(Array.isArray(item!.tags)).toBe(true);
      const { status, text } = await client.get(`/v1/memories/${encodeURIComponent(row.id as string)}`);
      expect([200, 400, 404]).toContain(status);
      if (typeof row.meta === 'string' && TO_THE_LETTER.includes(row.id as string))
        expect(text).toContain(row.meta);
      if (/^[\w ]+$/.test(row.id as string) && (row.id as string).length < 256) expect(status).toBe(200);
    }
    for (const path of ['/v1/users', '/v1/waypoints', '/v1/stats', '/v1/collections', '/v1/vault'])
      expect((await client.get(path)).status, path).toBe(200);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    await service.stop();
  });
});

/** What stored metadata reads as: an object, or nothing where it is none. */
function objectOf(meta: unknown): unknown {
  try {
    const value: unknown = JSON.parse(String(meta));
    return typeof meta === 'string' && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : {};
  } catch {
    return {};
  }
}
