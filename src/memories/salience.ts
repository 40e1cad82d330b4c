import type { Memory } from './memory.entity.js';
import { type Sector, initialSalience, isSector } from './sectors.js';
import { jsonStrings } from './stored-json.js';

const DAY_MS = 86_400_000;

/** What salience is made of. */
export type Salient = Pick<Memory, 'salience' | 'decayLambda' | 'lastSeenAt' | 'sectors'>;

/**
 * How much a memory stands out at a moment, in [0, 1]: what is stored, as of `lastSeenAt`, less what has faded
 * since: s·e^(−λ·days), exponential forgetting (Ebbinghaus 1885; λ per sector is OpenMemory's). Nothing is
 * written for it. Days are whole ones, so that reading twice on one day gives one and the same answer. Before
 * `lastSeenAt` (a clock set back, a time of creation yet to come) nothing has faded, and nothing grows.
 *
 * @param now ms since 1970
 */
export function salienceAt({ salience, decayLambda, lastSeenAt }: Salient, now: number): number {
  const days = Math.max(0, Math.floor((now - lastSeenAt) / DAY_MS));
  const kept = days === 0 ? 1 : Math.exp(-Math.max(0, decayLambda) * days);
  return clamp(clamp(salience) * kept);
}

/**
 * By how much a memory stands out more at a moment than a new one of its sectors does, in [0, 1]: what is left of
 * its reinforcements. Exactly 0 for one never reinforced, whatever its age.
 *
 * @param now ms since 1970
 */
export function reinforcementGain(memory: Salient, now: number): number {
  return Math.max(0, salienceAt(memory, now) - initialOf(memory.sectors));
}

/** Whether it stands out, as stored, more than a new one: whether `reinforcementGain` can be above 0 at any time. */
export function isReinforced({ salience, sectors }: Pick<Salient, 'salience' | 'sectors'>): boolean {
  return clamp(salience) > initialOf(sectors);
}

/**
 * The salience after a reinforcement. What has faded is back first (a repetition starts forgetting anew, from the
 * full strength), then the amount is the part of what is missing to 1 that is gained, the linear operator of
 * learning (Bush & Mosteller, Psychological Review 58, 1951, 313–323). So every one counts and none overshoots,
 * and an old memory gains by it no less than a new one.
 *
 * @param amount above 0, at most 1
 * @param now ms since 1970
 */
export function reinforcedSalience(memory: Salient, amount: number, now: number): number {
  const strength = Math.max(salienceAt(memory, now), initialOf(memory.sectors));
  return clamp(strength + amount * (1 - strength));
}

/** The stored salience of a memory that changes its sectors: as far from what a new one has as it was before. */
export function salienceInSectors({ salience, sectors }: Salient, next: readonly Sector[]): number {
  return clamp(initialSalience(next) + (salience - initialOf(sectors)));
}

/** @param sectors JSON as stored; old rows may hold anything */
function initialOf(sectors: string): number {
  const known = jsonStrings(sectors).filter(isSector);
  return initialSalience(known.length > 0 ? known : ['semantic']);
}

/** Into [0, 1]; what is no number (old rows may hold anything) is 0. */
function clamp(value: number): number {
  return value > 0 ? Math.min(1, value) : 0;
}
