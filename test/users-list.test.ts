import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('users-list');
const USERS = 10_000;

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
});
afterAll(() => service.stop());

const ALPHABET = ['a', 'Z', '0', 'é', '京', '👩', '\u{10ffff}', '\uffff', '~', ' ', '/', '%'];

function names(random: Random, prefix: string, count: number): string[] {
  const made = new Set<string>();
  while (made.size < count) {
    made.add(prefix + Array.from({ length: 1 + random.below(6) }, () => random.pick(ALPHABET)).join(''));
  }
  return [...made];
}

/** Straight into the database: some users have a row, others memories alone, as in an adopted database. */
function store(vaultId: string, users: readonly string[], owners: readonly string[]): void {
  const times = { created_at: 1, updated_at: 1 };
  const marks = { summary_manual: 0, summary_stale: 1, reflection_count: 0 };
  const counts = { next_position: 1, memory_count: 1, term_count: 0, index_version: 0, revision: 0 };
  const texts = { content: 'An owl.', primary_sector: 'semantic', sectors: '[]', tags: '[]', metadata: '{}' };
  const memory = {
    position: 0,
    ...texts,
    content_hash: '',
    salience: 1,
    decay_lambda: 0,
    last_seen_at: 1,
    version: 1,
  };
  const of = (user_id: string) => ({ vault_id: vaultId, user_id });
  edit(service.databasePath, (editor) =>
    editor.transaction(() => {
      editor.insert('users', ...users.map((name) => ({ ...of(name), ...marks, ...times })));
      editor.insert('scopes', ...owners.map((name) => ({ ...of(name), ...counts })));
      editor.insert(
        'memories',
        ...owners.map((name, i) => ({ ...of(name), id: `of-owner-${i}`, ...memory, ...times })),
      );
    }),
  );
}

async function walk(
  client: Client,
  limit: number,
  between: () => void | Promise<void> = () => {},
): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await client.get(`/v1/users?limit=${limit}${cursor}`);
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    for (const { user_id } of body.items as { user_id: string }[]) seen.push(user_id);
    if (body.next_cursor === null) return seen;
    cursor = `&cursor=${body.next_cursor}`;
    await between();
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe(`a list of ${USERS} users`, () => {
  it('walked by cursor while others write has no user twice, and misses none that was there throughout', async () => {
    const random = new Random(seed);
    const all = service.as('crowd');
    await all.post('/v1/memories', { content: 'The vault is made.', user_id: 'the first' });
    const there = names(random, '', USERS - 1);
    store('crowd', there.slice(0, 8_000), there.slice(6_000));
    const whole = [...there, 'the first'].sort(byBytes);
    expect(await walk(all, 100)).toEqual(whole);

    const coming = names(random, 'x', 5_000).filter((name) => !whole.includes(name));
    const come: string[] = [];
    const send = async (method: string, name: string, body?: unknown) => {
      const { status } = await all.send(method, `/v1/users/${encodeURIComponent(name)}`, body);
      expect([200, 201]).toContain(status);
    };
    const writing = new Set<Promise<void>>();
    let writes = 0;
    // Users come, are written to, and go again, all over the alphabet, between every two pages and during them.
    const write = async () => {
      for (let n = 0; n < 4; n += 1) {
        const kind = random.next();
        const gone = kind < 0.3 ? come.shift() : undefined;
        let one: Promise<void>;
        if (gone !== undefined) {
          one = send('DELETE', gone);
        } else if (kind < 0.7 && coming.length > 0) {
          const name = coming.pop()!;
          one = send('PUT', name, { summary: 'New.' }).then(() => void come.push(name));
        } else {
          one = all
            .post('/v1/memories', { content: 'Another owl.', user_id: random.pick(there) })
            .then(({ status }) => expect(status).toBe(201));
        }
        writes += 1;
        const counted = one.finally(() => writing.delete(counted));
        writing.add(counted);
      }
      // Who waits too long for the turn of a vault is told to come back later.
      while (writing.size > 20) await Promise.race(writing);
    };
    const seen = await walk(all, 100, write);
    await Promise.all(writing);
    expect(writes).toBeGreaterThan(300);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort(byBytes));
    const met = new Set(seen);
    expect(whole.filter((name) => !met.has(name))).toEqual([]);
    expect(seen.filter((name) => !whole.includes(name) && !name.startsWith('x'))).toEqual([]);
  });

  it('is of another vault to another vault, and one user long to a user', async () => {
    expect(await walk(service.as('elsewhere'), 100)).toEqual([]);
    expect(await walk(service.as('crowd', 'the first'), 100)).toEqual(['the first']);
  });
});
