import 'reflect-metadata';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { TestService, temporaryFolder } from './harness/app.js';
import { runBuilt } from './harness/built.js';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { awkward, makeFile } from './harness/openmemory/files.js';
import { RELEASES } from './harness/openmemory/tables.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';
import { change, copyOf, findingsIn, makeSoundDatabase, sha256Of } from './harness/verified-database.js';

const seed = randomSeed('verify');
const SOUND = join(temporaryFolder(), 'sound.sqlite');
const run = (path: string, ...args: string[]) =>
  // In production without credentials: the command needs the database alone.
  runBuilt('src/cli/verify', args, { DATABASE_URL: `sqlite:${path}`, NODE_ENV: 'production' });

beforeAll(() => makeSoundDatabase(SOUND, new Random(seed)));

describe('a sound database', () => {
  it('is found sound, by a command that changes nothing', async () => {
    const path = copyOf(SOUND);
    const before = sha256Of(path);
    const { status, stdout, stderr } = await run(path);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^\[SUCCESS\] All is well\. Looked at: 2 vaults, 2\d\d positions of memories, \d{3,} statements of the service\.\n$/,
    );
    expect(sha256Of(path)).toBe(before);
    expect(readdirSync(join(path, '..'))).toEqual(['cairn.sqlite']);
  });

  it('is found sound vault by vault, new, and after every migration', async () => {
    for (const vault of ['acme', 'globex']) expect(await findingsIn(copyOf(SOUND), vault)).toEqual([]);
    const path = join(tempFolder(), 'new.sqlite');
    await migrateDatabase({ path });
    expect(await findingsIn(path)).toEqual([]);
  });

  it.each(RELEASES)('is found sound when it was taken over, with every odd value: %s', async (release) => {
    const path = makeFile(tempFolder(), release, awkward);
    const { status, stderr } = await runBuilt('src/cli/migrate', ['run'], { DATABASE_URL: `sqlite:${path}` });
    expect([status, stderr]).toEqual([0, '']);
    // An owner whose name is no text cannot be named, and so has no index.
    const found = await findingsIn(path);
    expect(found.filter((finding) => !/^index: .*\ufffd/.test(finding))).toEqual([]);
  });

  it('is found sound while a service writes to it', async () => {
    const path = copyOf(SOUND);
    const service = await TestService.start({}, path);
    let stopping = false;
    let written = 0;
    const writing = (async () => {
      for (let n = 0; !stopping; n += 1) {
        const { status, body } = await service
          .as('acme', 'ana')
          .post('/v1/memories', { content: `owl ${n}` });
        written += status === 201 ? 1 : 0;
        if (n % 3 === 0) await service.as('acme', 'ana').delete(`/v1/memories/${body.id}`);
      }
    })();
    for (let i = 0; i < 3; i += 1) {
      expect((await run(path)).stdout).toContain('[SUCCESS] All is well.');
    }
    stopping = true;
    await writing;
    expect(written).toBeGreaterThan(0);
    await service.stop();
  });
});

describe('an unsound database', () => {
  it('of several kinds is told in full, a line each, and the exit status is 1', async () => {
    const path = copyOf(SOUND);
    change(path, [
      'DROP INDEX ix_audit_at',
      `UPDATE scopes SET memory_count = 0 WHERE user_id = 'ana'`,
      `UPDATE vectors SET memory_id = 'none'`,
    ]);
    const { status, stdout, stderr } = await run(path);
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      '[SCHEMA]',
      '[COUNTS]',
      '[REFERENCES]',
      '[FAILED]',
      '',
    ]);
    expect(stdout).toContain('[FAILED] 3 things are not well. Looked at: 2 vaults');
  });
});

describe('what cannot be looked at', () => {
  it.each<[what: string, make: (path: string) => Promise<void> | void, args: string[], complaint: RegExp]>([
    ['no database', () => {}, [], /There is no database at/],
    [
      'another kind of file',
      (path) => writeFileSync(path, 'Dear diary'.repeat(999)),
      [],
      /is not an SQLite database/,
    ],
    ['a folder', (path) => void mkdirSync(path), [], /cannot be (opened|read)/],
    [
      'another program’s database',
      (path) => OpenMemoryFile.make(path, '1.3.0'),
      [],
      /is an OpenMemory database/,
    ],
    [
      'an older version',
      async (path) => void (await migrateDatabase({ path, to: '2.0.0' })),
      [],
      /does not have the tables of this version yet\. Run `npm run migration:run` first/,
    ],
    [
      'a newer version',
      async (path) => {
        await migrateDatabase({ path });
        change(path, [`INSERT INTO schema_version VALUES ('9.0.0', 1)`]);
      },
      [],
      /made by a newer Cairn/,
    ],
    [
      'a vault that is not there',
      async (path) => void (await migrateDatabase({ path })),
      ['--vault', 'initech'],
      /There is no vault "initech"/,
    ],
    ['a name that is no vault', () => {}, ['--vault', 'no vault'], /--vault must be 1 to 128/],
    ['an option there is not', () => {}, ['--deep'], /--deep/],
  ])('%s: exit status 2, and why', async (_, make, args, complaint) => {
    const path = join(tempFolder(), 'cairn.sqlite');
    await make(path);
    const { status, stdout, stderr } = await run(path, ...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(complaint);
    if (make.length === 0) expect(existsSync(path)).toBe(false);
  });
});
