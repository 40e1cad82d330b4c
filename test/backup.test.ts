import 'reflect-metadata';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { steps } from '../migrations/chain.js';
import { backUpTo } from '../src/upgrade/backup.js';
import { describeContents } from '../src/upgrade/database-contents.js';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { endedBy, holding } from './harness/holding.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { storePlainRows } from './harness/openmemory/plain-rows.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase } from './harness/stored-memories.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('backup');
const filled = () => adoptedDatabase({ acme: { ana: 70, '': 3 }, globex: { ben: 1 } }, new Random(seed));
const run = (path: string, ...args: string[]) =>
  // In production without credentials: the command needs the database alone.
  runBuilt('src/cli/backup', args, { DATABASE_URL: `sqlite:${path}`, NODE_ENV: 'production' });

function digestOf(path: string): string {
  const view = new DatabaseView(path);
  try {
    expect(view.integrity()).toBe('ok');
    return view.digest();
  } finally {
    view.close();
  }
}

/** Without what SQLite keeps beside a database in WAL mode that is only read. */
const filesBeside = (path: string) =>
  readdirSync(join(path, '..')).filter((name) => name !== basename(path) && !/-(wal|shm)$/.test(name));

afterAll(endBuiltServers);

describe('npm run backup', () => {
  it('copies the database and says where to, how large it is and what it holds', async () => {
    const path = await filled();
    chmodSync(path, 0o640);
    const { status, stdout, stderr } = await run(path);
    expect([status, stderr]).toEqual([0, '']);
    const [, size, contents, copy] =
      /^\[BACKUP\] ([\d.]+) kB: (.*)\n\[SUCCESS\] (.*)\n$/.exec(stdout) ?? expect.fail(stdout);
    expect(copy).toMatch(new RegExp(`^${path}\\.backup-\\d{8}T\\d{6}Z$`));
    expect(contents).toBe(
      `a Cairn database of version ${steps.at(-1)!.version} with 2 vaults, 0 users and 74 memories`,
    );
    expect(Number(size)).toBeCloseTo(statSync(copy).size / 1000, 0);
    expect(statSync(copy).mode & 0o777).toBe(0o640);
    expect(digestOf(copy)).toBe(digestOf(path));
    // It is complete by itself, and can be read where nothing can be written.
    expect(filesBeside(copy).filter((name) => name.startsWith(basename(copy)))).toEqual([]);
    expect(new Database(copy, { readonly: true }).pragma('journal_mode', { simple: true })).toBe('delete');
  });

  it('copies to a file or into a folder', async () => {
    const path = await filled();
    const folder = tempFolder();
    const file = join(folder, 'mine.sqlite');
    expect((await run(path, file)).stdout).toContain(`[SUCCESS] ${file}\n`);
    expect(digestOf(file)).toBe(digestOf(path));
    const inFolder = /\[SUCCESS\] (.*)\n/.exec((await run(path, folder)).stdout)![1];
    expect(inFolder).toMatch(new RegExp(`^${folder}/cairn\\.sqlite\\.backup-\\d{8}T\\d{6}Z$`));
    expect(filesBeside(path)).not.toContainEqual(expect.stringContaining('backup'));
  });

  it('overwrites nothing', async () => {
    const path = await filled();
    const file = join(tempFolder(), 'mine.txt');
    writeFileSync(file, 'mine');
    for (const target of [file, path]) {
      const before = readFileSync(target);
      const { status, stdout, stderr } = await run(path, target);
      expect([status, stdout]).toEqual([2, '']);
      expect(stderr).toBe(
        `[ERROR] No backup could be made at ${target}: there is such a file, and it was left as it is.\n`,
      );
      expect(readFileSync(target).equals(before)).toBe(true);
    }
    const copies = [await backUpTo(path), await backUpTo(path), await backUpTo(path)];
    expect(new Set(copies).size).toBe(3);
  });

  it('copies a database of OpenMemory too', async () => {
    const path = join(tempFolder(), 'openmemory.sqlite');
    OpenMemoryFile.make(path, '1.2.0', (file) => storePlainRows(file, new Random(seed), 5), { wal: true });
    const { status, stdout } = await run(path);
    expect(status).toBe(0);
    expect(stdout).toMatch(/: an OpenMemory database \(1\.2\.0\) with \d+ users? and 5 memories\n/);
  });

  it.each<[what: string, make: (path: string) => void, complaint: RegExp]>([
    ['no database', () => {}, /There is no database at .*/],
    ['an empty file', (path) => writeFileSync(path, ''), /There is no database at .*/],
    [
      'another kind of file',
      (path) => writeFileSync(path, 'Dear diary, '.repeat(999)),
      /file is not a database/,
    ],
    ['a folder', (path) => mkdirSync(path), /cannot be opened|unable to open/],
  ])('refuses %s, and leaves nothing', async (_, make, complaint) => {
    const path = join(tempFolder(), 'cairn.sqlite');
    make(path);
    const { status, stdout, stderr } = await run(path);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(complaint);
    expect(filesBeside(path)).toEqual([]);
  });

  it('does not pass off a damaged database as a backup', async () => {
    const path = await filled();
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 4096);
    writeFileSync(path, bytes);
    const { status, stderr } = await run(path);
    expect(status).toBe(2);
    expect(stderr).toMatch(/No backup could be made at .*: (the database is damaged|database disk image)/);
    expect(filesBeside(path)).not.toContainEqual(expect.stringContaining('backup'));
  });

  it('explains itself', async () => {
    expect((await run('x', '--help')).stdout).toContain('npm run backup -- FILE');
    const { status, stderr } = await run('x', 'a', 'b');
    expect(status).toBe(2);
    expect(stderr).toMatch(/Unexpected: b[\s\S]*npm run backup/);
  });
});

describe('a backup', () => {
  it('holds what was committed at one moment, while a service writes without pause', async () => {
    const folder = tempFolder();
    const path = join(folder, 'cairn.sqlite');
    const server = await startBuiltServer({ DATABASE_URL: `sqlite:${path}` });
    let made = 0;
    let stopping = false;
    const write = async () => {
      while (!stopping) {
        // Rows that belong together: a batch is one transaction of 20.
        const body = Array.from({ length: 20 }, () => ({
          content: `number ${(made += 1)}`,
          session_id: 's',
        }));
        await fetch(`${server.url}/v1/memories/batch`, {
          method: 'POST',
          headers: { 'x-vault-id': 'acme', 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      }
    };
    const writing = write();
    const counts: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { status, stdout, stderr } = await run(path, join(folder, `copy-${i}`));
      expect([status, stderr, stdout.split('\n').length]).toEqual([0, '', 3]);
      const view = new DatabaseView(join(folder, `copy-${i}`));
      expect(view.integrity()).toBe('ok');
      const [{ n, counted }] = view.all<{ n: number; counted: number }>(
        `SELECT (SELECT count(*) FROM memories) AS n, (SELECT sum(memory_count) FROM scopes) AS counted`,
      );
      view.close();
      expect([n % 20, n]).toEqual([0, counted]);
      counts.push(n);
    }
    stopping = true;
    await writing;
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts[3]).toBeGreaterThan(counts[0]);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    expect(describeContents(path)).toContain(`${made} memories`);
  });

  it('takes a writer’s committed rows and not the others', async () => {
    const path = join(tempFolder(), 'notes.sqlite');
    const writer = await holding('test/harness/write-and-hang', [path, 'wal']);
    onTestFinished(() => void writer.kill('SIGKILL'));
    const copy = await backUpTo(path);
    const database = new Database(copy, { readonly: true });
    expect(database.prepare('SELECT text FROM notes').pluck().all()).toEqual(['committed']);
    database.close();
  });

  it('that was killed is not taken for one', async () => {
    const path = await filled();
    const target = join(tempFolder(), 'copy.sqlite');
    const hanging = await holding('test/harness/backup-and-hang', [path, target]);
    await endedBy(hanging, 'SIGKILL');
    expect(existsSync(target)).toBe(true);
    expect(describeContents(target)).toBe('an empty database');
  });
});
