import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { TEST_SECRET } from '../harness/tokens.js';
import type { Usage } from './cpu-probe.js';
import { type MakeDatabase, type MeasuredDatabase, onSqlite } from './measured-database.js';

const BUILT = resolve(import.meta.dirname, '../..');
const PROBE = pathToFileURL(join(BUILT, 'test/bench/cpu-probe.js')).href;
/** How long a server may take to listen, on however busy a machine. Milliseconds. */
const PATIENCE = 60_000;
const LOOK_AGAIN_MS = 10;
const ADDRESS = /"address":"(http:[^"]+)"/;

/** What a server has to itself. */
interface Belongings {
  readonly folder: string;
  readonly database: MeasuredDatabase;
}

/** Those that run, so that none outlives this process. */
const running = new Map<ChildProcess, Belongings>();

process.on('exit', () => {
  for (const [child, { folder }] of running) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    for (const [child] of running) child.kill('SIGKILL');
    const removed = [...running.values()].map(({ database }) => database.remove());
    void Promise.allSettled(removed).then(() => process.exit(status));
  });
}

/**
 * A built server in a process of its own, on an empty database, whose use of CPU, memory
 * and disk can be read. It logs as it does
 * by default, to a file.
 */
export class MeasuredServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly database: MeasuredDatabase,
    readonly baseUrl: string,
  ) {}

  /** @param entry a built file, from the folder of the build: `src/main.js` */
  static async start(entry: string, makeDatabase: MakeDatabase = onSqlite): Promise<MeasuredServer> {
    const database = await makeDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
    const logFile = join(folder, 'log');
    const log = openSync(logFile, 'w');
    const child = spawn(process.execPath, ['--import', PROBE, join(BUILT, entry)], {
      env: {
        PATH: process.env.PATH,
        ...database.settings,
        JWT_SECRET: TEST_SECRET,
        PORT: '0',
        NODE_ENV: 'production',
      },
      stdio: ['ignore', log, 'inherit', 'ipc'],
    });
    closeSync(log);
    running.set(child, { folder, database });
    try {
      return new MeasuredServer(child, database, await addressOf(child, logFile));
    } catch (error) {
      await end(child);
      throw error;
    }
  }

  /** How it was told of its database. */
  get settings(): NodeJS.ProcessEnv {
    return this.database.settings;
  }

  /** What the process has used since it began. */
  async usage(): Promise<Usage> {
    const answered = once(this.child, 'message', { signal: AbortSignal.timeout(PATIENCE) });
    this.child.send('usage');
    const [usage] = (await answered) as [Usage];
    return usage;
  }

  /** User and system time since the process began, in microseconds. */
  async cpuMicroseconds(): Promise<number> {
    return (await this.usage()).cpu;
  }

  /** What its database takes on disk, in bytes. */
  databaseBytes(): Promise<number> {
    return this.database.bytes();
  }

  async stop(): Promise<void> {
    await end(this.child);
  }
}

/** Where the server says in its log that it listens. */
async function addressOf(child: ChildProcess, logFile: string): Promise<string> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const address = ADDRESS.exec(readFileSync(logFile, 'utf8'))?.[1];
    if (address) return address;
    if (child.exitCode !== null) {
      throw new Error(`The server ended with status ${child.exitCode}: ${readFileSync(logFile, 'utf8')}`);
    }
    if (Date.now() > deadline) throw new Error('The server did not listen in time');
    await sleep(LOOK_AGAIN_MS);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  const { folder, database } = running.get(child)!;
  running.delete(child);
  rmSync(folder, { recursive: true, force: true });
  await database.remove();
}
