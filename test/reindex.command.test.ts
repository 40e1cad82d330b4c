import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { runBuilt } from './harness/built.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { storeMultiUserRows } from './harness/multi-user-rows.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase, indexOf, tamper } from './harness/stored-memories.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('reindex.command');
const newFile = () => join(tempFolder(), 'cairn.sqlite');

const run = (path: string, ...args: string[]) =>
  // In production without credentials: the command needs the database alone.
  runBuilt('src/cli/reindex', args, { DATABASE_URL: `sqlite:${path}`, NODE_ENV: 'production' });

const filled = () => adoptedDatabase({ acme: { ana: 70, '': 3 }, globex: { ben: 1 } }, new Random(seed));

describe('npm run reindex', () => {
  it('says what it did, and that there is nothing to do', async () => {
    const path = await filled();
    const said = async (...args: string[]) => {
      const { status, stdout, stderr } = await run(path, ...args);
      expect([status, stderr]).toEqual([0, '']);
      return stdout;
    };
    expect(await said('--vault', 'globex')).toBe('[SUCCESS] 1 memory in 1 vault indexed.\n');
    expect(await said()).toBe('[SUCCESS] 73 memories in 1 vault indexed.\n');
    expect(auditIndex(path)).toMatchObject(SOUND);
    expect(await said()).toBe('[SUCCESS] The recall index is up to date.\n');
    expect(await said('--all')).toBe('[SUCCESS] 74 memories in 2 vaults indexed.\n');
    expect(await said('--help')).toMatch(/npm run reindex -- --vault ID/);
  });

  it.each<[what: string, args: string[], complaint: RegExp]>([
    ['an option there is not', ['--everything'], /Unknown option '--everything'[\s\S]*npm run reindex/],
    ['a word too many', ['acme'], /Unexpected argument 'acme'/],
    ['a name that is no vault', ['--vault', 'no vault'], /--vault must be 1 to 128/],
    ['a vault there is not', ['--vault', 'initech'], /\[ERROR\] There is no vault "initech"/],
  ])('refuses %s, and changes nothing', async (_, args, complaint) => {
    const path = await filled();
    const before = indexOf(path);
    const { status, stdout, stderr } = await run(path, ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(complaint);
    expect(indexOf(path)).toEqual(before);
  });

  it('refuses a database without the tables of this version', async () => {
    const absent = newFile();
    const older = newFile();
    await migrateDatabase({ path: older, to: '1.2.0' });
    const foreign = newFile();
    new Database(foreign).exec('CREATE TABLE notes (text)').close();
    for (const path of [absent, older, foreign]) {
      const { status, stderr } = await run(path);
      expect([path, status]).toEqual([path, 2]);
      expect(stderr).toMatch(path === foreign ? /a database of another program/ : /npm run migration:run/);
    }
    expect(existsSync(absent)).toBe(false);
  });

  it('says what is left to do when it fails', async () => {
    const path = await filled();
    await tamper(
      path,
      "CREATE TRIGGER full BEFORE INSERT ON term_blocks BEGIN SELECT raise(ABORT, 'full'); END",
    );
    const { status, stderr } = await run(path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\[ERROR\] Not all was indexed; run it again to go on\./);
    await tamper(path, 'DROP TRIGGER full');
    expect((await run(path)).status).toBe(0);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });
});

describe('npm run migration:run', () => {
  const migrate = (path: string, ...args: string[]) =>
    runBuilt('src/cli/migrate', ['run', ...args], { DATABASE_URL: `sqlite:${path}` });

  async function ofManyUsers(): Promise<string> {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    const database = new Database(path);
    storeMultiUserRows(database);
    database.close();
    return path;
  }

  it('fills the index once the schema is there', async () => {
    const path = await ofManyUsers();
    const { status, stdout, stderr } = await migrate(path);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /All migrations completed\n\[MIGRATE\] Recall index: 3 memories in 1 vault indexed\.\n\[SUCCESS\]/,
    );
    expect(auditIndex(path)).toMatchObject({ memories: 3, ...SOUND });
    // What an older version or somebody's hands left is put right too, where no migration is pending.
    await tamper(path, 'DELETE FROM term_blocks');
    await tamper(path, 'UPDATE scopes SET index_version = 1');
    expect((await migrate(path)).stdout).toContain(
      '[MIGRATE] Recall index: 3 memories in 1 vault indexed.\n',
    );
    expect((await migrate(path)).stdout).not.toContain('Recall index');
    expect(auditIndex(path)).toMatchObject({ memories: 3, ...SOUND });
  });

  it('leaves the index where the schema is not there yet', async () => {
    const path = await ofManyUsers();
    const { status, stdout } = await migrate(path, '--migration=2.0.0');
    expect(status).toBe(0);
    expect(stdout).not.toContain('Recall index');
  });

  it('tells a migration that is done from an index that is not', async () => {
    const path = await ofManyUsers();
    await migrateDatabase({ path });
    await tamper(
      path,
      "CREATE TRIGGER full BEFORE INSERT ON term_blocks BEGIN SELECT raise(ABORT, 'full'); END",
    );
    const { status, stdout, stderr } = await migrate(path);
    expect(status).toBe(1);
    expect(stdout).not.toContain('[SUCCESS]');
    expect(stderr).toMatch(
      /^\[ERROR\] The migration is done, but the recall index is not filled .*npm run reindex/,
    );
  });
});
