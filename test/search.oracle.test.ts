import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, TestService } from './harness/app.js';
import { type Document, type Scored, bm25 } from './harness/bm25-oracle.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { type Result, idsOf, search } from './harness/searching.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('search.oracle');

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

/** The same memories, their scores apart by rounding at most, best first and equal ones by arrival. */
function expectSame(found: Result[], expected: Scored[]): void {
  expect(idsOf(found).sort()).toEqual(expected.map(({ id }) => id).sort());
  const wanted = new Map(expected.map((one) => [one.id, one]));
  found.forEach(({ id, score }, i) => {
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
    expect(Math.abs(score - wanted.get(id)!.score)).toBeLessThanOrEqual(1e-12);
    if (i === 0) return;
    const before = found[i - 1];
    expect(before.score).toBeGreaterThanOrEqual(score);
    if (before.score === score) expect(wanted.get(before.id)!.order).toBeLessThan(wanted.get(id)!.order);
  });
}

describe('search against the formula', () => {
  const VOCABULARY =
    'owl owls barn night trains Train the of window seats café CAFE Ana’s 京都 京都駅 ирис ириса naïve 42 x'.split(
      ' ',
    );
  const words = (maxLength: number) =>
    fc.array(fc.constantFrom(...VOCABULARY), { minLength: 1, maxLength }).map((list) => list.join(' '));
  const content = fc.oneof(
    { weight: 8, arbitrary: words(12) },
    { weight: 1, arbitrary: words(3).map((text) => `${text} `.repeat(120)) },
    { weight: 1, arbitrary: fc.constantFrom('…', 'the of', ' ', '?') },
  );
  const user = fc.constantFrom('ana', 'ben', undefined);
  const session = fc.constantFrom('s1', 's2', null);
  const seconds = fc.integer({ min: 1, max: 6 });
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        user,
        session,
        content,
        lasts: fc.option(seconds, { freq: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('rewrite' as const), at: fc.nat(), content }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('regroup' as const), at: fc.nat(), session }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('give' as const), at: fc.nat(), user }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('limit' as const), at: fc.nat(), lasts: fc.option(seconds) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat() }) },
  );
  /** Steps in parentheses happen at once; then the clock goes on. */
  const rounds = fc.array(
    fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 12 }),
      pass: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 8 },
  );

  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  interface Kept {
    id: string;
    user: string | undefined;
    session: string | null;
    content: string;
    expiresAt: number | null;
  }

  let runs = 0;

  /** One vault: the memories that should be in it, and the steps that bring both there. */
  class Run {
    readonly vault = `oracle-${(runs += 1)}`;
    readonly kept = new Map<string, Kept>();
    readonly all = service.as(this.vault);
    private made = 0;
    now = Date.now();

    constructor() {
      vi.spyOn(Date, 'now').mockImplementation(() => this.now);
    }

    living(): Kept[] {
      return [...this.kept.values()].filter(({ expiresAt }) => expiresAt === null || expiresAt > this.now);
    }

    /** The steps that can happen at once: no two about the same memory. */
    async round(steps: readonly Step[]): Promise<void> {
      const free = this.living();
      const changes: (() => Promise<Answer>)[] = [];
      for (const one of steps) {
        if (one.kind === 'add') changes.push(this.adding(one));
        else if (free.length > 0) changes.push(this.changing(one, free.splice(one.at % free.length, 1)[0]));
      }
      for (const answer of await Promise.all(changes.map((change) => change()))) {
        if (answer.status >= 300) throw new Error(answer.text);
      }
    }

    private adding(one: {
      user: string | undefined;
      session: string | null;
      content: string;
      lasts: number | null;
    }) {
      const id = `m${(this.made += 1)}`;
      const { user, session, content: text } = one;
      const expiresAt = one.lasts === null ? null : this.now + one.lasts * 1000;
      this.kept.set(id, { id, user, session, content: text, expiresAt });
      const body = {
        id,
        content: text,
        session_id: session ?? undefined,
        expires_at: expiresAt ?? undefined,
      };
      return () => service.as(this.vault, user).post('/v1/memories', body);
    }

    private changing(one: Exclude<Step, { kind: 'add' }>, memory: Kept): () => Promise<Answer> {
      const path = `/v1/memories/${memory.id}`;
      const own = service.as(this.vault, memory.user);
      switch (one.kind) {
        case 'rewrite':
          memory.content = one.content;
          return () => own.patch(path, { content: memory.content });
        case 'regroup':
          memory.session = one.session;
          return () => own.patch(path, { session_id: one.session });
        case 'give':
          memory.user = one.user;
          return () => this.all.patch(path, { user_id: one.user ?? null });
        case 'limit':
          memory.expiresAt = one.lasts === null ? null : this.now + one.lasts * 1000;
          return () => own.patch(path, { expires_at: memory.expiresAt });
        case 'delete':
          this.kept.delete(memory.id);
          return () => own.delete(path);
      }
    }

    /** The documents of some owners, in the order of their places in the index. */
    documents(owners: readonly (string | undefined)[]): Document[] {
      const rows = view.all<{ id: string; rank: number }>(
        'SELECT id, row_number() OVER (ORDER BY position, user_id) AS rank FROM memories WHERE vault_id = ?',
        this.vault,
      );
      const order = new Map(rows.map(({ id, rank }) => [id, rank]));
      return this.living()
        .filter(({ user: owner }) => owners.includes(owner))
        .map((memory) => ({ ...memory, order: order.get(memory.id)! }));
    }
  }

  it('finds and scores as it says, after any writes by several users at once, in every scope', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.array(words(4), { minLength: 3, maxLength: 3 }), async (plan, queries) => {
        const run = new Run();
        for (const { steps, pass } of plan) {
          await run.round(steps);
          run.now += pass * 1000;
          for (const query of queries) {
            for (const [client, owners, filters] of [
              [service.as(run.vault, 'ana'), ['ana'], {}],
              [service.as(run.vault, 'ben'), ['ben'], {}],
              [run.all, ['ana', 'ben', undefined], {}],
              [run.all, ['ana'], { user_id: 'ana' }],
            ] as const) {
              expectSame(await search(client, query, { filters }), bm25(run.documents(owners), query));
            }
            const everywhere = bm25(run.documents(['ana', 'ben', undefined]), query);
            const sessions = await search(run.all, query, { filters: { session_id: 's1' } });
            expectSame(
              sessions,
              everywhere.filter(({ id }) => run.kept.get(id)!.session === 's1'),
            );
          }
        }
        expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
      }),
      { seed, numRuns: Number(process.env.ORACLE_RUNS ?? 25), endOnFailure: true },
    );
  });
});
