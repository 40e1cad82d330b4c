import { createHash } from 'node:crypto';

/** The number of the advisory lock of these names, which hold no U+0000: of other names another, but for chance. */
export function lockKey(...names: readonly string[]): bigint {
  return createHash('sha256').update(names.join('\0')).digest().readBigInt64BE();
}
