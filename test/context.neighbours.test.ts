import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { DAY, MAY_3, MINUTE, context, idsOf, store } from './harness/context-client.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(async () => {
  await service.stop();
});

describe('neighbours in the session', () => {
  /** What a search for "owl" finds above a score that neighbours do not reach. */
  async function found(client: Client, id: string): Promise<number> {
    const { body } = await client.post('/v1/memories/search', { query: 'owl' });
    const own = body.results.find((result: { id: string }) => result.id === id).score as number;
    const others = body.results.filter((result: { id: string }) => result.id !== id);
    for (const other of others) expect(other.score).toBeLessThan(own);
    return own;
  }

  const inSession = (id: string, session_id: string | undefined, minutes: number, rest: object = {}) => ({
    id,
    content: id === 'hit' ? 'Owl, owl, owl.' : `This is ${id}.`,
    session_id,
    created_at: MAY_3 + minutes * MINUTE,
    ...rest,
  });

  it('stand beside a result, without a score where the search did not find them', async () => {
    const client = service.as('beside', 'u');
    await store(
      client,
      inSession('x1', 's', 0),
      inSession('before', 's', 1),
      inSession('y1', 'other', 2),
      inSession('hit', 's', 3),
      inSession('y2', 'other', 4),
      inSession('after', 's', 5),
      inSession('x2', 's', 6),
    );
    const min_score = await found(client, 'hit');
    const { text, memories } = await context(client, { query: 'owl', filters: { min_score } });
    expect(text).toBe('2026-05-03\n- This is before.\n- Owl, owl, owl.\n- This is after.');
    expect(memories.map(({ score }) => score)).toEqual([null, min_score, null]);
  });

  it('come after better results and before worse ones', async () => {
    const client = service.as('worth', 'u');
    // What the words are rare among.
    for (let i = 0; i < 12; i += 1) await store(client, { content: 'Nothing to see.', session_id: `x${i}` });
    await store(
      client,
      // A question, which recall counts for less than an answer.
      inSession('before', 's', 0, { content: `Is this what ${'there was '.repeat(9)}before?` }),
      inSession('hit', 's', 1, { content: 'The owl at the lake.' }),
      { id: 'second', content: 'Lake, an owl, they said.', session_id: 's2', created_at: MAY_3 + DAY },
      {
        id: 'third',
        content: 'A lake.',
        session_id: 's3',
        created_at: MAY_3 + 2 * DAY,
      },
    );
    const search = await client.post('/v1/memories/search', { query: 'owl lake' });
    const scores = new Map<string, number>(
      search.body.results.map(({ id, score }: { id: string; score: number }) => [id, score]),
    );
    const raw = (id: string) => scores.get(id)! / (1 - scores.get(id)!);
    // What the test takes for granted: "before" is worth 0.7 of "hit", but not found above the least score.
    expect(raw('second')).toBeGreaterThan(0.7 * raw('hit'));
    expect(raw('third')).toBeLessThan(0.7 * raw('hit'));
    expect(scores.get('before') ?? 0).toBeLessThan(scores.get('third')!);
    const filters = { min_score: scores.get('third') };
    const seen: string[][] = [];
    for (let max_tokens = 1; max_tokens < 120; max_tokens += 1) {
      seen.push(idsOf(await context(client, { query: 'owl lake', filters, max_tokens })).sort());
    }
    expect(seen.at(-1)).toEqual(['before', 'hit', 'second', 'third']);
    // "third" is shorter: where it went first, there would be no budget that has room for "before" alone.
    expect(seen).toContainEqual(['before', 'hit', 'second']);
    expect(seen).not.toContainEqual(['before', 'hit']);
  });

  it('are those of the same session by metadata, too, in the same vault and of the same owner', async () => {
    const [ana, ben] = [service.as('owners', 'ana'), service.as('owners', 'ben')];
    const noisy = inSession('noise', 's', 0, { id: undefined, content: 'This is canary.' });
    await store(ana, inSession('before', undefined, 0, { metadata: { session: 7 } }));
    await store(ben, noisy);
    await store(service.as('owners'), noisy);
    await store(service.as('owners-2', 'ana'), noisy);
    await store(ana, inSession('hit', '7', 1));
    await store(ben, noisy);
    await store(ana, inSession('after', undefined, 2, { metadata: { session_id: '7' } }));
    const min_score = await found(ana, 'hit');
    for (const client of [ana, service.as('owners')]) {
      const answer = await context(client, { query: 'owl', filters: { min_score, user_id: 'ana' } });
      expect(idsOf(answer)).toEqual(['before', 'hit', 'after']);
    }
    expect((await context(ben, { query: 'owl' })).memories).toEqual([]);
  });

  it('without a session are those without a long pause', async () => {
    const client = service.as('pauses', 'u');
    await store(
      client,
      inSession('near', undefined, 0),
      inSession('between', 's', 10),
      inSession('hit', undefined, 30),
      inSession('far', undefined, 60.01),
    );
    const min_score = await found(client, 'hit');
    const answer = await context(client, { query: 'owl', filters: { min_score } });
    expect(idsOf(answer)).toEqual(['near', 'hit']);
  });

  it('are the next living ones', async () => {
    await store(
      service.as('living', 'u'),
      inSession('before', 's', 0),
      inSession('gone', 's', 1),
      inSession('hit', 's', 2),
      inSession('expired', 's', 3, { expires_at: Date.now() + DAY }),
      inSession('after', 's', 4),
    );
    await service.as('living', 'u').delete('/v1/memories/gone');
    const real = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => real() + 2 * DAY);
    const client = service.as('living', 'u');
    const min_score = await found(client, 'hit');
    const answer = await context(client, { query: 'owl', filters: { min_score } });
    expect(idsOf(answer)).toEqual(['before', 'hit', 'after']);
  });

  it.each<[string, object, object, object]>([
    ['collection', { collection: 'c' }, {}, { collection: 'c' }],
    ['session', {}, { session_id: undefined, metadata: { session: 's' } }, { session_id: 's' }],
    ['tags', { tags: ['t'] }, {}, { tags: ['t'] }],
    ['sectors', { sector: 'emotional' }, { sector: 'semantic' }, { sectors: ['emotional'] }],
    ['metadata', { metadata: { k: 1 } }, { metadata: { k: 2 } }, { metadata: { k: 1 } }],
    ['time from', {}, { created_at: MAY_3 - 1 }, { created_after: MAY_3 }],
    ['time to', {}, { created_at: MAY_3 + DAY }, { created_before: MAY_3 + DAY }],
  ])('pass the filters, or stay away: %s', async (name, passing, failing, filters) => {
    const client = service.as('filters', name);
    await store(
      client,
      inSession('x', 's', 0, { id: `${name} fails`, ...failing }),
      inSession('hit', 's', 1, { id: `${name} hit`, ...passing }),
      inSession('y', 's', 2, { id: `${name} passes`, ...passing }),
    );
    const min_score = await found(client, `${name} hit`);
    const answer = await context(client, { query: 'owl', filters: { ...filters, min_score } });
    expect(idsOf(answer)).toEqual([`${name} hit`, `${name} passes`]);
    const open = await context(client, { query: 'owl', filters: { min_score } });
    expect(idsOf(open).sort()).toEqual([`${name} fails`, `${name} hit`, `${name} passes`]);
  });
});
