import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { featuresOf } from '../src/recall/memory-features.js';
import { LEAST_SIMILARITY } from '../src/waypoints/recent-block.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { randomSeed } from './harness/seed.js';
import { statementsDuring } from './harness/statement-spy.js';

const seed = randomSeed('waypoints-automatic');

let service: TestService;
let view: DatabaseView;

beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  view.close();
  await service.stop();
});

interface Row {
  src_id: string;
  dst_id: string;
  type: string;
  user_id: string;
  weight: number;
}

const waypointsOf = (vault: string): Row[] =>
  view.all<Row>('SELECT * FROM waypoints WHERE vault_id = ? ORDER BY src_id, dst_id, type', vault);

const chainOf = (vault: string): string[] =>
  waypointsOf(vault)
    .filter(({ type }) => type === 'next')
    .map(({ src_id, dst_id }) => `${src_id}>${dst_id}`);

const similarOf = (vault: string): string[] =>
  waypointsOf(vault)
    .filter(({ type }) => type === 'similar')
    .map(({ src_id, dst_id, weight }) => `${src_id}>${dst_id} ${weight.toFixed(12)}`);

async function add(client: Client, id: string, fields: object = {}): Promise<Answer> {
  const answer = await client.post('/v1/memories', { id, content: `nothing but ${id}`, ...fields });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer;
}

describe('to the next memory of the session', () => {
  it('leads a waypoint of weight 1 from the one before it, whoever else talks meanwhile', async () => {
    const [ana, ben, all] = [service.as('next', 'ana'), service.as('next', 'ben'), service.as('next')];
    await add(ana, 'a1', { session_id: 's' });
    await add(ben, 'b1', { session_id: 's' });
    await add(ana, 'x', {});
    await add(ana, 't1', { session_id: 't' });
    await add(all, 'n1', { session_id: 's' });
    // The time it was about says nothing about the order of arrival.
    await add(ana, 'a2', { session_id: 's', created_at: 5 });
    await add(all, 'b2', { session_id: 's', user_id: 'ben' });
    await add(all, 'n2', { session_id: 's' });
    await add(ana, 'a3', { session_id: 's', metadata: { session: 't' } });
    await add(ana, 't2', { session_id: 't' });
    expect(chainOf('next')).toEqual(['a1>a2', 'a2>a3', 'b1>b2', 'n1>n2', 't1>t2']);
    const owners = new Map(waypointsOf('next').map(({ src_id, user_id }) => [src_id, user_id]));
    expect(Object.fromEntries(owners)).toEqual({ a1: 'ana', a2: 'ana', b1: 'ben', n1: '', t1: 'ana' });
    expect((await ana.get('/v1/waypoints?type=next&order=asc')).body.items[0]).toEqual({
      ...{ src_id: 'a2', dst_id: 'a3', type: 'next', weight: 1, user_id: 'ana', metadata: {} },
      ...{ created_at: expect.any(Number), updated_at: expect.any(Number) },
    });
  });

  it('passes over what is gone, and over sessions that only metadata names', async () => {
    const client = service.as('next-gone', 'ana');
    const expires_at = Date.now() + 600_000;
    await add(client, 'm1', { session_id: 's' });
    await add(client, 'm2', { session_id: 's' });
    await add(client, 'm3', { session_id: 's', expires_at });
    await add(client, 'm4', { metadata: { session_id: 's' } });
    await client.delete('/v1/memories/m2');
    vi.spyOn(Date, 'now').mockReturnValue(expires_at);
    await add(client, 'm5', { session_id: 's' });
    expect(chainOf('next-gone').filter((link) => link.endsWith('m5'))).toEqual(['m1>m5']);
  });

  it('finds a session again however long it has rested', async () => {
    const client = service.as('next-later', 'ana');
    for (const id of ['s1', 's2']) await add(client, id, { session_id: 's' });
    const others = Array.from({ length: 200 }, (_, i) => ({ content: `note ${i}`, session_id: `o${i}` }));
    await client.post('/v1/memories/batch', others);
    await add(client, 's3', { session_id: 's' });
    expect(chainOf('next-later')).toEqual(['s1>s2', 's2>s3']);
  });

  it('comes with a batch too', async () => {
    const client = service.as('next-batch');
    await add(client, 'a0', { session_id: 's', user_id: 'ana' });
    const rows = Array.from({ length: 450 }, (_, i) => ({
      id: `${i % 2 ? 'b' : 'a'}${i + 1}`,
      content: `note number ${i}`,
      session_id: i % 3 ? 's' : 't',
      user_id: i % 2 ? 'ben' : 'ana',
    }));
    const { body } = await client.post('/v1/memories/batch', [...rows, { id: 'a1', content: 'taken' }]);
    expect([body.created, body.failed]).toEqual([450, 1]);
    const last = new Map([['ana/s', 'a0']]);
    const expected = rows.flatMap(({ id, user_id, session_id }) => {
      const before = last.get(`${user_id}/${session_id}`);
      last.set(`${user_id}/${session_id}`, id);
      return before ? [`${before}>${id}`] : [];
    });
    expect(chainOf('next-batch').sort()).toEqual(expected.sort());
  });
});

describe('to the most similar of the latest', () => {
  const WORDS = 'owl barn night window train seat river lamp bread stone'.split(' ');
  const content = fc
    .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 7 })
    .map((words) => words.join(' '));

  interface Stored {
    id: string;
    content: string;
    position: number;
    block: number;
  }

  /** By comparing each with all before it in its block. */
  function expectedOf(vault: string): string[] {
    const rows = view.all<Stored>(
      `SELECT id, content, position, (SELECT max(first_position) FROM term_blocks b WHERE b.vault_id = m.vault_id
         AND b.user_id = m.user_id AND b.first_position <= m.position) AS block
       FROM memories m WHERE vault_id = ? ORDER BY position`,
      vault,
    );
    const bags = new Map(rows.map((row) => [row.id, bagOf(row.content)]));
    return rows
      .flatMap((row) => {
        let best: { id: string; similarity: number } | undefined;
        for (const other of rows) {
          if (other.block !== row.block || other.position >= row.position) continue;
          const [a, b] = [bags.get(row.id)!, bags.get(other.id)!];
          const terms = new Set([...a.keys(), ...b.keys()]);
          let [common, union] = [0, 0];
          for (const term of terms) {
            common += Math.min(a.get(term) ?? 0, b.get(term) ?? 0);
            union += Math.max(a.get(term) ?? 0, b.get(term) ?? 0);
          }
          const similarity = common / union;
          if (common < 2 || similarity < LEAST_SIMILARITY) continue;
          if (!best || similarity >= best.similarity) best = { id: other.id, similarity };
        }
        return best ? [`${row.id}>${best.id} ${best.similarity.toFixed(12)}`] : [];
      })
      .sort();
  }

  function bagOf(text: string): Map<string, number> {
    const { terms } = featuresOf({ content: text, metadata: '{}', sessionId: null, createdAt: 0 });
    const bag = new Map<string, number>();
    for (const term of terms) bag.set(term, (bag.get(term) ?? 0) + 1);
    return bag;
  }

  it('leads a waypoint as heavy as they are similar, one by one or in a batch', async () => {
    const texts = fc.sample(content, { seed, numRuns: 170 });
    const rows = texts.map((text, i) => ({ id: `m${String(i).padStart(3, '0')}`, content: text }));
    const [single, batch] = [service.as('similar', 'ana'), service.as('similar-batch', 'ana')];
    for (const { id, content } of rows) await add(single, id, { content });
    await batch.post('/v1/memories/batch', rows.slice(0, 100));
    await batch.post('/v1/memories/batch', rows.slice(100));
    const expected = expectedOf('similar');
    expect(expected.length).toBeGreaterThan(100);
    expect(similarOf('similar')).toEqual(expected);
    expect(similarOf('similar-batch')).toEqual(expected);
    // Of other users nothing shows, however alike.
    const ben = service.as('similar', 'ben');
    await add(ben, 'bens', { content: rows[169].content });
    expect(similarOf('similar')).toEqual(expected);
  });

  it('passes over what is deleted or has expired', async () => {
    const client = service.as('similar-gone', 'ana');
    const text = 'the owl sat in the old barn';
    const expires_at = Date.now() + 600_000;
    await add(client, 'm1', { content: `${text} at night` });
    await add(client, 'm2', { content: text });
    await add(client, 'm3', { content: text, expires_at });
    await client.delete('/v1/memories/m2');
    vi.spyOn(Date, 'now').mockReturnValue(expires_at);
    await add(client, 'm4', { content: text });
    expect(similarOf('similar-gone').filter((link) => link.startsWith('m4'))).toEqual([
      'm4>m1 0.800000000000',
    ]);
  });

  it('needs more in common than a word', async () => {
    const client = service.as('similar-little', 'ana');
    for (const id of ['m1', 'm2']) await add(client, id, { content: 'Owls.' });
    await add(client, 'm3', { content: 'the and of' });
    await add(client, 'm4', { content: 'the and of' });
    await add(client, 'm5', { content: '!' });
    expect(waypointsOf('similar-little')).toEqual([]);
  });
});

describe('automatic waypoints', () => {
  it('are for new memories: not for what was there, was refused, or is changed', async () => {
    const client = service.as('only-new', 'ana');
    const text = 'the owl sat in the old barn';
    await add(client, 'm1', { content: text, session_id: 's' });
    const same = { content: text, session_id: 's' };
    expect((await client.post('/v1/memories', { ...same, on_duplicate: 'return' })).status).toBe(200);
    expect((await client.post('/v1/memories', { ...same, id: 'm1' })).status).toBe(409);
    await add(client, 'm2', { content: 'something else' });
    await client.patch('/v1/memories/m2', same);
    expect(waypointsOf('only-new')).toEqual([]);
    await add(client, 'm3', same);
    const made = waypointsOf('only-new').map(({ src_id, dst_id, type }) => `${src_id}>${dst_id} ${type}`);
    expect(made).toEqual(['m2>m3 next', 'm3>m2 similar']);
  });

  it('are at most two a memory, at as many statements for the thousandth as for the tenth', async () => {
    const client = service.as('constant', 'ana');
    const text = 'the owl sat in the old barn';
    const row = (i: number) => ({ id: `m${i}`, content: `${text} ${i % 7}`, session_id: `s${i % 5}` });
    const rows = Array.from({ length: 1_000 }, (_, i) => row(i));
    const statements = (i: number) => statementsDuring(async () => void (await add(client, `m${i}`, row(i))));
    for (let i = 0; i < 9; i += 1) await add(client, `m${i}`, row(i));
    const tenth = await statements(9);
    await client.post('/v1/memories/batch', rows.slice(10, 999));
    const thousandth = await statements(999);
    expect(thousandth.length).toBeLessThanOrEqual(tenth.length);
    const made = waypointsOf('constant');
    expect(made.filter(({ type }) => type === 'next')).toHaveLength(995);
    expect(
      new Set(made.map(({ type, src_id, dst_id }) => (type === 'next' ? `>${dst_id}` : src_id))).size,
    ).toBe(made.length);
  });

  it('are not made where the setting says so', async () => {
    const off = await TestService.start({ WAYPOINTS_AUTOMATIC: 'false' });
    const client = off.as('off', 'ana');
    for (const id of ['m1', 'm2'])
      await add(client, id, { content: 'the owl sat in the barn', session_id: 's' });
    expect((await client.get('/v1/waypoints?count=true')).body).toEqual({
      items: [],
      next_cursor: null,
      count: 0,
    });
    await off.stop();
  });

  it('go with the memory that fails to be stored', async () => {
    const client = service.as('atomic', 'ana');
    await add(client, 'm1', { session_id: 's' });
    const { AutomaticWaypoints } = await import('../src/waypoints/automatic-waypoints.js');
    const target = service.app.get(AutomaticWaypoints);
    const link = target.link.bind(target);
    vi.spyOn(target, 'link').mockImplementation(async (...given) => {
      await link(...given);
      throw new Error('a fault');
    });
    expect((await client.post('/v1/memories', { id: 'm2', content: 'x', session_id: 's' })).status).toBe(500);
    vi.restoreAllMocks();
    expect(waypointsOf('atomic')).toEqual([]);
    await add(client, 'm3', { session_id: 's' });
    expect(chainOf('atomic')).toEqual(['m1>m3']);
  });
});
