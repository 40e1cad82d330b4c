import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEachStatement } from './die-before-statement.js';

/** What SQLite reads when it opens the database after a crash. (`-shm` is made again.) */
const ENDINGS = ['', '-journal', '-wal'];

/**
 * Looks before each SQLite statement of this process at what a kill at that point would leave on the disk: the database
 * with its journal or its write-ahead log. Each thing that it might leave is copied into the folder, as 0.sqlite,
 * 1.sqlite, …, once.
 *
 * @returns prints how many statements leave each of them
 */
export function copyStates(path: string, folder: string): () => void {
  const states = new Map<string, { name: string; statements: number }>();
  beforeEachStatement(() => {
    const hash = createHash('sha256');
    const present = ENDINGS.filter((ending) => existsSync(path + ending));
    for (const ending of present) hash.update(`${ending}:`).update(readFileSync(path + ending));
    const digest = hash.digest('hex');
    const known = states.get(digest);
    if (known) {
      known.statements += 1;
      return;
    }
    const name = `${states.size}.sqlite`;
    states.set(digest, { name, statements: 1 });
    for (const ending of present) copyFileSync(path + ending, join(folder, name + ending));
  });
  return () => console.log(`states: ${JSON.stringify([...states.values()])}`);
}
