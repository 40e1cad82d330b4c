import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { awkward, makeFile, plain } from './harness/openmemory/files.js';
import { HALF_DONE, makeHalfDone } from './harness/openmemory/half-done.js';
import { storeRandomRows } from './harness/openmemory/random-rows.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { stateOf } from './harness/openmemory/state.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { migrate, revertAll, upgradeHere } from './harness/openmemory/upgrade.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

/** Up, down to what it was to the bit, and up to what it was. */
async function thereAndBack(path: string): Promise<void> {
  const original = comparable(takeSnapshot(path));
  await upgradeHere(path);
  const upgraded = stateOf(path);
  // 2.3.0, 2.2.0, 2.1.0, and all that made a store of Cairn's out of OpenMemory's.
  expect(await revertAll(path)).toBe(4);
  expect(comparable(takeSnapshot(path))).toEqual(original);
  await upgradeHere(path);
  expect(stateOf(path)).toEqual(upgraded);
}

describe('an adopted database goes back to what it was, and forth again', () => {
  for (const release of RELEASES) {
    it(`${release}`, () => thereAndBack(makeFile(tempFolder(), release)));
    it(`${release}, with every odd value`, () => thereAndBack(makeFile(tempFolder(), release, awkward)));
  }

  it('without a row', () => thereAndBack(makeFile(tempFolder(), '1.2.3', () => {})));

  for (const half of HALF_DONE) {
    it(half.name, async () => {
      const path = join(tempFolder(), 'half.sqlite');
      makeHalfDone(path, half, plain(15));
      await thereAndBack(path);
    });
  }

  it('with random rows', async () => {
    const seed = randomSeed('openmemory-revert');
    const random = new Random(seed);
    const folder = tempFolder();
    for (let i = 0; i < 4; i += 1) {
      const release = random.pick(RELEASES);
      const path = join(folder, `random-${i}.sqlite`);
      OpenMemoryFile.make(path, release, (file) => storeRandomRows(file, random, 40));
      await thereAndBack(path);
    }
  });

  it('with indexes of one’s own, under names that ours have too', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const database = new Database(path);
    database.exec(`CREATE INDEX mine ON memories (created_at DESC) WHERE salience > 0.5;
      CREATE INDEX ux_memories_position ON memories (updated_at);
      CREATE UNIQUE INDEX ix_waypoints_dst ON waypoints (dst_id, src_id, user_id)`);
    database.close();
    await thereAndBack(path);
  });

  it('where somebody has had the planner look at it', async () => {
    const path = makeFile(tempFolder(), '1.3.0');
    const database = new Database(path);
    database.exec('ANALYZE');
    database.close();
    await thereAndBack(path);
  });
});

/** What the service writes that OpenMemory's tables have no place for, and what the refusal must name. */
const NEW_WRITES: readonly [what: string, named: RegExp, write: (service: TestService) => Promise<number>][] =
  [
    ['a session', /session/i, (s) => post(s, { content: 'In a session.', session_id: 's1' })],
    ['an expiry', /expir/i, (s) => post(s, { content: 'For an hour.', expires_at: Date.now() + 3_600_000 })],
    ['a former content', /former content/, change],
    ['another vault', /vault/i, (s) => post(s, { content: 'Of another vault.' }, 'acme')],
  ];

/** Of plain rows. */
const FIRST_ID = '00000000-0000-4000-8000-000000000000';

async function post(service: TestService, body: object, vault = 'default-vault'): Promise<number> {
  return (await service.as(vault).post('/v1/memories', body)).status;
}

async function change(service: TestService): Promise<number> {
  const client = service.as('default-vault');
  const [{ id }] = (await client.get('/v1/memories?limit=1')).body.items;
  return (await client.patch(`/v1/memories/${id}`, { content: 'Changed since.' })).status;
}

describe('what was written since', () => {
  it('goes back too where OpenMemory’s tables have a place for it', async () => {
    const path = makeFile(tempFolder(), '1.2.3', plain(10));
    await upgradeHere(path);
    const service = await TestService.start({}, path);
    const body = { id: 'since', user_id: 'alice', content: 'Written since, of no session.', tags: ['new'] };
    expect(await post(service, body)).toBe(201);
    expect((await service.as('default-vault').delete(`/v1/memories/${FIRST_ID}`)).status).toBeLessThan(300);
    await service.stop();
    await revertAll(path);
    const database = new Database(path, { readonly: true });
    const rows = database.prepare(`SELECT user_id, content, tags FROM memories WHERE id = 'since'`).all();
    expect(rows).toEqual([{ user_id: 'alice', content: body.content, tags: '["new"]' }]);
    for (const [table, column] of [
      ['memories', 'id'],
      ['vectors', 'id'],
      ['waypoints', 'src_id'],
      ['waypoints', 'dst_id'],
    ])
      expect(
        database.prepare(`SELECT count(*) FROM ${table} WHERE ${column} = ?`).pluck().get(FIRST_ID),
      ).toBe(0);
    expect(database.prepare(`SELECT count(*) FROM memories`).pluck().get()).toBe(10);
    database.close();
  });

  for (const [what, named, write] of NEW_WRITES) {
    it(`${what}: it stands in the way, is named, and nothing is changed`, async () => {
      const path = makeFile(tempFolder(), '1.2.3');
      await upgradeHere(path);
      const service = await TestService.start({}, path);
      expect(await write(service)).toBeLessThan(300);
      await service.stop();
      let last = await migrate(path, 'revert', '--no-backup');
      for (let steps = 0; steps < 3 && last.status === 0; steps += 1) {
        const before = stateOf(path);
        last = await migrate(path, 'revert', '--no-backup');
        if (last.status !== 0) expect(stateOf(path)).toEqual(before);
      }
      expect(last.status).toBe(2);
      expect(last.stderr).toMatch(named);
      expect(last.stderr).toContain('backup');
    });
  }
});
