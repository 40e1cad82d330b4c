import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, type Remark, RemarkClusters, SAME, jaccard } from '../src/users/remark-clusters.js';
import { reflectionText } from '../src/users/reflection-text.js';
import { type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('users-reflection');

const add = async (client: Client, content: string, fields: object = {}) => {
  const { status, body } = await client.post('/v1/memories', { content, ...fields });
  expect(status).toBe(201);
  return (body as { id: string }).id;
};
const reflect = async (client: Client, user = 'ana') => {
  const { status, body } = await client.post(`/v1/users/${user}/reflect`, undefined);
  expect(status).toBe(200);
  return body as {
    reflections: { id: string; content: string; [field: string]: unknown }[];
    examined: number;
    clusters: number;
  };
};

interface Edge {
  src_id: string;
  dst_id: string;
  user_id: string;
  weight: number;
}

describe('reflecting', () => {
  let service: TestService;
  let view: DatabaseView;
  beforeAll(async () => {
    service = await TestService.start();
    view = new DatabaseView(service.databasePath);
  });
  afterAll(async () => {
    view.close();
    await service.stop();
  });

  const edges = (vault: string) =>
    view.all<Edge>(`SELECT * FROM waypoints WHERE vault_id = ? AND type = 'derived_from'`, vault);
  const memories = (vault: string, sector?: string) =>
    view.all<Record<string, unknown>>(
      'SELECT * FROM memories WHERE vault_id = ? AND (CAST(? AS text) IS NULL OR primary_sector = ?) ORDER BY position',
      vault,
      sector ?? null,
      sector ?? null,
    );

  it('gathers what repeats in a reflective memory, with a waypoint to each that it was made of', async () => {
    const ana = service.as('gathers', 'ana');
    const seats = [
      await add(ana, 'Ana prefers window seats on night trains.', { created_at: 86_400_000 }),
      await add(ana, 'Ana loves window seats on night trains!', { created_at: 2 * 86_400_000 }),
      await add(ana, 'Ana prefers a window seat on the night train.', { created_at: 5 * 86_400_000 }),
    ];
    const tea = [
      await add(ana, 'Every morning there is green tea.', { created_at: 86_400_000 }),
      await add(ana, 'Every morning there is green tea.', { created_at: 86_400_000 }),
    ];
    await add(ana, 'Ben wants the budget by Friday.');
    await add(ana, 'Invoice 1185 was paid.');
    await add(ana, 'Invoice 1186 was paid.');
    const before = memories('gathers');

    const { reflections, examined, clusters } = await reflect(ana);
    expect([examined, clusters]).toEqual([8, 2]);
    expect(reflections).toMatchObject([
      {
        user_id: 'ana',
        primary_sector: 'reflective',
        sectors: ['reflective'],
        tags: ['reflection'],
        metadata: { reflection: { memories: 3 } },
        created_at: 5 * 86_400_000,
        expires_at: null,
        version: 1,
      },
      { metadata: { reflection: { memories: 2 } }, created_at: 86_400_000 },
    ]);
    expect(reflections[0].content).toBe(
      'Said 3 times from 1970-01-02 to 1970-01-06: Ana prefers window seats on night trains.\n' +
        'Also said as:\n' +
        '- Ana loves window seats on night trains!\n' +
        '- Ana prefers a window seat on the night train.',
    );
    expect(reflections[1].content).toBe('Said 2 times on 1970-01-02: Every morning there is green tea.');
    for (const { id, ...reflection } of reflections) {
      expect((await ana.get(`/v1/memories/${id}`)).body).toEqual({ id, ...reflection });
    }
    // Those it was made of are what they were, to the last column.
    expect(memories('gathers').slice(0, before.length)).toEqual(before);
    const found = edges('gathers');
    const to = (id: string) => found.filter(({ src_id }) => src_id === id).map(({ dst_id }) => dst_id);
    expect(to(reflections[0].id).sort()).toEqual([...seats].sort());
    expect(to(reflections[1].id).sort()).toEqual([...tea].sort());
    expect(found).toHaveLength(5);
    for (const { user_id, weight } of found) {
      expect(user_id).toBe('ana');
      expect(weight).toBeGreaterThanOrEqual(SAME);
      expect(weight).toBeLessThanOrEqual(1);
    }
    expect((await ana.get('/v1/users/ana')).body).toMatchObject({ reflection_count: 2, count: 10 });
  });

  it('twice makes nothing new, until something new repeats', async () => {
    const ana = service.as('twice', 'ana');
    for (let n = 0; n < 4; n += 1) await add(ana, 'The owl sat in the barn at night.');
    expect((await reflect(ana)).reflections).toHaveLength(1);
    const before = view.digest();
    expect(await reflect(ana)).toEqual({ reflections: [], examined: 0, clusters: 0 });
    expect(view.digest()).toBe(before);
    await add(ana, 'The owl sat in the barn at night.');
    expect(await reflect(ana)).toMatchObject({ reflections: [], examined: 1 });
    await add(ana, 'The owl sat in the barn at night.');
    expect(await reflect(ana)).toMatchObject({
      reflections: [{ metadata: { reflection: { memories: 2 } } }],
    });
    expect((await ana.get('/v1/users/ana')).body.reflection_count).toBe(2);
    // With the reflection goes what keeps its memories from being reflected on.
    const [{ id }] = memories('twice', 'reflective');
    await ana.delete(`/v1/memories/${String(id)}`);
    expect((await reflect(ana)).reflections).toHaveLength(1);
  });

  it('by many at once makes each reflection once', async () => {
    const ana = service.as('at-once', 'ana');
    for (let n = 0; n < 30; n += 1)
      await add(ana, `Number ${n % 3} of the owls sat in barn ${n % 3} at night.`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => reflect(ana)));
    const made = answers.flatMap(({ reflections }) => reflections.map(({ id }) => id));
    expect(
      memories('at-once', 'reflective')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(made.sort());
    expect((await ana.get('/v1/users/ana')).body.reflection_count).toBe(made.length);
    const sources = edges('at-once').map(({ dst_id }) => dst_id);
    expect(new Set(sources).size).toBe(sources.length);
    expect(sources).toHaveLength(30);
  });

  it('while the memories change reflects on what is there, or not at all', async () => {
    const ana = service.as('changes', 'ana');
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push(await add(ana, 'The owl sat in the barn at night.'));
    await Promise.all([
      ...ids.slice(0, 5).map((id) => ana.delete(`/v1/memories/${id}`)),
      ...ids
        .slice(5, 10)
        .map((id) => ana.patch(`/v1/memories/${id}`, { content: 'Something else altogether.' })),
      ...Array.from({ length: 5 }, () => reflect(ana)),
    ]);
    const said = new Map(memories('changes').map(({ id, content }) => [id, content]));
    const reflected = edges('changes');
    for (const { src_id, dst_id } of reflected) {
      expect(said.has(src_id)).toBe(true);
      expect(said.has(dst_id)).toBe(true);
    }
    expect(new Set(reflected.map(({ dst_id }) => dst_id)).size).toBe(reflected.length);
    await reflect(ana);
    expect(await reflect(ana)).toMatchObject({ reflections: [], clusters: 0 });
  });

  it('looks at one user of one vault', async () => {
    const text = 'The owl sat in the barn at night.';
    for (const vault of ['alone', 'alone-too']) await add(service.as(vault, 'ana'), text);
    await add(service.as('alone', 'ben'), text);
    await add(service.as('alone'), text);
    expect(await reflect(service.as('alone', 'ana'))).toEqual({ reflections: [], examined: 1, clusters: 0 });
    expect(await reflect(service.as('alone'))).toEqual({ reflections: [], examined: 1, clusters: 0 });
    await add(service.as('alone', 'ana'), text);
    const { reflections } = await reflect(service.as('alone'));
    expect(reflections).toMatchObject([{ user_id: 'ana', metadata: { reflection: { memories: 2 } } }]);
    expect(edges('alone').every(({ user_id }) => user_id === 'ana')).toBe(true);
    expect(edges('alone-too')).toEqual([]);
    expect((await service.as('alone', 'ben').get('/v1/memories')).body.items).toHaveLength(1);
  });

  it('keeps nothing for longer than it was to be kept', async () => {
    const ana = service.as('expiring', 'ana');
    const later = Date.now() + 3_600_000;
    await add(ana, 'The door code is owl, for today.', { expires_at: later + 5 });
    await add(ana, 'The door code is owl, for today.', { expires_at: later });
    await add(ana, 'The door code is owl, for today.');
    await add(ana, 'The door code is owl, for today.', { expires_at: Date.now() + 30_000 });
    const { reflections, examined } = await reflect(ana);
    expect(examined).toBe(3);
    expect(reflections).toMatchObject([{ expires_at: later, metadata: { reflection: { memories: 3 } } }]);
  });

  it('looks at the latest thousand, and takes long texts as they are', async () => {
    const ana = service.as('large', 'ana');
    const twice = `${'Once upon a time there was an owl. '.repeat(3_000)}The end.`;
    await add(ana, 'Said long ago.');
    await add(ana, 'Said long ago.');
    for (let n = 0; n < 5; n += 1) {
      const batch = Array.from({ length: 200 }, (_, i) => ({
        content:
          n === 0 && i < 2
            ? twice
            : n === 0 && i === 2
              ? `${twice} Or not.`
              : `w${n * 200 + i} x${i} y${n * i} z${i % 7}`,
      }));
      expect((await ana.post('/v1/memories/batch', batch)).status).toBe(200);
    }
    const { reflections, examined, clusters } = await reflect(ana);
    expect([examined, clusters]).toEqual([1_000, 1]);
    expect(reflections[0].metadata).toEqual({ reflection: { memories: 2 } });
    expect(reflections[0].content.length).toBeLessThan(1_100);
  });

  it('is what the user asks for, unless the job is switched on', async () => {
    const say = async (client: Client) => {
      for (let n = 0; n < 3; n += 1) await add(client, 'The owl sat in the barn at night.');
    };
    const off = await TestService.start({ REFLECTION_DELAY_MS: '1' });
    const on = await TestService.start({ REFLECTION: 'true', REFLECTION_DELAY_MS: '50' });
    await say(off.as('job', 'ana'));
    await say(on.as('job', 'ana'));
    await say(on.as('job', 'ben'));
    const counted = async (one: TestService, user: string) =>
      (await one.as('job').get(`/v1/users/${user}`)).body.reflection_count as number;
    const deadline = Date.now() + 120_000;
    for (const user of ['ana', 'ben']) {
      while ((await counted(on, user)) === 0 && Date.now() < deadline) await sleep(10);
    }
    // It runs again after its own write, and finds nothing to do.
    await sleep(200);
    expect([await counted(on, 'ana'), await counted(on, 'ben')]).toEqual([1, 1]);
    expect(await counted(off, 'ana')).toBe(0);
    await Promise.all([off.stop(), on.stop()]);
  });
});

describe('clusters of remarks', () => {
  const remark = (words: readonly string[], contentHash = words.join()): Remark => ({
    terms: new Set(words),
    contentHash,
  });
  const grouped = (remarks: readonly Remark[]): Member<Remark>[][] => {
    const clusters = new RemarkClusters(remarks);
    for (const one of remarks) clusters.add(one);
    return clusters.groups();
  };

  /** Leader clustering that compares each with every leader. */
  function plainly(remarks: readonly Remark[]): Remark[][] {
    const leaders: Remark[][] = [];
    for (const one of remarks) {
      let best: Remark[] | undefined;
      let likeness = 0;
      for (const group of leaders) {
        const similarity =
          one.terms.size === 0 && group[0].contentHash === one.contentHash
            ? 1
            : jaccard(one.terms, group[0].terms);
        if (similarity >= SAME && similarity > likeness) [best, likeness] = [group, similarity];
      }
      if (best) best.push(one);
      else leaders.push([one]);
    }
    return leaders.filter(({ length }) => length > 1);
  }

  const word = fc.constantFrom(...'abcdefghijklm');
  const words = fc.uniqueArray(word, { maxLength: 9 });

  it('are those that comparing each with every leader gives', () => {
    fc.assert(
      // Few enough that no bound of the work is met; of two leaders as like, either may be joined.
      fc.property(fc.array(words, { maxLength: 30 }), (lists) => {
        const remarks = lists.map((list) => remark(list, list.length === 0 ? 'empty' : list.join()));
        const tied = remarks.some((one, i) => {
          const likeness = remarks.slice(0, i).map((other) => jaccard(one.terms, other.terms));
          const most = Math.max(...likeness, 0);
          return (
            most >= SAME &&
            most < 1 &&
            new Set(remarks.slice(0, i).filter((_, j) => likeness[j] === most)).size > 1
          );
        });
        fc.pre(!tied);
        const found = grouped(remarks).map((group) => group.map(({ remark: one }) => remarks.indexOf(one)));
        expect(found).toEqual(plainly(remarks).map((group) => group.map((one) => remarks.indexOf(one))));
      }),
      { seed, numRuns: 2_000 },
    );
  });

  it('hold only what is like its leader, each once, whatever there is', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 120 }), (lists) => {
        const remarks = lists.map((list) => remark(list));
        const groups = grouped(remarks);
        const members = groups.flat();
        expect(new Set(members.map(({ remark: one }) => one)).size).toBe(members.length);
        for (const [leader, ...others] of groups) {
          expect(leader.similarity).toBe(1);
          expect(others.length).toBeGreaterThan(0);
          for (const { remark: one, similarity } of others) {
            const likeness = one.terms.size === 0 ? 1 : jaccard(one.terms, leader.remark.terms);
            expect(similarity).toBe(likeness);
            expect(similarity).toBeGreaterThanOrEqual(SAME);
          }
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('need not compare everything with everything', () => {
    let compared = 0;
    class CountedSet extends Set<string> {
      override has(term: string): boolean {
        compared += 1;
        return super.has(term);
      }
    }
    // Each shares most of its terms with each other, and none is like another: the worst there is.
    const common = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const remarks = Array.from({ length: 1_000 }, (_, n) => ({
      terms: new CountedSet([...common, ...Array.from({ length: 25 }, (__, i) => `own ${n} ${i}`)]),
      contentHash: String(n),
    }));
    expect(jaccard(remarks[0].terms, remarks[1].terms)).toBeLessThan(SAME);
    compared = 0;
    expect(grouped(remarks)).toEqual([]);
    // 32 comparisons of 125 terms for each; all pairs would be 62 million.
    expect(compared).toBeLessThanOrEqual(1_000 * 32 * 125);
    expect(compared).toBeGreaterThan(1_000_000);
  });
});

describe('the text of a reflection', () => {
  it('is bounded and well formed, and tells each way of saying it once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            text: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3_000 }),
            createdAt: fc.integer({ min: 0, max: 8.64e15 }),
          }),
          { minLength: 2, maxLength: 20 },
        ),
        (sources) => {
          const text = reflectionText(sources);
          expect(text.length).toBeLessThan(1_100);
          expect(text.isWellFormed()).toBe(true);
          expect(text).toMatch(new RegExp(`^Said ${sources.length} times `));
          const variants = text.split('\n').slice(2);
          expect(new Set(variants).size).toBe(variants.length);
        },
      ),
      { seed, numRuns: 300 },
    );
  });
});
