import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
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
  const database = new Database(service.databasePath);
  const user = database.prepare(
    `INSERT INTO users (vault_id, user_id, summary_manual, reflection_count, created_at, updated_at, summary_stale)
     VALUES (?, ?, 0, 0, 1, 1, 1)`,
  );
  const scope = database.prepare('INSERT INTO scopes VALUES (?, ?, 1, 1, 0, 0)');
  const memory = database.prepare(
    `INSERT INTO memories (vault_id, id, user_id, position, content, primary_sector, sectors, tags, metadata,
       content_hash, salience, decay_lambda, last_seen_at, version, created_at, updated_at)
     VALUES (?, ?, ?, 0, 'An owl.', 'semantic', '[]', '[]', '{}', '', 1, 0, 1, 1, 1, 1)`,
  );
  database.transaction(() => {
    for (const name of users) user.run(vaultId, name);
    for (const [i, name] of owners.entries()) {
      scope.run(vaultId, name);
      memory.run(vaultId, `of-owner-${i}`, name);
    }
  })();
  database.close();
}

async function walk(client: Client, limit: number, between: () => void = () => {}): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { status, body } = await client.get(`/v1/users?limit=${limit}${cursor}`);
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    for (const { user_id } of body.items as { user_id: string }[]) seen.push(user_id);
    if (body.next_cursor === null) return seen;
    cursor = `&cursor=${body.next_cursor}`;
    between();
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
    const write = () => {
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
    };
    const seen = await walk(all, 100, write);
    await Promise.all(writing);
    expect(writes).toBeGreaterThan(300);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort(byBytes));
    const met = new Set(seen);
    expect(whole.filter((name) => !met.has(name))).toEqual([]);
    expect(seen.filter((name) => !whole.includes(name) && !name.startsWith('x'))).toEqual([]);
  }, 120_000);

  it('is of another vault to another vault, and one user long to a user', async () => {
    expect(await walk(service.as('elsewhere'), 100)).toEqual([]);
    expect(await walk(service.as('crowd', 'the first'), 100)).toEqual(['the first']);
  });
});
