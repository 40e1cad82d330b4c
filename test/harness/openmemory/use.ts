import type { Client } from '../app.js';
import { ownerFor } from '../service-lists.js';

/** What clients of OpenMemory ask, with every choice that makes another statement of it. */
export async function useOpenMemory(client: Client): Promise<void> {
  const user_id = await ownerFor(client);
  const project_id = 'c1';
  const add = { content: 'an owl of OpenMemory', tags: ['owl'], metadata: { a: 1 }, user_id, project_id };
  const { body } = await client.post('/memory/add', add);
  const { id } = body as { id: string };
  await client.post('/memory/add', add);
  await client.post('/memories', { ...add, content: 'an owl of a function' });
  const times = { startTime: 1, endTime: 4e12 };
  for (const filters of [{}, { user_id }, { project_id }, { sector: 'semantic', min_score: 0.1, ...times }]) {
    for (const k of [1, 1_000]) await client.post('/memory/query', { query: 'owl anna', k, filters });
    await client.post('/memory/search', { query: 'owl', limit: 5, filters });
  }
  await client.post('/query', { query: 'owl', k: 3, user_id, ...times });
  const page = { l: '2', u: '1' };
  const choices = { user_id, project_id, sector: 'semantic' };
  const names = Object.keys(choices) as (keyof typeof choices)[];
  for (let chosen = 0; chosen < 2 ** names.length; chosen += 1) {
    const some = names.filter((_, i) => chosen & (2 ** i)).map((name) => [name, choices[name]]);
    await client.get(`/memory/all?${new URLSearchParams({ ...page, ...Object.fromEntries(some) })}`);
  }
  await client.get('/memory/history?limit=3&offset=0');
  await client.get(`/memory/${id}`);
  await client.patch(`/memory/${id}`, { content: 'an owl of OpenMemory, changed', tags: [], metadata: {} });
  await client.post('/memory/reinforce', { id, boost: 0.2 });
  await client.get('/sectors');
  await client.get('/users?l=2');
  await client.post('/users/summaries/regenerate-all', {});
  const user = `/users/${encodeURIComponent(user_id)}`;
  await client.get(`${user}/summary`);
  await client.post(`${user}/summary/regenerate`, {});
  await client.get(`${user}/memories?limit=2`);
  await client.delete(`/memory/${id}`);
  await client.delete('/users/nobody at all/memories');
  await client.get('/api/temporal/timeline');
}
