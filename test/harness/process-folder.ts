import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;

/** A new folder that goes with the process. */
export function processFolder(): string {
  if (root === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'cairn-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    root = folder;
  }
  return mkdtempSync(join(root, 'f-'));
}
