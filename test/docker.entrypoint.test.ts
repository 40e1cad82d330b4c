import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ENTRYPOINT = resolve('docker/entrypoint.sh');
const SECRET = 'a secret of the tests, long enough for HS256';
const folder = mkdtempSync(join(tmpdir(), 'cairn-entrypoint-'));
let child: ChildProcess | undefined;

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const env = { PATH: process.env.PATH, JWT_SECRET: SECRET, DATABASE_URL: 'sqlite:cairn.sqlite', PORT: '0' };

/** Runs it as an image would, in a folder without a .env. */
function run(...words: string[]) {
  return spawnSync(ENTRYPOINT, words, { cwd: folder, env, encoding: 'utf8' });
}

/** The npm scripts that run a built command; `openapi` writes into the sources, which an image does not have. */
const commands = Object.entries(
  (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts,
).flatMap(([name, script]) => (/&& node dist\/src\/cli\//.test(script) && name !== 'openapi' ? [name] : []));

describe('docker/entrypoint.sh', () => {
  it.each([...commands, 'migrate', 'migrate:rollback'])('has the command %s', (name) => {
    const { status, stdout } = run(name, '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('npm run');
  });

  it('names built files alone', () => {
    const names = [...readFileSync(ENTRYPOINT, 'utf8').matchAll(/"\$built\/([\w/-]+)\.js"/g)].map(
      ([, file]) => file,
    );
    expect(names).toContain('main');
    expect(names.filter((name) => !existsSync(`dist/src/${name}.js`))).toEqual([]);
  });

  it('refuses other words, and names those there are', () => {
    const { status, stdout, stderr } = run('tokne');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    for (const name of ['serve', 'migrate', ...commands]) expect(stderr).toContain(name);
  });

  it('hands the words after the first on', () => {
    const { status, stdout } = run('token', '--vault', 'acme', '--user', 'a b');
    expect(status).toBe(0);
    const claims = JSON.parse(Buffer.from(stdout.split('.')[1], 'base64url').toString()) as object;
    expect(claims).toMatchObject({ vault_id: 'acme', user_id: 'a b' });
  });

  it('migrates, serves, is healthy, and stops when it is told to', async () => {
    expect(run('migration:run').status).toBe(0);
    const { status, stdout } = run('migration:show');
    expect({ status, pending: stdout.includes('[ ]') }).toEqual({ status: 0, pending: false });

    const server = spawn(ENTRYPOINT, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
    child = server;
    const exit = once(server, 'exit');
    let output = '';
    const port = await new Promise<string>((found, ended) => {
      server.stdout.on('data', (chunk) => {
        output += chunk;
        const address = /"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(output);
        if (address) found(address[1]);
      });
      void exit.then(([code]) => ended(new Error(`It ended with ${code}: ${output}`)));
    });
    expect(health({ PORT: port })).toBe(0);
    expect(health({ OM_PORT: port })).toBe(0);

    // To the process that was started: a shell around the service would keep the signal to itself.
    server.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(health({ PORT: port })).toBe(1);
  });
});

/** The exit status of the image's health check. */
function health(settings: Record<string, string>): number | null {
  const [, command] = /^HEALTHCHECK [^[]*CMD (\[.*\])$/m.exec(
    readFileSync('docker/Dockerfile', 'utf8').replace(/\\\n/g, ' '),
  )!;
  const [program, ...words] = JSON.parse(command) as string[];
  return spawnSync(program, words, { env: { PATH: process.env.PATH, ...settings } }).status;
}
