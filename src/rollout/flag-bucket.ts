import { createHash } from 'node:crypto';

/** Bytes of the hash that are looked at: as many as a number holds exactly. */
const BYTES = 6;

/**
 * Where a vault stands for a flag, from 0 to 100: as if it had been drawn, always the same, and another for each
 * flag, so that the same vaults are not always the first. A percentage takes in the vaults below it, so that none
 * leaves as it grows.
 */
export function bucketOf(flag: string, vault: string): number {
  const hash = createHash('sha256').update(`${flag}\0${vault}`, 'utf8').digest();
  return (100 * hash.readUIntBE(0, BYTES)) / 256 ** BYTES;
}
