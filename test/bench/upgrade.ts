import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OpenMemoryFile } from '../harness/openmemory/file.js';
import { storePlainRows } from '../harness/openmemory/plain-rows.js';
import { Random } from '../harness/random.js';
import type { ExitUsage } from './exit-usage.js';

const BUILT = resolve(import.meta.dirname, '../..');

/** What an upgrade took. */
export interface UpgradeCost extends ExitUsage {
  readonly memories: number;
  /** Of the file before, bytes. */
  readonly fileBytes: number;
  /** From the command's start to its end, seconds. */
  readonly seconds: number;
}

/**
 * Takes over a file as OpenMemory HEAD would have written it (three owners; a vector of `dim` floats for each sector
 * of a memory, and its mean; an edge and a log for each memory), by the built command, backup, check and recall
 * index included, in a process of its own.
 */
export async function measureUpgrade(memories: number, dim: number, seed: number): Promise<UpgradeCost> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-upgrade-'));
  try {
    const path = join(folder, 'openmemory.sqlite');
    OpenMemoryFile.make(path, 'HEAD', (file) => storePlainRows(file, new Random(seed), memories, dim));
    const fileBytes = statSync(path).size;
    const began = performance.now();
    const usage = await run(path, join(folder, 'usage'));
    return { memories, fileBytes, seconds: (performance.now() - began) / 1000, ...usage };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(path: string, usageFile: string): Promise<ExitUsage> {
  const probe = pathToFileURL(join(BUILT, 'test/bench/exit-usage.js')).href;
  const child = spawn(process.execPath, ['--import', probe, join(BUILT, 'src/cli/migrate.js'), 'run'], {
    env: { PATH: process.env.PATH, DATABASE_URL: `sqlite:${path}`, USAGE_FILE: usageFile },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`The upgrade ended with status ${status}`);
  return JSON.parse(readFileSync(usageFile, 'utf8')) as ExitUsage;
}
