import type { Client } from './app.js';

/** Everything the API does with memories, with texts and ids that `word` decides. */
export async function useEverything(client: Client, word: string): Promise<void> {
  const add = async (fields: object) => (await client.post('/v1/memories', fields)).body as { id: string };
  const first = await add({
    content: `${word} prefers window seats`,
    id: `${word}-1`,
    tags: [word],
    metadata: { a: word },
  });
  const second = await add({
    content: `${word} went to the sea`,
    session_id: word,
    collection: word,
    sector: 'episodic',
  });
  const third = await add({ content: `${word} is happy`, expires_at: Date.now() + 1_000_000 });
  await client.post('/v1/memories', { content: `${word} is happy`, on_duplicate: 'return' });
  await client.post('/v1/memories', { content: 'x', id: first.id });
  await client.post('/v1/memories', { content: '' });
  const row = { content: `${word} is in a batch`, metadata: { a: word } };
  await client.post('/v1/memories/batch', [...new Array<object>(20).fill(row), { ...row, id: `${word} 3` }]);
  await client.post('/v1/memories/batch', [row, { ...row, on_duplicate: 'return' }, { id: `${word} 3` }]);
  for (const id of [first.id, second.id, `no ${word}`]) {
    await client.get(`/v1/memories/${encodeURIComponent(id)}`);
    await client.get(`/v1/memories/${encodeURIComponent(id)}/history`);
    await client.patch(`/v1/memories/${encodeURIComponent(id)}`, {
      content: `${word} prefers aisle seats`,
      tags: [],
    });
    await client.patch(`/v1/memories/${encodeURIComponent(id)}`, {
      session_id: `${word} 2`,
      expires_at: null,
    });
  }
  const filters = [
    '',
    '?count=true&order=asc',
    `?session_id=${word}&collection=${word}&created_after=1&created_before=9000000000000`,
    `?sector=episodic&tag=${word}`,
    `?metadata=${encodeURIComponent(JSON.stringify({ a: word }))}&count=true`,
  ];
  for (const filter of filters) await client.get(`/v1/memories${filter}`);
  const page = await client.get('/v1/memories?limit=1');
  await client.get(`/v1/memories?limit=1&cursor=${page.body.next_cursor}`);
  for (const order of ['asc', 'desc']) await client.get(`/v1/memories?limit=2&order=${order}`);
  await client.post('/v1/memories/search', { query: `${word} seats` });
  await client.post('/v1/memories/search', {
    query: word,
    limit: 2,
    filters: { tags: [word], session_id: word },
  });
  await client.delete(`/v1/memories?session_id=${word}&dry_run=true`);
  await client.delete(`/v1/memories?session_id=${encodeURIComponent(`${word} 2`)}`);
  await client.delete(`/v1/memories/${third.id}`);
  await client.delete(`/v1/memories/no ${word}`);
  await client.get('/v1/whoami');
  await useUsers(client, word);
  await useWaypoints(client, word);
}

/** What the API does with waypoints, those that it makes by itself among them. */
async function useWaypoints(client: Client, word: string): Promise<void> {
  const ids = [1, 2, 3, 4, 5, 6].map((i) => `${word} w${i}`);
  const content = `${word} saw an owl in the barn`;
  for (const id of ids) await client.post('/v1/memories', { id, content, session_id: `${word} w` });
  await client.post('/v1/memories', { content, session_id: `${word} w2` });
  const path = (under: string, params: Record<string, string>) =>
    `/v1/waypoints${under}?${new URLSearchParams(params)}`;
  const [src_id, dst_id] = ids;
  for (const end of [dst_id, dst_id, `no ${word}`, src_id]) {
    await client.post('/v1/waypoints', { src_id, dst_id: end, type: word, metadata: { a: word } });
  }
  const about: Record<string, string>[] = [
    {},
    { src_id },
    { dst_id },
    { memory_id: src_id, min_weight: '0.1' },
  ];
  for (const filters of [...about, { memory_id: dst_id, direction: 'in', type: word }]) {
    for (const order of ['asc', 'desc']) {
      const { body } = await client.get(path('', { ...filters, order, limit: '1', count: 'true' }));
      await client.get(path('', { ...filters, order, limit: '1', cursor: body.next_cursor ?? 'none' }));
    }
  }
  const types: Record<string, string>[] = [{}, { type: 'next' }];
  for (const filters of types) {
    for (const direction of ['in', 'out', 'both']) {
      const walk = { ...filters, direction };
      await client.get(path('/neighbours', { memory_id: ids[2], depth: '3', limit: '100', ...walk }));
      for (const mode of ['shortest', 'strongest']) {
        await client.get(path('/path', { from: src_id, to: ids[5], mode, ...walk }));
      }
    }
  }
  for (const type of [word, word, 'next']) await client.delete(path('', { src_id, dst_id, type }));
}

/** What the API does with users: the caller's own where it has one, and one that nobody knows. */
async function useUsers(client: Client, word: string): Promise<void> {
  const { body } = await client.get('/v1/whoami');
  const own = (body.user_id as string | null) ?? word;
  for (const [i, content] of ['walks the dog', 'walks the dog', 'saw an owl'].entries()) {
    await client.post('/v1/memories', {
      content: `${word} ${content}`,
      user_id: own,
      session_id: `${word} ${i}`,
    });
  }
  await client.post('/v1/memories', { content: word, user_id: own, expires_at: Date.now() + 1_000_000 });
  for (const userId of [own, `no ${word}`]) {
    const path = `/v1/users/${encodeURIComponent(userId)}`;
    for (const rest of ['', '/summary', '/memories', '/memories?limit=1&count=true'])
      await client.get(path + rest);
    for (const rest of ['/summary/regenerate', '/reflect', '/reflect'])
      await client.post(path + rest, undefined);
    await client.get(path);
    for (const summary of [undefined, word, null]) await client.send('PUT', path, { summary });
  }
  const page = await client.get('/v1/users?limit=1');
  await client.get(`/v1/users?limit=1&cursor=${page.body.next_cursor}`);
  for (const userId of [own, `no ${word}`, 'nobody'])
    await client.delete(`/v1/users/${encodeURIComponent(userId)}`);
}
