import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type Finished, runBuilt } from '../built.js';
import { type Accounting, account } from './accounting.js';
import type { Snapshot } from './snapshot.js';

/** Runs `npm run migration:…` on a file, as it is after the build. */
export function migrate(path: string, ...args: string[]): Promise<Finished> {
  return runBuilt('src/cli/migrate', args, { DATABASE_URL: `sqlite:${path}` });
}

/** Takes a file over. It must be without an error and a warning. */
export async function upgrade(path: string, ...args: string[]): Promise<Finished> {
  const finished = await migrate(path, 'run', '--no-backup', ...args);
  expect({ status: finished.status, stderr: finished.stderr }).toEqual({ status: 0, stderr: '' });
  return finished;
}

/** Takes back all that was done. @returns how many steps that took */
export async function revertAll(path: string): Promise<number> {
  for (let steps = 0; steps < 10; steps += 1) {
    const { status, stdout, stderr } = await migrate(path, 'revert', '--no-backup');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    if (stdout.includes('nothing to revert')) return steps;
  }
  throw new Error('Reverting goes on for ever');
}

/** The accounting of an adopted file, in which nothing may be lost, and nothing be there that was not. */
export function expectNothingLost(before: Snapshot, path: string): Accounting {
  const accounting = account(before, path);
  expect({ lost: accounting.lost, invented: accounting.invented }).toEqual({ lost: [], invented: [] });
  expect(accounting.homed + accounting.kept).toBe(accounting.rows);
  return accounting;
}

export function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
