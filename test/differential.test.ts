import 'reflect-metadata';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService, temporaryFolder } from './harness/app.js';
import { administrationRequest } from './harness/administration-requests.js';
import { apiRoutes } from './harness/api-routes.js';
import { differenceOf, normalised } from './harness/differential.js';
import { recordFigure } from './harness/figures.js';
import { hostileRequest } from './harness/hostile-requests.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { HttpCaller, ServiceCaller } from './harness/interference-callers.js';
import { plan } from './harness/interference-plan.js';
import { runInTurn } from './harness/interference-run.js';
import { Random } from './harness/random.js';
import { RawConnection } from './harness/raw-connection.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { randomSeed } from './harness/seed.js';
import { mintToken } from './harness/tokens.js';

const seed = randomSeed('differential');
/** Of requests one after the other; DIFFERENTIAL_RUNS sets another number. */
const RUNS = Number(process.env.DIFFERENTIAL_RUNS ?? 100);
/** Of requests with something wrong. */
const INPUTS_A_ROUTE = Math.ceil(RUNS / 2);

/** Answers, by the service that gave them: the one on SQLite, the one on PostgreSQL. */
type Both<T> = readonly [sqlite: T, postgres: T];

describe.skipIf(!onPostgres)('the same requests to a service on SQLite and one on PostgreSQL', () => {
  let services: Both<TestService>;
  let done = 0;
  let run = 0;

  beforeAll(async () => {
    // What a service does by itself, a while after a request, is no answer to it.
    const env = { USER_SUMMARIES: 'false' };
    services = [
      await TestService.start(env, join(temporaryFolder(), 'cairn.sqlite')),
      await TestService.start(env),
    ];
  });

  afterAll(async () => {
    recordFigure('differential.runs', done);
    for (const service of services) {
      expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
      await service.stop();
    }
  });

  async function onBoth<T>(ask: (service: TestService) => Promise<T>): Promise<Both<T>> {
    return [await ask(services[0]), await ask(services[1])];
  }

  function expectSame([sqlite, postgres]: Both<unknown>): void {
    const difference = differenceOf(normalised(sqlite, new Map()), normalised(postgres, new Map()));
    expect(difference).toBeUndefined();
  }

  it.each([
    ['over HTTP', HttpCaller, 0.4],
    ['on the services', ServiceCaller, 0.3],
  ])(
    'are answered alike %s, with everything in between',
    async (_, Entrance, share) => {
      const numRuns = Math.ceil(share * RUNS);
      const pair = fc.constantFrom<[boolean, string | undefined, string | undefined]>(
        [true, 'ana', 'ben'],
        [true, undefined, 'ana'],
        [false, 'ana', 'ana'],
      );
      await fc.assert(
        fc.asyncProperty(pair, plan, async ([sameVault, userA, userB], steps) => {
          const vault = `run-${(run += 1)}`;
          const other = sameVault ? vault : `other-${run}`;
          const answers = await onBoth((service) =>
            runInTurn(
              steps,
              new Entrance(service, { vault, user: userA }),
              new Entrance(service, { vault: other, user: userB }),
              sameVault,
            ),
          );
          expectSame(answers);
        }),
        { seed, numRuns },
      );
      done += numRuns;
    },
    300_000 + RUNS * 4_000,
  );

  it(
    'about vaults, with texts of all kinds, and sent twice, are answered alike',
    async () => {
      const numRuns = Math.ceil(0.3 * RUNS);
      const requests = fc.array(administrationRequest, { minLength: 20, maxLength: 40, size: 'max' });
      await fc.assert(
        fc.asyncProperty(requests, async (list) => {
          const own = `run-${(run += 1)}`;
          const answers = await onBoth(async (service) => {
            const clients: Record<string, Client> = {
              service: service.as(own),
              user: service.as(own, 'ana'),
              operator: service.as(own, undefined, ['operator', 'admin', 'read', 'write', 'vault']),
            };
            const seen: unknown[] = [];
            for (const { method, path, body, headers = {}, as } of list) {
              const answer = await clients[as].send(method, path, body, {
                'x-request-id': 'same',
                ...headers,
              });
              seen.push([method, path, answer.status, answer.body ?? answer.text]);
            }
            return seen;
          });
          expectSame(answers);
        }),
        { seed, numRuns },
      );
      done += numRuns;
    },
    300_000 + RUNS * 4_000,
  );

  it('with something wrong in them are refused alike', async () => {
    const different: string[] = [];
    for (const [number, route] of apiRoutes(services[0].app).entries()) {
      const vault = `hostile-${number}`;
      const token = mintToken({ vault, user: 'ana' });
      const aim = { route, credentials: [['Authorization', `Bearer ${token}`]] as const, id: 'target' };
      const random = new Random(seed + number);
      const renew = (service: TestService) =>
        Promise.all(
          ['target', 'target-2'].map((id) =>
            service.as(vault, 'ana').post('/v1/memories', { id, content: 'The owl sat.', tags: ['target'] }),
          ),
        );
      await onBoth(renew);
      const connections = services.map(({ app }) => {
        const { port } = app.getHttpServer().address() as AddressInfo;
        return new RawConnection(port, 60_000);
      });
      const ids: Both<Map<string, string>> = [new Map(), new Map()];
      for (let n = 0; n < INPUTS_A_ROUTE; n += 1) {
        const request = hostileRequest(aim, random);
        // What comes of half a request depends on what is read first.
        if (request.alone) continue;
        const [one, other] = [await connections[0].send(request), await connections[1].send(request)].map(
          (outcome, i) =>
            typeof outcome === 'string'
              ? outcome
              : normalised([outcome.status, parsed(outcome.body)], ids[i]),
        );
        const difference = differenceOf(one, other);
        if (difference) different.push(`${request.method} ${route.path} (${request.note}): ${difference}`);
        if (route.method !== 'GET') await onBoth(renew);
      }
      for (const connection of connections) connection.close();
    }
    expect(different).toEqual([]);
  });
});

function parsed(body: string): unknown {
  try {
    const value = JSON.parse(body) as Record<string, unknown>;
    // The id of the request, drawn anew each time.
    if (typeof value === 'object' && value !== null) delete value.instance;
    return value;
  } catch {
    return body;
  }
}
