import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpenMemoryTarget } from '../src/http/openmemory-errors.js';
import { TestService } from './harness/app.js';
import { type ApiRoute, apiRoutes } from './harness/api-routes.js';
import { DatabaseView } from './harness/database-view.js';
import { extent } from './harness/extent.js';
import { recordFigure } from './harness/figures.js';
import type { Hostile } from './harness/hostile-draft.js';
import { hostileRequest } from './harness/hostile-requests.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { Random } from './harness/random.js';
import { type Outcome, RawConnection } from './harness/raw-connection.js';
import { randomSeed } from './harness/seed.js';
import { mintToken } from './harness/tokens.js';
import { isForLater } from './route-permissions.js';

const seed = randomSeed('hostile-inputs');
const INPUTS_A_ROUTE = extent('HOSTILE_INPUTS', { sqlite: 1_000, postgres: 30 });
const ANSWER_WITHIN_MS = 60_000;
const LANES = 8;
/** Searches are counted when nothing is going on any more. */
const COUNTED_LATER = ['stats'];

/** What serves pages and documents rather than the API. */
const OTHER_ROUTES: ApiRoute[] = ['/docs', '/docs/swagger-ui.css', '/openapi.json', '/nowhere'].map(
  (path) => ({
    method: 'GET',
    path,
    body: undefined,
    query: {},
    headers: [],
  }),
);

const prototypes = () =>
  [Object, Array, Function, String, Number, Promise, Map].map(({ prototype }) =>
    Reflect.ownKeys(prototype as object).map(String),
  );

/** Of both kinds of credentials together. */
const total = { failures: 0, inputs: 0, routes: new Set<string>() };

afterAll(() => {
  recordFigure('hostile.failures', total.failures);
  recordFigure('hostile.inputs', total.inputs);
  recordFigure('hostile.routes', total.routes.size);
});

type Credentials = (vault: string, user: string) => [name: string, value: string][];

const withToken: Credentials = (vault, user) => [['Authorization', `Bearer ${mintToken({ vault, user })}`]];
const withNames: Credentials = (vault, user) => [
  ['X-Vault-Id', vault],
  ['X-User-Id', user],
];

describe.each<[string, NodeJS.ProcessEnv, Credentials, number]>([
  ['with tokens', {}, withToken, INPUTS_A_ROUTE],
  ['in dev mode', { JWT_SECRET: undefined }, withNames, INPUTS_A_ROUTE / 5],
])('hostile inputs %s', (mode, env, credentialsOf, inputs) => {
  let service: TestService;
  let view: DatabaseView;
  let port: number;

  beforeAll(async () => {
    // What the service does by itself, a while after a request, is not that request's doing.
    service = await TestService.start({ USER_SUMMARIES: 'false', ...env });
    view = new DatabaseView(service.databasePath);
    port = (service.app.getHttpServer().address() as AddressInfo).port;
  });

  afterAll(async () => {
    view.close();
    await service.stop();
  });

  const clientOf = (vault: string) => service.anonymous(Object.fromEntries(credentialsOf(vault, 'ana')));

  const pure = prototypes();
  const wrong: string[] = [];
  let sent = 0;
  let slowest = 0;

  /** Sends one and says what is wrong with the answer, if anything. */
  async function judge(connection: RawConnection, request: Hostile, isLater: boolean): Promise<Outcome> {
    const began = performance.now();
    const outcome = await connection.send(request);
    slowest = Math.max(slowest, performance.now() - began);
    sent += 1;
    const is501 = isLater && typeof outcome !== 'string' && outcome.status === 501;
    const fault = is501 ? undefined : faultOf(outcome, request);
    if (fault) {
      wrong.push(
        `${fault} to ${request.method} (${request.note}): ${request.bytes.toString('latin1', 0, 400)}`,
      );
    }
    return outcome;
  }

  async function run(route: ApiRoute, number: number): Promise<Record<string, number>> {
    const vault = `hostile-${number}`;
    const client = clientOf(vault);
    const aim = { route, credentials: credentialsOf(vault, 'ana'), id: 'target' };
    const random = new Random(seed + number);
    const isSafe = route.method === 'GET';
    const outcomes: Record<string, number> = {};
    const renew = async () => {
      for (const id of ['target', 'target-2']) {
        await client.post('/v1/memories', { id, content: 'The owl sat in the barn.', tags: ['target'] });
      }
    };
    await renew();
    const before = view.digest(...COUNTED_LATER);
    let left = inputs;
    const lane = async () => {
      const connection = new RawConnection(port, ANSWER_WITHIN_MS);
      let [version, digest] = [view.version(), isSafe ? '' : view.digest(...COUNTED_LATER)];
      while (left > 0) {
        left -= 1;
        const request = hostileRequest(aim, random);
        const outcome = await judge(connection, request, isForLater(route));
        const status = typeof outcome === 'string' ? outcome : String(outcome.status);
        outcomes[status] = (outcomes[status] ?? 0) + 1;
        // One at a time where things may change, so that a change has one cause.
        if (isSafe || version === view.version()) continue;
        if (/^2/.test(status)) await renew();
        else if (view.digest(...COUNTED_LATER) !== digest)
          wrong.push(`${status} changed the database: ${request.note}`);
        [version, digest] = [view.version(), view.digest(...COUNTED_LATER)];
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: isSafe ? LANES : 1 }, lane));
    if (isSafe) expect(view.digest(...COUNTED_LATER)).toBe(before);
    return outcomes;
  }

  it('have no route unvisited', () => {
    expect(apiRoutes(service.app).length).toBeGreaterThanOrEqual(12);
  });

  it(
    'are all answered, none with a 5xx, refusals as problems that change nothing',
    async () => {
      const routes = [...apiRoutes(service.app), ...OTHER_ROUTES];
      for (const [number, route] of routes.entries()) {
        const began = Date.now();
        const outcomes = await run(route, number);
        console.log(`${route.method} ${route.path}: ${JSON.stringify(outcomes)} ${Date.now() - began} ms`);
      }
      console.log(`${mode}: ${sent} sent, slowest ${Math.round(slowest)} ms`);
      // A route that is met in both modes is one route.
      if (inputs === INPUTS_A_ROUTE) recordFigure('hostile.routes', routes.length);
      recordFigure('hostile.inputs', sent);
      recordFigure('hostile.failures', wrong.length);
      expect(wrong.slice(0, 5)).toEqual([]);
    },
    40 * 60_000,
  );

  it('that follow a whole request leave it its answer', async () => {
    const body = '{"id":"first","content":"An owl."}';
    const whole = [
      'POST /v1/memories HTTP/1.1',
      'Host: localhost',
      ...credentialsOf('followed', 'ana').map(([name, value]) => `${name}: ${value}`),
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    for (const rest of ['{', '\0'.repeat(300_000), 'GET /v1/nothing HTTP/1.1\r\nbad header\r\n\r\n']) {
      const bytes = Buffer.from(`${whole.join('\r\n')}\r\n\r\n${body}${rest}`);
      const connection = new RawConnection(port, ANSWER_WITHIN_MS);
      const outcome = await connection.send({ bytes, isHead: false, alone: true, ends: false });
      expect(outcome).toMatchObject({ status: 201 });
      await clientOf('followed').delete('/v1/memories/first');
    }
  });

  it('leave the service and the process as they were', async () => {
    expect(prototypes()).toEqual(pure);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((await service.anonymous().get('/health/ready')).status).toBe(200);
    const client = clientOf('afterwards');
    const { body } = await client.post('/v1/memories', { content: 'The service is well.' });
    expect((await client.get(`/v1/memories/${body.id}`)).body).toEqual(body);
    const found = await client.post('/v1/memories/search', { query: 'well' });
    expect(found.body.results).toHaveLength(1);
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    // In dev mode everybody may make keys.
    const keys = mode === 'in dev mode' ? [] : ['api_keys'];
    const untouched = [...keys, 'audit', 'facts', 'vectors', 'imports'];
    for (const table of untouched) expect([table, view.counts()[table]]).toEqual([table, 0]);
  });
});

function faultOf(outcome: Outcome, { mayClose, isHead, bytes }: Hostile): string | undefined {
  if (outcome === 'hang') return 'no answer';
  if (outcome === 'closed') return mayClose ? undefined : 'no answer but the end';
  const { status, headers, body } = outcome;
  if (status >= 500 || status < 200) return `${status} ${body.slice(0, 100)}`;
  if (status < 400 || isHead) return undefined;
  const type = headers.get('content-type') ?? '';
  // What is wrong may be wrong in the path: then it is not among those that Metamorph has words for.
  if (bytes.includes('/mcp') && type.startsWith('application/json')) return rpcFaultOf(status, body);
  const isMetamorph = bytes.includes('/api/') && type.startsWith('application/json');
  if (isOpenMemoryTarget(targetOf(bytes))) return openMemoryFault(status, type, body);
  if (!isMetamorph && !type.startsWith('application/problem+json')) return `${status} not as a problem`;
  try {
    const { code, status: said, detail, error } = JSON.parse(body) as Record<string, unknown>;
    const isWhole = isMetamorph ? typeof error === 'string' : said === status && typeof detail === 'string';
    return isWhole && /^[A-Z_]+$/.test(String(code))
      ? undefined
      : `${status} with the problem ${body.slice(0, 100)}`;
  } catch {
    return `${status} with ${body.slice(0, 100)}`;
  }
}

/** Errors of JSON-RPC are for the clients of MCP. */
function rpcFaultOf(status: number, body: string): string | undefined {
  try {
    const { jsonrpc, error, id } = JSON.parse(body) as Record<string, { code?: unknown; message?: unknown }>;
    const isWhole = Number.isInteger(error.code) && typeof error.message === 'string' && id === null;
    return String(jsonrpc) === '2.0' && isWhole ? undefined : `${status} with ${body.slice(0, 100)}`;
  } catch {
    return `${status} with ${body.slice(0, 100)}`;
  }
}

/** Of the first request in these bytes. */
function targetOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, bytes.indexOf('\r')).split(' ')[1] ?? '';
}

/** Errors of OpenMemory have one of two names, and what its router refused was text. */
function openMemoryFault(status: number, type: string, body: string): string | undefined {
  const fault = `${status} with ${body.slice(0, 100)}`;
  if (type.startsWith('text/plain')) {
    return ['404: Not Found', 'Payload Too Large'].includes(body) ? undefined : fault;
  }
  try {
    const { error, err, code } = JSON.parse(body) as Record<string, unknown>;
    // What Node refuses before there is a path is a problem.
    const word = type.startsWith('application/problem+json') ? code : (error ?? err);
    return typeof word === 'string' && /^[A-Za-z_ ]+$/.test(word) ? undefined : fault;
  } catch {
    return fault;
  }
}
