// Builds, unless what is built comes from the sources as they are. So a command starts at once, and does not take
// away what a running service, or another command, is just loading; several at once build one after the other.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SOURCES = ['src', 'migrations', 'test', 'nest-cli.json', 'tsconfig.json', 'package-lock.json'];
const BUILT = 'dist/.built';
const LOCK = join(tmpdir(), `cairn-build-${sha256(process.cwd()).slice(0, 32)}`);
const WAIT_MS = 100;

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** Tells apart any two states of the sources, by the names, sizes and times of their files. */
function stateOfSources() {
  const files = SOURCES.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    const entries = readdirSync(path, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  });
  const lines = files.sort().map((file) => {
    const { size, mtimeNs } = statSync(file, { bigint: true });
    return `${file}\n${size} ${mtimeNs}\n`;
  });
  return sha256(lines.join(''));
}

function isBuilt(state) {
  return existsSync(BUILT) && readFileSync(BUILT, 'utf8') === state;
}

/** Whether the process that holds the lock is still there. */
function isHeld() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function lock() {
  for (;;) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    await sleep(WAIT_MS);
    if (!isHeld()) rmSync(LOCK, { force: true });
  }
}

function build(state) {
  const nest = createRequire(import.meta.url).resolve('@nestjs/cli/bin/nest.js');
  const { status } = spawnSync(process.execPath, [nest, 'build'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status === 0) writeFileSync(BUILT, state);
  return status ?? 1;
}

if (!isBuilt(stateOfSources())) {
  await lock();
  try {
    const state = stateOfSources();
    if (!isBuilt(state)) process.exitCode = build(state);
  } finally {
    rmSync(LOCK, { force: true });
  }
}
