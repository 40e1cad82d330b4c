import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Reindexer } from '../../src/recall/reindexer.js';
import { StatsCounter } from '../../src/stats/stats-counter.js';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import { ApiKeyUses } from '../../src/vaults/api-key-uses.js';
import { DEFAULT_VAULT } from '../../src/vaults/vault-id.js';
import { type ApiRoute, apiRoutes } from './api-routes.js';
import { type Answer, type Client, TestService } from './app.js';
import { DatabaseView } from './database-view.js';
import { useEverything } from './everything.js';
import { ownerFor, useLists } from './service-lists.js';
import { tamper } from './stored-memories.js';
import { useOpenMemory } from './openmemory/use.js';
import { seedTenants } from './tenant-rows.js';

/** A request that was made, and how it was answered. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** The names of what was asked in the query and in the body. */
  readonly fields: readonly string[];
  readonly status: number;
}

const ALL = ['read', 'write', 'delete', 'vault', 'admin'];

/**
 * Uses every route of the service with the choices that make other statements of it, for a user, for a whole vault
 * and for a user who sees what belongs to nobody, and has every job of it run. The database must not be there yet.
 *
 * @returns the service's routes, and what was asked of it
 */
export async function useService(databasePath: string): Promise<{ routes: ApiRoute[]; asked: Asked[] }> {
  const asked: Asked[] = [];
  await migrateDatabase({ path: databasePath });
  const database = new Database(databasePath);
  seedTenants(database);
  database.close();
  const later = { USER_SUMMARY_DELAY_MS: '3600000', REFLECTION: 'false' };
  let service = await TestService.start(later, databasePath);
  const routes = apiRoutes(service.app);
  const callers = (): [vault: string, client: Client][] => [
    ['of-a-user', noting(service.as('of-a-user', 'ana'), asked)],
    ['whole', noting(service.as('whole', undefined, ALL), asked)],
    ['shared', noting(service.as('shared', 'ana'), asked)],
  ];
  const admin = service.as('shared', undefined, ALL);
  await admin.post('/v1/memories', { content: 'an owl of nobody', session_id: 's1', collection: 'c1' });
  await admin.patch('/v1/vault', { share_unowned: true });
  for (const [, client] of callers()) {
    await useEverything(client, 'anna');
    await useLists(client);
    await useSearches(client);
    await useRest(client);
    await useCollections(client);
    await useDocuments(client);
    await useDashboard(client);
    await useEditor(client);
    await useMetamorph(client);
    await useOpenMemory(client);
    await useOnce(client);
    await useTools(client);
    await client.get('/v1/vault');
    for (const path of ['/health', '/health/live', '/health/ready']) await client.get(path);
  }
  await useVault(noting(service.as('whole', undefined, ALL), asked));
  for (const client of [
    service.as('whole', undefined, ALL),
    service.as('shared', 'ana', ['read', 'admin']),
  ]) {
    await useKeys(service, noting(client, asked));
  }
  for (const [, client] of callers()) await useErasure(client, 'ana');
  await useErasure(noting(service.as('A', 'u1', ALL), asked), 'u1');
  await useErasure(noting(service.as('A', undefined, ALL), asked), 'u2');
  await useDirectory(service, noting(service.as('operations', undefined, [...ALL, 'operator']), asked));
  await leaveExpired(callers());
  await service.app.get(StatsCounter).flush();
  await service.app.get(ApiKeyUses, { strict: false }).flush();
  await service.stop();

  const atOnce = { USER_SUMMARY_DELAY_MS: '0', REFLECTION: 'true', REFLECTION_DELAY_MS: '0' };
  service = await TestService.start(atOnce, databasePath);
  for (const [vault, client] of callers()) {
    // What has expired is removed after the first write that a process sees.
    await client.post('/v1/memories', { content: 'one more owl' });
    await useJobs(service, vault);
  }
  await service.app.get(StatsCounter).flush();
  await service.stop();
  return { routes, asked };
}

function noting(client: Client, asked: Asked[]): Client {
  const send = client.send.bind(client);
  client.send = async (method, path, body, headers): Promise<Answer> => {
    const answer = await send(method, path, body, headers);
    const url = new URL(path, 'http://cairn');
    const bodies = (Array.isArray(body) ? body : [body ?? {}]) as object[];
    const fields = [...url.searchParams.keys(), ...bodies.flatMap((one) => Object.keys(one))];
    asked.push({ method, path: url.pathname, fields, status: answer.status });
    return answer;
  };
  return client;
}

async function useSearches(client: Client): Promise<void> {
  const user_id = await ownerFor(client);
  const columns = { session_id: 's1', collection: 'c1', created_after: 1 };
  const choices = [{}, { user_id }, columns, { user_id, ...columns }];
  for (const filters of choices.flatMap((one) => [one, { ...one, include_superseded: true }])) {
    for (const limit of [1, 15, 40, 80, 100]) {
      await client.post('/v1/memories/search', { query: 'owl anna seats', limit, explain: true, filters });
    }
    await client.post('/v1/memories/context', { query: 'owl anna seats', max_tokens: 2_000, filters });
  }
  const { body } = await client.get('/v1/memories?limit=1');
  const [{ id }] = (body as { items: { id: string }[] }).items;
  await client.post(`/v1/memories/${encodeURIComponent(id)}/reinforce`, { amount: 0.1 });
}

/** What nothing else asks for. */
async function useRest(client: Client): Promise<void> {
  const user_id = await ownerFor(client);
  const row = { content: 'an owl with all', tags: ['owl'], metadata: { a: 1 }, sector: 'semantic', user_id };
  const rows = ['all 1', 'all 2'].map((id) => ({
    ...row,
    id,
    collection: 'c1',
    expires_at: Date.now() + 9e6,
  }));
  await client.post('/v1/memories/batch', [...rows, { ...row, on_duplicate: 'return' }]);
  await client.patch('/v1/memories/all 1', { collection: 'c2', sector: 'episodic', metadata: { b: 1 } });
  await client.patch('/v1/memories/all 2', { expires_at: Date.now() + 8e6 });
  for (const filter of ['sector=semantic', 'tag=owl', 'metadata={"a":1}']) {
    await client.get(`/v1/users/${encodeURIComponent(user_id)}/memories?${encodeURI(filter)}`);
  }
  const ends = { from: 'lists w1', to: 'lists w3', max_depth: '3', min_weight: '0.1' };
  await client.get(`/v1/waypoints/path?${new URLSearchParams(ends)}`);
  const start = { memory_id: 'lists w1', min_weight: '0.1', depth: '2' };
  await client.get(`/v1/waypoints/neighbours?${new URLSearchParams(start)}`);
}

async function useCollections(client: Client): Promise<void> {
  const fields = { description: 'owls', metadata: { a: 1 } };
  for (const name of ['c1', 'c1', 'c3']) await client.post('/v1/collections', { name, ...fields });
  for (const name of ['c1', 'c2', 'c3']) {
    await client.get(`/v1/collections/${name}`);
    await client.patch(`/v1/collections/${name}`, fields);
    await client.patch(`/v1/collections/${name}`, { description: null });
    await client.delete(`/v1/collections/${name}`);
  }
  await client.delete('/v1/sessions/s2');
}

async function useDocuments(client: Client): Promise<void> {
  const user_id = await ownerFor(client);
  const content = `An owl. ${'x'.repeat(480)}\n\nAnother one.`;
  const details = { tags: ['owl'], metadata: { a: 1 }, created_at: 1, expires_at: Date.now() + 9e6 };
  const form = { content_type: 'text/markdown', title: 'Owls', section_size: 500 };
  await client.post('/v1/documents', { id: 'd', content, collection: 'c1', user_id, ...form, ...details });
  await client.post('/v1/documents', { id: 'e', content: 'A third.', collection: 'c1', user_id });
  const whose: Record<string, string> = user_id === undefined ? {} : { user_id };
  for (const query of [{}, whose, { collection: 'c1' }, { ...whose, collection: 'c1' }]) {
    const list = `/v1/documents?${new URLSearchParams({ ...query, limit: '1' })}`;
    const { next_cursor } = (await client.get(list)).body as { next_cursor: string };
    await client.get(`${list}&cursor=${next_cursor}`);
  }
  for (const id of ['d', 'none']) {
    await client.get(`/v1/documents/${id}`);
    await client.get(`/v1/documents/${id}/content`);
    await client.delete(`/v1/documents/${id}`);
  }
}

/** What the dashboard of OpenMemory asks. */
async function useDashboard(client: Client): Promise<void> {
  for (const project of ['', '&project_id=c1']) {
    await client.get(`/dashboard/stats?${project}`);
    await client.get(`/dashboard/activity?limit=3${project}`);
    await client.get(`/dashboard/sectors/timeline?hours=24${project}`);
    await client.get(`/dashboard/sectors/timeline?hours=200${project}`);
    await client.get(`/dashboard/top-memories?limit=3${project}`);
  }
  for (const path of ['health', 'maintenance?hours=24', 'projects']) await client.get(`/dashboard/${path}`);
}

/** What extensions of editors ask and tell. */
async function useEditor(client: Client): Promise<void> {
  const user_id = await ownerFor(client);
  const session_id = 'editor';
  await client.post('/memory/ingest', { content_type: 'txt', data: 'An owl.', project_id: 'c1', user_id });
  await client.post('/api/ide/session/start', { project_name: 'p', ide_name: 'e', user_id });
  const event = {
    event_type: 'save',
    file_path: '/owl',
    content: 'How to build it first.',
    metadata: { a: 1 },
  };
  await client.post('/api/ide/events', { ...event, session_id, user_id });
  for (const filters of [{}, { session_id }, { file_path: '/owl' }, { session_id, user_id }]) {
    await client.post('/api/ide/context', { query: 'owl', k: 3, limit: 3, ...filters });
  }
  await client.get(`/api/ide/patterns/${session_id}`);
  for (const owner of [undefined, user_id]) {
    await client.post('/api/ide/session/end', { session_id, user_id: owner });
  }
}

/** What clients of Metamorph ask. */
async function useMetamorph(client: Client): Promise<void> {
  const { body: made } = await client.post('/api/sessions', { name: 'Owls' });
  const { id } = made as { id: string };
  const fields = { type: 'identity', importance: 0.7, metadata: { a: 1 }, sessionId: id };
  const { body: memory } = await client.post('/api/memories', { content: 'an owl of Metamorph', ...fields });
  await client.get('/api/sessions?limit=2');
  for (const one of [id, 's1', 'none']) await client.get(`/api/sessions/${one}`);
  const filters = { type: 'identity', minImportance: '0.1', limit: '2', sessionId: id };
  for (const query of [{}, filters]) await client.get(`/api/memories?${new URLSearchParams(query)}`);
  await client.delete(`/api/memories/${(memory as { id: string }).id}`);
  for (const one of [id, 's3', 'none']) await client.delete(`/api/sessions/${one}`);
}

/** What is asked again with the key of a request that was answered. */
async function useOnce(client: Client): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    await client.post('/v1/memories', { content: 'an owl once' }, { 'idempotency-key': 'k' });
    await client.delete('/v1/memories/none', { 'idempotency-key': 'k' });
  }
}

/** The tools that ask what no route does. */
async function useTools(client: Client): Promise<void> {
  const headers = { accept: 'application/json, text/event-stream' };
  const ask = (method: string, params: object) =>
    client.post('/mcp', { jsonrpc: '2.0', id: 1, method, params }, headers);
  const call = (name: string, args: object) => ask('tools/call', { name, arguments: args });
  const whose = { user_id: await ownerFor(client) };
  const subject = { fact_pattern: { subject: 'owl' } };
  for (const chosen of [{}, whose, subject, { ...whose, ...subject }]) {
    await call('openmemory_query', { query: 'owl', type: 'unified', ...chosen });
  }
  const projects = { project_id: 'c1', min_salience: 0.1 };
  for (const chosen of [{}, whose]) await call('openmemory_query', { query: 'owl', ...projects, ...chosen });
  await call('openmemory_store', { content: 'an owl of MCP' });
  const { body } = await call('openmemory_list', { limit: 1 });
  const { items } = JSON.parse((body as ToolBody).result.content[1].text) as { items: { id: string }[] };
  await call('openmemory_delete', { id: items[0].id });
  await ask('resources/read', { uri: 'openmemory://config' });
}

interface ToolBody {
  readonly result: { readonly content: readonly { readonly text: string }[] };
}

async function useVault(admin: Client): Promise<void> {
  for (const change of [{ name: 'A house' }, { share_unowned: false }, { name: 'B', share_unowned: false }]) {
    await admin.patch('/v1/vault', change);
  }
  // Another owner, with all that hangs on a memory.
  for (const id of ['moving', 'beside'])
    await admin.post('/v1/memories', { id, content: 'an owl', user_id: 'ben' });
  await admin.post('/v1/waypoints', { src_id: 'moving', dst_id: 'beside', type: 'near' });
  await admin.patch('/v1/memories/moving', { content: 'an owl has moved', user_id: 'cem' });
  await admin.patch('/v1/memories/moving', {
    content: 'an owl has come back',
    user_id: 'ben',
    session_id: 's9',
  });
}

async function useKeys(service: TestService, admin: Client): Promise<void> {
  const path = '/v1/vault/api-keys';
  const fields = { permissions: ['read'], expires_at: Date.now() + 9e6 };
  for (const more of [{}, { user_id: 'ana', ...fields }]) {
    const { body } = await admin.post(path, { name: 'of a test', ...more });
    const { id, key } = body as { id: string; key: string };
    for (const text of [key, key, key.replace(/.$/, 'x')]) {
      await service.anonymous({ 'x-api-key': text }).get('/v1/whoami');
    }
    await admin.get(`${path}/${id}`);
    const { body: next } = await admin.post(`${path}/${id}/rotate`, { grace_seconds: 60 });
    const { id: last } = next as { id: string };
    await admin.post(`${path}/${last}/rotate`, { expires_at: Date.now() + 9e6 });
    await admin.post(`${path}/${id}/revoke`, {});
  }
  const { body: page } = await admin.get(`${path}?limit=1`);
  await admin.get(`${path}?limit=1&cursor=${(page as { next_cursor: string }).next_cursor}`);
}

async function leaveExpired(callers: readonly [vault: string, client: Client][]): Promise<void> {
  for (const [, client] of callers) {
    for (let i = 0; i < 3; i += 1) {
      const row = { content: `an owl for a while ${i}`, user_id: await ownerFor(client) };
      await client.post('/v1/memories', { ...row, expires_at: Date.now() + 50 });
    }
  }
  await sleep(100);
  for (const [, client] of callers) {
    for (const rest of ['', '/summary']) await client.get(`/v1/users/${await ownerFor(client)}${rest}`);
    await client.delete('/v1/memories?session_id=s0');
  }
}

async function useJobs(service: TestService, vault: string): Promise<void> {
  const reindexer = service.app.get(Reindexer, { strict: false });
  for (const damage of [
    'UPDATE scopes SET index_version = 0',
    'UPDATE scopes SET memory_count = memory_count + 1',
    "UPDATE term_blocks SET data = x''",
    'DELETE FROM scopes',
  ]) {
    await tamper(service.databasePath, `${damage} WHERE vault_id = ?`, vault);
    for (const which of ['stale', 'doubtful', 'all'] as const) await reindexer.vault(vault, { which });
  }
  await reindexer.owner(vault, 'eve');
  await remark(service.as(vault), 'eve', 'job');
  const view = new DatabaseView(service.databasePath);
  const isDone = () =>
    view.all(
      `SELECT 1 FROM users WHERE vault_id = ? AND user_id = 'eve' AND reflection_count > 0 AND NOT summary_stale`,
      vault,
    ).length > 0 &&
    view.all('SELECT 1 FROM memories WHERE vault_id = ? AND expires_at <= ?', vault, Date.now()).length === 0;
  while (!isDone()) await sleep(20);
  view.close();
}

async function useDirectory(service: TestService, operator: Client): Promise<void> {
  await operator.post('/v1/vaults', { vault_id: 'made', name: 'Made', share_unowned: true });
  for (const query of ['', '?status=active', '?limit=1']) {
    const { body } = await operator.get(`/v1/vaults${query}`);
    const { next_cursor } = body as { next_cursor?: string | null };
    if (next_cursor) await operator.get(`/v1/vaults${query}&cursor=${next_cursor}`);
  }
  await operator.post('/v1/vaults', { vault_id: DEFAULT_VAULT });
  await operator.get(`/v1/vaults/${DEFAULT_VAULT}/rollout`);
  for (const id of ['made', 'B', 'none']) {
    await operator.get(`/v1/vaults/${id}`);
    await operator.get(`/v1/vaults/${id}/rollout?days=7`);
    await operator.post(`/v1/vaults/${id}/suspend`, undefined);
    await service.as(id).post('/v1/memories', { content: 'too late' });
    await operator.post(`/v1/vaults/${id}/resume`, undefined);
    await operator.delete(`/v1/vaults/${id}`);
  }
}

/** Of a user with all that hangs on one. */
async function useErasure(client: Client, user: string): Promise<void> {
  await remark(client, user, 'last');
  await client.patch('/v1/memories/last 0', { content: 'Owls sleep in the old barn by the sea.' });
  for (let i = 0; i < 2; i += 1) await client.post(`/v1/users/${user}/reflect`, undefined);
  await client.get(`/v1/users/${user}/summary`);
  await client.send('PUT', `/v1/users/${user}`, { summary: 'An owl.' });
  await client.delete(`/v1/users/${user}`);
}

/** The same thing again and again: something to be reflected on. */
async function remark(client: Client, user: string, name: string): Promise<void> {
  for (let i = 0; i < 24; i += 1) {
    const row = { content: 'Owls sleep in the old barn by the river.', user_id: user, session_id: `s${i}` };
    await client.post('/v1/memories', { ...row, id: `${name} ${i}` });
  }
}
