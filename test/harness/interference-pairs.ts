import fc from 'fast-check';
import { expect } from 'vitest';
import type { TestService } from './app.js';
import type { Caller, Identity } from './interference-callers.js';
import { CANARY, type Step, plan } from './interference-plan.js';
import { comparable, runAlone, runMixed } from './interference-run.js';
import { onPostgres } from './postgres/postgres-databases.js';

/** A refusal for overload tells of no vault, but it is a difference: a slow machine is waited for. */
export const PATIENT: NodeJS.ProcessEnv = onPostgres ? { DATABASE_ACQUIRE_TIMEOUT_MS: '120000' } : {};

export type Entrance = new (service: TestService, identity: Identity) => Caller;

export interface Pair {
  /** Users of one vault, or two vaults. */
  readonly sameVault: boolean;
  readonly userA: string | undefined;
  readonly userB: string | undefined;
}

export const TWO_USERS = fc.constant<Pair>({ sameVault: true, userA: 'ana', userB: 'ben' });
export const TWO_VAULTS: fc.Arbitrary<Pair> = fc.record({
  sameVault: fc.constant(false),
  userA: fc.constantFrom('ana', undefined),
  userB: fc.constantFrom('ana', undefined),
});

/** Nothing but the vault keeps these two apart. */
export const TWO_NAMESAKES = fc.constant<Pair>({ sameVault: false, userA: 'ana', userB: 'ana' });

let runs = 0;

/** One run with B and one without, in vaults of their own. @throws when A can tell them apart */
async function compare(
  service: TestService,
  entrance: Entrance,
  { sameVault, userA, userB }: Pair,
  steps: Step[],
): Promise<void> {
  const run = String((runs += 1)).padStart(5, '0');
  const [alone, mixed] = [`alone-${run}`, `mixed-${run}`];
  const other = sameVault ? mixed : `other-${run}`;
  const without = await runAlone(steps, new entrance(service, { vault: alone, user: userA }));
  const a = new entrance(service, { vault: mixed, user: userA });
  const b = new entrance(service, { vault: other, user: userB });
  const withB = await runMixed(steps, a, b, sameVault);
  expect(comparable(withB, mixed)).toBe(comparable(without, alone));
  expect(JSON.stringify(withB)).not.toContain(CANARY);
}

/** That A, whatever B does, sees what it would see without B. */
export function noDifference(
  service: TestService,
  entrance: Entrance,
  pair: fc.Arbitrary<Pair>,
  plans: fc.Arbitrary<Step[]> = plan,
) {
  return fc.asyncProperty(pair, plans, (who, steps) => compare(service, entrance, who, steps));
}
