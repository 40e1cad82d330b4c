/** What is counted. Rows of older databases may hold other types; they are shown as they are. */
export const EVENT_TYPES = [
  'add',
  'update',
  'delete',
  'expire',
  'search',
  'reinforce',
  'reflect',
  'consolidate',
  'decay',
  'import',
  'token-without-vault',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** A request by a token without a vault claim, whatever it did: it concerns the vault as a whole, and no user of it. */
export const TOKEN_WITHOUT_VAULT: EventType = 'token-without-vault';

export const DAY_MS = 86_400_000;

/** The first millisecond of a time's day (UTC). */
export function dayOf(time: number): number {
  return time - (time % DAY_MS);
}

/** `2026-03-01` of a time in ms */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, -14);
}
