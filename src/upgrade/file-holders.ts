import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { MigrationRefusedError } from './migration-refused.error.js';

/** A process that stands in the way. */
export interface Holder {
  readonly pid: number;
  /** The program, with the script where it is an interpreter; no further arguments, which may hold secrets. */
  readonly command: string;
}

/** What SQLite keeps beside a database while it is open. */
const BESIDE = ['', '-wal', '-shm', '-journal'];
const INTERPRETERS = /^(node|nodejs|bun|deno|python[\d.]*|ruby|perl|php|sh|bash)$/;
const SHOWN = 5;

/**
 * The other processes that have the database at `path` open, or a lock on it: found in /proc, and so none where the
 * system has no /proc. Of another user's processes only those with a lock are seen.
 */
export function holdersOf(path: string): Holder[] {
  return holdersOfFiles(identify(path));
}

/** @param files each by its `fileId` */
export function holdersOfFiles(files: ReadonlySet<string>): Holder[] {
  if (files.size === 0) return [];
  const open = processes().filter((pid) => hasOpen(pid, files));
  return describe([...open, ...lockers(files, /READ|WRITE/)]);
}

/** Those of them that hold a lock for writing: one that only reads the database, or waits, is not among them. */
export function writersOf(path: string): Holder[] {
  return describe(lockers(identify(path), /WRITE/));
}

/** As part of a sentence: `process 4711 (node dist/src/main.js)`; undefined for none. */
export function nameHolders(holders: readonly Holder[]): string | undefined {
  if (holders.length === 0) return undefined;
  const names = holders.slice(0, SHOWN).map(({ pid, command }) => `process ${pid} (${command})`);
  if (holders.length > SHOWN) names.push(`${holders.length - SHOWN} more`);
  return names.join(' and ');
}

/** What to say where another process does not let go of the database: who that is, where the system tells it. */
export function inUse(path: string): MigrationRefusedError {
  const writers = writersOf(path);
  const names = nameHolders(writers.length > 0 ? writers : holdersOf(path)) ?? 'another process';
  return new MigrationRefusedError(`${path} is in use by ${names}. Stop it first.`);
}

/** What a file is, whatever it is called: device and number. Undefined where there is none. */
export function fileId(path: string): string | undefined {
  const file = attempt(() => statSync(path, { bigint: true }));
  return file?.isFile() ? `${file.dev}:${file.ino}` : undefined;
}

/** Each file of the database. */
function identify(path: string): Set<string> {
  return new Set(BESIDE.map((ending) => fileId(path + ending)).filter((id) => id !== undefined));
}

function processes(): number[] {
  return (attempt(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
}

function hasOpen(pid: number, files: ReadonlySet<string>): boolean {
  const descriptors = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return descriptors.some((descriptor) => {
    const link = `/proc/${pid}/fd/${descriptor}`;
    // Sockets and pipes have names that are no paths.
    if (!attempt(() => readlinkSync(link))?.startsWith('/')) return false;
    const id = fileId(link);
    return id !== undefined && files.has(id);
  });
}

/** The holders of locks of this kind, as in `1: POSIX  ADVISORY  WRITE 3568 fd:00:2531452 120 120`. */
function lockers(files: ReadonlySet<string>, kind: RegExp): number[] {
  const table = attempt(() => readFileSync('/proc/locks', 'utf8')) ?? '';
  return table.split('\n').flatMap((line) => {
    // One that waits for a lock has an arrow in front, and does not match.
    const lock = /^\d+: POSIX +\S+ +(\S+) +(\d+) +([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line);
    if (!lock || !kind.test(lock[1])) return [];
    const device = deviceNumber(BigInt(`0x${lock[3]}`), BigInt(`0x${lock[4]}`));
    return files.has(`${device}:${lock[5]}`) ? [Number(lock[2])] : [];
  });
}

/** As `stat` gives it, on Linux. */
function deviceNumber(major: bigint, minor: bigint): bigint {
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
}

function describe(pids: readonly number[]): Holder[] {
  const others = [...new Set(pids)].filter((pid) => pid !== process.pid && pid !== 0);
  return others.sort((a, b) => a - b).map((pid) => ({ pid, command: commandOf(pid) }));
}

function commandOf(pid: number): string {
  const [program = '', ...rest] = (attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '').split(
    '\0',
  );
  const name = basename(program.split(' ')[0]);
  const script = INTERPRETERS.test(name)
    ? rest.find((word) => word !== '' && !word.startsWith('-'))
    : undefined;
  const command = [name, ...(script === undefined ? [] : [script])].join(' ');
  // Whoever chose these names may have put anything into them.
  return command.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120) || 'unknown';
}

/** Processes come and go, and some are closed to us. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
