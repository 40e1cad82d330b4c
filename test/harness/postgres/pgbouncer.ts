import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './server-process.js';

/** Where pgbouncer is: as TEST_PGBOUNCER_BIN has it, or in the path; undefined where it is in neither. */
export function findPgbouncer(): string | undefined {
  const { TEST_PGBOUNCER_BIN, PATH = '' } = process.env;
  if (TEST_PGBOUNCER_BIN) return TEST_PGBOUNCER_BIN;
  return PATH.split(delimiter)
    .map((folder) => join(folder, 'pgbouncer'))
    .find((path) => existsSync(path));
}

export interface Pgbouncer {
  readonly port: number;
  stop(): Promise<void>;
}

/** From 1.21 on it can follow named statements; told not to, it is like those before. */
const FOLLOWS_STATEMENTS = [1, 21];
const TRIES = 200;
const PAUSE_MS = 50;

/**
 * Starts one that lends its connections for a transaction each.
 *
 * @param server host and port of PostgreSQL
 * @param passwords of the roles that may come through it
 * @param size the connections that it holds to PostgreSQL, for each role and database
 */
export async function startPgbouncer(
  program: string,
  server: { readonly host: string; readonly port: number },
  passwords: Readonly<Record<string, string>>,
  size: number,
): Promise<Pgbouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-pgbouncer-'));
  const put = (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    chmodSync(path, 0o644);
    return path;
  };
  chmodSync(folder, 0o755);
  const port = await freePort();
  const users = put(
    'users',
    Object.entries(passwords).map(([role, password]) => `"${role}" "${password}"`),
  );
  const configuration = put('configuration', [
    '[databases]',
    `* = host=${server.host} port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    `default_pool_size = ${size}`,
    'max_client_conn = 200',
    ...(followsStatements(program) ? ['max_prepared_statements = 0'] : []),
  ]);
  const child = spawn(program, ['-q', configuration], { stdio: ['ignore', 'inherit', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += chunk));
  const stop = async () => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  for (let left = TRIES; !(await listens(port)); left -= 1) {
    if (child.exitCode !== null || left === 0) {
      await stop();
      throw new Error(`pgbouncer did not start: ${complaints}`);
    }
    await sleep(PAUSE_MS);
  }
  return { port, stop };
}

function followsStatements(program: string): boolean {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said)!.map(Number);
  const [needed, least] = FOLLOWS_STATEMENTS;
  return major > needed || (major === needed && minor >= least);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}
