import { join } from 'node:path';
import { Random } from '../random.js';
import { storeAwkwardMemories } from './awkward-memories.js';
import { storeAwkwardRows } from './awkward-rows.js';
import { OpenMemoryFile } from './file.js';
import { storePlainRows } from './plain-rows.js';
import type { Release } from './tables.js';

/** Rows as the release's server writes them. The same for the same seed. */
export function plain(memories = 40, seed = 1): (file: OpenMemoryFile) => void {
  return (file) => storePlainRows(file, new Random(seed), memories);
}

/** Those, and every odd value. */
export function awkward(file: OpenMemoryFile): void {
  plain(20)(file);
  storeAwkwardMemories(file);
  storeAwkwardRows(file);
}

/** @returns the path of a new file of a release, by default with plain rows */
export function makeFile(
  folder: string,
  release: Release,
  fill: (file: OpenMemoryFile) => void = plain(),
  options?: Parameters<typeof OpenMemoryFile.make>[3],
): string {
  const path = join(folder, `openmemory ${release}.sqlite`);
  OpenMemoryFile.make(path, release, fill, options);
  return path;
}
