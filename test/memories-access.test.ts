import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { putVault } from './harness/vault-row.js';

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  view.close();
  await service.stop();
});

const idsOf = (answer: Answer): string[] =>
  (answer.body.items ?? answer.body.results).map(({ id }: { id: string }) => id).sort();

/** One request of each memory route, about the memory `id`. */
function everyRoute(client: Client, id: string, headers: Record<string, string> = {}) {
  const path = `/v1/memories/${id}`;
  return {
    create: () => client.post('/v1/memories', { content: 'new' }, headers),
    list: () => client.get('/v1/memories', headers),
    search: () => client.post('/v1/memories/search', { query: 'owl' }, headers),
    context: () => client.post('/v1/memories/context', { query: 'owl', max_tokens: 100 }, headers),
    get: () => client.get(path, headers),
    history: () => client.get(`${path}/history`, headers),
    patch: () => client.patch(path, { tags: ['y'] }, headers),
    reinforce: () => client.post(`${path}/reinforce`, { amount: 0.2 }, headers),
    delete: () => client.delete(path, headers),
    deleteMatching: () => client.delete('/v1/memories?tag=zzz', headers),
  };
}

describe('permissions', () => {
  const needs: Record<string, string> = {
    create: 'write',
    list: 'read',
    search: 'read',
    context: 'read',
    get: 'read',
    history: 'read',
    patch: 'write',
    reinforce: 'write',
    delete: 'delete',
    deleteMatching: 'delete',
  };

  it.each([
    { given: ['read'] },
    { given: ['write'] },
    { given: ['delete'] },
    { given: ['read', 'write'] },
    { given: ['read', 'delete'] },
    { given: ['admin'] },
    { given: ['operator'] },
    { given: [] },
  ])('$given: 403 exactly where one is lacking, before anything else', async ({ given }) => {
    const vault = `permissions-${given.join('-')}.`;
    await service.as(vault, 'u').post('/v1/memories', { id: 'm', content: 'An owl.', tags: ['x'] });
    const before = view.digest();
    for (const id of ['m', 'absent']) {
      for (const [name, send] of Object.entries(everyRoute(service.as(vault, 'u', given), id))) {
        if (given.includes(needs[name])) continue;
        const answer = await send();
        expect([name, answer.status, answer.body.code]).toEqual([name, 403, 'FORBIDDEN']);
      }
    }
    expect(view.digest()).toBe(before);
    for (const [name, send] of Object.entries(everyRoute(service.as(vault, 'u', given), 'm'))) {
      if (given.includes(needs[name])) expect([name, (await send()).status < 300]).toEqual([name, true]);
    }
  });

  it('401 without a token, on every route', async () => {
    for (const send of Object.values(everyRoute(service.anonymous({ 'x-vault-id': 'acme' }), 'm'))) {
      const answer = await send();
      expect([answer.status, answer.body.code]).toEqual([401, 'MISSING_TOKEN']);
    }
  });
});

describe('users of one vault', () => {
  it('see, find and change their own memories only; a service sees all', async () => {
    const [ana, ben, all] = [service.as('users', 'ana'), service.as('users', 'ben'), service.as('users')];
    await ana.post('/v1/memories', { id: 'a', content: 'An owl at night.' });
    await ben.post('/v1/memories', { id: 'b', content: 'An owl by day.' });
    await all.post('/v1/memories', { id: 'n', content: 'An owl of nobody.' });
    await all.post('/v1/memories', { id: 'c', content: 'An owl for Cem.', user_id: 'cem' });
    for (const [client, own] of [
      [ana, ['a']],
      [ben, ['b']],
      [service.as('users', 'cem'), ['c']],
      [service.as('users', 'dan'), []],
      [all, ['a', 'b', 'c', 'n']],
    ] as const) {
      expect(idsOf(await client.get('/v1/memories'))).toEqual(own);
      expect((await client.get('/v1/memories?count=true')).body.count).toBe(own.length);
      expect(idsOf(await client.post('/v1/memories/search', { query: 'owls' }))).toEqual(own);
    }
    expect(idsOf(await all.get('/v1/memories?user_id=ben'))).toEqual(['b']);
    const found = await all.post('/v1/memories/search', { query: 'owl', filters: { user_id: 'ben' } });
    expect(idsOf(found)).toEqual(['b']);
  });

  it("answer another's memory exactly as one that does not exist", async () => {
    const [ana, ben] = [service.as('alike', 'ana'), service.as('alike', 'ben')];
    const elsewhere = service.as('alike-2', 'ana');
    await ben.post('/v1/memories', { id: 'x1', content: 'An owl.' });
    await elsewhere.post('/v1/memories', { id: 'x2', content: 'An owl.' });
    await service.as('alike').post('/v1/memories', { id: 'x3', content: 'An owl.' });
    const before = view.digest();
    const headers = { 'x-request-id': 'r', 'if-match': '"1"', 'if-none-match': '"1"' };
    const shapes = async (id: string) => {
      const seen: Record<string, unknown> = {};
      for (const name of ['get', 'history', 'patch', 'reinforce', 'delete'] as const) {
        const { status, text, headers: received } = await everyRoute(ana, id, headers)[name]();
        const rest = [...received].filter(([key]) => key !== 'date');
        seen[name] = { status, text, rest };
      }
      return seen;
    };
    const absent = await shapes('x0');
    expect(absent.get).toMatchObject({ status: 404 });
    for (const id of ['x1', 'x2', 'x3']) expect(await shapes(id)).toEqual(absent);
    expect(view.digest()).toBe(before);
  });

  it('cannot name another user, in any place', async () => {
    const ana = service.as('naming', 'ana');
    await ana.post('/v1/memories', { id: 'm', content: 'An owl.' });
    const before = view.digest();
    for (const answer of [
      await ana.post('/v1/memories', { content: 'x', user_id: 'ben' }),
      await ana.patch('/v1/memories/m', { user_id: 'ben' }),
      await ana.get('/v1/memories?user_id=ben'),
      await ana.delete('/v1/memories?user_id=ben'),
      await ana.delete('/v1/memories?user_id=ben&dry_run=true'),
      await ana.post('/v1/memories/search', { query: 'owl', filters: { user_id: 'ben' } }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'FORBIDDEN']);
      expect(answer.body.errors).toEqual([{ field: 'user_id', message: expect.any(String) }]);
    }
    expect(view.digest()).toBe(before);
    expect((await ana.post('/v1/memories', { content: 'x', user_id: 'ana' })).status).toBe(201);
    expect(idsOf(await ana.get('/v1/memories?user_id=ana'))).toHaveLength(2);
  });
});

describe('memories without an owner', () => {
  it('are shared for reading, and for reading only, where the vault says so', async () => {
    await putVault(service, 'shared', { shareUnowned: true });
    const [ana, all] = [service.as('shared', 'ana'), service.as('shared')];
    await all.post('/v1/memories', { id: 'n', content: 'An owl of nobody.', tags: ['x'] });
    await ana.post('/v1/memories', { id: 'a', content: 'An owl of Ana.', tags: ['x'] });
    await service.as('shared', 'ben').post('/v1/memories', { id: 'b', content: 'An owl of Ben.' });

    expect(idsOf(await ana.get('/v1/memories?count=true'))).toEqual(['a', 'n']);
    expect(idsOf(await ana.get('/v1/memories?user_id=ana'))).toEqual(['a']);
    expect(idsOf(await ana.post('/v1/memories/search', { query: 'owl' }))).toEqual(['a', 'n']);
    const own = await ana.post('/v1/memories/search', { query: 'owl', filters: { user_id: 'ana' } });
    expect(idsOf(own)).toEqual(['a']);
    expect((await ana.get('/v1/memories/n')).body.user_id).toBeNull();
    expect((await ana.get('/v1/memories/n/history')).status).toBe(200);

    const before = view.digest();
    for (const answer of [
      await ana.patch('/v1/memories/n', { tags: [] }),
      await ana.delete('/v1/memories/n'),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([403, 'FORBIDDEN']);
    }
    expect((await ana.delete('/v1/memories?tag=x&dry_run=true')).body.deleted).toBe(1);
    expect(view.digest()).toBe(before);
    expect((await ana.delete('/v1/memories?tag=x')).body.deleted).toBe(1);
    expect(idsOf(await all.get('/v1/memories'))).toEqual(['b', 'n']);
    // What one user stores is their own, equal text of nobody's notwithstanding.
    const again = { content: 'An owl of nobody.', on_duplicate: 'return' };
    expect((await ana.post('/v1/memories', again)).body.user_id).toBe('ana');
  });

  it('are not shared otherwise', async () => {
    await putVault(service, 'unshared');
    await service.as('unshared').post('/v1/memories', { id: 'n', content: 'An owl of nobody.' });
    const ana = service.as('unshared', 'ana');
    expect(idsOf(await ana.get('/v1/memories'))).toEqual([]);
    expect((await ana.get('/v1/memories/n')).status).toBe(404);
  });
});

describe('the vault itself', () => {
  it('is made by its first write, not by reading', async () => {
    const client = service.as('first-write', 'u');
    expect(idsOf(await client.get('/v1/memories'))).toEqual([]);
    expect((await client.post('/v1/memories/search', { query: 'owl' })).body).toEqual({ results: [] });
    expect((await client.delete('/v1/memories/x')).status).toBe(404);
    expect((await client.delete('/v1/memories?tag=x')).body).toEqual({ deleted: 0, dry_run: false });
    expect(view.counts('first-write').vaults).toBe(0);
    await Promise.all(Array.from({ length: 8 }, () => client.post('/v1/memories', { content: 'x' })));
    expect(view.counts('first-write')).toMatchObject({ vaults: 1, memories: 8 });
  });

  it('is refused, with nothing changed, where vaults are not made by use', async () => {
    const strict = await TestService.start({ VAULT_AUTO_CREATE: 'false' });
    const strictView = new DatabaseView(strict.databasePath);
    try {
      await putVault(strict, 'known');
      const before = strictView.digest();
      const client = strict.as('unknown', 'u');
      const refused = await client.post('/v1/memories', { content: 'x' });
      expect([refused.status, refused.body.code]).toEqual([403, 'VAULT_UNKNOWN']);
      expect((await client.patch('/v1/memories/x', { tags: [] })).status).toBe(404);
      expect(idsOf(await client.get('/v1/memories'))).toEqual([]);
      expect(strictView.digest()).toBe(before);
      expect((await strict.as('known', 'u').post('/v1/memories', { content: 'x' })).status).toBe(201);
    } finally {
      strictView.close();
      await strict.stop();
    }
  });

  it.each(['suspended', 'erasing', 'erased'] as const)('answers 401 when it is %s', async (status) => {
    await putVault(service, `closed-${status}`, { status });
    const before = view.digest();
    const refused = await service.as('x', 'u', ['read']).get('/v1/memories', {
      authorization: 'Bearer not-a-token',
      'x-request-id': 'r',
    });
    for (const user of ['u', undefined]) {
      const client = service.as(`closed-${status}`, user);
      for (const send of Object.values(everyRoute(client, 'm', { 'x-request-id': 'r' }))) {
        expect((await send()).text).toBe(refused.text);
      }
    }
    expect(refused.body.code).toBe('INVALID_TOKEN');
    expect(view.digest()).toBe(before);
  });
});
