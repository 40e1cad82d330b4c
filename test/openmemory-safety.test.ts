import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBuilt } from './harness/built.js';
import { recordFigure } from './harness/figures.js';
import { makeFile } from './harness/openmemory/files.js';
import { comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { stateOf } from './harness/openmemory/state.js';
import { expectNothingLost, migrate, sha256, upgrade } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

const RUNNERS = 8;

const beside = (path: string) => readdirSync(join(path, '..')).filter((name) => !/-(wal|shm)$/.test(name));
const backupsOf = (path: string) => beside(path).filter((name) => name.includes('.backup-'));

describe('before anything is changed', () => {
  it('the file is copied; the copy is the old database whole, is named, and is as private', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const before = comparable(takeSnapshot(path));
    const { status, stdout } = await migrate(path, 'run');
    expect(status).toBe(0);
    const [name] = backupsOf(path);
    expect(backupsOf(path)).toEqual([name]);
    const backup = join(path, '..', name);
    expect(stdout).toContain(`[MIGRATE] Backup: ${backup}\n`);
    expect(comparable(takeSnapshot(backup))).toEqual(before);
    expect(statSync(backup).mode).toBe(statSync(path).mode);
  });

  it('it is not copied with --no-backup', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const { stdout } = await upgrade(path);
    expect(backupsOf(path)).toEqual([]);
    expect(stdout).not.toContain('Backup:');
  });

  it('--dry-run does it all to a copy, says so, and leaves the file to the byte', async () => {
    const path = makeFile(tempFolder(), 'HEAD');
    const before = sha256(path);
    const files = beside(path);
    const { status, stdout, stderr } = await migrate(path, 'run', '--dry-run');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/copy/);
    expect(stdout).toContain('[DRY RUN] Migration 2.0.0 completed successfully\n');
    expect(stdout).toMatch(/memories +40 +40/);
    expect(stdout).not.toContain('[MIGRATE]');
    expect(stdout).not.toContain('[SUCCESS]');
    expect(sha256(path)).toBe(before);
    expect(beside(path).filter((name) => !name.endsWith('.migrate-lock'))).toEqual(files);
  });

  it('starting the service does not take it over: it names the command', async () => {
    const path = makeFile(tempFolder(), '1.1.1');
    const before = sha256(path);
    const { status, stdout, stderr } = await runBuilt('src/main', [], {
      DATABASE_URL: `sqlite:${path}`,
      PORT: '0',
    });
    expect(status).not.toBe(0);
    expect(stdout + stderr).toContain('npm run migration:run');
    expect(sha256(path)).toBe(before);
  });
});

describe('the file', () => {
  it('may be named by OM_DB_PATH, as OpenMemory has it', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const before = takeSnapshot(path);
    const { status } = await runBuilt('src/cli/migrate', ['run', '--no-backup'], { OM_DB_PATH: path });
    expect(status).toBe(0);
    expectNothingLost(before, path);
  });
});

describe('eight runners at once', () => {
  it('each step is done once, one backup is made, all end well, and nothing is lost', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const alone = makeFile(tempFolder(), '1.2.3');
    const before = takeSnapshot(path);
    const runs = await Promise.all(Array.from({ length: RUNNERS }, () => migrate(path, 'run')));
    expect(runs.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      Array(RUNNERS).fill({ status: 0, stderr: '' }),
    );
    const said = runs.flatMap(({ stdout }) => stdout.match(/Migration \S+ completed/g) ?? []);
    expect(said.sort()).toEqual([...new Set(said)]);
    expect(said).toContain('Migration 2.0.0 completed');
    expect(backupsOf(path)).toHaveLength(1);
    expectNothingLost(before, path);
    await upgrade(alone);
    expect(stateOf(path)).toEqual(stateOf(alone));
    recordFigure('upgrade.runners', RUNNERS);
  });
});
