import 'reflect-metadata';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { steps } from '../migrations/chain.js';
import { fingerprint } from '../src/upgrade/fingerprint.js';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { readState } from '../src/upgrade/plan.js';
import { prepareDatabase } from '../src/upgrade/prepare-database.js';
import { recognise } from '../src/upgrade/recognise.js';
import { runBuilt, startBuilt } from './harness/built.js';
import { FOREIGN_DATABASES, makeForeignDatabase } from './harness/foreign-databases.js';
import { tempFolder } from './harness/temp-folder.js';

const MIGRATE = 'src/cli/migrate';
const ALL = steps.map(({ name }) => name);
const newFile = () => join(tempFolder(), 'cairn.sqlite');
const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const configOf = (path: string) => ({
  database: { path, url: `sqlite:${path}`, kind: 'sqlite' as const, source: 'test' },
});
const migrate = (path: string, ...args: string[]) =>
  runBuilt(MIGRATE, args, { DATABASE_URL: `sqlite:${path}` });
const backupsOf = (path: string) => readdirSync(join(path, '..')).filter((name) => name.includes('.backup-'));

function query(path: string, sql: string): unknown[] {
  const database = new Database(path);
  try {
    const statement = database.prepare(sql);
    return statement.reader ? statement.all() : [statement.run()];
  } finally {
    database.close();
  }
}

describe('a database that is not ours', () => {
  for (const [name, { sql, is }] of Object.entries(FOREIGN_DATABASES)) {
    for (const wal of [false, true]) {
      it(`is named and left as it is: ${name}${wal ? ' in WAL mode' : ''}`, async () => {
        const path = newFile();
        makeForeignDatabase(path, sql, { wal });
        const before = sha256(path);
        expect(recognise(path).description).toBe(is);
        for (const refused of [
          migrateDatabase({ path }),
          migrateDatabase({ path, direction: 'revert' }),
          prepareDatabase(configOf(path)),
        ]) {
          await expect(refused).rejects.toThrow(is);
        }
        expect(() => readState(path)).toThrow(is);
        expect(sha256(path)).toBe(before);
        expect(readdirSync(join(path, '..')).filter((file) => !/-(wal|shm)$/.test(file))).toEqual([
          'cairn.sqlite',
        ]);
      });
    }
  }

  it('makes the command exit 2, naming it; starting names the command', async () => {
    const path = newFile();
    makeForeignDatabase(path, FOREIGN_DATABASES.metamorph.sql);
    const before = sha256(path);
    for (const args of [['run'], ['run', '--dry-run'], ['revert'], ['show']]) {
      const { status, stderr } = await migrate(path, ...args);
      expect(status).toBe(2);
      expect(stderr).toMatch(/is a Metamorph database \(before vaults\)\..* Taking it over is not there yet/);
    }
    await expect(prepareDatabase(configOf(path))).rejects.toThrow(
      `DATABASE_URL=sqlite:${path} npm run migration:run`,
    );
    expect(sha256(path)).toBe(before);
  });

  it('may not even be a database', async () => {
    const path = newFile();
    writeFileSync(path, 'Dear diary, '.repeat(1000));
    const before = sha256(path);
    await expect(migrateDatabase({ path })).rejects.toThrow('is not an SQLite database');
    expect(sha256(path)).toBe(before);
    const folder = join(tempFolder(), 'folder');
    mkdirSync(folder);
    await expect(migrateDatabase({ path: folder })).rejects.toThrow(/cannot be (opened|read)/);
  });
});

describe('an empty database', () => {
  it('is an absent file, an empty one, and one without tables', async () => {
    const absent = join(tempFolder(), 'a', 'b', 'cairn.sqlite');
    const empty = newFile();
    writeFileSync(empty, '');
    const bare = newFile();
    makeForeignDatabase(bare, '', { wal: true });
    for (const path of [absent, empty, bare]) {
      expect(recognise(path).kind).toBe('empty');
      expect(readState(path).pending.map(({ name }) => name)).toEqual(ALL);
      expect((await migrateDatabase({ path })).steps).toEqual(steps);
      expect(recognise(path).kind).toBe('cairn');
      expect(readState(path).pending.map(({ name }) => name)).toEqual([]);
      expect(backupsOf(path)).toEqual([]);
    }
  });

  it('is prepared for a start, once', async () => {
    const path = join(tempFolder(), 'data', 'cairn.sqlite');
    expect(await prepareDatabase(configOf(path))).toMatchObject({ steps, version: '2.3.0' });
    expect(await prepareDatabase(configOf(path))).toEqual({ steps: [], version: '2.3.0' });
  });
});

describe('one migration at a time', () => {
  it('eight runners at once: each migration is applied once, and all succeed', async () => {
    const path = newFile();
    const runs = await Promise.all(Array.from({ length: 8 }, () => migrate(path, 'run')));
    expect(runs.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      Array(8).fill({ status: 0, stderr: '' }),
    );
    expect(query(path, 'SELECT name FROM migrations ORDER BY id')).toEqual(ALL.map((name) => ({ name })));
    expect(runs.filter(({ stdout }) => stdout.includes('Running migration'))).toHaveLength(1);
  });

  it('another one waits, and is told who is in the way when it gives up', async () => {
    const path = newFile();
    const holder = startBuilt('test/harness/hold-migration-lock', [path]);
    try {
      await new Promise((resolve) => holder.stdout!.once('data', resolve));
      const lines: string[] = [];
      const waiting = migrateDatabase({ path, lockTimeoutMs: 200, log: (line) => lines.push(line) });
      await expect(waiting).rejects.toThrow(/Another process has been migrating .*migrate-lock/);
      expect(lines).toEqual(['[MIGRATE] Waiting for another process to finish its migration...']);
      expect(existsSync(path)).toBe(false);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('the lock of a killed process is free', async () => {
    const path = newFile();
    const holder = startBuilt('test/harness/hold-migration-lock', [path]);
    await new Promise((resolve) => holder.stdout!.once('data', resolve));
    const waiting = migrateDatabase({ path, log: () => holder.kill('SIGKILL') });
    expect((await waiting).steps).toEqual(steps);
  });

  it('waits for a service that writes', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    const writer = new Database(path);
    writer.exec(`BEGIN IMMEDIATE; INSERT INTO users (user_id) VALUES ('late')`);
    const migrated = migrateDatabase({ path });
    setTimeout(() => writer.exec('COMMIT').close(), 300);
    await migrated;
    expect(query(path, 'SELECT user_id FROM users')).toEqual([{ user_id: 'late' }]);
  });
});

describe('before anything is applied to a database with tables', () => {
  it('it is copied, and the copy is whole and as private', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    query(path, `INSERT INTO users (user_id, summary) VALUES ('u', 's')`);
    chmodSync(path, 0o600);
    const { backup } = await migrateDatabase({ path });
    expect(backup).toMatch(/cairn\.sqlite\.backup-\d{8}T\d{6}Z$/);
    expect(statSync(backup!).mode & 0o777).toBe(0o600);
    expect(query(backup!, 'SELECT user_id, summary FROM users')).toEqual([{ user_id: 'u', summary: 's' }]);
    expect(query(backup!, 'SELECT version FROM schema_version')).toHaveLength(2);
    expect(backupsOf(path)).toHaveLength(1);
  });

  it('it is not copied when nobody wants that, or nothing is to be done', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    expect((await migrateDatabase({ path, backup: false })).backup).toBeUndefined();
    await migrateDatabase({ path });
    expect(backupsOf(path)).toEqual([]);
  });

  it('a damaged one is not touched', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    const database = new Database(path);
    database.exec(`INSERT INTO memories (id, content, primary_sector, created_at, last_seen_at)
      VALUES ('m', 'c', 's', 1, 2)`);
    database.unsafeMode();
    database.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'last_seen_at', 'created_at') WHERE name = 'idx_memories_ts'`);
    database.close();
    await expect(migrateDatabase({ path })).rejects.toThrow(/No backup could be made.*damaged/);
    expect(backupsOf(path)).toEqual([]);
    expect(query(path, 'SELECT max(version) AS v FROM schema_version')).toEqual([{ v: '1.2.0' }]);
  });
});

describe('a migration that fails', () => {
  it('is undone with all before it', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.1.0' });
    query(path, 'CREATE TABLE audit (in_the_way text)');
    const state = () => query(path, `SELECT name, sql FROM sqlite_schema ORDER BY name`);
    const before = state();
    await expect(migrateDatabase({ path })).rejects.toThrow(/audit.*already exists/);
    expect(state()).toEqual(before);
    expect(query(path, 'SELECT version FROM schema_version')).toEqual([{ version: '1.1.0' }]);
  });

  it('is undone when a reference would lead nowhere, or a row would be lost', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    query(path, 'CREATE TABLE notes (id text, memory text REFERENCES memories (id))');
    query(path, `INSERT INTO memories (id, content, primary_sector) VALUES ('m', 'c', 's')`);
    query(path, `INSERT INTO notes VALUES ('n', 'm')`);
    await expect(migrateDatabase({ path })).rejects.toThrow(/foreign key mismatch|lead nowhere/);
    expect(query(path, 'SELECT max(version) AS v FROM schema_version')).toEqual([{ v: '1.2.0' }]);
  });
});

describe('a database of a newer version', () => {
  it('is refused by what it holds', async () => {
    const path = newFile();
    await migrateDatabase({ path });
    query(path, `INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Later1999999999999')`);
    const before = sha256(path);
    for (const refused of [migrateDatabase({ path }), prepareDatabase(configOf(path))]) {
      await expect(refused).rejects.toThrow(/made by a newer Cairn.*Later1999999999999/);
    }
    expect((await migrate(path, 'run')).status).toBe(2);
    expect(sha256(path)).toBe(before);

    query(path, `DELETE FROM migrations WHERE name LIKE 'Later%'`);
    query(path, `INSERT INTO schema_version VALUES ('9.0.0', 1)`);
    await expect(migrateDatabase({ path })).rejects.toThrow(/newer Cairn.*9\.0\.0/);
  });
});

describe('the fingerprint of a table', () => {
  const of = (...statements: string[]) => {
    const database = new Database(':memory:');
    for (const sql of statements) database.exec(sql);
    const [[, print]] = [...fingerprint(database)];
    database.close();
    return { rows: print.rows, hash: print.hash };
  };

  it('is the same whatever the order of rows and columns', () => {
    expect(of('CREATE TABLE t (a, b)', `INSERT INTO t VALUES (1, 'x'), (2, NULL), (2, NULL)`)).toEqual(
      of('CREATE TABLE t (b, a)', `INSERT INTO t VALUES (NULL, 2), ('x', 1), (NULL, 2)`),
    );
  });

  it('differs by value, type and number of rows', () => {
    const rows = [
      '(1)',
      '(1.0)',
      `('1')`,
      `(x'31')`,
      '(NULL)',
      '(1), (1)',
      '(9007199254740993)',
      '(9007199254740992)',
    ];
    const prints = rows.map((values) => of('CREATE TABLE t (a)', `INSERT INTO t VALUES ${values}`));
    prints.push(of('CREATE TABLE t (a)'));
    expect(new Set(prints.map(({ hash }) => hash)).size).toBe(prints.length);
  });
});

describe('the command', () => {
  it('needs the database alone: no setting of authentication', async () => {
    const path = newFile();
    const { status, stdout, stderr } = await runBuilt(MIGRATE, ['run'], {
      DATABASE_URL: `sqlite:${path}`,
      NODE_ENV: 'production',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      'OpenMemory Database Migration Tool',
      '[MIGRATE] Checking for pending migrations...',
      '[MIGRATE] Current database version: none',
      '[MIGRATE] Running migration: 1.1.0 - Single-tenant memory store',
      '[MIGRATE] Migration 1.1.0 completed successfully',
      '[MIGRATE] Running migration: 1.2.0 - Multi-user tenant support',
      '[MIGRATE] Migration 1.2.0 completed successfully',
      '[MIGRATE] Running migration: 2.0.0 - Vaults',
      '[MIGRATE] Migration 2.0.0 completed successfully',
      '[MIGRATE] Running migration: 2.1.0 - Users, sessions, collections and waypoints',
      '[MIGRATE] Migration 2.1.0 completed successfully',
      '[MIGRATE] Running migration: 2.2.0 - Owners of rows from older databases',
      '[MIGRATE] Migration 2.2.0 completed successfully',
      '[MIGRATE] Running migration: 2.3.0 - Revisions of the recall index',
      '[MIGRATE] Migration 2.3.0 completed successfully',
      '[MIGRATE] All migrations completed',
      '[SUCCESS] Migration completed',
      '',
    ]);
  });

  it('says what it would do, does a part of it, shows it, and takes it back', async () => {
    const path = newFile();
    const dry = await migrate(path, 'run', '--dry-run');
    expect(dry).toMatchObject({ status: 0 });
    expect(dry.stdout.match(/^\[DRY RUN\] Running migration/gm)).toHaveLength(steps.length);
    expect(existsSync(path)).toBe(false);

    expect((await migrate(path, 'run', '--migration=Users1763600000002')).status).toBe(0);
    const shown = await migrate(path, 'show');
    expect(shown.stdout.split('\n').map((line) => line.slice(0, 9))).toEqual([
      '[X] 1.1.0',
      '[X] 1.2.0',
      '[ ] 2.0.0',
      '[ ] 2.1.0',
      '[ ] 2.2.0',
      '[ ] 2.3.0',
      '',
    ]);

    const second = await migrate(path, 'run', '--no-backup');
    expect(second.stdout).toMatch(/Current database version: 1\.2\.0\n.*Running migration: 2\.0\.0/);
    expect(second.stdout).toMatch(/table +rows before +sha256 before +rows after +sha256 after/);
    expect((await migrate(path, 'run')).stdout).toContain('No migrations are pending');

    const back = await migrate(path, 'revert');
    expect(back).toMatchObject({ status: 0 });
    expect(back.stdout).toContain('[SUCCESS] The database is at version 2.2.0');
  });

  it('exits 2 for what it does not understand', async () => {
    const path = newFile();
    for (const [args, says] of [
      [['run', '--migration=nothing'], 'There is no migration "nothing"'],
      [['walk'], 'There is no command "walk"'],
      [['run', '--sideways'], '--sideways'],
      [['run', 'twice'], 'Unexpected: twice'],
      [['revert', '--dry-run'], 'goes with "run"'],
      [['run', '--vault', '../etc'], '--vault must be a vault id'],
      [['run', '--vault-map', join(path, '..', 'absent.json')], 'cannot be used'],
    ] as [string[], string][]) {
      const { status, stderr } = await migrate(path, ...args);
      expect(status).toBe(2);
      expect(stderr).toContain(says);
    }
    const { status, stderr } = await runBuilt(MIGRATE, ['run'], { DATABASE_URL: 'mysql://db' });
    expect(status).toBe(2);
    expect(stderr).toContain('DATABASE_URL');
    expect(existsSync(path)).toBe(false);
  });
});
