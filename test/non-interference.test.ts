import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { extent } from './harness/extent.js';
import { recordFigure } from './harness/figures.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { HttpCaller, ServiceCaller } from './harness/interference-callers.js';
import {
  type Entrance,
  PATIENT,
  type Pair,
  TWO_USERS,
  TWO_VAULTS,
  noDifference,
} from './harness/interference-pairs.js';
import { CANARY } from './harness/interference-plan.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('non-interference');
/** In all four forms together. */
const RUNS = extent('NONINTERFERENCE_RUNS', { sqlite: 300, postgres: 60 });

let service: TestService;

beforeAll(async () => {
  service = await TestService.start(PATIENT);
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  await service.stop();
});

describe('whatever B does, A sees what it would see without B', () => {
  let done = 0;
  afterAll(() => recordFigure('non-interference.runs', done));

  it.each<[string, Entrance, fc.Arbitrary<Pair>, number]>([
    ['two vaults, on the services', ServiceCaller, TWO_VAULTS, 0.35],
    ['two users of a vault, on the services', ServiceCaller, TWO_USERS, 0.2],
    ['two vaults, over HTTP', HttpCaller, TWO_VAULTS, 0.3],
    ['two users of a vault, over HTTP', HttpCaller, TWO_USERS, 0.15],
  ])(
    '%s',
    async (_, entrance, pair, share) => {
      const numRuns = Math.ceil(share * RUNS);
      await fc.assert(noDifference(service, entrance, pair), { seed, numRuns });
      done += numRuns;
    },
    300_000 + RUNS * 4_000,
  );

  it('and what B wrote is there, in the very rows that A was kept from', () => {
    const view = new DatabaseView(service.databasePath);
    const [{ n }] = view.all<{ n: number }>(
      'SELECT count(*) AS n FROM memories WHERE content LIKE ? AND vault_id NOT LIKE ?',
      `%${CANARY}%`,
      'alone-%',
    );
    view.close();
    expect(n).toBeGreaterThan(RUNS);
  });
});
