import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of initdb and pg_ctl; tests that need a server of their own are skipped without it. */
export const POSTGRES_BIN = process.env.TEST_POSTGRES_BIN ?? '';

/** The folder of a server that .ci/postgres made: programs from there change to the server's user by themselves. */
const STARTED_BY_SCRIPT = process.env.TEST_POSTGRES_FOLDER;

export const SUPERUSER = 'postgres';
export const SUPERUSER_PASSWORD = 'Zq7-of the superuser';

/** A PostgreSQL server of a test's own, on 127.0.0.1. */
export interface PostgresServerProcess {
  readonly port: number;
  /** Holds the socket too. */
  readonly folder: string;
  /** Puts files where the configuration finds them by their names, readable by the server alone. */
  put(files: Record<string, string>): void;
  /** Makes it read its configuration and certificates again. */
  reload(): void;
  /** Ends it at once, as a crash would, and keeps its data. */
  crash(): void;
  /** Starts it again. */
  restart(): void;
  stop(): void;
}

/**
 * @param settings lines of postgresql.conf
 * @param access lines of pg_hba.conf
 * @param files what `settings` name, such as certificates
 */
export async function startPostgres(
  settings: readonly string[],
  access: readonly string[],
  files: Record<string, string> = {},
): Promise<PostgresServerProcess> {
  // Short, for the path of a socket has at most 107 bytes.
  const folder = mkdtempSync(join(tmpdir(), 'cairn-pg-'));
  const owner = ownerOf();
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(POSTGRES_BIN, program), args, {
      stdio: 'ignore',
      cwd: folder,
      ...(STARTED_BY_SCRIPT === undefined && owner),
    });
  const put = (contents: Record<string, string>) => {
    mkdirSync(data, { recursive: true });
    for (const [name, text] of Object.entries(contents)) {
      const path = join(data, name);
      writeFileSync(path, text);
      chmodSync(path, 0o600);
      if (owner) chownSync(path, owner.uid, owner.gid);
    }
  };
  const port = await freePort();
  const password = join(folder, 'password');
  writeFileSync(password, SUPERUSER_PASSWORD);
  const initial = ['--no-sync', '-A', 'scram-sha-256', '-U', SUPERUSER, `--pwfile=${password}`];
  run('initdb', '-D', data, ...initial);
  const listen = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    `unix_socket_directories = '${folder}'`,
  ];
  const quick = ['fsync = off', "lc_messages = 'C'", "dynamic_shared_memory_type = 'mmap'"];
  put({
    'postgresql.conf': [...listen, ...quick, ...settings, ''].join('\n'),
    'pg_hba.conf': [...access, ''].join('\n'),
    ...files,
  });
  const start = () => run('pg_ctl', '-w', '-D', data, '-l', join(folder, 'log'), 'start');
  start();
  return {
    port,
    folder,
    put,
    reload: () => void run('pg_ctl', '-D', data, 'reload'),
    crash: () => void run('pg_ctl', '-w', '-m', 'immediate', '-D', data, 'stop'),
    restart: () => void start(),
    stop: () => {
      // After a crash it is over.
      if (existsSync(join(data, 'postmaster.pid')))
        run('pg_ctl', '-w', '-m', 'immediate', '-D', data, 'stop');
      rmSync(folder, { recursive: true });
    },
  };
}

/** A port nobody listens at, now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** PostgreSQL does not run as root. */
function ownerOf(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (STARTED_BY_SCRIPT !== undefined) return statSync(join(STARTED_BY_SCRIPT, 'data'));
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
