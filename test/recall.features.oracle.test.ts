import { describe, expect, it } from 'vitest';
import { type LivingMemory, recall } from './harness/recall-oracle.js';

const SESSION = { session: 1, session_date: '8 May, 2023' };
const memory = (order: number, content: string, metadata: object = SESSION): LivingMemory => ({
  id: `m${order}`,
  userId: 'ana',
  order,
  content,
  metadata: JSON.stringify(metadata),
  sessionId: null,
  createdAt: 0,
});

/** The oracle's raw scores, by memory. */
function raw(living: LivingMemory[], query: string): Record<string, number> {
  return Object.fromEntries(recall(living, query).map(({ id, raw: score }) => [id, score]));
}

/** The method worked by hand on the smallest examples that show each part of it. */
describe('the oracle', () => {
  const question = memory(0, 'Ana: Is the owl near?');
  const answer = memory(1, 'Ben: barn door');
  // Own terms, what the neighbour lends (0.4 of the next; 0.7 times 1.3 of the question before), name, date.
  const lengths = [2 + 0.4 * 2 + 1 + 1.5, 2 + 0.7 * 1.3 * 2 + 1 + 1.5];
  const mean = (lengths[0] + lengths[1]) / 2;
  const bm25 = (credit: number, length: number) =>
    (credit * 2.2) / (credit + 1.2 * (0.6 + (0.4 * length) / mean));
  const length = 1 + (0.2 * 2) / 12;

  it('reads a memory together with its neighbours, an answer with the question before it above all', () => {
    const found = raw([question, answer], 'owl');
    const idf = Math.log(1 + 0.5 / 2.5);
    expect(found.m0).toBeCloseTo(idf * bm25(1, lengths[0]) * 0.7 * length, 12);
    expect(found.m1).toBeCloseTo(idf * bm25(0.7 * 1.3, lengths[1]) * length, 12);
  });

  it('knows speakers and pairs', () => {
    const found = raw([question, answer], 'Ben barn door');
    const both = Math.log(1 + 0.5 / 2.5);
    const one = Math.log(1 + 1.5 / 1.5);
    const own = both * bm25(1, lengths[1]) * 2 + one * bm25(1, lengths[1]);
    // One of two holds the pair, of one pair each: a saturation of 2.2 / (1 + 1.2).
    expect(found.m1).toBeCloseTo((own + 0.1 * one) * 1.2 * length, 12);
    expect(found.m0).toBeCloseTo(both * bm25(0.4, lengths[0]) * 2 * 0.7 * length, 12);
  });

  it('knows dates: month, days near it, the month after, the year alone, and dates mentioned', () => {
    const one = (content: string, date: string) => memory(0, content, { session_date: date });
    const score = (content: string, date: string, query: string) => raw([one(content, date)], query).m0;
    const plain = score('barn owl', '2023-05-08', 'owl');
    expect(score('barn owl', '2023-05-08', 'owl in May')).toBeCloseTo(2 * plain, 12);
    expect(score('barn owl', '2023-06-08', 'owl in May')).toBeCloseTo(1.3 * plain, 12);
    expect(score('barn owl', '2023-07-08', 'owl in May')).toBeCloseTo(plain, 12);
    expect(score('barn owl', '2023-05-08', 'owl on May 11') / 3).toBeCloseTo(plain, 12);
    expect(score('barn owl', '2023-05-08', 'owl on May 12') / 2).toBeCloseTo(plain, 12);
    const withYear = score('barn owl', '2023-05-08', 'owl 2023 2022') / 1.3;
    expect(withYear).toBeGreaterThan(plain);
    expect(score('barn owl yesterday', '2023-06-01', 'owl in May')).toBeCloseTo(
      1.3 * 1.3 * score('barn owl yesterday', '2023-06-01', 'owl'),
      12,
    );
    expect(score('barn owl yesterday', '2023-06-01', 'owl, when')).toBe(
      score('barn owl yesterday', '2023-06-01', 'owl'),
    );
    expect(score('barn owl yesterday', '2023-06-01', 'when owl')).toBeCloseTo(
      1.4 * score('barn owl yesterday', '2023-06-01', 'owl'),
      12,
    );
  });

  it('ends a session of memories without one at a pause, an owner, or the next key', () => {
    const at = (order: number, content: string, minutes: number, userId = 'ana'): LivingMemory => ({
      ...memory(order, content, {}),
      createdAt: minutes * 60_000,
      userId,
    });
    const ids = (living: LivingMemory[]) => recall(living, 'owl').map(({ id }) => id);
    expect(ids([at(0, 'owl', 0), at(1, 'barn', 30)])).toEqual(['m0', 'm1']);
    expect(ids([at(0, 'owl', 0), at(1, 'barn', 31)])).toEqual(['m0']);
    expect(ids([at(0, 'owl', 0), at(1, 'barn', 0, 'ben')])).toEqual(['m0']);
    expect(ids([memory(0, 'owl', { session: 1 }), memory(1, 'barn', { session: 2 })])).toEqual(['m0']);
    expect(
      ids([
        memory(0, 'owl', { session: 1 }),
        memory(1, 'barn', { session: 2 }),
        memory(2, 'door', { session: 1 }),
      ]),
    ).toEqual(['m0', 'm2']);
  });

  it('finds who is meant when only a name or a date is asked for', () => {
    const living = [question, answer, memory(2, 'Ana: red kite', { session_date: '9 June, 2024' })];
    expect(recall(living, 'Ben').map(({ id }) => id)).toEqual(['m1']);
    expect(recall(living, 'Ana kite').map(({ id }) => id)).toEqual(['m2']);
    expect(recall(living, 'discussed in June 2024').map(({ id }) => id)).toEqual(['m2']);
    expect(recall(living, 'zebra')).toEqual([]);
    expect(recall([], 'owl')).toEqual([]);
  });
});
