import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adminOf, withKey } from './harness/api-keys.js';
import { TestService } from './harness/app.js';
import { runBuilt } from './harness/built.js';
import { environmentOf } from './harness/migrated-database.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

const run = (...args: string[]) => runBuilt('src/cli/api-key', args, environmentOf(service.databasePath));

/** What a command that worked printed. */
async function printed(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(...args);
  expect([status, stderr.split(' ', 1)[0]]).toEqual([0, args[0] === 'revoke' ? '' : '[SUCCESS]']);
  return stdout;
}

describe('npm run api-key', () => {
  it('makes, lists, rotates and revokes keys beside a service', async () => {
    const key = await printed('create', '--vault', 'acme', '--name', 'the agent');
    expect(key).toMatch(/^cairn_\S+\n$/);
    const whoami = async (text: string) => withKey(service, text.trim()).get('/v1/whoami');
    expect((await whoami(key)).body).toEqual({
      vault_id: 'acme',
      user_id: null,
      permissions: ['read', 'write', 'delete', 'vault'],
      service: true,
    });
    const id = key.split('_')[2];
    const list = await printed('list', '--vault', 'acme');
    expect(list).toMatch(new RegExp(`^${id}  "the agent"  whole vault  read,write,delete  made \\d{4}-`));
    expect(list).not.toContain(key.trim().split('_')[3]);
    const next = await printed('rotate', '--vault', 'acme', '--id', id, '--grace', '1h');
    expect([(await whoami(key)).status, (await whoami(next)).status]).toEqual([200, 200]);
    const nextId = next.split('_')[2];
    expect(await printed('revoke', '--vault', 'acme', '--id', nextId)).toContain('is revoked');
    // This service may have known it for five seconds; another has to ask.
    const fresh = await TestService.start({}, service.databasePath);
    expect((await withKey(fresh, next.trim()).get('/v1/whoami')).status).toBe(401);
    await fresh.stop();
    const lines = (await printed('list', '--vault', 'acme')).trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/expires \d{4}-[^\n]*\n[^\n]*revoked \d{4}-/);
  });

  it('makes keys of users, for a time, and of operators', async () => {
    const key = await printed(
      ...['create', '--vault', 'acme', '--name', 'Zoë’s', '--user', 'Zoë', '--permissions', 'read, admin'],
      ...['--expires-in', '1d'],
    );
    const { body } = await withKey(service, key.trim()).get('/v1/whoami');
    expect(body).toMatchObject({ user_id: 'Zoë', permissions: ['read', 'admin'], service: false });
    const { body: known } = await adminOf(service, 'acme').get(`/v1/vault/api-keys/${key.split('_')[2]}`);
    expect(known.expires_at - Date.now()).toBeGreaterThan(86_000_000);
    const operator = await printed(
      ...['create', '--vault', 'ops', '--name', 'o', '--permissions', 'operator'],
    );
    const listed = await withKey(service, operator.trim()).get('/v1/vaults');
    // On PostgreSQL the directory is for a role of its own, which this service has or not.
    expect([200, 501]).toContain(listed.status);
  });

  it.each<[string, string[]]>([
    ['Say one of', []],
    ['Say one of', ['make', '--vault', 'acme']],
    ['Say one of', ['create', 'list', '--vault', 'acme']],
    ['--vault must be', ['create', '--name', 'n']],
    ['--vault must be', ['list', '--vault', '../acme']],
    ['--name must be', ['create', '--vault', 'acme']],
    ['--name must be', ['create', '--vault', 'acme', '--name', 'a\nb']],
    ['--user must be', ['create', '--vault', 'acme', '--name', 'n', '--user', '']],
    ['--permissions holds vault', ['create', '--vault', 'acme', '--name', 'n', '--permissions', 'vault']],
    ['--permissions holds root', ['create', '--vault', 'acme', '--name', 'n', '--permissions', 'read,root']],
    ['--expires-in must be', ['create', '--vault', 'acme', '--name', 'n', '--expires-in', 'soon']],
    ['--grace must be', ['rotate', '--vault', 'acme', '--id', 'x', '--grace', '31d']],
    ['--id must be', ['revoke', '--vault', 'acme']],
    ['list takes no --name', ['list', '--vault', 'acme', '--name', 'n']],
    ['Unknown option', ['list', '--vault', 'acme', '--all']],
    ['There is no API key with this id', ['revoke', '--vault', 'acme', '--id', 'none']],
  ])('refuses, in a sentence: %s', async (words, args) => {
    const { status, stdout, stderr } = await run(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('makes no key of a vault that is closed', async () => {
    const operator = service.as('operations', undefined, ['operator', 'vault']);
    await adminOf(service, 'shut').post('/v1/vault/api-keys', { name: 'n' });
    await operator.post('/v1/vaults/shut/suspend', undefined);
    const { status, stderr } = await run('create', '--vault', 'shut', '--name', 'n');
    expect([status, stderr]).toEqual([2, '[ERROR] The vault shut is suspended or erased.\n']);
  });

  it.runIf(onPostgres)('needs the role of migrations on PostgreSQL', async () => {
    const { DATABASE_MIGRATOR_URL: _, ...env } = environmentOf(service.databasePath);
    const { status, stderr } = await runBuilt('src/cli/api-key', ['list', '--vault', 'acme'], env);
    expect(status).toBe(2);
    expect(stderr).toContain('DATABASE_MIGRATOR_URL is not set');
  });
});
