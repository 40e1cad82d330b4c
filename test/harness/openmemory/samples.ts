import { chmodSync, copyFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Databases that OpenMemory's own releases have written: `legacy/openmemory-*.sqlite` in the folder that CAIRN_DATA
 * names. They are no part of the project; without that setting there are none, and a test says so.
 */
export function samples(): string[] {
  const folder = process.env.CAIRN_DATA && join(process.env.CAIRN_DATA, 'legacy');
  if (!folder || !existsSync(folder)) {
    console.log(
      'Samples of OpenMemory databases: not measured. Set CAIRN_DATA to the folder that holds them.',
    );
    return [];
  }
  return readdirSync(folder)
    .filter((name) => /^openmemory-.*\.sqlite$/.test(name))
    .map((name) => join(folder, name));
}

/** A copy of a database that may be changed. @returns its path */
export function copyInto(folder: string, original: string, name = basename(original)): string {
  const path = join(folder, name);
  for (const ending of ['', '-wal']) {
    if (!existsSync(original + ending)) continue;
    copyFileSync(original + ending, path + ending);
    chmodSync(path + ending, 0o600);
  }
  return path;
}
