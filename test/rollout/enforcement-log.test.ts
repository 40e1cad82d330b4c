import { afterEach, describe, expect, it } from 'vitest';
import { type AuthApp, startAuthApp } from '../harness/auth-app.js';
import { TEST_SECRET } from '../harness/tokens.js';
import { SERVICE, tokenOf } from '../harness/vaultless.js';

let app: AuthApp | undefined;

afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(mode: string): Promise<AuthApp> {
  return (app = await startAuthApp({ JWT_SECRET: TEST_SECRET, FLAG_TENANCY_ENFORCEMENT: mode }));
}

const ask = ({ get }: AuthApp, claims: object) =>
  get('/v1/whoami', ['Authorization', `Bearer ${tokenOf({ jti: 'secret-jti', ...claims })}`]);

/** What was said of tokens without a vault claim. */
const told = ({ log }: AuthApp) =>
  log
    .map((line) => JSON.parse(line) as { level: string; context?: string; msg?: string })
    .filter(({ context }) => context === 'ClaimEnforcement');

describe('the log', () => {
  it.each(['legacy', 'shadow'])('tells once of each client, and in %s', async (mode) => {
    const server = await start(mode);
    for (let i = 0; i < 3; i += 1) {
      for (const claims of [{ client_id: 'mobile' }, { azp: 'web' }, {}, { sub: 'zoe' }]) {
        expect((await ask(server, { sub: 'eve-4711', ...claims })).status).toBe(200);
      }
      expect((await ask(server, { permissions: SERVICE })).status).toBe(200);
    }
    expect(told(server).map(({ level, msg }) => [level, msg])).toEqual(
      ['"mobile"', '"web"', 'a user', '"service"'].map((name) => [
        'warn',
        `A token without a vault claim was let in (${mode}): ${name}`,
      ]),
    );
    // Of the token nothing else, and of users nothing.
    for (const line of server.log) expect(line).not.toMatch(/secret-jti|eve-4711|zoe|eyJ/);
  });

  it('tells of none that is refused, and not of whom', async () => {
    const server = await start('enforced');
    expect((await ask(server, { sub: 'eve-4711', client_id: 'mobile' })).status).toBe(401);
    expect(told(server)).toEqual([]);
    expect(server.log.join('\n')).toContain('Token refused: no vault claim');
    for (const line of server.log) expect(line).not.toMatch(/secret-jti|eve-4711|mobile/);
  });

  it('tells of a hostile name on one line, cut, with nothing that a terminal obeys', async () => {
    const server = await start('shadow');
    const names = [
      'a\nb',
      '\u001b[2J\u009b2J',
      'x'.repeat(5_000),
      '🦉'.repeat(100),
      'a\u0000\u202eb',
      '\ud800"}',
    ];
    for (const client_id of names)
      expect((await ask(server, { sub: 'eve-4711', client_id })).status).toBe(200);
    const lines = told(server);
    expect(lines).toHaveLength(names.length);
    for (const { msg } of lines) {
      expect(msg).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      expect(msg!.length).toBeLessThan(200);
    }
    for (const line of server.log) expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('stays short, however many clients there are', async () => {
    const server = await start('legacy');
    for (let i = 0; i < 150; i += 1) await ask(server, { sub: 'eve-4711', client_id: `c${i}` });
    expect(told(server)).toHaveLength(100);
  });
});
