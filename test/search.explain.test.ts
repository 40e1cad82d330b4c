import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExplanationDto } from '../src/memories/explanation.dto.js';
import { type Client, TestService } from './harness/app.js';
import { recomputedScore } from './harness/explained-score.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(async () => {
  await service.stop();
});

interface Explained {
  id: string;
  score: number;
  explain?: ExplanationDto;
}

async function store(client: Client, ...bodies: object[]): Promise<void> {
  for (const body of bodies) {
    const { status, text } = await client.post('/v1/memories', body);
    if (status !== 201) throw new Error(text);
  }
}

async function explained(client: Client, query: string, rest: object = {}): Promise<Explained[]> {
  const answer = await client.post('/v1/memories/search', { query, explain: true, ...rest });
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.results as Explained[];
}

describe('explain: true', () => {
  const MAY_8 = Date.UTC(2023, 4, 8);

  it('says of every part of the score where it comes from, and which neighbour', async () => {
    const client = service.as('explained', 'ana');
    await store(
      client,
      { id: 'q', content: 'Ben: Where is the owl barn?', session_id: 's', created_at: MAY_8 },
      { id: 'a', content: 'Ana: The owl moved to the mill yesterday.', session_id: 's', created_at: MAY_8 },
      { id: 'n', content: 'Ben: A barn owl, a white owl!', session_id: 's', created_at: MAY_8 },
      { id: 'far', content: 'Nothing to see.', session_id: 't', created_at: 0 },
    );
    const results = await explained(client, 'When did Ana see the barn owl in May 2023?');
    const answer = results.find(({ id }) => id === 'a')!.explain!;
    expect(answer.memories).toBe(4);
    const term = (name: string) => answer.terms.find((one) => one.term === name)!;
    expect(term('owl').credits).toEqual([
      { from: 'own', frequency: 1, credit: 1 },
      { from: 'before', memory_id: 'q', distance: 1, frequency: 1, credit: 0.7 * 1.3 },
      { from: 'after', memory_id: 'n', distance: 1, frequency: 2, credit: 0.8 },
    ]);
    expect(term('owl').df).toBe(3);
    expect(term('ana').credits).toEqual([{ from: 'speaker', credit: 1 }]);
    expect(term('2023').credits).toEqual([{ from: 'date', credit: 0.5 }]);
    expect(answer.factors).toEqual({
      speaker: 1.2,
      date: 2,
      when: 1.4,
      question: 1,
      length: 1 + (0.2 * 4) / 12,
      mentions: 1.3,
      salience: 1,
    });
    const neighbour = results.find(({ id }) => id === 'n')!.explain!;
    expect(neighbour.bigrams!.pairs.map(({ pair, df }) => [pair, df])).toEqual([[['barn', 'owl'], 1]]);
    for (const { score, explain } of results) {
      expect(explain!.score).toBe(score);
      expect(Math.abs(recomputedScore(explain!) - score)).toBeLessThanOrEqual(1e-12);
    }
  });

  it('explains the same whatever filters hide, neighbours included', async () => {
    const client = service.as('explained-filters');
    const bodies = Array.from({ length: 60 }, (_, i) => ({
      id: `m${i}`,
      content: `owl ${'barn '.repeat(i % 5)}`,
      session_id: `s${i % 3}`,
      tags: [`t${i % 4}`],
    }));
    await store(client, ...bodies);
    const all = await explained(client, 'owl barn', { limit: 100 });
    expect(all.filter(({ explain }) => explain!.bigrams === null)).toHaveLength(10);
    const some = await explained(client, 'owl barn', {
      limit: 100,
      filters: { tags: ['t1'], min_score: 0.01 },
    });
    expect(some).toEqual(all.filter(({ id }) => Number(id.slice(1)) % 4 === 1));
    expect(some).not.toHaveLength(0);
  });

  it('never names what belongs to another user', async () => {
    const vault = 'explained-users';
    await store(service.as(vault, 'ben'), { id: 'bens', content: 'The owl sings.', session_id: 's' });
    await store(
      service.as(vault, 'ana'),
      { id: 'one', content: 'An owl.', session_id: 's' },
      { id: 'two', content: 'It was white.', session_id: 's' },
    );
    const results = await explained(service.as(vault, 'ana'), 'owl');
    expect(results.map(({ id }) => id)).toEqual(['one', 'two']);
    expect(JSON.stringify(results)).not.toContain('bens');
    expect(results[0].explain!.memories).toBe(2);
    // Nor is another's memory a neighbour where both are searched.
    const whole = await explained(service.as(vault), 'owl');
    expect(whole.map(({ id, explain }) => [id, explain!.terms[0].credits.length]).sort()).toEqual([
      ['bens', 1],
      ['one', 1],
      ['two', 1],
    ]);
  });

  it('is left out unless asked for', async () => {
    const client = service.as('unexplained');
    await store(client, { content: 'owl' });
    for (const rest of [{}, { explain: false }]) {
      const { text } = await client.post('/v1/memories/search', { query: 'owl', ...rest });
      expect(text).not.toContain('explain');
    }
  });

  it('is refused for a query of more than 64 terms, and for what is no boolean', async () => {
    const client = service.as('explained-long');
    const words = Array.from({ length: 65 }, (_, i) => `word${i}`);
    await store(client, { content: words.join(' ') });
    const [found] = await explained(client, words.slice(1).join(' '));
    expect(found.explain!.terms).toHaveLength(64);
    for (const body of [
      { query: words.join(' '), explain: true },
      { query: 'owl', explain: 'yes' },
      { query: 'owl', explain: null },
    ]) {
      const answer = await client.post('/v1/memories/search', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
      expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual(['explain']);
    }
    expect((await client.post('/v1/memories/search', { query: words.join(' ') })).status).toBe(200);
  });
});
