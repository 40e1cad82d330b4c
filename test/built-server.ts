import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { newDatabase } from './harness/app.js';
import { environmentOf } from './harness/migrated-database.js';

export interface BuiltServer {
  readonly child: ChildProcess;
  readonly port: number;
  readonly url: string;
  /** All it has printed so far. */
  readonly output: () => string;
  /** Its exit status, once it has ended. */
  readonly exit: Promise<number | null>;
}

const started: ChildProcess[] = [];

/**
 * Starts the built server (`npm run build` comes first) on a free port, by default over a new database and in dev mode.
 *
 * @param folder of another release, by default of this one
 */
export async function startBuiltServer(env: NodeJS.ProcessEnv = {}, folder?: string): Promise<BuiltServer> {
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      ...(env.DATABASE_URL === undefined ? environmentOf(newDatabase()) : {}),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const exit = once(child, 'exit').then(([status]) => status as number | null);
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const address = /"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(output);
      if (address) resolve(Number(address[1]));
    });
    exit.then((status) => reject(new Error(`It ended with ${status}: ${output}`)), reject);
  });
  return { child, port, url: `http://127.0.0.1:${port}`, output: () => output, exit };
}

/** Ends every server that was started. */
export function endBuiltServers(): void {
  for (const child of started.splice(0)) child.kill('SIGKILL');
}
