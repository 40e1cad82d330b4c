import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { TestService, temporaryFolder } from './harness/app.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { distinctiveWords, notFoundFirst, readMemories } from './harness/openmemory/own-words.js';
import { HASHES, ownWord } from './harness/openmemory/plain-rows.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { upgrade, upgradeHere } from './harness/openmemory/upgrade.js';

afterAll(endBuiltServers);

describe('right after the upgrade', () => {
  for (const release of RELEASES) {
    it(`every memory is found first by its own words: ${release}`, async () => {
      const path = makeFile(temporaryFolder(), release, plain(120));
      await upgradeHere(path);
      const service = await TestService.start({}, path);
      const memories = readMemories(path);
      expect(memories).toHaveLength(120);
      const missed = await notFoundFirst((vault) => service.as(vault), memories, distinctiveWords(memories));
      await service.stop();
      expect(missed).toEqual([]);
    });
  }

  it('the vault of the last line printed shows them in dev mode, and no other does', async () => {
    const path = makeFile(temporaryFolder(), '1.1.1', plain(30));
    const { stdout } = await upgrade(path);
    const curl = stdout.trimEnd().split('\n').at(-1)!;
    expect(curl).toBe(`curl -H 'X-Vault-Id: default-vault' http://127.0.0.1:8080/v1/memories`);
    const [, name, value] = /-H '([^:]+): ([^']+)'/.exec(curl)!;

    const { url } = await startBuiltServer({ DATABASE_URL: `sqlite:${path}` });
    const ask = async (target: string, vault: string, init: RequestInit = {}) => {
      const headers = { [name]: vault, 'content-type': 'application/json' };
      const response = await fetch(url + target, { ...init, headers });
      return { status: response.status, body: (await response.json()) as Record<string, never> };
    };
    const search = { method: 'POST', body: JSON.stringify({ query: ownWord(7) }) };
    const mine = await ask('/v1/memories?count=true&limit=100', value);
    expect(mine.body).toMatchObject({ items: expect.any(Array), count: 30 });
    const items = mine.body.items as { id: string; content: string }[];
    expect(items).toHaveLength(30);
    const [{ id }] = items;
    expect(await ask(`/v1/memories/${id}`, value)).toMatchObject({ status: 200, body: { id } });
    const found = (await ask('/v1/memories/search', value, search)).body.results as { content: string }[];
    expect(found[0].content).toContain(ownWord(7));

    expect((await ask('/v1/memories', 'another-vault')).body.items).toEqual([]);
    expect((await ask(`/v1/memories/${id}`, 'another-vault')).status).toBe(404);
    expect((await ask('/v1/memories/search', 'another-vault', search)).body.results).toEqual([]);
  });
});

describe('a former tenant', () => {
  let service: TestService;
  let path: string;
  beforeAll(async () => {
    path = makeFile(temporaryFolder(), 'HEAD', plain(60));
    await upgradeHere(path);
    service = await TestService.start({}, path);
  });
  afterAll(() => service.stop());

  it('has a vault that a token with its id opens, and that holds all of its rows and no others', async () => {
    const memories = readMemories(path);
    for (const hash of HASHES) {
      const own = memories.filter(({ vaultId }) => vaultId === `om-${hash}`);
      expect(own.length).toBeGreaterThan(5);
      const client = service.as(`om-${hash}`);
      const { body } = await client.get('/v1/memories?limit=100');
      expect(body.items.map(({ id }: { id: string }) => id).sort()).toEqual(own.map(({ id }) => id));
      for (const item of body.items) expect(item.user_id).toBe(hash);
      const others = memories.filter(({ vaultId }) => vaultId !== `om-${hash}`);
      for (const { id } of others.slice(0, 10))
        expect((await client.get(`/v1/memories/${id}`)).status).toBe(404);
      const users = (await client.get('/v1/users')).body.items as { user_id: string }[];
      expect(users.map(({ user_id }) => user_id)).toEqual([hash]);
    }
  });

  it('finds its projects as collections', async () => {
    const { body } = await service.as(`om-${HASHES[0]}`).get('/v1/memories?collection=atlas&limit=100');
    expect(body.items.length).toBeGreaterThan(0);
    for (const item of body.items) expect(item.collection).toBe('atlas');
  });

  it('is found under no name but that', async () => {
    for (const vault of [HASHES[0], 'om-0000000000000000', `OM-${HASHES[0]}`, 'default'])
      expect((await service.as(vault).get('/v1/memories')).body.items, vault).toEqual([]);
  });
});
