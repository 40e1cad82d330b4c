import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** @throws MigrationRefusedError when there is no file with something in it */
export function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new MigrationRefusedError(`There is no file ${path}.`);
  if (!stat.isFile()) throw new MigrationRefusedError(`${path} is no file.`);
  if (stat.size === 0) throw new MigrationRefusedError(`${path} is empty: there is nothing to import.`);
  return stat.size;
}

/** SHA-256 of a file, in hex. @throws MigrationRefusedError when it cannot be read */
export async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (error) {
    throw new MigrationRefusedError(`${path} cannot be read: ${(error as Error).message}`);
  }
  return hash.digest('hex');
}

/** The first bytes of a file, at most `length`. @throws MigrationRefusedError when it cannot be read */
export function beginningOf(path: string, length: number): Buffer {
  const beginning = Buffer.alloc(length);
  try {
    const file = openSync(path, 'r');
    const read = readSync(file, beginning, 0, length, 0);
    closeSync(file);
    return beginning.subarray(0, read);
  } catch (error) {
    throw new MigrationRefusedError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** @throws MigrationRefusedError for what gzip has made */
export function refuseCompressed(path: string, beginning: Buffer): void {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) {
    throw new MigrationRefusedError(`${path} is compressed: unpack it first (gunzip).`);
  }
}
