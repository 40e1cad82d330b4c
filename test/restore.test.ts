import 'reflect-metadata';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { steps } from '../migrations/chain.js';
import { backUpTo } from '../src/upgrade/backup.js';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { restoreDatabase } from '../src/upgrade/restore-database.js';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { FOREIGN_DATABASES, makeForeignDatabase } from './harness/foreign-databases.js';
import { endedBy, holding } from './harness/holding.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { storePlainRows } from './harness/openmemory/plain-rows.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase } from './harness/stored-memories.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('restore');
const random = new Random(seed);
const of = (vault: string, memories: number) => adoptedDatabase({ [vault]: { ana: memories } }, random);
const run = (path: string, ...args: string[]) =>
  runBuilt('src/cli/restore', args, { DATABASE_URL: `sqlite:${path}`, NODE_ENV: 'production' });

function digestOf(path: string): string {
  const view = new DatabaseView(path);
  try {
    expect(view.integrity()).toBe('ok');
    return view.digest();
  } finally {
    view.close();
  }
}

/** Everything beside the database but what SQLite and the lock leave. */
const filesOf = (path: string) =>
  readdirSync(join(path, '..'))
    .filter((name) => !/-(wal|shm)$|\.migrate-lock$/.test(name))
    .sort();

afterAll(endBuiltServers);

describe('npm run restore', () => {
  it('replaces the database, keeps the former one, and says what to do next', async () => {
    const [path, backup] = [await of('now', 40), await of('then', 30)];
    chmodSync(path, 0o600);
    const [now, then] = [digestOf(path), digestOf(backup)];
    const { status, stdout, stderr } = await run(path, backup);
    expect([status, stderr]).toEqual([0, '']);
    const [, kept] =
      /kept: (.*)\n\[SUCCESS\] .*cairn\.sqlite is restored\.\nNext: npm run verify, and npm start\.\n/.exec(
        stdout,
      ) ?? expect.fail(stdout);
    expect(kept).toMatch(new RegExp(`^${path}\\.before-restore-\\d{8}T\\d{6}Z$`));
    expect(stdout).toContain(`[RESTORE] ${backup} is a Cairn database of version`);
    expect(stdout.endsWith(`To undo it: npm run restore -- ${kept}\n`)).toBe(true);
    expect([digestOf(path), digestOf(kept), digestOf(backup)]).toEqual([then, now, then]);
    for (const file of [path, kept]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(filesOf(path)).toEqual(['cairn.sqlite', kept.slice(path.length - 'cairn.sqlite'.length)]);

    // And back.
    expect((await run(path, kept)).status).toBe(0);
    expect(digestOf(path)).toBe(now);
  });

  it('works where there is no database, or an empty file', async () => {
    const backup = await of('then', 5);
    const absent = join(tempFolder(), 'data', 'cairn.sqlite');
    const empty = join(tempFolder(), 'cairn.sqlite');
    writeFileSync(empty, '');
    // Of another database, whose file is gone.
    mkdirSync(join(absent, '..'));
    writeFileSync(`${absent}-wal`, readFileSync(backup));
    for (const path of [absent, empty]) {
      const { status, stdout } = await run(path, backup);
      expect(status).toBe(0);
      expect(stdout).not.toMatch(/kept|undo/);
      expect(digestOf(path)).toBe(digestOf(backup));
      expect(filesOf(path)).toEqual(['cairn.sqlite']);
    }
  });

  it('brings back what a migration has changed, and says that it can be run again', async () => {
    const path = await adoptedDatabase({ acme: { ana: 9 } }, random, '2.0.0');
    const before = digestOf(path);
    const { backup } = await migrateDatabase({ path });
    const { stdout } = await run(path, backup!);
    expect(digestOf(path)).toBe(before);
    expect(stdout).toContain('Next: npm run migration:run, which brings it to this version');
    expect((await migrateDatabase({ path })).steps.length).toBe(steps.length - 3);
  });

  it('restores a database of OpenMemory, to be taken over', async () => {
    const [path, backup] = [await of('now', 3), join(tempFolder(), 'openmemory.sqlite')];
    OpenMemoryFile.make(backup, '1.3.0', (file) => storePlainRows(file, random, 5), { wal: true });
    const { status, stdout } = await run(path, backup);
    expect(status).toBe(0);
    expect(stdout).toContain('Next: npm run migration:run, which takes it over.');
    expect(digestOf(path)).toBe(digestOf(backup));
  });

  it('keeps what is in the logs of a database whose writer was killed, and leaves them to nobody', async () => {
    for (const mode of ['wal', 'delete']) {
      const [path, backup] = [join(tempFolder(), 'cairn.sqlite'), await of('then', 3)];
      const writer = await holding('test/harness/write-and-hang', [path, mode]);
      await endedBy(writer, 'SIGKILL');
      const { kept } = await restoreDatabase({ path, from: backup });
      const former = new Database(kept!, { readonly: true });
      expect([mode, former.prepare('SELECT text FROM notes').pluck().all()]).toEqual([mode, ['committed']]);
      former.close();
      expect(readdirSync(join(path, '..')).filter((name) => /-(wal|shm|journal)$/.test(name))).toEqual([]);
      expect(digestOf(path)).toBe(digestOf(backup));
    }
  });

  it('replaces what is no database any more, and keeps it as it was', async () => {
    const [path, backup] = [await of('now', 60), await of('then', 3)];
    const bytes = readFileSync(path);
    bytes.fill(0, 0, 100);
    writeFileSync(path, bytes);
    const { kept } = await restoreDatabase({ path, from: backup });
    expect(readFileSync(kept!).equals(bytes)).toBe(true);
    expect(digestOf(path)).toBe(digestOf(backup));
  });

  it('replaces a damaged database', async () => {
    const [path, backup] = [await of('now', 60), await of('then', 3)];
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096, bytes.length);
    writeFileSync(path, bytes);
    const { kept } = await restoreDatabase({ path, from: backup });
    expect(statSync(kept!).size).toBe(bytes.length);
    expect(digestOf(path)).toBe(digestOf(backup));
  });

  it('replaces what a link leads to, not the link', async () => {
    const [path, backup] = [await of('now', 3), await of('then', 3)];
    const link = join(tempFolder(), 'link.sqlite');
    symlinkSync(path, link);
    const { kept } = await restoreDatabase({ path: link, from: backup });
    expect(kept).toContain(`${path}.before-restore-`);
    expect(digestOf(path)).toBe(digestOf(backup));
    expect(digestOf(link)).toBe(digestOf(backup));
  });
});

describe('npm run restore refuses', () => {
  /** That nothing has changed, whatever it says. */
  async function refuses(path: string, from: string, complaint: RegExp): Promise<void> {
    const before = existsSync(path) ? digestOf(path) : undefined;
    const { status, stdout, stderr } = await run(path, from);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(complaint);
    expect(stderr).toMatch(/Nothing was changed\.\n$/);
    expect(existsSync(path) ? digestOf(path) : undefined).toBe(before);
    expect(filesOf(path)).toEqual(before === undefined ? [] : ['cairn.sqlite']);
  }

  const elsewhere = () => join(tempFolder(), 'backup.sqlite');

  it.each<[what: string, make: (from: string) => void, complaint: RegExp]>([
    ['no file', () => undefined, /There is no file .*backup\.sqlite/],
    ['an empty file', (from) => writeFileSync(from, ''), /is an empty database/],
    [
      'another kind of file',
      (from) => writeFileSync(from, 'Dear diary'.repeat(999)),
      /is not an SQLite database/,
    ],
    [
      'a database of nobody we know',
      (from) => makeForeignDatabase(from, FOREIGN_DATABASES.stranger.sql),
      /invoices/,
    ],
    [
      'a database of Metamorph',
      (from) => makeForeignDatabase(from, FOREIGN_DATABASES.metamorph.sql),
      /Metamorph/,
    ],
    ['a folder', (from) => mkdirSync(from), /cannot be (opened|read)/],
  ])('%s', async (_, make, complaint) => {
    const from = elsewhere();
    make(from);
    await refuses(await of('now', 3), from, complaint);
    await refuses(join(tempFolder(), 'cairn.sqlite'), from, complaint);
  });

  it('a damaged backup', async () => {
    const path = await of('now', 3);
    const damaged = await backUpTo(await of('then', 80));
    const bytes = readFileSync(damaged);
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 4096);
    writeFileSync(damaged, bytes);
    await refuses(path, damaged, /the database is damaged|database disk image is malformed/);
  });

  it('a backup that was cut short', async () => {
    const path = await of('now', 3);
    const cut = await backUpTo(await of('then', 80));
    truncateSync(cut, statSync(cut).size - 40_960);
    await refuses(path, cut, /was not restored|cannot be read/);
  });

  it('a backup of a newer version', async () => {
    const [path, newer] = [await of('now', 3), await of('then', 3)];
    new Database(newer).exec(`INSERT INTO schema_version VALUES ('9.0.0', 1)`).close();
    await refuses(path, newer, /made by a newer Cairn than this one: it holds 9\.0\.0/);
  });

  it('the database itself', async () => {
    const path = await of('now', 3);
    const link = join(tempFolder(), 'link');
    symlinkSync(path, link);
    await refuses(path, path, /is the database itself/);
    await refuses(path, link, /is the database itself/);
  });

  it('while a service has the database open, naming it', async () => {
    const [path, backup] = [await of('now', 3), await of('then', 3)];
    const server = await startBuiltServer({ DATABASE_URL: `sqlite:${path}` });
    const { status, stderr } = await run(path, backup);
    expect(status).toBe(2);
    const who =
      process.platform === 'linux'
        ? `process ${server.child.pid} (node dist/src/main.js)`
        : 'another process';
    expect(stderr).toBe(`[ERROR] ${path} is in use by ${who}. Stop it first. Nothing was changed.\n`);
    const found = await fetch(`${server.url}/v1/memories`, { headers: { 'x-vault-id': 'now' } });
    expect(((await found.json()) as { items: unknown[] }).items.length).toBeGreaterThan(0);
    server.child.kill('SIGTERM');
    await server.exit;
    expect((await run(path, backup)).status).toBe(0);
  });

  it.each([
    ['reads it', 'BEGIN', 'SELECT * FROM vaults'],
    ['writes to it', 'BEGIN IMMEDIATE'],
    ['has it open', ''],
  ])('while another process %s', async (_, ...statements) => {
    const [path, backup] = [await of('now', 3), await of('then', 3)];
    const holder = await holding('test/harness/hold-open', [path, ...statements]);
    onTestFinished(() => void holder.kill('SIGKILL'));
    await refuses(path, backup, /is in use by (process \d+|another process)/);
  });

  it('while it is open, whoever that is: SQLite knows, where the system tells nothing', async () => {
    const [path, backup] = [await of('now', 3), await of('then', 3)];
    // The system is asked about other processes alone.
    const own = new Database(path);
    own.pragma('journal_mode = WAL');
    own.prepare('SELECT * FROM vaults').all();
    await expect(restoreDatabase({ path, from: backup })).rejects.toThrow(/is in use by another process/);
    own.close();
    await restoreDatabase({ path, from: backup });
  });

  it('while another process migrates it', async () => {
    const [path, backup] = [await of('now', 3), await of('then', 3)];
    const holder = await holding('test/harness/hold-migration-lock', [path]);
    onTestFinished(() => void holder.kill('SIGKILL'));
    const lines: string[] = [];
    const waiting = restoreDatabase({
      path,
      from: backup,
      lockTimeoutMs: 200,
      log: (line) => lines.push(line),
    });
    await expect(waiting).rejects.toThrow(/Another process has been migrating/);
    expect(lines).toEqual(['[RESTORE] Waiting for another process to finish its migration...']);
  });

  it('what it does not understand', async () => {
    expect((await run('x', '--help')).stdout).toContain('npm run restore -- FILE');
    for (const [args, complaint] of [
      [[], /Which file/],
      [['a', 'b'], /Unexpected: b/],
      [['--yes'], /--yes/],
    ] as [string[], RegExp][]) {
      const { status, stderr } = await run('x', ...args);
      expect(status).toBe(2);
      expect(stderr).toMatch(complaint);
    }
  });
});
