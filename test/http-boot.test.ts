import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';

const folder = mkdtempSync(join(tmpdir(), 'cairn-boot-'));
afterAll(() => {
  endBuiltServers();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the built server to its end. */
function run(env: Record<string, string>): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(process.execPath, ['dist/src/main.js'], {
    env: { PATH: process.env.PATH, PORT: '0', DATABASE_URL: `sqlite:${join(folder, 'new.sqlite')}`, ...env },
    encoding: 'utf8',
    timeout: 180_000,
  });
  return { status, stderr };
}

describe('starting', () => {
  it('says in one line where it listens and in which mode, then what to know of', async () => {
    const { output } = await startBuiltServer({ ENABLE_MULTITENANCY: 'false' });
    const lines = output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ address }) => address)).toMatchObject([
      { mode: 'dev', msg: 'Cairn is listening' },
    ]);
    expect(
      lines.some(({ level, msg }) => level === 'warn' && String(msg).includes('ENABLE_MULTITENANCY')),
    ).toBe(true);
  });

  it('says everything that is wrong with the configuration, a sentence each, and ends with 2', () => {
    const { status, stderr } = run({ PORT: 'many', LOG_LEVEL: 'loud' });
    expect(status).toBe(2);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(stderr).toContain('PORT');
    expect(stderr).toContain('LOG_LEVEL');
    expect(stderr).not.toContain('    at ');
  });

  it('leaves a database of another program alone, and says what to do', () => {
    const path = join(folder, 'other.sqlite');
    const other = new Database(path);
    other.exec('CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT)');
    other.close();
    const { status, stderr } = run({ DATABASE_URL: `sqlite:${path}` });
    expect(status).toBe(2);
    expect(stderr).toContain('migration:run');
    expect(stderr).not.toContain('    at ');
  });

  it('says which port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const { status, stderr } = run({ PORT: String(port) });
    expect(status).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    taken.close();
  });

  it('says in one sentence that the SQLite driver is missing', () => {
    // Stands before the program and hides the driver, as a failed installation does.
    const hide = join(folder, 'hide.mjs');
    writeFileSync(
      hide,
      `import { register } from 'node:module';
       const source = "export async function resolve(name, context, next) { if (name === 'better-sqlite3') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(name, context); }";
       register('data:text/javascript,' + encodeURIComponent(source));`,
    );
    const { status, stderr } = run({ NODE_OPTIONS: `--import=file://${hide}` });
    expect(status).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('npm ci');
  });
});
