import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { SECTORS } from '../src/memories/sectors.js';
import { sampleRows } from '../src/upgrade/seed/sample-rows.js';
import { TestService } from './harness/app.js';
import { runBuilt } from './harness/built.js';
import { edit } from './harness/database-editor.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { makeHomes } from './harness/rehome/homes.js';
import { rowsByVault, tornIn, vaultOf } from './harness/rehome/whole.js';
import { search } from './harness/searching.js';
import { randomSeed } from './harness/seed.js';

const random = new Random(randomSeed('seed-data'));

async function seed(place: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runBuilt('src/cli/seed', args, environmentOf(place));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe('the sample data', () => {
  it('has memories of every kind, in three collections, joined to each other', () => {
    const { collections, memories, waypoints, users } = sampleRows();
    expect(collections.map(({ name }) => name)).toEqual(['youtube-scripts', 'crm-notes', 'personal']);
    for (const { name } of collections) {
      const sectors = new Set(memories.filter((m) => m.collection === name).map((m) => m.primarySector));
      expect([...sectors].sort()).toEqual([...SECTORS].sort());
      expect(memories.some((m) => m.collection === name && m.expiresAt !== null)).toBe(true);
    }
    expect(new Set(memories.map(({ id }) => id)).size).toBe(memories.length);
    expect(users.length).toBeGreaterThan(2);
    expect(memories.some(({ userId }) => userId === '')).toBe(true);
    expect(new Set(memories.map(({ sessionId }) => sessionId)).size).toBeGreaterThan(3);
    const owners = new Map(memories.map(({ id, userId }) => [id, userId]));
    for (const { srcId, dstId, userId } of waypoints) {
      expect([owners.get(srcId), owners.get(dstId)]).toEqual([userId, userId]);
    }
    expect(new Set(waypoints.map(({ type }) => type)).size).toBeGreaterThan(5);
  });
});

describe('npm run seed', () => {
  it('adds it once, and takes exactly it away again', async () => {
    const place = await makeHomes(
      {
        test: [
          { id: 'alice', memories: 20 },
          { id: '', memories: 3 },
        ],
        beside: [{ id: 'mira', memories: 5 }],
      },
      random,
    );
    const before = rowsByVault(place);
    const { memories, waypoints } = sampleRows();
    expect(await seed(place, '--vault', 'test')).toBe(
      `[SUCCESS] Put into the vault test: ${memories.length} memories, ${waypoints.length} waypoints, 3 collections, 3 users.\n`,
    );
    const after = rowsByVault(place);
    expect(after.memories.test).toHaveLength(before.memories.test.length + memories.length);
    expect(auditIndex(place)).toMatchObject(SOUND);
    expect(tornIn(place)).toEqual([]);
    expect(await seed(place, '--vault', 'test')).toContain('Nothing is new');
    expect(rowsByVault(place)).toEqual(after);
    expect(await seed(place, '--vault', 'test', '--remove')).toBe(
      `[SUCCESS] Taken out of the vault test: ${memories.length} memories, ${waypoints.length} waypoints, 3 collections, 3 users.\n`,
    );
    const left = rowsByVault(place);
    // The index of nobody has empty places now.
    for (const rows of [left, before])
      for (const table of ['scopes', 'term_blocks']) delete (rows as Record<string, unknown>)[table];
    expect(left).toEqual(before);
    expect(auditIndex(place)).toMatchObject(SOUND);
    expect(await seed(place, '--vault', 'test', '--remove')).toContain('0 memories, 0 waypoints');
  });

  it('makes the vault, and leaves nothing of it behind', async () => {
    const place = await migratedDatabase();
    const before = rowsByVault(place);
    await seed(place);
    const service = await TestService.start({}, place);
    const mira = service.as('dev-vault', 'mira');
    expect((await search(mira, 'sourdough hydration'))[0].id).toBe('sample-yt-fact');
    expect((await search(service.as('dev-vault', 'aiko'), '誕生日'))[0].id).toBe('sample-me-ja');
    const near = '/v1/waypoints/neighbours?memory_id=sample-yt-outline&direction=both';
    const joined = await mira.get(near);
    for (const id of ['hook', 'fact', 'shoot']) expect(joined.text).toContain(`"sample-yt-${id}"`);
    await service.stop();
    // What the service counted meanwhile is no part of it.
    edit(place, (editor) => editor.run('DELETE FROM stats'));
    edit(place, (editor) => editor.run("UPDATE users SET summary = 'made meanwhile', summary_stale = FALSE"));
    expect(await seed(place, '--remove')).toContain(', and the vault.');
    expect(rowsByVault(place)).toEqual(before);
  });

  it('leaves what was changed since and added, with what that hangs on, and says so', async () => {
    const place = await migratedDatabase();
    await seed(place, '--vault', 'test');
    const service = await TestService.start({}, place);
    const [mira, tomas, all] = [service.as('test', 'mira'), service.as('test', 'tomas'), service.as('test')];
    await mira.patch('/v1/memories/sample-yt-fact', { content: 'Seventy five per cent, after all.' });
    await mira.patch('/v1/memories/sample-yt-hook', { tags: ['hook'] });
    await mira.post('/v1/memories', {
      content: 'My own note on folding dough',
      session_id: 'sample-shooting-day',
    });
    await tomas.post('/v1/memories', { id: 'own', content: 'Call Frau Albers', collection: 'crm-notes' });
    await tomas.post('/v1/waypoints', { src_id: 'own', dst_id: 'sample-crm-lindenau-call', type: 'follows' });
    await tomas.delete('/v1/memories/sample-me-run');
    await all.patch('/v1/collections/personal', { description: 'Mine now' });
    await service.stop();

    const before = rowsByVault(place);
    const said = await seed(place, '--vault', 'test', '--remove');
    const kept = [
      'memory sample-yt-hook stays: it has been changed',
      'memory sample-yt-fact stays: it has been changed',
      'memory sample-crm-lindenau-call stays: a waypoint of the type "follows" is at it',
      'collection youtube-scripts stays: something is in it',
      'collection crm-notes stays: something is in it',
      'collection personal stays: it has been changed',
      'user mira stays: something of theirs is left',
      'user tomas stays: something of theirs is left',
    ];
    for (const line of kept) expect(said).toContain(`[SEED] The ${line}.\n`);
    const after = rowsByVault(place);
    const ids = after.memories.test.map((row) => new Map(JSON.parse(row) as [string, string][]).get('id')!);
    expect(ids.filter((id) => id.startsWith('sample-') || id === 'own').sort()).toEqual(
      ['own', 'sample-crm-lindenau-call', 'sample-yt-fact', 'sample-yt-hook'].sort(),
    );
    expect(ids).toHaveLength(5);
    expect(after.waypoints.test.some((row) => row.includes('"follows"'))).toBe(true);
    expect(after.memory_versions).toEqual(before.memory_versions);
    expect(after.collections.test).toEqual(before.collections.test);
    expect(vaultOf(after, 'test').users).toHaveLength(2);
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
    const again = await seed(place, '--vault', 'test');
    expect(again).toMatch(/Put into the vault test: \d+ memories/);
    expect(auditIndex(place)).toMatchObject(SOUND);
  });

  it('refuses a vault that it cannot write to, and what is no vault', async () => {
    const place = await migratedDatabase();
    await seed(place, '--vault', 'test');
    edit(place, (editor) => editor.run("UPDATE vaults SET status = 'suspended'"));
    const before = rowsByVault(place);
    for (const args of [['--vault', 'test'], ['--vault', 'a b'], ['more']]) {
      const { status, stderr } = await runBuilt('src/cli/seed', args, environmentOf(place));
      expect({ args, status }).toEqual({ args, status: 2 });
      expect(stderr).not.toMatch(/\n {4}at /);
    }
    expect(rowsByVault(place)).toEqual(before);
  });
});
