import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Client, TestService, newDatabase } from './harness/app.js';
import { DatabaseEditor } from './harness/database-editor.js';
import { search } from './harness/searching.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('search-cache');

const WORDS = ['owl', 'barn', 'moon', 'mouse', 'Anna', 'Paris', 'June', 'yesterday?'];
const QUERIES = ['owl in the barn', 'Anna', 'June mouse', 'when did the moon rise'];
const content = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 })
  .map((all) => all.join(' '));
const user = fc.constantFrom('ana', 'ben', undefined);

type Step =
  | { do: 'add'; user?: string; content: string; speaker?: string; session?: string; expires?: number }
  | { do: 'batch'; user?: string; contents: string[] }
  | { do: 'edit' | 'move'; pick: number; content: string }
  | { do: 'delete'; pick: number }
  | { do: 'erase'; user: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      user,
      content,
      speaker: fc.constantFrom(undefined, 'Anna', 'Owl'),
      session: fc.constantFrom(undefined, 's1', 's2'),
      expires: fc.constantFrom(undefined, undefined, undefined, 40),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      user,
      contents: fc.array(content, { maxLength: 130 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'move' as const), pick: fc.nat(), content }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('erase' as const), user: fc.constantFrom('ana', 'ben') }),
  },
);

const services: TestService[] = [];
async function start(place: string, cacheSize: string): Promise<TestService> {
  const service = await TestService.start({ SEARCH_CACHE_SIZE: cacheSize }, place);
  services.push(service);
  return service;
}
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

/** When the last memory that expires does. */
let lastExpiry = 0;

/** What these clients find is the same to the last bit, and as much as the first says. */
async function expectSame(clients: readonly Client[], rest: object = {}): Promise<void> {
  for (const query of QUERIES) {
    const found = () => Promise.all(clients.map((client) => search(client, query, rest)));
    // What is kept now has to go when it expires, which must not be while they are compared.
    await found();
    await sleep(Math.max(0, lastExpiry + 2 - Date.now()));
    const [expected, ...others] = await found();
    for (const results of others) expect(results).toEqual(expected);
  }
}

async function carryOut(step: Step, vault: Client, ids: string[]): Promise<void> {
  const created = (body: { id: string }) => ids.push(body.id);
  switch (step.do) {
    case 'add': {
      const { content, user, speaker, session, expires } = step;
      const { body } = await vault.post('/v1/memories', {
        content,
        user_id: user,
        session_id: session,
        metadata: speaker ? { speaker } : {},
        expires_at: expires && (lastExpiry = Date.now() + expires),
      });
      created(body);
      return;
    }
    case 'batch': {
      if (step.contents.length === 0) return;
      const rows = step.contents.map((content) => ({ content, user_id: step.user }));
      (await vault.post('/v1/memories/batch', rows)).body.results.forEach(created);
      return;
    }
    case 'edit':
    case 'move': {
      if (ids.length === 0) return;
      const change = step.do === 'edit' ? { content: step.content } : { user_id: 'ben' };
      await vault.patch(`/v1/memories/${ids[step.pick % ids.length]}`, change);
      return;
    }
    case 'delete':
      if (ids.length > 0) await vault.delete(`/v1/memories/${ids[step.pick % ids.length]}`);
      return;
    case 'erase':
      await vault.delete(`/v1/users/${step.user}`);
  }
}

describe('what searches keep of the index', () => {
  it('is never seen: whatever is written, by this process or another, the same is found without it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.nat(2)), { minLength: 5, maxLength: 25 }),
        async (steps) => {
          const place = newDatabase();
          // Nothing kept, everything, and little: what is kept has to make room.
          const all = [await start(place, '0'), await start(place, '64mib'), await start(place, '12kib')];
          const ids: string[] = [];
          for (const [one, at] of steps) {
            await carryOut(one, all[at].as('acme'), ids);
            await expectSame(all.map((service) => service.as('acme')));
            await expectSame(all.map((service) => service.as('acme', 'ana')));
            await expectSame(
              all.map((service) => service.as('acme')),
              { filters: { user_id: 'ben' } },
            );
          }
          await Promise.all(services.splice(0).map((service) => service.stop()));
        },
      ),
      { seed, numRuns: 8, endOnFailure: true },
    );
  });

  it('takes in what is added while others search', async () => {
    const place = newDatabase();
    const [plain, keeping] = [await start(place, '0'), await start(place, '64mib')];
    const client = keeping.as('acme', 'ana');
    const many = Array.from({ length: 300 }, (_, i) => ({ content: `${WORDS[i % 5]} ${WORDS[i % 7]} ${i}` }));
    await client.post('/v1/memories/batch', many);
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([
        client.post('/v1/memories', { content: `owl ${round} in the barn` }),
        ...Array.from({ length: 6 }, () => search(client, 'owl in the barn')),
      ]);
    }
    await expectSame([plain.as('acme', 'ana'), client]);
    const found = await search(client, 'owl in the barn');
    expect(found.length).toBeGreaterThan(60);
  });

  it('is a vault’s own, even where another’s looks the same from outside', async () => {
    const service = await start(newDatabase(), '64mib');
    const [one, other] = [service.as('acme', 'ana'), service.as('globex', 'ana')];
    await one.post('/v1/memories', { content: 'an owl in the barn' });
    await other.post('/v1/memories', { content: 'a mouse on the moon' });
    const editor = new DatabaseEditor(service.databasePath);
    expect(editor.run('UPDATE scopes SET revision = 7')).toBe(2);
    editor.close();
    expect(await search(one, 'owl')).toHaveLength(1);
    expect(await search(other, 'owl')).toEqual([]);
    expect(await search(other, 'mouse')).toHaveLength(1);
    expect(await search(one, 'mouse')).toEqual([]);
  });

  it('is a user’s own: the vault and another user find what is theirs', async () => {
    const service = await start(newDatabase(), '64mib');
    const [ana, ben, vault] = [service.as('acme', 'ana'), service.as('acme', 'ben'), service.as('acme')];
    await ana.post('/v1/memories', { content: 'an owl in the barn' });
    await ben.post('/v1/memories', { content: 'an owl on the moon' });
    for (let time = 0; time < 2; time += 1) {
      expect(await search(ana, 'owl')).toMatchObject([{ content: 'an owl in the barn' }]);
      expect(await search(ben, 'owl')).toMatchObject([{ content: 'an owl on the moon' }]);
      expect(await search(vault, 'owl')).toHaveLength(2);
      expect(await search(vault, 'owl', { filters: { user_id: 'ben' } })).toHaveLength(1);
    }
  });

  it('does not outlive who comes back after an erasure with as many memories as before', async () => {
    const service = await start(newDatabase(), '64mib');
    const [ana, vault] = [service.as('acme', 'ana'), service.as('acme')];
    await ana.post('/v1/memories', { content: 'an owl in the barn' });
    expect(await search(ana, 'owl')).toHaveLength(1);
    await vault.delete('/v1/users/ana');
    await ana.post('/v1/memories', { content: 'a mouse on the moon' });
    expect(await search(ana, 'owl')).toEqual([]);
    expect(await search(ana, 'mouse')).toHaveLength(1);
  });
});
