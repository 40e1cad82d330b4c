import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { steps } from '../migrations/chain.js';
import { runBuilt } from './harness/built.js';
import { recordFigure } from './harness/figures.js';
import { makeFile, plain } from './harness/openmemory/files.js';
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
    expect(stdout).toContain('[MIGRATE] Migration 2.0.0 completed successfully');
    expect(stdout).toMatch(/memories +40 +40/);
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

  it('is left as it was where a step fails', async () => {
    const path = makeFile(tempFolder(), '1.2.3');
    const database = new Database(path);
    // A table of ours under a name of theirs cannot be made.
    database.exec(`CREATE INDEX ux_memories_position ON memories (created_at)`);
    database.close();
    const before = comparable(takeSnapshot(path));
    const { status } = await migrate(path, 'run', '--no-backup');
    if (status === 0) expect(takeSnapshot(path).tables.has('vaults')).toBe(true);
    else expect(comparable(takeSnapshot(path))).toEqual(before);
  });
});

describe('eight runners at once', () => {
  it('each step is done once, one backup is made, all end well, and nothing is lost', async () => {
    const [path, alone] = ['together', 'alone'].map((name) => {
      const folder = tempFolder();
      return makeFile(join(folder), name === 'alone' ? '1.2.3' : '1.2.3', plain(40));
    });
    const before = takeSnapshot(path);
    const runs = await Promise.all(Array.from({ length: RUNNERS }, () => migrate(path, 'run')));
    expect(runs.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      Array(RUNNERS).fill({ status: 0, stderr: '' }),
    );
    for (const { version } of steps) {
      const ran = runs.filter(({ stdout }) => stdout.includes(`Migration ${version} completed`));
      expect(ran.length).toBeLessThanOrEqual(1);
    }
    expect(runs.filter(({ stdout }) => stdout.includes('Migration 2.0.0 completed'))).toHaveLength(1);
    expect(backupsOf(path)).toHaveLength(1);
    expectNothingLost(before, path);
    await upgrade(alone);
    expect(stateOf(path)).toEqual(stateOf(alone));
    recordFigure('upgrade.runners', RUNNERS);
  });
});
