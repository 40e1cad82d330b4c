import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import { DatabaseView } from '../harness/database-view.js';
import type { ExitUsage } from './exit-usage.js';
import { Texts } from './texts.js';

const BUILT = resolve(import.meta.dirname, '../..');
const USERS = 100;
/** Memories of one session. */
const SESSION = 50;

/** What an import took. */
export interface ImportCost extends ExitUsage {
  readonly rows: number;
}

/**
 * Imports a file as mem0 writes it, a record a line, into an empty embedded database, by the built command in a process
 * of its own: start, look through the file, index, books and check included.
 *
 * @throws Error unless every row has become a memory
 */
export async function measureImport(rows: number, seed: number): Promise<ImportCost> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-import-'));
  try {
    const [file, database] = [join(folder, 'mem0.jsonl'), join(folder, 'cairn.sqlite')];
    await writeExport(file, rows, seed);
    await migrateDatabase({ path: database });
    const usage = await run(file, database, join(folder, 'usage'));
    const view = new DatabaseView(database);
    const [{ n }] = view.all<{ n: number }>('SELECT count(*) AS n FROM memories');
    view.close();
    if (n !== rows) throw new Error(`Of ${rows} rows ${n} became memories`);
    return { rows, ...usage };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeExport(file: string, rows: number, seed: number): Promise<void> {
  const stream = createWriteStream(file);
  const texts = new Texts(seed);
  for (let i = 0; i < rows; i += 1) {
    const session = Math.floor(i / SESSION);
    const line = JSON.stringify({
      ...{ id: `m-${i}`, memory: texts.next(), user_id: `user-${session % USERS}`, run_id: `run-${session}` },
      ...{ metadata: { i, lang: 'en' }, categories: ['a', 'b'] },
      created_at: new Date(1_600_000_000_000 + i * 60_000).toISOString(),
    });
    if (!stream.write(`${line}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'finish');
}

async function run(file: string, database: string, usageFile: string): Promise<ExitUsage> {
  const probe = pathToFileURL(join(BUILT, 'test/bench/exit-usage.js')).href;
  const command = join(BUILT, 'src/cli/import.js');
  const child = spawn(process.execPath, ['--import', probe, command, '--from', 'mem0', file], {
    env: { PATH: process.env.PATH, DATABASE_URL: `sqlite:${database}`, USAGE_FILE: usageFile },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`The import ended with status ${status}`);
  return JSON.parse(readFileSync(usageFile, 'utf8')) as ExitUsage;
}
