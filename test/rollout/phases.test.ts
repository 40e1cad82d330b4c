import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltServer, endBuiltServers, startBuiltServer } from '../built-server.js';
import { Client } from '../harness/app.js';
import { DatabaseView } from '../harness/database-view.js';
import { recordFigure } from '../harness/figures.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { processFolder } from '../harness/process-folder.js';
import { fingerprintOf, rowsByVault, tornIn } from '../harness/rehome/whole.js';
import { OldPlace } from '../harness/rollout/old-place.js';
import { TEST_SECRET, authorized } from '../harness/tokens.js';
import { tokenOf } from '../harness/vaultless.js';

/*
 * The five phases of README, "Moving tenants step by step", one after another on one database, each with its way
 * back: what the commands print, what the service answers and what is in the database.
 */

const MEMORIES = 30;
/** As the old server knew them: who had no name was anonymous. */
const USERS = ['alice', 'bob', 'anonymous'];
const DEFAULT_VAULT = 'default-vault';

interface Stored {
  readonly id: string;
  readonly user_id: string;
  readonly content: string;
}

describe('the five phases of a rollout', () => {
  const flagsFile = join(processFolder(), 'flags.yaml');
  let old: OldPlace;
  let service: BuiltServer | undefined;
  /** Every memory that there was, and what was written on the way. */
  let stored: Stored[] = [];
  let walked = 0;

  beforeAll(async () => {
    old = await OldPlace.make(MEMORIES);
    setEnforcement('legacy');
  });
  afterEach(stop);
  afterAll(async () => {
    endBuiltServers();
    await old.drop();
  });

  function setEnforcement(value: string): void {
    writeFileSync(flagsFile, `flags:\n  tenancy.enforcement: ${value}\n`);
  }

  /** The service as it runs in production. */
  async function start(over: OldPlace = old): Promise<BuiltServer> {
    service = await startBuiltServer({
      ...over.env,
      NODE_ENV: 'production',
      JWT_SECRET: TEST_SECRET,
      FLAGS_FILE: flagsFile,
    });
    return service;
  }

  async function stop(): Promise<void> {
    service?.child.kill('SIGTERM');
    await service?.exit;
    service = undefined;
  }

  const ask = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    new Client(service!.url, headers).send(method, path, body);

  const userOf = (vault: string, user: string) => authorized({ vault, user });
  const serviceOf = (vault: string) =>
    authorized({ vault, permissions: ['read', 'write', 'delete', 'admin', 'vault'] });
  const operator = authorized({ vault: 'operations', user: 'ops', permissions: ['operator'] });
  /** A token of before there were vaults. */
  const withoutVault = (user: string, client = 'old-app') => ({
    authorization: `Bearer ${tokenOf({ user_id: user, client_id: client })}`,
  });

  /** All memories that the caller sees, by id. */
  async function seen(headers: Record<string, string>): Promise<Map<string, Stored>> {
    const found = new Map<string, Stored>();
    for (let cursor = ''; ;) {
      const { status, body } = await ask('GET', `/v1/memories?limit=100${cursor}`, headers);
      expect(status).toBe(200);
      for (const memory of body.items) found.set(memory.id, memory);
      if (body.next_cursor === null) return found;
      cursor = `&cursor=${body.next_cursor}`;
    }
  }

  /** That the vault's callers see what its rows hold, to the letter, and no more. */
  async function expectSeen(headers: Record<string, string>, expected: readonly Stored[]): Promise<void> {
    const found = await seen(headers);
    expect([...found.keys()].sort()).toEqual(expected.map(({ id }) => id).sort());
    for (const { id, content } of expected) expect(found.get(id)!.content).toBe(content);
  }

  const ownedBy = (user: string) => stored.filter(({ user_id }) => user_id === user);
  const unowned = () => ownedBy('');

  function storedIn(place: OldPlace): Stored[] {
    const view = new DatabaseView(place.place);
    const rows = view.all<Stored>('SELECT id, user_id, content FROM memories');
    view.close();
    return rows;
  }

  /** Rows of every table by vault; but for those of the vaults themselves, and of counted requests. */
  function rows(): ReturnType<typeof rowsByVault> {
    const { vaults: _, stats: __, ...rest } = rowsByVault(old.place);
    return rest;
  }

  async function rolloutOf(vault: string) {
    const { status, body } = await ask('GET', `/v1/vaults/${vault}/rollout`, operator);
    expect(status).toBe(200);
    return body;
  }

  /** Turns the flag in the file, and waits until the running service has seen it. */
  async function turnTo(enforcement: string): Promise<void> {
    setEnforcement(enforcement);
    for (let tries = 0; tries < 200; tries += 1) {
      const { enforcement: now } = await rolloutOf(DEFAULT_VAULT);
      if (now.mode === enforcement) return;
      await sleep(100);
    }
    throw new Error(`The service has not seen ${enforcement}`);
  }

  it('1. development: two vaults on a laptop, and the old database is not touched', async () => {
    const before = await old.oldRows();
    service = await startBuiltServer();
    const [one, two] = ['test-vault-1', 'test-vault-2'].map((vault) => ({ 'x-vault-id': vault }));
    const memory = { id: 'same', content: 'Irene likes the harbour.' };
    expect((await ask('POST', '/v1/memories', one, memory)).status).toBe(201);
    expect((await ask('GET', '/v1/memories/same', two)).status).toBe(404);
    expect((await ask('POST', '/v1/memories/search', two, { query: 'harbour' })).body.results).toEqual([]);
    expect((await ask('POST', '/v1/memories', two, { ...memory, content: 'Of the second.' })).status).toBe(
      201,
    );
    expect((await ask('GET', '/v1/memories/same', one)).body.content).toBe(memory.content);
    expect(await old.oldRows()).toEqual(before);
    walked += 1;
  });

  it('2. staging: a copy is tried, migrated, verified, used with real tokens, and goes back', async () => {
    const copy = await OldPlace.make(MEMORIES);
    try {
      const [before, snapshot] = [await copy.oldRows(), await copy.snapshot()];
      expect(before).toEqual(await old.oldRows());
      await copy.succeed('migrate', 'run', '--dry-run');
      expect(await copy.oldRows()).toEqual(before);

      await copy.succeed('migrate', 'run');
      await copy.expectNothingLost(snapshot);
      // It reads the plan of every statement, too; on PostgreSQL test/postgres/plans does.
      if (!onPostgres) expect(await copy.succeed('verify')).toContain('[SUCCESS] All is well.');
      stored = storedIn(copy);
      expect(stored.length).toBe(MEMORIES);
      await start(copy);
      for (const user of USERS) {
        // What was nobody's was everybody's, and stays so.
        await expectSeen(userOf(DEFAULT_VAULT, user), [...ownedBy(user), ...unowned()]);
      }
      for (const { id, user_id, content } of stored.slice(0, 10)) {
        const query = /\(ref .*\)/.exec(content)![0];
        const { body } = await ask('POST', '/v1/memories/search', serviceOf(DEFAULT_VAULT), {
          query,
          limit: 1,
          ...(user_id === '' ? {} : { filters: { user_id } }),
        });
        expect(body.results[0].id).toBe(id);
      }
      await expectSeen(userOf('another', 'alice'), []);
      await stop();

      await copy.revertAll();
      expect(await copy.oldRows()).toEqual(before);
    } finally {
      await copy.drop();
    }
    walked += 1;
  });

  it('3. production in legacy mode: tokens without a vault go on working, and so does the way back', async () => {
    const snapshot = await old.snapshot();
    await old.succeed('migrate', 'run');
    await old.expectNothingLost(snapshot);
    stored = storedIn(old);
    await start();
    // There is no dev mode, whatever is asked for.
    expect((await ask('GET', '/v1/memories', { 'x-vault-id': DEFAULT_VAULT })).status).toBe(401);
    const dev = startBuiltServer({
      ...old.env,
      NODE_ENV: 'production',
      JWT_SECRET: TEST_SECRET,
      CAIRN_DEV_MODE: 'true',
    });
    await expect(dev).rejects.toThrow(/It ended with 2/);

    await expectSeen(withoutVault('alice'), [...ownedBy('alice'), ...unowned()]);
    await expectSeen(userOf(DEFAULT_VAULT, 'alice'), [...ownedBy('alice'), ...unowned()]);
    const written = await ask('POST', '/v1/memories', withoutVault('alice'), {
      content: 'Written with an old token.',
    });
    expect(written.status).toBe(201);
    const report = await rolloutOf(DEFAULT_VAULT);
    expect(report).toMatchObject({
      vault_id: DEFAULT_VAULT,
      phase: 'legacy',
      enforcement: { mode: 'legacy' },
    });
    await stop();

    await old.revertAll();
    await old.succeed('migrate', 'run', '--no-backup');
    stored = storedIn(old);
    expect(ownedBy('alice').map(({ id }) => id)).toContain(written.body.id);
    expect(stored.length).toBe(MEMORIES + 1);
    await start();
    await expectSeen(withoutVault('alice'), [...ownedBy('alice'), ...unowned()]);
    walked += 1;
  });

  it('4. full tenancy: shadow tells who is left, enforced refuses them, users get vaults of their own', async () => {
    await start();
    await turnTo('shadow');
    expect((await ask('GET', '/v1/memories', withoutVault('alice', 'late-app'))).status).toBe(200);
    const { enforcement, next } = await rolloutOf(DEFAULT_VAULT);
    const clients = enforcement.tokens_without_vault.clients.map(({ client }: { client: string }) => client);
    expect(clients).toContain('late-app');
    expect(JSON.stringify(next)).toContain('late-app');
    const said = await old.run('rollout', '--vault', DEFAULT_VAULT);
    expect(said).toMatchObject({ status: 0 });

    await turnTo('enforced');
    expect((await ask('GET', '/v1/memories', withoutVault('alice'))).status).toBe(401);
    await expectSeen(userOf(DEFAULT_VAULT, 'alice'), [...ownedBy('alice'), ...unowned()]);
    // Back, for the client that was forgotten, and on.
    await turnTo('shadow');
    expect((await ask('GET', '/v1/memories', withoutVault('alice'))).status).toBe(200);
    await turnTo('enforced');

    const acme = userOf('acme', 'alice');
    expect((await ask('POST', '/v1/memories', acme, { content: 'Of a new vault.' })).status).toBe(201);
    expect((await seen(acme)).size).toBe(1);
    const before = rows();
    const rehomed = await old.succeed('rehome', '--vault', DEFAULT_VAULT, '--by', 'user');
    expect(rehomed).toContain(`[SUCCESS] ${USERS.length} of ${USERS.length} users moved`);
    const after = rows();
    expect(fingerprintOf(after)).toEqual(fingerprintOf(before));
    for (const user of USERS) {
      await expectSeen(userOf(`user-${user}`, user), ownedBy(user));
      await expectSeen(userOf(DEFAULT_VAULT, user), unowned());
    }

    const map = join(processFolder(), 'back.json');
    for (const user of USERS) {
      writeFileSync(map, JSON.stringify({ [user]: DEFAULT_VAULT }));
      await old.succeed('rehome', '--vault', `user-${user}`, '--by', 'user', '--map', map);
    }
    expect(fingerprintOf(rows())).toEqual(fingerprintOf(before));
    await expectSeen(userOf(DEFAULT_VAULT, 'alice'), [...ownedBy('alice'), ...unowned()]);

    writeFileSync(map, JSON.stringify(Object.fromEntries(USERS.map((user) => [user, `user-${user}`]))));
    await old.succeed('rehome', '--vault', DEFAULT_VAULT, '--by', 'user', '--map', map);
    expect(rows()).toEqual(after);
    expect(tornIn(old.place)).toEqual([]);
    walked += 1;
  });

  it('5. clean-up: no flag is left, the old vault is closed, and nothing was lost', async () => {
    writeFileSync(flagsFile, 'flags: {}\n');
    await start();
    expect((await ask('GET', '/v1/memories', withoutVault('alice'))).status).toBe(401);
    await expectSeen(serviceOf(DEFAULT_VAULT), unowned());
    expect(await rolloutOf(DEFAULT_VAULT)).toMatchObject({ phase: 'clean-up' });
    const share = (value: boolean) =>
      ask('PATCH', '/v1/vault', serviceOf(DEFAULT_VAULT), { share_unowned: value });
    expect((await share(false)).status).toBe(200);
    expect(await rolloutOf(DEFAULT_VAULT)).toMatchObject({ phase: 'done', next: null });
    await expectSeen(userOf(DEFAULT_VAULT, 'alice'), []);
    await expectSeen(serviceOf(DEFAULT_VAULT), unowned());
    expect((await share(true)).status).toBe(200);
    expect(await rolloutOf(DEFAULT_VAULT)).toMatchObject({ phase: 'clean-up' });
    const turn = (how: string) => ask('POST', `/v1/vaults/${DEFAULT_VAULT}/${how}`, operator);
    expect((await turn('suspend')).status).toBe(200);
    expect((await ask('GET', '/v1/memories', userOf(DEFAULT_VAULT, 'alice'))).status).toBe(401);
    expect(await rolloutOf(DEFAULT_VAULT)).toMatchObject({
      phase: 'done',
      enforcement: { mode: 'enforced' },
      next: null,
    });
    expect((await turn('resume')).status).toBe(200);
    await expectSeen(serviceOf(DEFAULT_VAULT), unowned());
    await expectSeen(userOf(DEFAULT_VAULT, 'alice'), unowned());

    walked += 1;
    // One by one, by those whose they are now: what there was at first, and what came on the way.
    let lost = 0;
    for (const { id, user_id, content } of stored) {
      const owner = user_id === '' ? serviceOf(DEFAULT_VAULT) : userOf(`user-${user_id}`, user_id);
      const { status, body } = await ask('GET', `/v1/memories/${id}`, owner);
      if (status !== 200 || body.content !== content) lost += 1;
    }
    recordFigure('rollout.phases', walked);
    recordFigure('rollout.memories', stored.length);
    recordFigure('rollout.lost', lost);
    expect({ lost, walked, memories: stored.length }).toEqual({ lost: 0, walked: 5, memories: MEMORIES + 1 });
    for (const user of USERS) await expectSeen(userOf(`user-${user}`, user), ownedBy(user));
    expect(Math.min(...[...USERS, ''].map((user) => ownedBy(user).length))).toBeGreaterThan(2);
  });
});
