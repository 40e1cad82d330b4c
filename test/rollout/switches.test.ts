import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService, newDatabase } from '../harness/app.js';
import { runBuilt } from '../harness/built.js';
import { DatabaseView } from '../harness/database-view.js';
import { environmentOf } from '../harness/migrated-database.js';
import { processFolder } from '../harness/process-folder.js';

/** Each flag turned for a vault of its own, whose name begins with `on-` or `off-`. */
const FLAGS = `
flags:
  tenancy.shared-memories: { rules: [{ value: false, vaults: [off-shared] }] }
  recall.waypoints: { rules: [{ value: false, vaults: [off-waypoints] }] }
  recall.reinforce-on-read: { rules: [{ value: true, vaults: [on-reinforce] }] }
  memories.summaries: { rules: [{ value: false, vaults: [off-summaries] }] }
  memories.reflection: { rules: [{ value: true, vaults: [on-reflection] }] }
  mcp: { rules: [{ value: false, vaults: [off-mcp] }] }
  openmemory-contract: { rules: [{ value: false, vaults: [off-contract] }] }
`;
/** Of no rule: everything is as without flags. */
const PLAIN = 'plain';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };

describe('what flags switch, in their vault and in no other', () => {
  const path = newDatabase();
  const env: NodeJS.ProcessEnv = { REFLECTION_DELAY_MS: '50', USER_SUMMARY_DELAY_MS: '50' };
  let service: TestService;
  let view: DatabaseView;
  beforeAll(async () => {
    env.FLAGS_FILE = join(processFolder(), 'flags.yaml');
    writeFileSync(env.FLAGS_FILE, FLAGS);
    service = await TestService.start(env, path);
    view = new DatabaseView(path);
  });
  afterAll(async () => {
    view.close();
    await service.stop();
  });

  async function add(client: Client, body: object): Promise<string> {
    const { status, body: memory } = await client.post('/v1/memories', body);
    expect(status).toBe(201);
    return memory.id as string;
  }

  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      if (await holds()) return;
      await sleep(100);
    }
    throw new Error('It does not come to that');
  }

  it('tenancy.shared-memories: whether what is nobody’s can be shared', async () => {
    for (const [vault, status] of [
      ['off-shared', 404],
      [PLAIN, 200],
    ] as const) {
      const all = service.as(vault, undefined, ['read', 'write', 'delete', 'vault', 'admin']);
      const id = await add(all, { content: 'Of nobody.' });
      expect((await all.patch('/v1/vault', { share_unowned: true })).status).toBe(200);
      expect((await service.as(vault, 'ana').get(`/v1/memories/${id}`)).status).toBe(status);
      // Whoever works for the vault sees it all the same.
      expect((await all.get(`/v1/memories/${id}`)).status).toBe(200);
    }
  });

  it('recall.waypoints: whether new memories are joined', async () => {
    const joined = async (vault: string) => {
      const client = service.as(vault, 'wei');
      for (let n = 0; n < 2; n += 1) await add(client, { content: `Tea number ${n}.`, session_id: 's' });
      return view.all('SELECT 1 FROM waypoints WHERE vault_id = ?', vault).length > 0;
    };
    expect(await joined('off-waypoints')).toBe(false);
    expect(await joined(PLAIN)).toBe(true);
  });

  it('recall.reinforce-on-read: whether searches strengthen what they find, of those who may write', async () => {
    const salienceOf = (id: string) =>
      view.all<{ salience: number }>('SELECT salience FROM memories WHERE id = ?', id)[0].salience;
    const stand: Record<string, string> = {};
    for (const vault of ['on-reinforce', PLAIN]) {
      for (const user of ['ana', 'ben', 'rea']) {
        stand[`${vault} ${user}`] = await add(service.as(vault, user), { content: `The violin of ${user}.` });
      }
      stand[`${vault} nobody`] = await add(service.as(vault), { content: 'The violin of nobody.' });
    }
    const before = Object.fromEntries(Object.values(stand).map((id) => [id, salienceOf(id)]));
    for (const vault of ['on-reinforce', PLAIN]) {
      const search = { query: 'violin' };
      const { body } = await service.as(vault, 'ana').post('/v1/memories/search', search);
      expect(body.results.map(({ id }: { id: string }) => id)).toContain(stand[`${vault} ana`]);
      await service.as(vault, 'rea', ['read']).post('/v1/memories/search', search);
      await service.as(vault, 'ben').post('/v1/memories/search', { query: 'trombone' });
    }
    const raised = () => Object.keys(stand).filter((key) => salienceOf(stand[key]) > before[stand[key]]);
    await until(() => raised().length > 0);
    await sleep(1_500);
    expect(raised()).toEqual(['on-reinforce ana']);
    const { body } = await service.as('on-reinforce', 'ana').get(`/v1/memories/${stand['on-reinforce ana']}`);
    // No other state of what it says.
    expect(body.version).toBe(1);
  });

  it('memories.summaries: whether they are made by themselves', async () => {
    const summaryOf = async (vault: string) => {
      const client = service.as(vault, 'sue');
      await add(client, { content: 'Sue likes tea.' });
      return (await client.get('/v1/users/sue')).body.summary as string | null;
    };
    expect(await summaryOf('off-summaries')).toBeNull();
    expect(await summaryOf(PLAIN)).toMatch(/^1 memory/);
  });

  it('memories.reflection: whether what repeats is reflected on unasked', async () => {
    const reflections = (vault: string) =>
      view.all(`SELECT 1 FROM memories WHERE vault_id = ? AND primary_sector = 'reflective'`, vault).length;
    for (const vault of [PLAIN, 'on-reflection']) {
      const client = service.as(vault, 'rob');
      for (let n = 0; n < 3; n += 1)
        await add(client, { content: 'Rob likes window seats on night trains.' });
    }
    await until(() => reflections('on-reflection') > 0);
    expect(reflections(PLAIN)).toBe(0);
  });

  it('mcp: whether there is the endpoint, and the process', async () => {
    const off = await service.as('off-mcp', 'ana').post('/mcp', PING);
    expect(off.status).toBe(404);
    expect(off.text).toContain('MCP is switched off for this vault.');
    expect((await service.as(PLAIN, 'ana').post('/mcp', PING)).status).not.toBe(404);
    // Nobody learns of it without a credential.
    expect((await service.anonymous().post('/mcp', PING)).status).toBe(401);
  });

  it('openmemory-contract: whether there are the old routes', async () => {
    const off = service.as('off-contract', 'ana');
    for (const [method, target, body] of [
      ['POST', '/memory/add', { content: 'Old.' }],
      ['POST', '/memory/query', { query: 'old' }],
      ['GET', '/memory/all', undefined],
      ['GET', '/users/ana/summary', undefined],
      ['GET', '/dashboard/stats', undefined],
      ['POST', '/api/ide/context', { query: 'old' }],
    ] as const) {
      const { status, body: error } = await off.send(method, target, body);
      expect([target, status, error]).toEqual([
        target,
        404,
        { error: 'openmemory_off', message: 'The routes of OpenMemory are switched off for this vault.' },
      ]);
    }
    expect((await service.as(PLAIN, 'ana').post('/memory/add', { content: 'Old.' })).status).toBe(200);
    expect((await off.post('/v1/memories', { content: 'New.' })).status).toBe(201);
    expect((await service.anonymous().get('/health')).status).toBe(200);
    expect((await service.anonymous().get('/memory/all')).status).toBe(401);
  });

  it('are told by the command, with the reason', async () => {
    const said = await runBuilt('src/cli/flags', ['--vault', 'off-mcp'], { ...environmentOf(path), ...env });
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toMatch(/mcp +false/);
  });
});
