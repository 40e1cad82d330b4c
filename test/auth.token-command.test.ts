import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthApp, startAuthApp } from './harness/auth-app.js';
import { builtFile } from './harness/built.js';
import { TEST_SECRET } from './harness/tokens.js';

const COMMAND = builtFile('src/cli/token');
const folder = mkdtempSync(join(tmpdir(), 'cairn-token-'));

const strict = {
  JWT_SECRET: TEST_SECRET,
  JWT_ALGORITHMS: 'HS512',
  JWT_ISSUER: 'https://issuer.example',
  JWT_AUDIENCE: 'cairn,other',
  JWT_USER_CLAIM: 'email,sub',
};
let plainServer: AuthApp;
let strictServer: AuthApp;
beforeAll(async () => {
  plainServer = await startAuthApp({ JWT_SECRET: TEST_SECRET });
  strictServer = await startAuthApp(strict);
});
afterAll(async () => {
  await plainServer.close();
  await strictServer.close();
  rmSync(folder, { recursive: true });
});

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command in an empty folder, with these settings and no others. */
function run(words: string, env: Record<string, string> = { JWT_SECRET: TEST_SECRET }): Promise<Outcome> {
  return new Promise((done) => {
    const options = { env: { PATH: process.env.PATH, ...env }, cwd: folder };
    execFile(
      process.execPath,
      [COMMAND, ...words.split(' ').filter(Boolean)],
      options,
      (error, stdout, stderr) => done({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

async function whoami(server: AuthApp, { status, stdout, stderr }: Outcome) {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return server.get('/v1/whoami', ['Authorization', `Bearer ${stdout.trim()}`]);
}

describe('the token command', () => {
  it('mints a user’s token', async () => {
    const { body } = await whoami(plainServer, await run('--vault acme --user u1 --permissions read,write'));
    expect(body).toEqual({ vault_id: 'acme', user_id: 'u1', permissions: ['read', 'write'], service: false });
  });

  it('mints a token with the service’s default permissions', async () => {
    const { body } = await whoami(plainServer, await run('--vault acme --user u1'));
    expect(body.permissions).toEqual(['read', 'write', 'delete']);
  });

  it('mints a token without permissions', async () => {
    const { body } = await whoami(plainServer, await run('--vault acme --user u1 --permissions='));
    expect(body.permissions).toEqual([]);
  });

  it('mints a service’s token, with and without a subject', async () => {
    for (const words of ['--vault acme --service', '--vault acme --service --user robot']) {
      const { body } = await whoami(plainServer, await run(words));
      expect(body).toMatchObject({
        user_id: null,
        service: true,
        permissions: ['read', 'write', 'delete', 'vault'],
      });
    }
    const { body } = await whoami(plainServer, await run('--vault acme --service --permissions read'));
    expect(body.permissions).toEqual(['read', 'vault']);
  });

  it('mints what a service with more settings accepts', async () => {
    const outcome = await run('--vault acme --user u@example.com', strict);
    expect((await whoami(strictServer, outcome)).body).toMatchObject({
      vault_id: 'acme',
      user_id: 'u@example.com',
    });
  });

  it('reads its settings from .env too', async () => {
    const file = join(folder, '.env');
    writeFileSync(file, `JWT_SECRET='${TEST_SECRET}'\n`);
    const outcome = await run('--vault acme --user u1', {});
    rmSync(file);
    expect((await whoami(plainServer, outcome)).status).toBe(200);
  });

  it.each([
    ['', 3600],
    ['--expires-in 30s', 30],
    ['--expires-in 15m', 900],
    ['--expires-in 12h', 43_200],
    ['--expires-in 90d', 7_776_000],
  ])('expires when it was told to: "%s"', async (words, seconds) => {
    const { stdout } = await run(`--vault acme --user u1 ${words}`);
    const { exp, iat } = jsonwebtoken.decode(stdout.trim()) as { exp: number; iat: number };
    expect(exp - iat).toBe(seconds);
  });

  const unusable: [words: string, says: string][] = [
    ['', '--vault must be'],
    ['--user u1', '--vault must be'],
    ['--vault a/b --user u1', '--vault must be'],
    ['--vault acme', '--user must be'],
    ['--vault acme --user=', '--user must be'],
    ['--vault acme --service --user=', '--user must be'],
    ['--vault acme --user u1 --permissions read,fly', 'fly'],
    ['--vault acme --user u1 --expires-in 3600', '--expires-in must be'],
    ['--vault acme --user u1 --expires-in 0s', '--expires-in must be'],
    ['--vault acme --user u1 --expires-in 3651d', '--expires-in must be'],
    ['--vault acme --user u1 --expires-in -1h', '--expires-in'],
    ['--vault acme --user u1 --colour red', '--colour'],
    ['--vault acme --user u1 extra', 'extra'],
    ['--vault', '--vault'],
  ];
  it.each(unusable)('prints no token and says what is wrong: "%s"', async (words, says) => {
    const { status, stdout, stderr } = await run(words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says what setting it needs', async () => {
    for (const [env, says] of [
      [{}, 'JWT_SECRET is not set'],
      [{ JWT_JWKS_URL: 'https://issuer.example/keys' }, 'JWT_JWKS_URL'],
      [{ JWT_SECRET: 'short' }, 'JWT_SECRET'],
    ] as const) {
      const { status, stdout, stderr } = await run('--vault acme --user u1', env);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain(says);
    }
  });

  it('explains itself', async () => {
    const { status, stdout, stderr } = await run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('--expires-in');
  });
});
