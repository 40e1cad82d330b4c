import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { recordFigure } from './harness/figures.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

/** In everything that A writes. */
const CANARY = 'canaryofa';
const SHARED = 'Alice prefers dark mode in her code editor';

interface Identity {
  readonly vault: string;
  readonly user?: string;
}

type Pair = readonly [a: Identity, b: Identity];

/** A new pair each time. Where B is alone, it is the B of another such pair, whose A never writes. */
const PAIRS: readonly (readonly [name: string, make: (name: string) => Pair])[] = [
  ['two vaults', (name) => [{ vault: `${name}-a` }, { vault: `${name}-b` }]],
  [
    'users of one name in two vaults',
    (name) => [
      { vault: `${name}-a`, user: 'ana' },
      { vault: `${name}-b`, user: 'ana' },
    ],
  ],
  [
    'two users of one vault',
    (name) => [
      { vault: name, user: 'ana' },
      { vault: name, user: 'ben' },
    ],
  ],
];

let leaks = 0;
const tried = new Set<string>();

afterAll(() => {
  recordFigure('openmemory.leaks', leaks);
  recordFigure('openmemory.flaws', tried.size);
});

const clientOf = ({ vault, user }: Identity) => service.as(vault, user);

/** The memories that A has, and their ids. */
async function fill(a: Client): Promise<string[]> {
  const ids: string[] = [];
  for (const input of [
    { content: SHARED, tags: [CANARY], metadata: { mark: CANARY }, project_id: CANARY },
    { content: `Yesterday I felt happy about the ${CANARY}` },
    { content: `How to deploy the ${CANARY}: first build, then run it`, tags: ['work'] },
  ]) {
    const { status, body } = await a.post('/memory/add', input);
    expect(status).toBe(200);
    ids.push(body.id);
  }
  return ids;
}

const OWN =
  /"(id|created_at|updated_at|last_seen_at|path|instance|label|sort_key|hour)":(?:"[^"]*"|\d+|\[[^\]]*\])/g;
/** Of the process or its clock, whoever asks. */
const OF_PROCESS = /"(?:memory|uptime|process|requests|qps|system)":\{(?:[^{}]|\{[^{}]*\})*\}/g;

/** What can be compared between two runs: not ids, nor times. */
const comparable = (text: string) => text.replaceAll(OWN, '"$1":0').replaceAll(OF_PROCESS, '');

type Request = readonly [method: string, path: string, body?: unknown];

const told = ([method, path, body]: Request, text: string) =>
  `${method} ${path} ${JSON.stringify(body)} answered ${text.slice(0, 300)}`;

/**
 * That B, asking, is answered what it would be answered if A had never been; that nothing of A is in it; and that A
 * has what it had.
 */
async function nothingOfA(
  make: (name: string) => Pair,
  requests: (ids: readonly string[]) => readonly Request[],
  before: (b: Client) => Promise<unknown> = async () => undefined,
): Promise<void> {
  const name = `flaw-${(runs += 1)}`;
  const [[one, two], [, alone]] = [make(name), make(`${name}-alone`)];
  const [a, b, lonely] = [one, two, alone].map(clientOf);
  await before(b);
  await before(lonely);
  const ids = await fill(a);
  const had = (await a.get('/memory/all')).text;
  for (const request of requests(ids)) {
    const [method, path, body] = request;
    const [answer, expected] = [await b.send(method, path, body), await lonely.send(method, path, body)];
    const said = told(request, answer.text);
    const isLeak =
      answer.text.includes(CANARY) ||
      ids.some((id) => answer.text.includes(id) && !JSON.stringify(request).includes(id)) ||
      answer.status !== expected.status ||
      comparable(answer.text) !== comparable(expected.text);
    if (isLeak) leaks += 1;
    expect(isLeak ? `${said}, alone ${expected.text.slice(0, 300)}` : '').toBe('');
    expect(answer.status).not.toBe(500);
  }
  expect((await a.get('/memory/all')).text).toBe(had);
}

let runs = 0;

/** One of the flaws that were found in OpenMemory, by its number in the list of them. */
function flaw(number: number, name: string, test: (make: (name: string) => Pair) => Promise<void>): void {
  it.each(PAIRS)(`${number}. ${name}: %s`, async (_, make) => {
    await test(make);
    tried.add(String(number));
  });
}

describe('what one could see or do of another’s in OpenMemory', () => {
  flaw(1, 'a text that another has already was lost', async (make) => {
    const [one, two] = make(`flaw-1-${(runs += 1)}`);
    const [a, b] = [clientOf(one), clientOf(two)];
    const [theirs] = await fill(a);
    const { body } = await b.post('/memory/add', { content: SHARED, tags: ['own'] });
    if (body.id === theirs || body.deduplicated) leaks += 1;
    expect(body).toEqual({ id: body.id, primary_sector: 'semantic', sectors: ['semantic'], chunks: 1 });
    expect(body.id).not.toBe(theirs);
    const { matches } = (await b.post('/memory/query', { query: 'dark mode' })).body;
    expect(matches.map(({ id }: { id: string }) => id)).toEqual([body.id]);
    expect((await a.get(`/memory/${theirs}`)).body.tags).toEqual([CANARY]);
    expect((await b.post('/memory/add', { content: SHARED, tags: ['own'] })).body).toMatchObject({
      id: body.id,
      deduplicated: true,
    });
  });

  flaw(2, 'the dashboard showed contents', (make) =>
    nothingOfA(make, () => [
      ['GET', '/dashboard/activity?limit=50'],
      ['GET', '/dashboard/top-memories?limit=50'],
    ]),
  );

  flaw(3, 'counts were everybody’s', (make) =>
    nothingOfA(
      make,
      () => [
        ['GET', '/sectors'],
        ['GET', '/dashboard/stats'],
        ['GET', '/dashboard/sectors/timeline?hours=24'],
        ['GET', '/dashboard/projects'],
        ['GET', '/dashboard/maintenance'],
        ['GET', '/v1/stats'],
      ],
      (b) => b.post('/memory/add', { content: 'A memory of B.' }),
    ),
  );

  flaw(4, 'the graph of waypoints was everybody’s', (make) =>
    nothingOfA(make, ([id]) => [
      ['GET', '/dynamics/waypoints/graph'],
      ['GET', '/v1/waypoints'],
      ['GET', `/v1/waypoints?memory_id=${id}`],
    ]),
  );

  flaw(5, 'retrieval went through everybody’s memories', (make) =>
    nothingOfA(make, () => [
      ['POST', '/dynamics/retrieval/energy-based', { query: 'dark mode', min_energy: 0 }],
      ['POST', '/memory/query', { query: 'dark mode deploy happy', k: 1000 }],
      ['POST', '/memory/search', { query: 'dark mode deploy happy', limit: 100 }],
      ['POST', '/query', { query: 'dark mode deploy happy', k: 32 }],
      ['POST', '/memory/query', { query: 'dark mode', filters: { min_score: 0, sector: 'semantic' } }],
      ['POST', '/api/ide/context', { query: 'dark mode', k: 10 }],
    ]),
  );

  flaw(6, 'another’s memory could be reinforced, and its salience read', (make) =>
    nothingOfA(make, ([id]) => [
      ['POST', '/dynamics/reinforcement/trace', { memory_id: id }],
      ['POST', '/memory/reinforce', { id, boost: 0.5 }],
      ['POST', '/memory/reinforce', { id, boost: 0 }],
      ['POST', `/v1/memories/${id}/reinforce`, {}],
    ]),
  );

  flaw(7, 'activation spread from another’s memory', (make) =>
    nothingOfA(make, ([id]) => [
      ['POST', '/dynamics/activation/spreading', { initial_memory_ids: [id] }],
      ['GET', `/v1/waypoints/neighbours?memory_id=${id}`],
    ]),
  );

  flaw(8, 'the weight between two memories told whether they are alike', (make) =>
    nothingOfA(make, ([id, other]) => [
      ['POST', '/dynamics/waypoints/calculate-weight', { source_memory_id: id, target_memory_id: other }],
      ['GET', `/v1/waypoints/path?from=${id}&to=${other}`],
      ['POST', '/v1/waypoints', { src_id: id, dst_id: other, type: 'near' }],
    ]),
  );

  flaw(9, 'LangGraph’s routes read and wrote anywhere', async (make) => {
    await nothingOfA(make, () => [
      ['POST', '/lgm/retrieve', { node: 'observe', query: 'dark mode' }],
      ['POST', '/lgm/context', { limit: 10 }],
      ['POST', '/lgm/store', { node: 'observe', content: 'A forged note.', user_id: 'ana' }],
    ]);
    const [one, two] = make(`flaw-9-${(runs += 1)}`);
    const [a, b] = [clientOf(one), clientOf(two)];
    await fill(a);
    // In the name of A's user, by whatever way a user can be named.
    for (const path of ['/memory/add', '/memories']) {
      const { status, body } = await b.post(path, { content: 'A forged note.', user_id: one.user ?? 'ana' });
      const mayName = two.user === undefined || two.user === one.user;
      expect([status, body.error]).toEqual(mayName ? [200, undefined] : [403, 'tenant_mismatch']);
    }
    expect((await a.get('/memory/all')).text).not.toContain('forged');
  });

  flaw(10, 'facts were everybody’s', (make) =>
    nothingOfA(make, () => [
      ['GET', '/api/temporal/timeline?subject=Alice'],
      ['GET', '/api/temporal/compare?subject=Alice&time1=2024-06-01&time2=2025-06-01'],
      ['GET', '/api/temporal/volatile'],
      ['GET', '/api/temporal/stats'],
      ['POST', '/api/temporal/fact', { subject: 'Alice', predicate: 'works_at', object: 'Acme' }],
    ]),
  );

  flaw(11, 'reflection and summaries mixed the texts of several', async (make) => {
    const [one, two] = make(`flaw-11-${(runs += 1)}`);
    const remark = async (identity: Identity, content: string, n: number) => {
      for (let i = 0; i < n; i += 1) {
        const input = { content, user_id: identity.user ?? 'ana', session_id: `s${i}` };
        expect((await clientOf(identity).post('/v1/memories', input)).status).toBe(201);
      }
    };
    await remark(one, `Owls sleep in the ${CANARY} barn by the river.`, 30);
    await remark(two, 'Owls sleep in the old barn by the river.', 24);
    const [b, user] = [clientOf(two), two.user ?? 'ana'];
    const made = await b.post(`/v1/users/${user}/reflect`, {});
    expect(made.body.reflections.length).toBeGreaterThan(0);
    const seen = [
      made,
      await b.post(`/users/${user}/summary/regenerate`, {}),
      await b.get(`/users/${user}/summary`),
      await b.post('/users/summaries/regenerate-all', {}),
      await b.get('/users'),
      await b.get('/memory/all'),
    ];
    expect(seen.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    if (seen.some(({ text }) => text.includes(CANARY))) leaks += 1;
    expect(seen.filter(({ text }) => text.includes(CANARY))).toEqual([]);
    expect(seen[3].body.updated).toBe(1);
    expect(seen[4].body.users.map((one: { user_id: string }) => one.user_id)).toEqual([user]);
  });

  flaw(12, 'who named nobody was shown everybody', (make) =>
    nothingOfA(make, () => [
      ['GET', '/memory/all'],
      ['GET', '/memory/all?l=10000&u=0'],
      ['GET', '/memory/history?limit=100'],
      ['GET', '/users'],
      ['POST', '/memory/query', { query: 'dark mode' }],
      ['GET', `/memory/all?project_id=${CANARY.slice(0, 6)}`],
    ]),
  );

  flaw(13, 'what belongs to nobody belonged to everybody', async (make) => {
    const [one, two] = make(`flaw-13-${(runs += 1)}`);
    const content = `Nobody’s ${CANARY}`;
    const { body } = await service.as(one.vault).post('/memory/add', { content });
    const b = clientOf(two);
    for (const [method, path, sent] of [
      ['GET', `/memory/${body.id}`],
      ['PATCH', `/memory/${body.id}`, { content: 'Taken over.' }],
      ['POST', '/memory/reinforce', { id: body.id }],
      ['DELETE', `/memory/${body.id}`],
    ] as const) {
      const answer = await b.send(method, path, sent);
      if (answer.status !== 404) leaks += 1;
      expect([method, answer.status, answer.body]).toEqual([method, 404, { err: 'nf' }]);
    }
    expect((await b.get('/memory/all')).body.items).toEqual([]);
    expect((await service.as(one.vault).get(`/memory/${body.id}`)).body).toMatchObject({
      content,
      version: 1,
    });
  });

  flaw(
    14,
    'others’ memories crowded out one’s own, and others’ failures undid one’s writes',
    async (make) => {
      const [one, two] = make(`flaw-14-${(runs += 1)}`);
      const [a, b] = [clientOf(one), clientOf(two)];
      const rows = Array.from({ length: 300 }, (_, i) => ({ content: `dark mode dark mode ${CANARY} ${i}` }));
      await a.post('/v1/memories/batch', rows);
      const own = await b.post('/memory/add', { content: 'The mode is dark.' });
      const { matches } = (await b.post('/memory/query', { query: 'dark mode', k: 1 })).body;
      expect(matches).toMatchObject([{ id: own.body.id }]);

      await a.post('/v1/memories', { id: 'taken', content: 'x' });
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => [
          a.post('/v1/memories', { id: 'taken', content: `refused ${i}` }),
          a.send('PATCH', '/memory/nope', { content: 'x' }),
          b.post('/memory/add', { content: `Written by B: ${i}.` }),
        ]).flat(),
      );
      expect(answers.map(({ status }) => status)).toEqual(
        Array.from({ length: 40 }, () => [409, 404, 200]).flat(),
      );
      const { items } = (await b.get('/memory/all?l=1000')).body;
      expect(items).toHaveLength(41);
      expect((await b.get('/memory/all?l=1000')).text).not.toContain(CANARY);
    },
  );

  it('by id: what is another’s and what is not there look alike', async () => {
    for (const [, make] of PAIRS) {
      await nothingOfA(make, ([id]) =>
        [id, 'nope', 'x'.repeat(300)].flatMap((one): Request[] => [
          ['GET', `/memory/${one}`],
          ['GET', `/memory/${one}?project_id=${CANARY}`],
          ['PATCH', `/memory/${one}`, { content: 'Mine now.' }],
          ['PATCH', `/memory/${one}`, {}],
          ['DELETE', `/memory/${one}`],
          ['POST', '/memory/reinforce', { id: one }],
        ]),
      );
    }
  });

  it('by the name of a user: a user’s credential may name that user alone', async () => {
    const [, ben] = ['ana', 'ben'].map((user) => service.as('named', user));
    const ana = service.as('named', 'ana');
    const [id] = await fill(ana);
    const mismatch = { error: 'tenant_mismatch', message: expect.any(String) };
    for (const [method, path, body] of [
      ['POST', '/memory/add', { content: 'x', user_id: 'ana' }],
      ['POST', '/memories', { content: 'x', user_id: 'ana' }],
      ['POST', '/memory/query', { query: 'dark', user_id: 'ana' }],
      ['POST', '/memory/query', { query: 'dark', filters: { user_id: 'ana' } }],
      ['POST', '/memory/query', { query: 'dark', user_id: 'ana', filters: { user_id: 'ben' } }],
      ['POST', '/memory/search', { query: 'dark', filters: { user_id: 'ana' } }],
      ['POST', '/query', { query: 'dark', user_id: 'ana' }],
      ['GET', '/memory/all?user_id=ana'],
      ['GET', '/memory/history?user_id=ana'],
      ['GET', `/memory/${id}?user_id=ana`],
      ['PATCH', `/memory/${id}`, { content: 'x', user_id: 'ana' }],
      ['DELETE', `/memory/${id}?user_id=ana`],
      ['DELETE', `/memory/${id}`, { user_id: 'ana' }],
      ['POST', '/memory/reinforce', { id, user_id: 'ana' }],
      ['GET', '/users/ana/summary'],
      ['POST', '/users/ana/summary/regenerate', {}],
      ['GET', '/users/ana/memories'],
      ['DELETE', '/users/ana/memories'],
    ] as const) {
      const answer = await ben.send(method, path, body);
      if (answer.status !== 403) leaks += 1;
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 403, mismatch]);
      // Whether such a user exists makes no difference.
      const asked = JSON.parse(JSON.stringify([path, body ?? null]).replaceAll('ana', 'nobody'));
      const other = await ben.send(method, asked[0], asked[1] ?? undefined);
      expect(other.text).toBe(answer.text);
    }
    expect((await ana.get('/memory/all')).body.items).toHaveLength(3);
  });
});
