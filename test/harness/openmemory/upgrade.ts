import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { migrateDatabase } from '../../../src/upgrade/migrate-database.js';
import { reindexDatabase } from '../../../src/upgrade/reindex-database.js';
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

/** The same in this process, for where the command itself is not what is looked at. */
export async function upgradeHere(path: string): Promise<void> {
  await migrateDatabase({ path, backup: false });
  await reindexDatabase({ database: { kind: 'sqlite', path } });
}

/** Takes back all that was done. @returns how many steps that took */
export async function revertAll(path: string): Promise<number> {
  for (let steps = 0; steps < 10; steps += 1) {
    const report = await migrateDatabase({ path, direction: 'revert', backup: false });
    if (report.steps.length === 0) return steps;
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
