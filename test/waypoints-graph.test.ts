import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { Allowance, MAX_MEMORIES } from '../src/waypoints/allowance.js';
import { costOf } from '../src/waypoints/edge-cost.js';
import { type Edge, EdgeReader } from '../src/waypoints/edge-reader.js';
import { compareBytes } from '../src/waypoints/id-order.js';
import { LevelWalk, fromTheStart } from '../src/waypoints/level-walk.js';
import { edgesOn, strengthOf } from '../src/waypoints/route.js';
import { shortestPath } from '../src/waypoints/shortest-path.js';
import { strongestPath } from '../src/waypoints/strongest-path.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseEditor, edit } from './harness/database-editor.js';
import { NaiveGraph, type NaiveEdge, type Walk, weightOf } from './harness/naive-graph.js';
import { randomSeed } from './harness/seed.js';
import type { Row } from './harness/tenant-rows.js';

const seed = randomSeed('waypoints-graph');
const RUNS = 20;
const RUNS_OF_TIES = 60;

let service: TestService;

beforeAll(async () => {
  // Only the waypoints that a test makes.
  service = await TestService.start({ WAYPOINTS_AUTOMATIC: 'false' });
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => service.stop());

const search = (params: Record<string, unknown>) =>
  new URLSearchParams(
    Object.entries(params).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    ),
  ).toString();

async function ok(answer: Promise<Answer>): Promise<Answer> {
  const done = await answer;
  if (done.status >= 300) throw new Error(done.text);
  return done;
}

/** Ids in whose order code points, UTF-16 and case differ, and that mean something in URLs. */
const IDS = ['a', 'B', 'é', '\ue000', '𝄞', 'a/b?c=d&e%20#', 'z z', '𝄢'];
const TYPES = ['related', 'next to', 'ä'];
const WEIGHTS = [1, 0.5, 0.25, 0.9, 0.3, 0.0625, 0];

const edge: fc.Arbitrary<NaiveEdge> = fc
  .record({
    src: fc.constantFrom(...IDS),
    dst: fc.constantFrom(...IDS),
    type: fc.constantFrom(...TYPES),
    weight: fc.constantFrom(...WEIGHTS),
  })
  .filter(({ src, dst }) => src !== dst);

const edges = fc.uniqueArray(edge, {
  selector: ({ src, dst, type }) => JSON.stringify([src, dst, type]),
  minLength: 4,
  maxLength: 20,
});

const walk: fc.Arbitrary<Walk> = fc.record(
  {
    direction: fc.constantFrom('out' as const, 'in' as const, 'both' as const),
    type: fc.constantFrom(...TYPES),
    minWeight: fc.constantFrom(0, 0.25, 0.9),
  },
  { requiredKeys: ['direction'] },
);

async function store(
  client: Client,
  ids: readonly string[],
  waypoints: readonly NaiveEdge[],
  expiresAt: object = {},
) {
  for (const id of ids) {
    const expires_at = (expiresAt as Record<string, number>)[id];
    await ok(client.post('/v1/memories', { id, content: `About ${id}`, ...(expires_at && { expires_at }) }));
  }
  for (const { src: src_id, dst: dst_id, type, weight } of waypoints) {
    await ok(client.post('/v1/waypoints', { src_id, dst_id, type, weight }));
  }
}

const edgeOf = ({ src: src_id, dst: dst_id, type, weight }: NaiveEdge) => ({ src_id, dst_id, type, weight });
const paramsOf = ({ direction, type, minWeight }: Walk) => ({ direction, type, min_weight: minWeight });

describe('walks are what trying everything gives', () => {
  let run = 0;

  it('for neighbours and both kinds of path, whatever others have and whatever has expired', async () => {
    const scene = fc.record({
      edges,
      others: edges,
      gone: fc.subarray(IDS.slice(3), { maxLength: 2 }),
      user: fc.constantFrom('ana', undefined),
      walks: fc.array(
        fc.record({
          walk,
          ends: fc.tuple(fc.constantFrom(...IDS.slice(0, 3)), fc.constantFrom(...IDS)),
          depth: fc.integer({ min: 1, max: 5 }),
        }),
        { minLength: 4, maxLength: 4 },
      ),
    });
    let paths = 0;
    await fc.assert(
      fc.asyncProperty(scene, async ({ edges, others, gone, user, walks }) => {
        run += 1;
        const client = service.as(`graph-${run}`, user);
        const expires_at = Date.now() + 600_000;
        await store(client, IDS, edges, Object.fromEntries(gone.map((id) => [id, expires_at])));
        // The same ids and other waypoints next door; other ids of another user in the same vault.
        await store(service.as(`graph-${run}-other`, user), IDS, others);
        if (user) {
          const renamed = others.map((one) => ({ ...one, src: `b${one.src}`, dst: `b${one.dst}` }));
          await store(
            service.as(`graph-${run}`, 'ben'),
            IDS.map((id) => `b${id}`),
            renamed,
          );
        }
        vi.spyOn(Date, 'now').mockReturnValue(expires_at);
        const graph = new NaiveGraph(
          edges.filter(({ src, dst }) => !gone.includes(src) && !gone.includes(dst)),
        );
        for (const { walk, ends, depth } of walks) {
          const [from, to] = ends;
          const around = await client.get(
            `/v1/waypoints/neighbours?${search({ memory_id: from, depth, limit: 100, ...paramsOf(walk) })}`,
          );
          const expected = graph.neighbours(from, depth, walk);
          expect(around.body.truncated).toBe(false);
          expect(
            around.body.items.map(({ memory, ...rest }: { memory: { id: string } }) => ({
              id: memory.id,
              ...rest,
            })),
          ).toEqual(expected.map(({ via, ...rest }) => ({ ...rest, via: edgeOf(via) })));
          for (const mode of ['shortest', 'strongest'] as const) {
            const query = search({ from, to, mode, max_depth: depth, ...paramsOf(walk) });
            const answer = await client.get(`/v1/waypoints/path?${query}`);
            if (gone.includes(to)) {
              expect(answer.status).toBe(404);
              continue;
            }
            const route = graph.path(from, to, mode, depth, walk);
            paths += route ? 1 : 0;
            expect({
              ...answer.body,
              path: answer.body.path?.map(({ id }: { id: string }) => id) ?? null,
            }).toEqual({
              path: route?.ids ?? null,
              edges: route?.edges.map(edgeOf) ?? [],
              weight: route ? weightOf(route) : null,
              truncated: false,
            });
          }
        }
        vi.restoreAllMocks();
      }),
      { seed, numRuns: RUNS },
    );
    expect(paths).toBeGreaterThan(RUNS / 4);
  });
});

describe('of equally good ways', () => {
  /** Where all weights are powers of a half, many ways are equally strong. */
  const tied: fc.Arbitrary<NaiveEdge> = fc
    .record({
      src: fc.constantFrom(...IDS),
      dst: fc.constantFrom(...IDS),
      type: fc.constantFrom('x', 'y'),
      weight: fc.constantFrom(1, 0.5, 0.5, 0.25),
    })
    .filter(({ src, dst }) => src !== dst);
  const graphs = fc.uniqueArray(tied, {
    selector: ({ src, dst, type }) => JSON.stringify([src, dst, type]),
    minLength: 12,
    maxLength: 30,
    size: 'max',
  });

  it('the one is found that comes first, from everywhere to everywhere', async () => {
    const client = service.as('ties-0', 'ana');
    await store(client, IDS.slice(0, 1), []);
    const editor = new DatabaseEditor(service.databasePath);
    const [memory] = editor.all<Row>("SELECT * FROM memories WHERE vault_id = 'ties-0'");
    const [vault] = editor.all<Row>("SELECT * FROM vaults WHERE vault_id = 'ties-0'");
    const reader = service.app.get(EdgeReader);
    let run = 0;
    let ties = 0;
    const walks = fc.record({
      direction: fc.constantFrom('both' as const, 'both' as const, 'out' as const, 'in' as const),
      maxDepth: fc.constantFrom(2, 3, 5, 5),
    });
    await fc.assert(
      fc.asyncProperty(graphs, walks, async (edges, { direction, maxDepth }) => {
        const vaultId = `ties-${(run += 1)}`;
        editor.transaction(() => {
          editor.insert('vaults', { ...vault, vault_id: vaultId });
          const memories = IDS.map((id, position) => ({ ...memory, vault_id: vaultId, id, position }));
          editor.insert('memories', ...memories);
          editor.insert(
            'waypoints',
            ...edges.map(({ src, dst, type, weight }) => ({
              ...{ vault_id: vaultId, src_id: src, dst_id: dst, type, user_id: 'ana', weight },
              ...{ metadata: '{}', created_at: 1, updated_at: 1 },
            })),
          );
        });
        const graph = new NaiveGraph(edges);
        const options = { direction, type: undefined, minWeight: undefined };
        await TenantContext.run(makeScope({ vaultId, userId: 'ana', permissions: [] }), async () => {
          for (const from of IDS) {
            const walk = new LevelWalk(from, reader, options, fromTheStart);
            while (walk.hops < maxDepth) await walk.advance(new Allowance());
            const around = [...walk.routes.values()].slice(1).map((route) => ({
              id: route.id,
              distance: route.hops,
              weight: strengthOf(edgesOn(route)),
              via: namesOf(route.edge!),
            }));
            const expected = graph.neighbours(from, maxDepth, { direction });
            const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
            expect(around.sort(byId)).toEqual(
              expected.map((one) => ({ ...one, via: edgeOf(one.via) })).sort(byId),
            );
            for (const to of IDS) {
              for (const mode of ['shortest', 'strongest'] as const) {
                const search = mode === 'shortest' ? shortestPath : strongestPath;
                const found = await search(reader, [from, to], { ...options, maxDepth }, new Allowance());
                const { best, equals } = graph.pathAmong(from, to, mode, maxDepth, { direction });
                ties += equals > 1 ? 1 : 0;
                expect([mode, from, to, found?.memories]).toEqual([mode, from, to, best?.ids]);
                expect(found?.edges.map(namesOf)).toEqual(best?.edges.map(edgeOf));
              }
            }
          }
        });
      }),
      { seed, numRuns: RUNS_OF_TIES },
    );
    editor.close();
    expect(ties).toBeGreaterThan(RUNS_OF_TIES);
  });

  const namesOf = ({ srcId: src_id, dstId: dst_id, type, weight }: Edge) => ({
    src_id,
    dst_id,
    type,
    weight,
  });
});

describe('the bounds of a walk', () => {
  /** A memory in the midst of many others, written past the service. */
  async function storeStar(vault: string, spokes: number): Promise<Client> {
    const client = service.as(vault, 'ana');
    for (const id of ['hub', 'far', 'apart']) await ok(client.post('/v1/memories', { id, content: id }));
    edit(service.databasePath, (editor) => {
      const [hub] = editor.all<Row>('SELECT * FROM memories WHERE vault_id = ? AND id = ?', vault, 'hub');
      const ids = Array.from({ length: spokes }, (_, i) => `s${String(i).padStart(6, '0')}`);
      const edges = ids.map((dst_id, i) => ({
        ...{ vault_id: vault, src_id: 'hub', dst_id, type: 'related', user_id: 'ana' },
        ...{ weight: (i + 1) / spokes, metadata: '{}', created_at: 1, updated_at: 1 },
      }));
      editor.transaction(() => {
        editor.insert('memories', ...ids.map((id, i) => ({ ...hub, id, position: 10 + i })));
        editor.insert('waypoints', ...edges);
      });
    });
    await ok(client.post('/v1/waypoints', { src_id: 's000007', dst_id: 'far' }));
    return client;
  }

  it('are said to have been reached where they were', async () => {
    const small = await storeStar('star-small', MAX_MEMORIES - 10);
    const large = await storeStar('star-large', MAX_MEMORIES + 10);
    const around = '/v1/waypoints/neighbours?memory_id=far&depth=5&limit=100';
    const apart = '/v1/waypoints/path?from=far&to=apart';
    for (const mode of ['shortest', 'strongest']) {
      const none = { path: null, edges: [], weight: null };
      expect((await small.get(`${apart}&mode=${mode}`)).body).toEqual({ ...none, truncated: false });
      expect((await large.get(`/v1/waypoints/path?from=hub&to=apart&mode=${mode}`)).body).toEqual({
        ...none,
        truncated: true,
      });
    }
    const [few, many] = [(await small.get(around)).body, (await large.get(around)).body];
    expect([few.truncated, few.items.length]).toEqual([false, 100]);
    expect([many.truncated, many.items.length]).toEqual([true, 100]);
    const seen = few.items.map(({ memory, distance }: { memory: { id: string }; distance: number }) => [
      memory.id,
      distance,
    ]);
    const strongest = Array.from({ length: 98 }, (_, i) => [
      `s${String(MAX_MEMORIES - 11 - i).padStart(6, '0')}`,
      3,
    ]);
    expect(seen).toEqual([['s000007', 1], ['hub', 2], ...strongest]);
    // In bounds it is found, however many there are around.
    expect((await large.get('/v1/waypoints/path?from=far&to=s000009')).body.path).toHaveLength(4);
  });

  it('hold for memories and for waypoints, in every kind of walk', async () => {
    await storeStar('star-bounds', 40);
    const reader = service.app.get(EdgeReader);
    const options = { direction: 'both', type: undefined, minWeight: undefined, maxDepth: 10 } as const;
    await TenantContext.run(
      makeScope({ vaultId: 'star-bounds', userId: 'ana', permissions: [] }),
      async () => {
        for (const [memories, waypoints, isSpent, isFound] of [
          [50, 100, false, true],
          // Half of the way from either end does not lead past the hub.
          [20, 100, true, true],
          [50, 1, true, false],
          [1, 100, true, false],
        ] as const) {
          for (const search of [shortestPath, strongestPath]) {
            const allowance = new Allowance(memories, waypoints);
            const found = await search(reader, ['far', 's000009'], options, allowance);
            const expected = isFound ? ['far', 's000007', 'hub', 's000009'] : undefined;
            expect([memories, waypoints, found?.memories]).toEqual([memories, waypoints, expected]);
            if (!isFound) expect(allowance.isSpent).toBe(true);
          }
          const allowance = new Allowance(memories, waypoints);
          const level = new LevelWalk('hub', reader, options, fromTheStart);
          expect([await level.advance(allowance), allowance.isSpent]).toEqual([!isSpent, isSpent]);
        }
      },
    );
  });

  it('leave others their turn', async () => {
    const client = await storeStar('star-turns', 5_000);
    let turns = 0;
    const tick = () => {
      turns += 1;
      ticking = setImmediate(tick);
    };
    let ticking = setImmediate(tick);
    const scope = makeScope({ vaultId: 'star-turns', userId: 'ana', permissions: [] });
    const reader = service.app.get(EdgeReader);
    await TenantContext.run(scope, () => {
      turns = 0;
      return reader.stepsFrom(
        ['hub'],
        { direction: 'out', type: undefined, minWeight: undefined },
        new Allowance(),
      );
    });
    clearImmediate(ticking);
    expect(turns).toBeGreaterThanOrEqual(5);
    expect((await client.get('/v1/waypoints?memory_id=hub&count=true&limit=1')).body.count).toBe(5_000);
  });
});

describe('what paths are compared by', () => {
  it('costs order weights, and their sums do not depend on where one begins', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 10 }),
        (weights) => {
          const costs = weights.map(costOf);
          const forth = costs.reduce((sum, cost) => sum + cost, 0);
          const back = costs.reduceRight((sum, cost) => sum + cost, 0);
          expect([Number.isSafeInteger(forth), back]).toEqual([true, forth]);
          const [a, b] = weights;
          if (a > b) expect(costOf(a)).toBeLessThanOrEqual(costOf(b));
          if (a > b * 1.000001) expect(costOf(a)).toBeLessThan(costOf(b));
        },
      ),
      { seed, numRuns: 500 },
    );
    expect([costOf(1), costOf(0) > costOf(Number.MIN_VALUE)]).toEqual([0, true]);
  });

  it('ids are ordered by their bytes', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 }).filter((one) => one.isWellFormed());
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      {
        seed,
        numRuns: 2_000,
        examples: [
          ['\uffff', '𝄞'],
          ['a𝄞', 'a\ue000'],
          ['', ''],
          ['a', 'ab'],
        ],
      },
    );
  });
});
