import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OpenMemoryFile } from '../harness/openmemory/file.js';
import { storePlainRows } from '../harness/openmemory/plain-rows.js';
import { Random } from '../harness/random.js';
import { makePlace } from '../harness/postgres/migration-place.js';
import { storeRows } from '../harness/postgres/openmemory/rows.js';
import {
  DEFAULT_NAMES,
  type Shape,
  namesInFile,
  statementsOf,
} from '../harness/postgres/openmemory/tables.js';
import { asSuperuser } from '../harness/postgres/scratch-server.js';
import type { ExitUsage } from './exit-usage.js';

const BUILT = resolve(import.meta.dirname, '../..');

/** What an upgrade took, of the command's own process. */
export interface UpgradeCost extends ExitUsage {
  readonly memories: number;
  /** From the command's start to its end, seconds. */
  readonly seconds: number;
}

export interface FileUpgradeCost extends UpgradeCost {
  /** Of the file before, bytes. */
  readonly fileBytes: number;
}

/**
 * Takes over a file as OpenMemory HEAD would have written it (three owners; a vector of `dim` floats for each sector
 * of a memory, and its mean; an edge and a log for each memory), by the built command, backup, check and recall
 * index included, in a process of its own.
 */
export async function measureUpgrade(memories: number, dim: number, seed: number): Promise<FileUpgradeCost> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-upgrade-'));
  try {
    const path = join(folder, 'openmemory.sqlite');
    OpenMemoryFile.make(path, 'HEAD', (file) => storePlainRows(file, new Random(seed), memories, dim));
    const fileBytes = statSync(path).size;
    const began = performance.now();
    const usage = await run({ DATABASE_URL: `sqlite:${path}` }, join(folder, 'usage'));
    return { memories, fileBytes, seconds: (performance.now() - began) / 1000, ...usage };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The same of tables on PostgreSQL, with `bytes` (releases 1.2 and 1.3) or pgvector's `vector` (HEAD) for vectors, in a database of
 * its own on the server that TEST_DATABASE_URL names.
 */
export async function measurePostgresUpgrade(
  shape: Shape,
  memories: number,
  dim: number,
  seed: number,
): Promise<UpgradeCost> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-upgrade-'));
  const place = await makePlace('with schema');
  try {
    await asSuperuser(async (client) => {
      for (const sql of statementsOf(shape)) await client.query(sql);
      await storeRows(client, shape, (file) => storePlainRows(file, new Random(seed), memories, dim));
      for (const table of Object.values(namesInFile(DEFAULT_NAMES))) {
        await client.query(`ALTER TABLE IF EXISTS public."${table}" OWNER TO ${place.roles.migrator}`);
      }
    }, place.database);
    const began = performance.now();
    const usage = await run(place.env, join(folder, 'usage'));
    return { memories, seconds: (performance.now() - began) / 1000, ...usage };
  } finally {
    await place.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(settings: NodeJS.ProcessEnv, usageFile: string): Promise<ExitUsage> {
  const probe = pathToFileURL(join(BUILT, 'test/bench/exit-usage.js')).href;
  const child = spawn(process.execPath, ['--import', probe, join(BUILT, 'src/cli/migrate.js'), 'run'], {
    env: { PATH: process.env.PATH, ...settings, USAGE_FILE: usageFile },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`The upgrade ended with status ${status}`);
  return JSON.parse(readFileSync(usageFile, 'utf8')) as ExitUsage;
}
