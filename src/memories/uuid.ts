import { randomUUID } from 'node:crypto';

/**
 * A UUIDv7 (RFC 9562 §5.7): 48 bits of time, then 74 fresh random bits. No counter keeps the ids of one
 * millisecond in order, because a counter of the process would tell one vault how much others write.
 *
 * @param random what comes behind the time and the version
 */
export function uuidv7(now = Date.now(), random = uuidBits()): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random}`;
}

/** The 74 random bits of a UUIDv7, with the variant. */
export function uuidBits(): string {
  // What a UUIDv4 has behind its version digit is what is needed here; Node draws its bits many at a time, and
  // 16 bytes by themselves cost more than all the rest of it.
  return randomUUID().slice(15);
}
