import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { vaultIdFor } from '../src/vaults/vault-id.js';
import { TestService } from './harness/app.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import {
  edgeRow,
  factRow,
  legacyRow,
  makeHomes,
  memoryRow,
  tagOf,
  waypointRow,
} from './harness/rehome/homes.js';
import { rehomeHere } from './harness/rehome/rehome-here.js';
import { type Rows, fingerprintOf, rowsByVault, tornIn, vaultOf } from './harness/rehome/whole.js';
import { type Result, search } from './harness/searching.js';
import { randomSeed } from './harness/seed.js';

const random = new Random(randomSeed('rehome'));

/** Users as awkward as an adopted database may have them. */
const HOSTILE = [
  'ALICE',
  'Alice',
  'alice ',
  'a/b/../c',
  'a:2fb',
  'a%2Fb',
  "o'hara; DROP TABLE memories",
  '🦉',
  'owl 🦉 夜行',
  'x'.repeat(256),
  'x'.repeat(255),
  '-',
  '..',
  'home',
  '{user_id}',
  '$&',
];

const people = (ids: readonly string[], memories: number) => ids.map((id) => ({ id, memories }));

describe('re-homing', () => {
  it('moves every row of every user into vaults of their own, and touches no other', async () => {
    const place = await makeHomes(
      {
        home: [
          ...people(['alice', 'bob', ...HOSTILE], 15),
          { id: 'empty', memories: 0 },
          { id: '', memories: 20 },
        ],
        beside: people(['alice', 'bob', ''], 12),
      },
      random,
    );
    const before = rowsByVault(place);
    const report = await rehomeHere(place);
    const after = rowsByVault(place);

    const users = ['alice', 'bob', 'empty', ...HOSTILE];
    expect(report).toMatchObject({ users: users.length, moved: users.length, refused: 0, tied: 0 });
    expect(new Set(report.groups.map(({ to }) => to)).size).toBe(users.length);
    expect(fingerprintOf(after, 'vaults', 'collections')).toEqual(
      fingerprintOf(before, 'vaults', 'collections'),
    );
    expect(vaultOf(after, 'beside')).toEqual(vaultOf(before, 'beside'));
    for (const user of users) {
      const vault = vaultIdFor(`user-${user}`);
      for (const [table, rows] of Object.entries(vaultOf(after, vault))) {
        if (table === 'vaults' || table === 'collections') continue;
        for (const row of rows) expect(row).toContain(`["user_id",${JSON.stringify(user)}]`);
      }
      expect(after.vaults[vault]).toHaveLength(1);
      expect(after.vaults[vault][0]).toContain(JSON.stringify(`user-${user}`));
    }
    // Keys open the vault that they were made for, and stay there.
    expect(after.api_keys).toEqual(before.api_keys);
    const counted = report.groups.map(({ moved }) => moved!.keys);
    expect(counted).toEqual(users.map(() => 1));
    // What else is left is nobody's.
    for (const [table, rows] of Object.entries(vaultOf(after, 'home'))) {
      if (['vaults', 'collections', 'imports', 'api_keys'].includes(table)) continue;
      for (const row of rows) expect(row).toContain('["user_id",""]');
    }
    const names = (vault: string) =>
      (after.collections[vault] ?? []).map((row) => (JSON.parse(row) as string[][])[0][1]);
    expect(names('user-alice')).toEqual(['everybody', 'facts', `only ${tagOf('alice')}`]);
    expect(names('home')).toEqual(
      ['everybody', 'facts', `only ${tagOf('')}`, `only ${tagOf('empty')}`].sort(),
    );
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);

    const again = await rehomeHere(place);
    expect(again).toMatchObject({ users: 0, moved: 0, refused: 0 });
    expect(rowsByVault(place)).toEqual(after);
  });

  it('leaves what users share, and all that belongs with it', async () => {
    const place = await makeHomes(
      { home: people(['alice', 'bob', 'carol', 'dave', 'erin'], 12) },
      random,
      (editor) => {
        const [a, b, c, d] = ['alice', 'bob', 'carol', 'dave'].map(tagOf);
        const said = (user: string, at: number, session: string) =>
          memoryRow('home', user, at, { session_id: session, content: `standup ${at} of ${user}` });
        // A conversation of two, and of one of them a memory that a waypoint joins to it, and one more in a
        // conversation with that.
        editor.insert(
          'memories',
          said('alice', 20, 'standup'),
          said('bob', 20, 'standup'),
          said('alice', 21, 'diary'),
        );
        editor.insert('memories', said('alice', 22, 'diary'), said('alice', 23, 'standup '));
        editor.insert('waypoints', waypointRow('home', 'alice', `${a}-21`, `${a}-20`));
        // A conversation with nobody in it but one who has no name.
        editor.insert('memories', said('', 0, 'hall'), said('bob', 21, 'hall'));
        // Waypoints between owners, as older databases have them, and one of a third.
        editor.insert('waypoints', waypointRow('home', 'carol', `${c}-2`, `${d}-5`));
        editor.insert('waypoints', waypointRow('home', 'dave', `${c}-8`, `${c}-10`));
        editor.insert('legacy_rows', { ...legacyRow('home', 'dave', 'of-carol'), memory_id: `${c}-8` });
        // Facts of two.
        editor.insert('facts', factRow('home', 'erin', 9));
        editor.insert('fact_edges', edgeRow('home', 'erin', 'x', `f9-${tagOf('erin')}`, `f3-${b}`));
        for (const user of ['alice', 'bob']) {
          editor.run('UPDATE scopes SET next_position = 24 WHERE user_id = ?', user);
        }
        editor.insert('scopes', {
          vault_id: 'home',
          user_id: '',
          next_position: 1,
          memory_count: 0,
          term_count: 0,
          index_version: 0,
          revision: 3,
        });
      },
    );
    const before = rowsByVault(place);
    const report = await rehomeHere(place);
    const after = rowsByVault(place);
    const left = ['alice', 'bob', 'carol', 'dave', 'erin', ''].map((user) => [
      user,
      after.memories.home
        .map((row) => Object.fromEntries(JSON.parse(row) as [string, unknown][]))
        .filter((row) => row.user_id === user)
        .map((row) => row.position)
        .sort(),
    ]);
    expect(Object.fromEntries(left)).toEqual({
      alice: [20, 21, 22],
      bob: [20, 21],
      carol: [2],
      dave: [5],
      erin: [],
      '': [0],
    });
    const index = ['scopes', 'term_blocks', 'users', 'vaults', 'collections'];
    expect(fingerprintOf(after, ...index)).toEqual(fingerprintOf(before, ...index));
    expect(after.facts.home.map((row) => /"f\d-\w+"/.exec(row)![0]).sort()).toEqual(
      [`"f3-${tagOf('bob')}"`, `"f9-${tagOf('erin')}"`].sort(),
    );
    // Rows go with what they hang on, whoever they name.
    expect(after.legacy_rows['user-carol'].some((row) => row.includes('of-carol'))).toBe(true);
    expect(report).toMatchObject({ moved: 5, tied: 5, refused: 0, usersMade: 5 });
    const alice = report.groups.find(({ to }) => to === 'user-alice')!;
    expect(alice.plan!.staying).toMatchObject({
      inSharedSessions: 1,
      atSharedWaypoints: 0,
      belongingToThem: 2,
    });
    expect(alice.plan!.staying.sessions).toEqual([{ id: 'standup', users: ['alice', 'bob'] }]);
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
    // Those who moved have all but what is shared.
    expect(after.users.home).toHaveLength(5);

    const again = await rehomeHere(place);
    expect(again).toMatchObject({ users: 5, moved: 0, tied: 5, refused: 0 });
    expect(rowsByVault(place)).toEqual(after);

    // Together they can go.
    const together = { alice: 'team', bob: 'team', carol: 'pair', dave: 'pair', erin: 'user-erin' };
    const dry = await rehomeHere(place, { map: together, dryRun: true });
    expect(dry.groups.map(({ to, outcome }) => [to, outcome])).toEqual([
      ['pair', 'moved'],
      ['team', 'moved'],
      ['user-erin', 'stays'],
    ]);
    expect(rowsByVault(place)).toEqual(after);
  });

  it('moves users together whom the map gives one vault, with what they share', async () => {
    const place = await makeHomes({ home: people(['alice', 'bob', 'carol'], 6) }, random, (editor) => {
      const [a, b] = ['alice', 'bob'].map(tagOf);
      const share = { session_id: 'standup' };
      editor.insert('memories', memoryRow('home', 'alice', 9, share), memoryRow('home', 'bob', 9, share));
      editor.insert('waypoints', waypointRow('home', 'alice', `${a}-1`, `${b}-2`));
      editor.run("UPDATE scopes SET next_position = 10 WHERE user_id IN ('alice', 'bob')");
    });
    const before = rowsByVault(place);
    const map = { alice: 'team', bob: 'team', carol: 'home', zoe: 'team' };
    const report = await rehomeHere(place, { map });
    const after = rowsByVault(place);
    expect(report).toMatchObject({ moved: 2, tied: 0, refused: 0, unknown: ['zoe'] });
    expect(report.groups.map(({ to, outcome }) => [to, outcome])).toEqual([
      ['home', 'remains'],
      ['team', 'moved'],
    ]);
    expect(fingerprintOf(after, 'vaults', 'collections')).toEqual(
      fingerprintOf(before, 'vaults', 'collections'),
    );
    expect(after.memories.team).toHaveLength(14);
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
  });

  it('refuses vaults that are not there for it, and overwrites nothing', async () => {
    const place = await makeHomes(
      {
        home: people(['alice', 'bob', 'carol', 'dave', 'erin', 'self'], 6),
        'user-alice': people(['zoe'], 3),
        'user-bob': people(['bob'], 3),
        'user-carol': [],
        'user-erin': [],
      },
      random,
      (editor) => {
        editor.run("DELETE FROM collections WHERE vault_id = 'user-carol'");
        editor.run("UPDATE vaults SET status = 'erased' WHERE vault_id = 'user-erin'");
      },
    );
    const before = rowsByVault(place);
    const map = { self: 'user-self', bob: 'user-bob' };
    const report = await rehomeHere(place, { map });
    const after = rowsByVault(place);
    expect(report).toMatchObject({ moved: 3, refused: 3 });
    const reasons = Object.fromEntries(report.groups.map(({ to, reason }) => [to, reason]));
    expect(reasons['user-alice']).toContain('has rows already');
    expect(reasons['user-bob']).toContain('3 rows of memories with the same id');
    expect(reasons['user-erin']).toContain('is erased');
    for (const vault of ['user-alice', 'user-bob', 'user-erin']) {
      expect(vaultOf(after, vault)).toEqual(vaultOf(before, vault));
    }
    expect(fingerprintOf(after, 'vaults', 'collections')).toEqual(
      fingerprintOf(before, 'vaults', 'collections'),
    );

    // Where ids do not clash, a vault that the map names takes them in.
    const mapped = await rehomeHere(place, { map: { ...map, alice: 'user-alice' } });
    expect(mapped).toMatchObject({ moved: 1, refused: 2 });
    const last = rowsByVault(place);
    expect(last.memories['user-alice']).toHaveLength(9);
    expect(auditIndex(place)).toMatchObject(SOUND);
  });

  it('refuses a vault for two of whom the map names one', async () => {
    const place = await makeHomes({ home: people(['alice', 'bob'], 2) }, random);
    const before = rowsByVault(place);
    await expect(rehomeHere(place, { map: { alice: 'user-bob' } })).rejects.toThrow(
      '"alice" and "bob" would share the vault user-bob',
    );
    await expect(rehomeHere(place, { from: 'nowhere' })).rejects.toThrow('There is no vault "nowhere"');
    const report = await rehomeHere(place, { to: 'ho{user_id}', map: { alice: 'home', bob: 'home' } });
    expect(report).toMatchObject({ moved: 0, refused: 0 });
    expect(rowsByVault(place)).toEqual(before);
  });

  it('is rehearsed without a change', async () => {
    const place = await makeHomes({ home: people(['alice', 'bob', '🦉'], 9) }, random);
    const before = rowsByVault(place);
    const dry = await rehomeHere(place, { dryRun: true });
    expect(rowsByVault(place)).toEqual(before);
    const real = await rehomeHere(copyOf(place));
    expect([...dry.tables]).toEqual([...real.tables]);
    expect(dry).toMatchObject({ moved: 3, vaultsMade: 3 });
  });

  it.each([
    ['who have all to themselves', false],
    ['who share a conversation', true],
  ])('is noticed by a service that runs meanwhile: users %s', async (_, shares) => {
    const owl = (user: string) => `an owl for ${user}`;
    const place = await makeHomes(
      { home: people(['alice', 'bob', ''], 300), beside: people(['alice'], 50) },
      random,
      (editor) => {
        if (!shares) return;
        for (const user of ['alice', 'bob']) {
          const rest = { session_id: 'standup', content: owl(user) };
          editor.insert('memories', memoryRow('home', user, 320, rest));
        }
        editor.run("UPDATE scopes SET next_position = 321 WHERE user_id IN ('alice', 'bob')");
      },
    );
    const queries = ['owl in the barn', 'winter river', `w12of${tagOf('alice')}`, '夜行 night'];
    const service = await TestService.start({}, place);
    const old = service.as('home', 'alice');
    const fresh = service.as('user-alice', 'alice');
    const everybody = service.as('home');
    const before: Result[][] = [];
    for (const query of queries) {
      before.push(await search(old, query));
      expect(await search(fresh, query)).toEqual([]);
      await search(everybody, query);
    }
    await rehomeHere(place);
    for (const [i, query] of queries.entries()) {
      const found = await search(fresh, query);
      expect(found.length).toBeGreaterThan(0);
      if (!shares) expect(found).toEqual(before[i]);
      const left = await search(old, query);
      expect(left.map(({ id }) => id)).toEqual(
        shares && query.includes('owl') ? [`${tagOf('alice')}-320`] : [],
      );
      const owners = (await search(everybody, query)).map((one) => Object.entries(one));
      const named = owners.flat().filter(([name, value]) => name === 'user_id' && value !== null);
      if (!shares) expect(named).toEqual([]);
    }
    // What was kept in memory of the former state has no say.
    const forgetful = await TestService.start({ SEARCH_CACHE_SIZE: '0' }, place);
    for (const query of queries) {
      for (const [vault, user] of [['home', 'alice'], ['home'], ['user-alice', 'alice']]) {
        const expected = await search(forgetful.as(vault, user), query);
        expect(await search(service.as(vault, user), query)).toEqual(expected);
      }
    }
    await forgetful.stop();
    // And both can be written to.
    expect((await fresh.post('/v1/memories', { content: 'an owl again' })).status).toBe(201);
    expect((await old.post('/v1/memories', { content: 'an owl once more' })).status).toBe(201);
    expect((await fresh.get('/v1/users/alice')).body).toMatchObject({ user_id: 'alice' });
    await service.stop();
    expect(auditIndex(place)).toMatchObject(SOUND);
  });

  it('loses nothing that a service writes meanwhile', async () => {
    const users = ['alice', 'bob', 'carol'];
    const place = await makeHomes({ home: people([...users, ''], 400) }, random);
    const before = rowsByVault(place);
    const service = await TestService.start({}, place);
    const acknowledged = new Map<string, string>();
    const deleted: string[] = [];
    let isOver = false;
    const writers = users.map(async (user) => {
      const client = service.as('home', user);
      for (let i = 0; !isOver; i += 1) {
        const id = `late-${user}-${i}`;
        const { status } = await client.post('/v1/memories', {
          id,
          content: `late ${i} owl`,
          session_id: `late ${user}`,
        });
        if (status === 201) acknowledged.set(id, user);
        const victim = `${tagOf(user)}-${300 - i}`;
        if (i < 100 && (await client.delete(`/v1/memories/${victim}`)).status === 204) deleted.push(victim);
      }
    });
    while (acknowledged.size < 12) await sleep(5);
    const report = await rehomeHere(place);
    isOver = true;
    await Promise.all(writers);
    await service.stop();
    expect(report.moved).toBe(3);
    // What has expired the service may have taken away.
    const idsIn = (rows: Rows) =>
      Object.values(rows.memories)
        .flat()
        .filter((row) => row.includes('["expires_at",null]'))
        .map((row) => new Map(JSON.parse(row) as [string, string][]).get('id')!);
    const stored = idsIn(rowsByVault(place));
    const gone = new Set(deleted);
    const expected = [...idsIn(before).filter((id) => !gone.has(id)), ...acknowledged.keys()];
    expect(stored.sort()).toEqual(expected.sort());
    expect(deleted.length).toBeGreaterThan(0);
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
  });
});
