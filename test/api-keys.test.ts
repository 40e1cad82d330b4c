import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyUses } from '../src/vaults/api-key-uses.js';
import { adminOf, makeKey, withKey } from './harness/api-keys.js';
import { type Client, TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';

const PATH = '/v1/vault/api-keys';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
const newVault = () => `keys-${(vaults += 1)}`;

const whoami = async (key: string) => (await withKey(service, key).get('/v1/whoami')).body as object;

describe('making a key', () => {
  it('answers it once, and keeps nothing of its secret', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    const began = Date.now();
    const { status, body } = await admin.post(PATH, { name: 'the agent' });
    expect(status).toBe(201);
    const { id, key, created_at, ...rest } = body as Record<string, unknown>;
    expect(rest).toEqual({
      name: 'the agent',
      user_id: null,
      permissions: ['read', 'write', 'delete'],
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    });
    expect(created_at).toBeGreaterThanOrEqual(began);
    const secret = (key as string).split('_').at(-1)!;
    expect(secret).toMatch(/^[0-9a-f]{64}$/);
    const known = { id, created_at, ...rest };
    expect((await admin.get(`${PATH}/${id as string}`)).body).toEqual(known);
    expect((await admin.get(PATH)).body).toEqual({ items: [known], next_cursor: null });

    const view = new DatabaseView(service.databasePath);
    const everything = view.tables().flatMap((table) => view.all(`SELECT * FROM "${table}"`));
    view.close();
    expect(JSON.stringify(everything)).toContain(id);
    expect(JSON.stringify(everything)).not.toContain(secret);
  });

  it('opens the vault that it names, with its permissions and no others', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    const whole = await makeKey(admin);
    expect(await whoami(whole.key)).toEqual({
      vault_id: vault,
      user_id: null,
      permissions: ['read', 'write', 'delete', 'vault'],
      service: true,
    });
    const reader = await makeKey(admin, { user_id: 'ana', permissions: ['read'] });
    expect(await whoami(reader.key)).toEqual({
      vault_id: vault,
      user_id: 'ana',
      permissions: ['read'],
      service: false,
    });
    const none = await makeKey(admin, { permissions: [] });
    expect(await whoami(none.key)).toMatchObject({ permissions: ['vault'] });
    const requests: [string, string, object?][] = [
      ['GET', '/v1/memories'],
      ['POST', '/v1/memories', { content: 'an owl' }],
      ['DELETE', '/v1/memories?tag=none'],
      ['GET', PATH],
      ['POST', PATH, { name: 'another' }],
      ['GET', '/v1/vaults'],
    ];
    const statuses = async (key: string) =>
      Promise.all(
        requests.map(async ([method, path, body]) => {
          const { status } = await withKey(service, key).send(method, path, body);
          return status;
        }),
      );
    expect(await statuses(whole.key)).toEqual([200, 201, 200, 403, 403, 403]);
    expect(await statuses(reader.key)).toEqual([200, 403, 403, 403, 403, 403]);
    expect(await statuses(none.key)).toEqual([403, 403, 403, 403, 403, 403]);
    const administrator = await makeKey(admin, { permissions: ['admin'] });
    expect(await statuses(administrator.key)).toEqual([403, 403, 403, 200, 201, 403]);
  });

  it('gives nothing that the caller lacks', async () => {
    const vault = newVault();
    const reader = service.as(vault, undefined, ['read', 'admin', 'vault']);
    for (const permissions of [['write'], ['read', 'delete'], ['write', 'admin']]) {
      const { status, body } = await reader.post(PATH, { name: 'more', permissions });
      expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    }
    const { id } = await makeKey(reader, { permissions: ['read', 'admin'] });
    expect((await reader.get(`${PATH}/${id}`)).body.permissions).toEqual(['read', 'admin']);
    // Without a word of it, what the caller has of the usual ones.
    const usual = await makeKey(reader);
    expect((await reader.get(`${PATH}/${usual.id}`)).body.permissions).toEqual(['read']);
  });

  it('never gives `operator` or `vault`, even to a caller who has them', async () => {
    const all = service.as(newVault(), undefined, ['read', 'admin', 'vault', 'operator']);
    for (const permissions of [['operator'], ['vault'], ['root'], 'read', [1], ['read', 'operator']]) {
      const { status, body } = await all.post(PATH, { name: 'more', permissions });
      expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    }
  });

  it.each<[string, unknown]>([
    ['name', {}],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(256) }],
    ['name', { name: 'a\u0000b' }],
    ['name', { name: 1 }],
    ['user_id', { name: 'n', user_id: '' }],
    ['user_id', { name: 'n', user_id: 'u'.repeat(257) }],
    ['user_id', { name: 'n', user_id: null }],
    ['expires_at', { name: 'n', expires_at: 1 }],
    ['expires_at', { name: 'n', expires_at: 'tomorrow' }],
    ['expires_at', { name: 'n', expires_at: Number.MAX_SAFE_INTEGER }],
    ['secret', { name: 'n', secret: 'mine' }],
    ['vault_id', { name: 'n', vault_id: 'other' }],
    ['id', { name: 'n', id: 'mine' }],
  ])('refuses %s: %j', async (field, body) => {
    const answer = await adminOf(service, newVault()).post(PATH, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect((answer.body.errors as { field: string }[]).map((one) => one.field)).toContain(field);
  });

  it('takes no Idempotency-Key: an answer that is kept would hold the secret', async () => {
    const admin = adminOf(service, newVault());
    const once = { 'idempotency-key': 'k' };
    const made = await admin.post(PATH, { name: 'n' }, once);
    expect([made.status, made.body.code]).toEqual([400, 'INVALID_HEADER']);
    const { id } = await makeKey(admin);
    expect((await admin.post(`${PATH}/${id}/rotate`, {}, once)).status).toBe(400);
    // Where nothing secret is answered it does what it does elsewhere, and a list is asked for anew each time.
    const revoked = await admin.post(`${PATH}/${id}/revoke`, {}, once);
    const again = await admin.post(`${PATH}/${id}/revoke`, {}, once);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([revoked.text, 'true']);
    expect((await admin.get(PATH, once)).body.items).toHaveLength(1);
    await makeKey(admin);
    expect((await admin.get(PATH, once)).body.items).toHaveLength(2);
  });

  it('makes the vault, where that is allowed', async () => {
    const vault = newVault();
    const { key } = await makeKey(adminOf(service, vault));
    expect((await withKey(service, key).get('/v1/vault')).body.created_at).toBeTypeOf('number');
    const strict = await TestService.start({ VAULT_AUTO_CREATE: 'false' }, service.databasePath);
    const refused = await adminOf(strict, newVault()).post(PATH, { name: 'n' });
    expect([refused.status, refused.body.code]).toEqual([403, 'VAULT_UNKNOWN']);
    await strict.stop();
  });
});

describe('keys of users', () => {
  it('see what is their user’s alone', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    await service.as(vault, 'ben').post('/v1/memories', { content: 'of ben', id: 'b1' });
    await admin.post('/v1/memories', { content: 'of nobody', id: 'n1' });
    const ana = withKey(service, (await makeKey(admin, { user_id: 'ana' })).key);
    await ana.post('/v1/memories', { content: 'of ana', id: 'a1' });
    const ids = ((await ana.get('/v1/memories')).body.items as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual(['a1']);
    for (const id of ['b1', 'n1', 'none']) expect((await ana.get(`/v1/memories/${id}`)).status).toBe(404);
    expect((await ana.post('/v1/memories', { content: 'x', user_id: 'ben' })).status).toBe(403);
    const { body } = await ana.post('/v1/memories/search', { query: 'ana' });
    expect(body.results).toHaveLength(1);
  });

  it('are made, seen and ended by administrators who are users for themselves alone', async () => {
    const vault = newVault();
    const [admin, ana, ben] = [
      adminOf(service, vault),
      adminOf(service, vault, 'ana'),
      adminOf(service, vault, 'ben'),
    ];
    // Whoever shares what nobody owns still does not see the keys of the vault.
    await admin.patch('/v1/vault', { share_unowned: true });
    const whole = await makeKey(admin);
    const own = await makeKey(ana, { permissions: ['read', 'admin'] });
    expect(await whoami(own.key)).toMatchObject({ user_id: 'ana', service: false });
    const given = await makeKey(admin, { user_id: 'ana' });
    const idsOf = async (client: Client) =>
      ((await client.get(PATH)).body.items as { id: string }[]).map(({ id }) => id);
    expect((await idsOf(admin)).sort()).toEqual([whole.id, own.id, given.id].sort());
    expect((await idsOf(ana)).sort()).toEqual([own.id, given.id].sort());
    expect((await idsOf(withKey(service, own.key))).sort()).toEqual([own.id, given.id].sort());
    expect(await idsOf(ben)).toEqual([]);

    for (const user_id of ['ben', 'Ana', 'ana ']) {
      const { status, body } = await ana.post(PATH, { name: 'n', user_id });
      expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    }
    await makeKey(ana, { user_id: 'ana' });
    const absent = await ben.get(`${PATH}/none`);
    for (const id of [whole.id, own.id, given.id]) {
      for (const [method, path] of [
        ['GET', id],
        ['POST', `${id}/rotate`],
        ['POST', `${id}/revoke`],
      ]) {
        const { status, body } = await ben.send(method, `${PATH}/${path}`);
        expect([status, body.code, body.detail]).toEqual([404, 'NOT_FOUND', absent.body.detail]);
      }
    }
    expect((await ana.post(`${PATH}/${whole.id}/revoke`, {})).status).toBe(404);
    expect((await ana.post(`${PATH}/${given.id}/revoke`, {})).status).toBe(200);
    expect((await withKey(service, given.key).get('/v1/whoami')).status).toBe(401);
    expect((await withKey(service, whole.key).get('/v1/whoami')).status).toBe(200);
  });

  it('go with their user', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    const ana = await makeKey(admin, { user_id: 'ana' });
    const ben = await makeKey(admin, { user_id: 'ben' });
    await withKey(service, ana.key).post('/v1/memories', { content: 'an owl' });
    expect((await admin.delete('/v1/users/ana')).body.erased.api_keys).toBe(1);
    expect((await withKey(service, ana.key).get('/v1/whoami')).status).toBe(401);
    expect((await withKey(service, ben.key).get('/v1/whoami')).status).toBe(200);
  });
});

describe('keys of another vault', () => {
  it('are as keys that are not there', async () => {
    const [mine, yours] = [adminOf(service, newVault()), adminOf(service, newVault())];
    const { id, key } = await makeKey(yours);
    const { text: _, ...absent } = await mine.get(`${PATH}/00000000-0000-7000-8000-000000000000`);
    for (const [method, path] of [
      ['GET', id],
      ['POST', `${id}/rotate`],
      ['POST', `${id}/revoke`],
    ]) {
      const { status, body } = await mine.send(method, `${PATH}/${path}`);
      expect([status, body.code, body.detail]).toEqual([404, absent.body.code, absent.body.detail]);
    }
    expect((await mine.get(PATH)).body.items).toEqual([]);
    expect((await withKey(service, key).get('/v1/whoami')).status).toBe(200);
  });
});

describe('the list', () => {
  it('is read in pages, from the oldest on', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    const made: string[] = [];
    for (let i = 0; i < 7; i += 1) made.push((await makeKey(admin, { name: `number ${i}` })).id);
    const read: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await admin.get(`${PATH}?limit=3${cursor && `&cursor=${cursor}`}`);
      read.push(...(body.items as { id: string }[]).map(({ id }) => id));
      expect(body.items.length).toBeLessThanOrEqual(3);
      if (body.next_cursor === null) break;
      cursor = encodeURIComponent(body.next_cursor as string);
    }
    expect(read).toEqual([...made].sort());
    const { body: first } = await admin.get(`${PATH}?limit=3`);
    const elsewhere = await adminOf(service, newVault()).get(`${PATH}?cursor=${first.next_cursor}`);
    expect([elsewhere.status, elsewhere.body.code]).toEqual([400, 'INVALID_CURSOR']);
    const ana = await adminOf(service, vault, 'ana').get(`${PATH}?cursor=${first.next_cursor}`);
    expect(ana.status).toBe(400);
  });
});

describe('the end of a key', () => {
  it('comes at once when it is revoked, for good', async () => {
    const admin = adminOf(service, newVault());
    const { id, key } = await makeKey(admin);
    const client = withKey(service, key);
    expect((await client.get('/v1/whoami')).status).toBe(200);
    const { status, body } = await admin.post(`${PATH}/${id}/revoke`, undefined);
    expect(status).toBe(200);
    expect(body.revoked_at).toBeTypeOf('number');
    const refused = await client.get('/v1/whoami');
    expect([refused.status, refused.body.code]).toEqual([401, 'INVALID_TOKEN']);
    expect((await admin.post(`${PATH}/${id}/revoke`, {})).body).toEqual(body);
    const rotated = await admin.post(`${PATH}/${id}/rotate`, {});
    expect([rotated.status, rotated.body.code]).toEqual([409, 'API_KEY_ENDED']);
    expect((await admin.get(PATH)).body.items).toMatchObject([{ id, revoked_at: body.revoked_at }]);
  });

  it('comes when it expires, to the millisecond that was said', async () => {
    const admin = adminOf(service, newVault());
    const expires_at = Date.now() + 600;
    const { id, key } = await makeKey(admin, { expires_at });
    const client = withKey(service, key);
    const before = await client.get('/v1/whoami');
    if (Date.now() < expires_at) expect(before.status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, expires_at - Date.now() + 5));
    expect((await client.get('/v1/whoami')).status).toBe(401);
    expect((await admin.post(`${PATH}/${id}/rotate`, {})).body.code).toBe('API_KEY_ENDED');
  });

  it('comes with rotation: at once, or after a time of grace', async () => {
    const vault = newVault();
    const admin = adminOf(service, vault);
    const old = await makeKey(admin, { name: 'agent', user_id: 'ana', permissions: ['read'] });
    const oldClient = withKey(service, old.key);
    expect((await oldClient.get('/v1/whoami')).status).toBe(200);
    const { status, body: next } = await admin.post(`${PATH}/${old.id}/rotate`, { grace_seconds: 60 });
    expect(status).toBe(201);
    expect(next).toMatchObject({ name: 'agent', user_id: 'ana', permissions: ['read'], expires_at: null });
    expect([next.id === old.id, next.key === old.key]).toEqual([false, false]);
    expect((await oldClient.get('/v1/whoami')).status).toBe(200);
    const nextClient = withKey(service, next.key);
    expect((await nextClient.get('/v1/whoami')).body).toEqual((await oldClient.get('/v1/whoami')).body);
    const { expires_at } = (await admin.get(`${PATH}/${old.id}`)).body;
    expect(expires_at - Date.now()).toBeGreaterThan(50_000);
    expect(expires_at - Date.now()).toBeLessThanOrEqual(60_000);

    const { body: last } = await admin.post(`${PATH}/${next.id}/rotate`, undefined);
    expect((await nextClient.get('/v1/whoami')).status).toBe(401);
    expect((await withKey(service, last.key).get('/v1/whoami')).status).toBe(200);
    for (const grace_seconds of [-1, 1.5, 30 * 86_400 + 1, '1']) {
      expect((await admin.post(`${PATH}/${last.id}/rotate`, { grace_seconds })).status).toBe(400);
    }
  });

  it('is never put off by a time of grace', async () => {
    const admin = adminOf(service, newVault());
    const expires_at = Date.now() + 30_000;
    const { id } = await makeKey(admin, { expires_at });
    const { body } = await admin.post(`${PATH}/${id}/rotate`, { grace_seconds: 600 });
    expect(body.expires_at).toBe(expires_at);
    expect((await admin.get(`${PATH}/${id}`)).body.expires_at).toBe(expires_at);
    const later = expires_at + 60_000;
    const rotated = await admin.post(`${PATH}/${body.id}/rotate`, { expires_at: later });
    expect(rotated.body.expires_at).toBe(later);
    expect((await admin.post(`${PATH}/${rotated.body.id}/rotate`, { expires_at: 5 })).status).toBe(400);
  });

  it('gives nobody the secret of a key that may do more than they', async () => {
    const vault = newVault();
    const { id, key } = await makeKey(adminOf(service, vault), { permissions: ['read', 'write'] });
    const reader = service.as(vault, undefined, ['read', 'admin', 'vault']);
    expect((await reader.post(`${PATH}/${id}/rotate`, {})).status).toBe(403);
    expect((await withKey(service, key).get('/v1/whoami')).status).toBe(200);
    // Operators' keys come from the command line, and vaults' administrators are none.
    edit(service.databasePath, (editor) =>
      editor.run(`UPDATE api_keys SET permissions = '["read","operator"]' WHERE id = '${id}'`),
    );
    expect((await adminOf(service, vault).post(`${PATH}/${id}/rotate`, {})).status).toBe(403);
    expect((await reader.post(`${PATH}/${id}/revoke`, {})).status).toBe(200);
  });

  it('comes with the vault’s suspension and erasure', async () => {
    const vault = newVault();
    const operator = service.as('operations', undefined, ['operator', 'vault']);
    const { key } = await makeKey(adminOf(service, vault));
    const client = withKey(service, key);
    expect((await client.get('/v1/whoami')).status).toBe(200);
    await operator.post(`/v1/vaults/${vault}/suspend`, undefined);
    expect((await client.get('/v1/whoami')).status).toBe(401);
    await operator.post(`/v1/vaults/${vault}/resume`, undefined);
    expect((await client.get('/v1/whoami')).status).toBe(200);
    const { body } = await operator.delete(`/v1/vaults/${vault}`);
    expect([body.deleted.api_keys, body.left.api_keys]).toEqual([1, 0]);
    expect((await client.get('/v1/whoami')).status).toBe(401);
  });
});

describe('the last use of a key', () => {
  const rowOf = (id: string) => {
    const view = new DatabaseView(service.databasePath);
    const [row] = view.all<{ last_used_at: number | null }>(
      `SELECT last_used_at FROM api_keys WHERE id = '${id}'`,
    );
    view.close();
    return row.last_used_at === null ? null : Number(row.last_used_at);
  };

  it('is known at once, and written down later: a read stays a read', async () => {
    const admin = adminOf(service, newVault());
    const { id, key } = await makeKey(admin);
    const uses = service.app.get(ApiKeyUses, { strict: false });
    await uses.flush();
    expect((await admin.get(`${PATH}/${id}`)).body.last_used_at).toBeNull();
    const began = Date.now();
    await withKey(service, key).get('/v1/memories');
    const known = (await admin.get(`${PATH}/${id}`)).body.last_used_at as number;
    expect(known).toBeGreaterThanOrEqual(began);
    expect(rowOf(id)).toBeNull();
    await uses.flush();
    expect(rowOf(id)).toBe(known);
    expect((await admin.get(PATH)).body.items[0].last_used_at).toBe(known);
    // Refused, it was not used.
    await admin.post(`${PATH}/${id}/revoke`, undefined);
    await withKey(service, key).get('/v1/memories');
    await uses.flush();
    expect(rowOf(id)).toBe(known);
  });

  it('is written down when the service stops', async () => {
    const other = await TestService.start({}, service.databasePath);
    const { id, key } = await makeKey(adminOf(service, newVault()));
    await withKey(other, key).get('/v1/whoami');
    expect(rowOf(id)).toBeNull();
    await other.stop();
    expect(rowOf(id)).toBeTypeOf('number');
  });
});
