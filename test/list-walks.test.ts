import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { extent } from './harness/extent.js';
import { recordFigure } from './harness/figures.js';

/** Rows of each list, there from the beginning to the end of its walk. */
const ROWS = extent('WALKED_ROWS', { sqlite: 10_000, postgres: 1_000 });
const PAGE = 100;

let service: TestService;
let walks = 0;
let rows = 0;
let doubled = 0;
let missed = 0;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(async () => {
  await service.stop();
  recordFigure('walks.lists', walks);
  recordFigure('walks.rows', rows);
  recordFigure('walks.doubled', doubled);
  recordFigure('walks.missed', missed);
});

type Item = Record<string, unknown>;

/** So many memories in one batch. */
async function fill(client: Client, memory: (i: number) => object): Promise<void> {
  const body = Array.from({ length: ROWS }, (_, i) => ({ content: `n${i}`, ...memory(i) }));
  const answer = await client.post('/v1/memories/batch', body);
  expect(answer.body).toMatchObject({ created: ROWS, failed: 0 });
}

/**
 * Walks through a list while others write, and compares what was met with what was there all the time.
 *
 * @param meanwhile writes before each page but the first: rows that come, and rows of its own that go again
 */
async function walk(
  client: Client,
  path: string,
  there: ReadonlySet<string>,
  keyOf: (item: Item) => string,
  meanwhile: (turn: number) => Promise<unknown>,
): Promise<void> {
  const met = new Map<string, number>();
  let cursor = '';
  for (let turn = 1; ; turn += 1) {
    const { status, body } = await client.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${PAGE}${cursor}`,
    );
    expect(status).toBe(200);
    for (const item of body.items as Item[]) met.set(keyOf(item), (met.get(keyOf(item)) ?? 0) + 1);
    if (body.next_cursor === null) break;
    cursor = `&cursor=${body.next_cursor}`;
    await meanwhile(turn);
  }
  const twice = [...met].filter(([, times]) => times > 1);
  const lost = [...there].filter((key) => !met.has(key));
  walks += 1;
  rows += there.size;
  doubled += twice.length;
  missed += lost.length;
  expect([twice, lost.slice(0, 5)]).toEqual([[], []]);
  expect(there.size).toBe(ROWS);
}

const keys = (key: (i: number) => string) => new Set(Array.from({ length: ROWS }, (_, i) => key(i)));
/** Not in the order of making, so that rows come before and behind the reader. */
const shuffled = (i: number) => (i * 7_919) % ROWS;

describe('a list of thousands, walked through by cursor while others write', () => {
  let all: Client;
  let churned = 0;

  /** New rows all over the order, and the one of the turn before goes. */
  const churn = async (turn: number) => {
    const name = String(shuffled(turn * 97));
    const id = `churn-${(churned += 1)}`;
    await all.post('/v1/memories', {
      content: 'comes and goes',
      id,
      user_id: `u${name}x`,
      session_id: `s${name}x`,
      collection: `c${name}x`,
      created_at: 1_700_000_000_000 + shuffled(turn * 89) * 1_000,
    });
    await all.delete(`/v1/memories/churn-${churned - 1}`);
  };

  beforeAll(async () => {
    all = service.as('walks', undefined, ['read', 'write', 'delete', 'vault', 'operator']);
    await fill(all, (i) => ({
      id: `m${shuffled(i)}`,
      user_id: `u${shuffled(i)}`,
      session_id: `s${shuffled(i)}`,
      collection: `c${shuffled(i)}`,
      created_at: 1_700_000_000_000 + shuffled(i) * 1_000,
    }));
  });

  it.each(['asc', 'desc'])('of memories (%s)', async (order) => {
    await walk(
      all,
      `/v1/memories?order=${order}`,
      keys((i) => `m${i}`),
      ({ id }) => String(id),
      churn,
    );
  });

  it('of memories by a filter that is looked at in the service', async () => {
    const path = `/v1/memories?metadata=${encodeURIComponent('{}')}&sector=semantic`;
    await walk(
      all,
      path,
      keys((i) => `m${i}`),
      ({ id }) => String(id),
      async () => {},
    );
  });

  it('of users', async () => {
    await walk(
      all,
      '/v1/users',
      keys((i) => `u${i}`),
      ({ user_id }) => String(user_id),
      churn,
    );
  });

  it('of sessions', async () => {
    const keyOf = ({ user_id, id }: Item) => `${user_id}/${id}`;
    await walk(
      all,
      '/v1/sessions',
      keys((i) => `u${i}/s${i}`),
      keyOf,
      churn,
    );
  });

  it('of collections', async () => {
    await walk(
      all,
      '/v1/collections',
      keys((i) => `c${i}`),
      ({ name }) => String(name),
      async (turn) => {
        await churn(turn);
        await all.post('/v1/collections', { name: `described-${turn}` });
      },
    );
  });

  it('of vaults', async () => {
    const state = { status: 'active', share_unowned: 0, created_at: 1, updated_at: 1 };
    const rows = Array.from({ length: ROWS }, (_, i) => ({ vault_id: `v${i}`, name: `v${i}`, ...state }));
    edit(service.databasePath, (editor) => editor.transaction(() => editor.insert('vaults', ...rows)));
    await walk(
      all,
      '/v1/vaults',
      keys((i) => `v${i}`),
      ({ vault_id }) => String(vault_id),
      async (turn) => {
        await all.post('/v1/vaults', { vault_id: `v${shuffled(turn)}x` });
      },
    );
  });

  it('of waypoints, of a user’s and of a session’s memories', async () => {
    const one = service.as('walks-of-one', undefined, ['read', 'write', 'delete', 'vault']);
    await fill(one, (i) => ({ id: `m${i}`, user_id: 'ana', session_id: 'talk', content: `unlike${i}` }));
    const more = async (turn: number) => {
      const other = service.as('walks-of-one', 'ben');
      await other.post('/v1/memories', { id: `of-ben-${turn}`, content: 'x', session_id: 'talk' });
    };
    const expected = new Set(
      Array.from({ length: ROWS - 1 }, (_, i) => `m${i}>m${i + 1}`).concat('of-ben-1>of-ben-2'),
    );
    await more(1);
    await more(2);
    const edge = ({ src_id, dst_id }: Item) => `${src_id}>${dst_id}`;
    await walk(one, '/v1/waypoints?type=next', expected, edge, (turn) => more(turn + 2));
    const known = keys((i) => `m${i}`);
    await walk(one, '/v1/users/ana/memories', known, ({ id }) => String(id), more);
    await walk(one, '/v1/sessions/talk/memories?user_id=ana', known, ({ id }) => String(id), more);
  });
});
