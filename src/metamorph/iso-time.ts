/** The last millisecond that a JavaScript Date can hold, either way (ECMA-262, Time Values). */
const MAX_TIME = 8.64e15;

/** ms since 1970 as an ISO 8601 text in UTC. Adopted databases hold times that no date has: the nearest then. */
export function isoTime(ms: number): string {
  return new Date(Math.min(Math.max(Math.trunc(ms) || 0, -MAX_TIME), MAX_TIME)).toISOString();
}
