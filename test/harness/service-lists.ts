import type { Client } from './app.js';

type Filters = readonly (readonly [name: string, value: string])[];

/** Lists with every filter alone, with each two, and with all of them, in each order and from each place. */
export async function useLists(client: Client): Promise<void> {
  const own = await ownerFor(client);
  const rows = Array.from({ length: 12 }, (_, i) => ({
    content: `owl number ${i}`,
    session_id: `s${i % 3}`,
    collection: 'c1',
    created_at: 1_000 + i,
    metadata: { a: i },
  }));
  await client.post('/v1/memories/batch', rows);
  for (let i = 0; i < 3; i += 1) {
    const row = { content: `owl ${i} of one user`, user_id: own, session_id: 's1', collection: 'c1' };
    await client.post('/v1/memories', { ...row, created_at: 2_000 + i });
  }
  await client.post('/v1/memories', { content: 'an owl elsewhere', collection: 'c2' });
  await useMemoryLists(client, [
    ['user_id', own],
    ['session_id', 's1'],
    ['collection', 'c1'],
    ['created_after', '1'],
    ['created_before', '9000000000000'],
  ]);
  await useWaypointLists(client, own);
  await useOtherLists(client, own);
}

/** Whom a client may name: itself, or anybody. */
export async function ownerFor(client: Client): Promise<string> {
  const { body } = await client.get('/v1/whoami');
  return (body as { user_id: string | null }).user_id ?? 'ben';
}

async function useMemoryLists(client: Client, filters: Filters): Promise<void> {
  for (const chosen of choices(filters)) {
    await inEveryOrder(client, '/v1/memories', chosen);
    await client.delete(`/v1/memories?${query([...chosen, ['metadata', '{"a": "nothing"}']])}`);
    if (chosen.length > 0) await client.delete(`/v1/memories?${query(chosen)}&dry_run=true`);
  }
  for (const json of ['sector=semantic', 'tag=anna', 'metadata={"a":1}']) {
    await client.get(`/v1/memories?${encodeURI(json)}&count=true`);
    await client.delete(`/v1/memories?${encodeURI(json)}&dry_run=true`);
  }
  for (const who of filters.slice(0, 1)) {
    const path = `/v1/users/${encodeURIComponent(who[1])}/memories`;
    for (const chosen of [[], filters.slice(1)]) await inEveryOrder(client, path, chosen);
  }
}

async function useWaypointLists(client: Client, own: string): Promise<void> {
  const ids = [1, 2, 3, 4].map((i) => `lists w${i}`);
  for (const id of ids)
    await client.post('/v1/memories', { id, content: 'owl', user_id: own, session_id: 'lists' });
  for (const dst_id of ids.slice(1))
    await client.post('/v1/waypoints', { src_id: ids[0], dst_id, type: 'near' });
  await client.post('/v1/waypoints', {
    src_id: ids[1],
    dst_id: ids[2],
    type: 'near',
    weight: 1,
    metadata: { a: 1 },
  });
  const user: Filters = [['user_id', own]];
  const narrow: Filters = [
    ['type', 'near'],
    ['min_weight', '0.1'],
  ];
  const about: Filters[] = [
    [],
    [['src_id', ids[0]]],
    [['dst_id', ids[2]]],
    [
      ['src_id', ids[0]],
      ['dst_id', ids[2]],
    ],
  ];
  for (const direction of ['in', 'out', 'both'])
    about.push([
      ['memory_id', ids[1]],
      ['direction', direction],
    ]);
  for (const memories of about) {
    for (const more of [[], user, narrow, [...user, ...narrow]]) {
      await inEveryOrder(client, '/v1/waypoints', [...memories, ...more]);
    }
  }
}

async function useOtherLists(client: Client, own: string): Promise<void> {
  const user: Filters = [['user_id', own]];
  for (const filters of [[], user]) {
    await fromEveryPlace(client, '/v1/sessions', filters);
    await inEveryOrder(client, '/v1/sessions/s1/memories', filters, ['asc']);
    await client.delete(`/v1/sessions/none?${query(filters)}`);
  }
  await fromEveryPlace(client, '/v1/users', []);
  await fromEveryPlace(client, '/v1/collections', []);
  const day = 86_400_000;
  for (const filters of [[], user]) {
    await client.get(`/v1/stats?${query([...filters, ['from', '0'], ['to', String(day)]])}`);
    await client.get(`/v1/stats?${query(filters)}`);
  }
}

async function inEveryOrder(
  client: Client,
  path: string,
  filters: Filters,
  orders = ['asc', 'desc'],
): Promise<void> {
  for (const order of orders) {
    const isOfSession = path.includes('/sessions/');
    await fromEveryPlace(
      client,
      path,
      isOfSession ? filters : [...filters, ['order', order], ['count', 'true']],
    );
  }
}

/** From the beginning, and from the end of the first page. */
async function fromEveryPlace(client: Client, path: string, filters: Filters): Promise<void> {
  const list = query([...filters, ['limit', '1']]);
  const { body } = await client.get(`${path}?${list}`);
  const cursor = (body as { next_cursor?: string | null } | undefined)?.next_cursor;
  if (cursor) await client.get(`${path}?${list}&cursor=${encodeURIComponent(cursor)}`);
}

function query(filters: Filters): URLSearchParams {
  return new URLSearchParams(filters.map(([name, value]): [string, string] => [name, value]));
}

function choices(filters: Filters): Filters[] {
  const pairs = filters.flatMap((one, i) => filters.slice(i + 1).map((other) => [one, other]));
  return [[], ...filters.map((one) => [one]), ...pairs, filters];
}
