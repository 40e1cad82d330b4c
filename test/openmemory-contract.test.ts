import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEVIATIONS, LATER } from './fixtures/openmemory/deviations.js';
import { TestService } from './harness/app.js';
import { recordFigure } from './harness/figures.js';
import { Replay, difference, recordedExchanges } from './harness/openmemory/exchanges.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

type Ranges = readonly (readonly [from: number, to: number, what: string])[];

const isIn = (ranges: Ranges, number: number) => ranges.some(([from, to]) => number >= from && number <= to);

/** Whom the recorded key stood for. */
const USER = 'cc94dedac45651d4';
const MOST_LISTED = 0.15;

const exchanges = recordedExchanges();
const ofThisVersion = exchanges.filter(({ number }) => !isIn(LATER, number));

const RECORDED_KEY = 'key-A-1234567890';

/** The recorded key stood for one user: so does this one. */
async function keyOf(user: string): Promise<string> {
  const admin = service.as('recorded', undefined, ['read', 'write', 'delete', 'admin', 'vault']);
  const { status, body } = await admin.post('/v1/vault/api-keys', { name: 'recorded', user_id: user });
  expect(status).toBe(201);
  return body.key;
}

/** The recorded headers with this key. */
const withKey = (key: string) => (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace(RECORDED_KEY, key)]),
  );

describe('what clients of OpenMemory were answered', () => {
  it('is answered alike, or in another way on purpose', async () => {
    const replay = new Replay(service.anonymous(), withKey(await keyOf(USER)));
    const wrong: string[] = [];
    let listed = 0;
    for (const exchange of exchanges) {
      const { number, name } = exchange;
      const answer = await replay.ask(exchange);
      const say = (what: string) => wrong.push(`${number} ${name}: ${what}`);
      if (isIn(LATER, number)) {
        if (answer.status !== 501 || typeof answer.body.error !== 'string') say(answer.text);
        continue;
      }
      const found = difference(exchange, answer);
      const deviation = DEVIATIONS[number];
      if (deviation === undefined) {
        if (found) say(found);
        continue;
      }
      listed += 1;
      if (!found) say('is listed, and not other');
      if (answer.status !== deviation.status) say(`is ${answer.status}, and listed as ${deviation.status}`);
    }
    recordFigure('openmemory.exchanges', ofThisVersion.length);
    recordFigure('openmemory.listed', listed);
    recordFigure('openmemory.differ', wrong.length);
    expect(wrong).toEqual([]);
    expect(listed).toBe(Object.keys(DEVIATIONS).length);
    expect(listed).toBeLessThanOrEqual(MOST_LISTED * ofThisVersion.length);
  });

  it('has a reason wherever it is other', () => {
    for (const [number, { reason }] of Object.entries(DEVIATIONS)) {
      expect([number, reason.length > 20]).toEqual([number, true]);
      expect(isIn(LATER, Number(number))).toBe(false);
    }
  });
});
