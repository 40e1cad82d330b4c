import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Authority, type Certificate } from '../harness/postgres/certificates.js';
import { connected, postgresConfig, problemOf } from '../harness/postgres/connection-attempt.js';
import {
  POSTGRES_BIN,
  type PostgresServerProcess,
  startPostgres,
  SUPERUSER,
  SUPERUSER_PASSWORD,
} from '../harness/postgres/server-process.js';

const ENCRYPTED = ['hostssl all all 127.0.0.1/32 scram-sha-256', 'local all all scram-sha-256'];
const PLAIN = ['host all all 127.0.0.1/32 scram-sha-256'];

describe.skipIf(POSTGRES_BIN === '')('TLS', () => {
  let ours: Authority;
  let another: Authority;
  let server: PostgresServerProcess;
  let plain: PostgresServerProcess;

  const show = ({ key, certificate }: Certificate) => ({ 'server.key': key, 'server.crt': certificate });

  beforeAll(async () => {
    ours = new Authority('ours');
    another = new Authority('another');
    server = await startPostgres(['ssl = on'], ENCRYPTED, show(ours.issue('DNS:localhost')));
    plain = await startPostgres(['ssl = off'], PLAIN);
  });
  afterAll(() => {
    server.stop();
    plain.stop();
    ours.close();
    another.close();
  });

  afterEach(() => void vi.unstubAllEnvs());

  const url = (host: string, query = '', at = server) =>
    `postgres://${SUPERUSER}:${encodeURIComponent(SUPERUSER_PASSWORD)}@${host}:${at.port}/postgres?${query}`;

  /** The version of TLS that the server sees; null for none. */
  const spoken = (env: NodeJS.ProcessEnv) =>
    connected(postgresConfig(env).service, async (client) => {
      const sql = 'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
      return (await client.query<{ version: string | null }>(sql)).rows[0].version;
    });

  const refusal = async (env: NodeJS.ProcessEnv) => {
    const sentence = await problemOf(env);
    expect(sentence).not.toContain(SUPERUSER_PASSWORD);
    expect(sentence).not.toContain(encodeURIComponent(SUPERUSER_PASSWORD));
    return sentence;
  };

  it.each([
    ['localhost', 'sslmode=require'],
    ['127.0.0.1', 'sslmode=require'],
    ['localhost', 'sslmode=require&sslrootcert=OURS'],
    ['127.0.0.1', 'sslmode=require&sslrootcert=OURS'],
    ['127.0.0.1', 'sslmode=verify-ca&sslrootcert=OURS'],
    ['localhost', 'sslmode=verify-full&sslrootcert=OURS'],
    ['localhost', 'sslrootcert=OURS'],
  ])('encrypts %s with %s', async (host, query) => {
    const named = query.replace('OURS', encodeURIComponent(ours.path));
    expect(await spoken({ DATABASE_URL: url(host, named) })).toMatch(/^TLSv1\.[23]$/);
  });

  it('takes the authority from a variable', async () => {
    const env = { DATABASE_URL: url('localhost'), OM_PG_SSL_CA: ours.certificate.replaceAll('\n', '\\n') };
    expect(await spoken({ ...env, OM_PG_SSL: 'verify-full' })).toMatch(/^TLS/);
    const wrong = { ...env, OM_PG_SSL_CA: another.certificate, OM_PG_SSL: 'verify-full' };
    expect(await refusal(wrong)).toContain('is not signed by sslrootcert');
  });

  it.each(['require', 'verify-ca', 'verify-full'])(
    'refuses, with %s, what another authority signed',
    async (mode) => {
      const query = `sslmode=${mode}&sslrootcert=${encodeURIComponent(another.path)}`;
      const sentence = await refusal({ DATABASE_URL: url('localhost', query) });
      expect(sentence).toContain('is not signed by sslrootcert');
      expect(sentence).toContain('sslrootcert=FILE in DATABASE_URL (or OM_PG_SSL_CA)');
    },
  );

  it('refuses a private authority where none is named', async () => {
    const sentence = await refusal({ DATABASE_URL: url('localhost', 'sslmode=verify-full') });
    expect(sentence).toContain('is not signed by the authorities that everyone trusts');
    expect(sentence).toContain('sslmode=require');
  });

  it('tells a name from an address', async () => {
    const query = `sslmode=verify-full&sslrootcert=${encodeURIComponent(ours.path)}`;
    const byAddress = { DATABASE_URL: url('127.0.0.1', query) };
    const byName = { DATABASE_URL: url('localhost', query) };
    expect(await refusal(byAddress)).toContain('is for another name: write the name in it as the host');
    server.put(show(ours.issue('IP:127.0.0.1')));
    server.reload();
    // A reload is heard of by the next connection, or by one soon after.
    await expect.poll(() => spoken(byAddress).catch(() => null), { timeout: 120_000 }).toMatch(/^TLS/);
    expect(await refusal(byName)).toContain('is for another name');
    server.put(show(ours.issue('DNS:localhost')));
    server.reload();
    await expect.poll(() => spoken(byName).catch(() => null), { timeout: 120_000 }).toMatch(/^TLS/);
  });

  it('tells that a certificate has expired', async () => {
    const query = `sslmode=verify-full&sslrootcert=${encodeURIComponent(ours.path)}`;
    server.put(show(ours.issue('DNS:localhost', 0)));
    server.reload();
    await expect
      .poll(() => refusal({ DATABASE_URL: url('localhost', query) }).catch(() => ''), { timeout: 120_000 })
      .toContain('has expired: renew it there');
    server.put(show(ours.issue('DNS:localhost')));
    server.reload();
    await expect
      .poll(() => spoken({ DATABASE_URL: url('localhost', query) }).catch(() => null), { timeout: 120_000 })
      .toMatch(/^TLS/);
  });

  it('finds no encryption at a server that has none', async () => {
    const sentence = await refusal({ DATABASE_URL: url('127.0.0.1', 'sslmode=require', plain) });
    expect(sentence).toContain('speaks no TLS, and DATABASE_URL asks for it (sslmode=require)');
    expect(sentence).toContain('say sslmode=disable');
    expect(await spoken({ DATABASE_URL: url('127.0.0.1', 'sslmode=disable', plain) })).toBeNull();
    expect(await spoken({ DATABASE_URL: url('127.0.0.1', '', plain) })).toBeNull();
  });

  it('tells that a server takes encrypted connections alone', async () => {
    for (const query of ['', 'sslmode=disable']) {
      expect(await refusal({ DATABASE_URL: url('127.0.0.1', query) })).toContain(
        'takes no unencrypted connection from here',
      );
    }
  });

  it('does not encrypt a socket', async () => {
    const socket = `host=${encodeURIComponent(server.folder)}&port=${server.port}&sslmode=verify-full`;
    const password = encodeURIComponent(SUPERUSER_PASSWORD);
    const env = { DATABASE_URL: `postgres://${SUPERUSER}:${password}@/postgres?${socket}` };
    expect(await spoken(env)).toBeNull();
  });

  it('is not swayed by the variables of libpq', async () => {
    vi.stubEnv('PGSSLMODE', 'disable');
    vi.stubEnv('PGPASSWORD', SUPERUSER_PASSWORD);
    expect(await spoken({ DATABASE_URL: url('localhost', 'sslmode=require') })).toMatch(/^TLS/);
    const bare = url('127.0.0.1', '', plain).replace(`:${encodeURIComponent(SUPERUSER_PASSWORD)}@`, '@');
    expect(await refusal({ DATABASE_URL: bare })).toContain('asks for the password');
    vi.stubEnv('PGSSLMODE', 'require');
    expect(await spoken({ DATABASE_URL: url('127.0.0.1', '', plain) })).toBeNull();
  });
});
