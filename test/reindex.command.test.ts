import 'reflect-metadata';
import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { blockWrites } from './harness/blocked-writes.js';
import { runBuilt } from './harness/built.js';
import { edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { emptyDatabase, environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase, indexOf, tamper } from './harness/stored-memories.js';

const seed = randomSeed('reindex.command');

const run = (path: string, ...args: string[]) =>
  // In production without credentials: the command needs the database alone.
  runBuilt('src/cli/reindex', args, { ...environmentOf(path), NODE_ENV: 'production' });

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
    const [absent, foreign] = [emptyDatabase(), emptyDatabase()];
    const older = await migratedDatabase('1.2.0');
    if (!onPostgres) writeFileSync(foreign, '');
    edit(foreign, (editor) => editor.run('CREATE TABLE notes (text text)'));
    for (const path of [absent, older, foreign]) {
      const { status, stderr } = await run(path);
      expect([path, status]).toEqual([path, 2]);
      expect(stderr).toMatch(
        path === foreign ? /a database of another program|not Cairn's/ : /npm run (migration:run|db:roles)/,
      );
    }
    if (!onPostgres) expect(existsSync(absent)).toBe(false);
  });

  it('says what is left to do when it fails', async () => {
    const path = await filled();
    const allow = await blockWrites(path, { table: 'term_blocks', on: 'INSERT' });
    const { status, stderr } = await run(path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\[ERROR\] Not all was indexed; run it again to go on\./);
    await allow();
    expect((await run(path)).status).toBe(0);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });
});

describe.skipIf(!onPostgres)('without an operator', () => {
  const ownerAlone = (place: string) => ({ ...environmentOf(place), DATABASE_OPERATOR_URL: undefined });

  it('the owner of the tables sees the vaults, and nobody else sees them meanwhile', async () => {
    const place = await filled();
    const service = await TestService.start({}, place);
    const writers = ['acme', 'globex'].map(async (vault) => {
      const statuses: number[] = [];
      for (let n = 0; n < 40; n += 1) {
        statuses.push((await service.as(vault, 'ana').post('/v1/memories', { content: `Owl ${n}` })).status);
      }
      return statuses;
    });
    const { status, stdout, stderr } = await runBuilt('src/cli/reindex', ['--all'], ownerAlone(place));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/in 2 vaults indexed/);
    expect(new Set((await Promise.all(writers)).flat())).toEqual(new Set([201]));
    await service.stop();
    expect(auditIndex(place)).toMatchObject(SOUND);
    const view = new DatabaseView(place);
    const open = view.all('SELECT 1 FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity');
    view.close();
    expect(open).toEqual([]);
  });

  it('and without an owner nobody does', async () => {
    const env = { ...ownerAlone(await filled()), DATABASE_MIGRATOR_URL: undefined };
    const { status, stderr } = await runBuilt('src/cli/reindex', [], env);
    expect(status).toBe(2);
    expect(stderr).toMatch(/set DATABASE_OPERATOR_URL or DATABASE_MIGRATOR_URL/);
  });
});

describe('npm run migration:run', () => {
  const migrate = (path: string, ...args: string[]) =>
    runBuilt('src/cli/migrate', ['run', ...args], environmentOf(path));

  const older = () => adoptedDatabase({ acme: { ana: 3 } }, new Random(seed), '2.0.0');

  it('fills the index once the schema is there', async () => {
    const path = await older();
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
    const path = await older();
    const { status, stdout } = await migrate(path, '--migration=2.1.0');
    expect(status).toBe(0);
    expect(stdout).not.toContain('Recall index');
  });

  it('tells a migration that is done from an index that is not', async () => {
    const path = await older();
    await migrate(path);
    await tamper(path, 'DELETE FROM term_blocks');
    await tamper(path, 'UPDATE scopes SET index_version = 1');
    await blockWrites(path, { table: 'term_blocks', on: 'INSERT' });
    const { status, stdout, stderr } = await migrate(path);
    expect(status).toBe(1);
    expect(stdout).not.toContain('[SUCCESS]');
    expect(stderr).toMatch(
      /^\[ERROR\] The migration is done, but the recall index is not filled .*npm run reindex/,
    );
  });
});
