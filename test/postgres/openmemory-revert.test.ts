import 'reflect-metadata';
import { afterEach, describe, expect, it } from 'vitest';
import { TestService } from '../harness/app.js';
import { plain } from '../harness/openmemory/files.js';
import { OpenMemoryPlace } from '../harness/postgres/openmemory/place.js';
import { rowsOf } from '../harness/postgres/schema-state.js';
import { TEST_DATABASE_URL, urlOf } from '../harness/postgres/scratch-server.js';

const places: OpenMemoryPlace[] = [];

async function placeOf(...given: Parameters<typeof OpenMemoryPlace.make>): Promise<OpenMemoryPlace> {
  const place = await OpenMemoryPlace.make(...given);
  places.push(place);
  return place;
}

const MEMORIES = 8;

describe.skipIf(!TEST_DATABASE_URL)('tables of OpenMemory that are given back', () => {
  afterEach(async () => {
    for (const place of places.splice(0)) await place.drop();
  });

  it('go back by the command, three steps and then as a whole', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgrade();
    for (const version of ['2.2.0', '2.1.0', '2.0.0', 'none']) {
      const { status, stdout, stderr } = await place.migrate('revert');
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(`[SUCCESS] The database is at version ${version}`);
    }
    expect(await place.count('openmemory_memories')).toBe(MEMORIES);
  });

  it('hold what was written since, where they have a place for it', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgradeHere();
    await written(place, { content: 'Written since.', user_id: 'alice' });
    await place.revertAll();
    expect(await place.count('openmemory_memories')).toBe(MEMORIES + 1);
    expect(
      await place.count(`openmemory_memories WHERE content = 'Written since.' AND user_id = 'alice'`),
    ).toBe(1);
  });

  it.each([
    ['a session', { session_id: 's' }, /memories with a session \(1 row\)/],
    ['an id that is no uuid', { id: 'mine' }, /rows of openmemory_memories that were written since/],
  ])('stay taken over where they have no place for what was written since: %s', async (_what, more, said) => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgradeHere();
    await written(place, { content: 'Written since.', user_id: 'alice', ...more });
    for (let i = 0; i < 3; i += 1) await place.upgradeHere({ direction: 'revert' });
    const before = await rowsOf(place.place.database);
    await expect(place.upgradeHere({ direction: 'revert' })).rejects.toThrow(said);
    expect(await rowsOf(place.place.database)).toEqual(before);
    await place.upgradeHere();
  });

  it('stay where another table has taken the place, or the migrator may not make one there', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgradeHere();
    for (let i = 0; i < 3; i += 1) await place.upgradeHere({ direction: 'revert' });
    await place.client.query('CREATE TABLE public.stats (a int)');
    await expect(place.upgradeHere({ direction: 'revert' })).rejects.toThrow(
      'the table public.stats of before, since there is another of that name',
    );
    await place.client.query('DROP TABLE public.stats');
    const { migrator } = place.place.roles;
    await place.client.query(`REVOKE CREATE ON SCHEMA public FROM ${migrator}`);
    await expect(place.upgradeHere({ direction: 'revert' })).rejects.toThrow(
      `run GRANT CREATE ON SCHEMA "public" TO "${migrator}";`,
    );
    await place.client.query(`GRANT CREATE ON SCHEMA public TO ${migrator}`);
    await place.revertAll();
    expect(await place.count('openmemory_memories')).toBe(MEMORIES);
  });

  it('tell what kept rows belong to after a step back and forth', async () => {
    const place = await placeOf('1.3.0', plain(MEMORIES));
    await place.upgradeHere();
    const owners = `SELECT id, user_id, memory_id FROM cairn.legacy_rows ORDER BY id COLLATE "C"`;
    const { rows: before } = await place.client.query(owners);
    expect(before.filter(({ memory_id }) => memory_id !== null).length).toBeGreaterThan(MEMORIES);
    for (let i = 0; i < 2; i += 1) await place.upgradeHere({ direction: 'revert' });
    await place.upgradeHere();
    expect((await place.client.query(owners)).rows).toEqual(before);
  });
});

async function written(place: OpenMemoryPlace, memory: object): Promise<void> {
  const service = await TestService.start(place.place.env, urlOf(place.place.database));
  try {
    const { status } = await service.as('default-vault').post('/v1/memories', memory);
    expect(status).toBe(201);
  } finally {
    await service.stop();
  }
}
