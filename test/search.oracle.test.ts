import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Memory } from '../src/memories/memory.entity.js';
import { reinforcementGain } from '../src/memories/salience.js';
import { RowEncoder } from '../src/recall/row-encoder.js';
import { ScopeRow } from '../src/recall/scope.entity.js';
import { TermBlock } from '../src/recall/term-block.entity.js';
import { makeScope } from '../src/tenancy/scope.js';
import { Tenancy } from '../src/tenancy/tenancy.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { type LivingMemory, type Recalled, recall } from './harness/recall-oracle.js';
import { content, metadata, query, session } from './harness/recall-texts.js';
import { type Result, idsOf, search } from './harness/searching.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('search.oracle');
const MINUTE = 60_000;
/** So many are compared by pairs: with more, which are is a matter of rounding where scores are equal. */
const MOST_MEMORIES = 50;

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
function expectSame(found: Result[], expected: readonly Recalled[]): void {
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

const user = fc.constantFrom('ana', 'ben', undefined);
const seconds = fc.integer({ min: 1, max: 6 });
const at = fc.nat();
const step = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      user,
      session,
      content,
      metadata,
      minutes: fc.nat(200),
      lasts: fc.option(seconds, { freq: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rewrite' as const), at, content }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('describe' as const), at, metadata }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('regroup' as const), at, session }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('give' as const), at, user }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), at, lasts: fc.option(seconds) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('reinforce' as const), at, amount: fc.constantFrom(0.1, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at }) },
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
type Add = Extract<Step, { kind: 'add' }>;

interface Kept {
  id: string;
  user: string | undefined;
  session: string | null;
  content: string;
  metadata: Record<string, unknown>;
  createdAt: number;
  expiresAt: number | null;
}

type Row = Pick<Memory, 'id' | 'salience' | 'decayLambda' | 'lastSeenAt' | 'sectors'> & { rank: number };

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
      if (one.kind !== 'add') {
        if (free.length > 0) changes.push(this.changing(one, free.splice(one.at % free.length, 1)[0]));
      } else if (this.made < MOST_MEMORIES) changes.push(this.adding(one));
    }
    for (const answer of await Promise.all(changes.map((begin) => begin()))) {
      if (answer.status >= 300) throw new Error(answer.text);
    }
  }

  private adding({ user: owner, session: name, content: text, metadata: given, minutes, lasts }: Add) {
    const id = `m${(this.made += 1)}`;
    const expiresAt = this.later(lasts);
    const createdAt = 1_683_500_000_000 + minutes * MINUTE;
    this.kept.set(id, {
      id,
      user: owner,
      session: name,
      content: text,
      metadata: given,
      createdAt,
      expiresAt,
    });
    const body = {
      id,
      content: text,
      metadata: given,
      session_id: name ?? undefined,
      created_at: createdAt,
      expires_at: expiresAt ?? undefined,
    };
    return () => service.as(this.vault, owner).post('/v1/memories', body);
  }

  private changing(one: Exclude<Step, { kind: 'add' }>, memory: Kept): () => Promise<Answer> {
    const path = `/v1/memories/${memory.id}`;
    const own = service.as(this.vault, memory.user);
    switch (one.kind) {
      case 'rewrite':
        memory.content = one.content;
        return () => own.patch(path, { content: memory.content });
      case 'describe':
        memory.metadata = one.metadata;
        return () => own.patch(path, { metadata: one.metadata });
      case 'regroup':
        memory.session = one.session;
        return () => own.patch(path, { session_id: one.session });
      case 'give':
        memory.user = one.user;
        return () => this.all.patch(path, { user_id: one.user ?? null });
      case 'limit':
        memory.expiresAt = this.later(one.lasts);
        return () => own.patch(path, { expires_at: memory.expiresAt });
      case 'reinforce':
        return () => own.post(`${path}/reinforce`, { amount: one.amount });
      case 'delete':
        this.kept.delete(memory.id);
        return () => own.delete(path);
    }
  }

  private later(lasts: number | null): number | null {
    return lasts === null ? null : this.now + lasts * 1000;
  }

  /** What the formula finds among the memories of some owners, which come in the order of their places. */
  expected(owners: readonly (string | undefined)[], text: string): Recalled[] {
    const rows = view.all<Row>(
      `SELECT id, salience, decay_lambda AS "decayLambda", last_seen_at AS "lastSeenAt", sectors,
        row_number() OVER (ORDER BY position, user_id) AS rank FROM memories WHERE vault_id = ?`,
      this.vault,
    );
    const rowOf = new Map(rows.map((row) => [row.id, row]));
    const living = this.living().filter((memory) => owners.includes(memory.user));
    return recall(
      living.map((memory): LivingMemory => {
        const row = rowOf.get(memory.id)!;
        return {
          id: memory.id,
          userId: memory.user ?? '',
          content: memory.content,
          metadata: JSON.stringify(memory.metadata),
          sessionId: memory.session,
          createdAt: memory.createdAt,
          order: row.rank,
          salience: 1 + 0.1 * reinforcementGain(row, this.now),
        };
      }),
      text,
    );
  }

  /** Everyone who searches: whose memories they find, and by which filters. */
  scopes(): [client: Client, owners: (string | undefined)[], filters: object][] {
    return [
      [service.as(this.vault, 'ana'), ['ana'], {}],
      [service.as(this.vault, 'ben'), ['ben'], {}],
      [this.all, ['ana', 'ben', undefined], {}],
      [this.all, ['ana'], { user_id: 'ana' }],
    ];
  }
}

/** Throws the vault's index away and makes it anew from the memories, in blocks of another size. */
async function rebuild(vault: string, slots: number): Promise<void> {
  const dataSource = service.app.get(DataSource);
  const [scopes, blocks] = [dataSource.getRepository(ScopeRow), dataSource.getRepository(TermBlock)];
  await TenantContext.run(makeScope({ vaultId: vault, permissions: [] }), () =>
    service.app.get(Tenancy).transaction(async () => {
      for (const { userId, nextPosition } of await scopes.find()) {
        await blocks.delete({ userId });
        for (let first = 0; first < nextPosition; first += slots) {
          const count = Math.min(slots, nextPosition - first);
          const data = await service.app.get(RowEncoder).encode(userId, first, count);
          await blocks.insert({ userId, blockNo: first, firstPosition: first, slots: count, data });
        }
      }
    }),
  );
}

describe('search against the formula', () => {
  it('finds and scores as it says, after any writes by several users at once, in every scope', async () => {
    await fc.assert(
      fc.asyncProperty(rounds, fc.array(query, { minLength: 3, maxLength: 3 }), async (plan, queries) => {
        const run = new Run();
        for (const { steps, pass } of plan) {
          await run.round(steps);
          run.now += pass * 1000;
          for (const text of queries) {
            for (const [client, owners, filters] of run.scopes()) {
              expectSame(await search(client, text, { filters }), run.expected(owners, text));
            }
            const everywhere = run.expected(['ana', 'ben', undefined], text);
            const sessions = await search(run.all, text, { filters: { session_id: 's1' } });
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

  it('answers the same, to the last digit, from an index made anew of the same memories', async () => {
    await fc.assert(
      fc.asyncProperty(
        rounds,
        fc.array(query, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        async (plan, queries, slots) => {
          const run = new Run();
          for (const { steps, pass } of plan) {
            await run.round(steps);
            run.now += pass * 1000;
          }
          const answers = async () => {
            const texts: string[] = [];
            for (const text of queries) {
              for (const [client, , filters] of run.scopes()) {
                const body = { query: text, filters, limit: 100, explain: true };
                texts.push((await client.post('/v1/memories/search', body)).text);
              }
            }
            return texts;
          };
          const before = await answers();
          await rebuild(run.vault, slots);
          expect(await answers()).toEqual(before);
          expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
        },
      ),
      { seed, numRuns: Number(process.env.ORACLE_RUNS ?? 25), endOnFailure: true },
    );
  });
});
