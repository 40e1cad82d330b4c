import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEachStatement } from '../die-before-statement.js';

// Runs `npm run tenancy:adopt` on the file argv[2] with the arguments argv[4] and after, and looks before each of its
// SQLite statements at what a kill at that point would leave on the disk. Each thing that it might leave is copied
// into the folder argv[3], as 0.sqlite, 1.sqlite, …, once. Prints how many statements leave each of them.

const [, , path, folder] = process.argv;
/** What SQLite reads when it opens the database after a crash. (`-shm` is made again.) */
const ENDINGS = ['', '-journal', '-wal'];
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

process.argv.splice(2, 2, '--database', path);
await import('../../../src/cli/tenancy-adopt.js');
console.log(`states: ${JSON.stringify([...states.values()])}`);
