import 'reflect-metadata';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { restoreDatabase } from '../src/upgrade/restore-database.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { endedBy, holding } from './harness/holding.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase } from './harness/stored-memories.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('restore.kill');
const RESTORE_AND_DIE = 'test/harness/restore-and-die';
const AT_ONCE = 2;

/** Everything in it; what a killed process has left half done is undone first. */
function digestOf(path: string): string {
  new Database(path).exec('SELECT * FROM sqlite_schema').close();
  const view = new DatabaseView(path);
  try {
    expect(view.integrity()).toBe('ok');
    return view.digest();
  } finally {
    view.close();
  }
}

/** A database with a log that holds committed rows, as a process that was killed has left it. */
async function withLog(mode: 'wal' | 'delete'): Promise<string> {
  const path = await adoptedDatabase({ now: { ana: 60 } }, new Random(seed));
  const writer = await holding('test/harness/write-and-hang', [path, mode]);
  await endedBy(writer, 'SIGKILL');
  expect(existsSync(`${path}-${mode === 'wal' ? 'wal' : 'journal'}`)).toBe(true);
  return path;
}

function copyAll(from: string, to: string): void {
  for (const ending of ['', '-wal', '-journal']) {
    if (existsSync(from + ending)) copyFileSync(from + ending, to + ending);
  }
}

describe('kill -9 at any step of a restoration', () => {
  it.each(['wal', 'delete'] as const)(
    'leaves the old database or the new one, whole: over one with a log, in journal mode %s',
    { timeout: 600_000 },
    async (mode) => {
      const current = await withLog(mode);
      const backup = await adoptedDatabase({ then: { ben: 50 } }, new Random(seed + 1));
      const folder = tempFolder();
      const place = (name: string) => {
        mkdirSync(join(folder, name));
        const path = join(folder, name, 'cairn.sqlite');
        copyAll(current, path);
        return path;
      };
      const now = digestOf(place('now'));
      const then = digestOf(backup);
      const whole = await runBuilt(RESTORE_AND_DIE, [place('whole'), backup, '0']);
      const total = Number(whole.stdout);
      expect(total, whole.stderr).toBeGreaterThan(40);

      const found = { [now]: 0, [then]: 0 };
      const numbers = Array.from({ length: total }, (_, i) => i + 1);
      const worker = async () => {
        for (let n = numbers.shift(); n !== undefined; n = numbers.shift()) {
          const path = place(`killed-${n}`);
          const { signal } = await runBuilt(RESTORE_AND_DIE, [path, backup, String(n)]);
          expect([n, signal]).toEqual([n, 'SIGKILL']);
          const left = digestOf(path);
          expect([n, [now, then].includes(left)]).toEqual([n, true]);
          found[left] += 1;
          // What is named as the former database is that, whenever it is there.
          for (const kept of formerOnes(path)) expect([n, digestOf(kept)]).toEqual([n, now]);
          await restoreDatabase({ path, from: backup });
          expect([n, digestOf(path)]).toEqual([n, then]);
          expect([n, readdirSync(join(path, '..')).filter((name) => name.includes('.restore-'))]).toEqual([
            n,
            [],
          ]);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      console.log(
        `killed at ${total} steps: ${found[now]} times the old one, ${found[then]} times the new one`,
      );
      expect(Math.min(found[now], found[then])).toBeGreaterThan(0);
    },
  );
});

function formerOnes(path: string): string[] {
  const folder = join(path, '..');
  return readdirSync(folder)
    .filter((name) => /\.before-restore-\d{8}T\d{6}Z(-\d+)?$/.test(name))
    .map((name) => join(folder, name));
}
