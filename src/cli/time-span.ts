import { UsageError } from './command.js';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Ten years. */
export const MAX_SECONDS = 3650 * SECONDS.d;

/**
 * A time such as 30s, 15m, 12h or 90d, in seconds.
 *
 * @param option as it is written on the command line, for the message
 * @throws UsageError
 */
export function readSeconds(option: string, text: string, most = MAX_SECONDS): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds > 0 && seconds <= most) return seconds;
  throw new UsageError(
    `${option} must be a time such as 30s, 15m, 12h or 90d, at most ${most / SECONDS.d}d.`,
  );
}
