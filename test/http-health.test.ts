import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.setup.js';
import { loadConfig } from '../src/config/config.js';
import { Drain } from '../src/http/drain.js';
import { TenantDataSource } from '../src/tenancy/tenant-data-source.js';
import { prepareDatabase } from '../src/upgrade/prepare-database.js';
import { version } from '../src/version.js';
import { newDatabase } from './harness/app.js';
import { environmentOf } from './harness/migrated-database.js';
import { tamper } from './harness/stored-memories.js';

let place: string;
let app: NestFastifyApplication;
let url: string;

beforeEach(async () => {
  place = newDatabase();
  const config = loadConfig({ ...environmentOf(place), LOG_LEVEL: 'silent' });
  await prepareDatabase(config);
  app = await createApp(config);
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as { port: number }).port}`;
});
afterEach(async () => {
  await app.close();
});

const ask = async (route: string): Promise<[number, Record<string, unknown>]> => {
  const response = await fetch(url + route);
  return [response.status, (await response.json()) as Record<string, unknown>];
};

describe('health', () => {
  it('is there for anyone', async () => {
    const embedding = expect.objectContaining({ provider: 'none', configured: false });
    expect(await ask('/health')).toEqual([
      200,
      { ok: true, status: 'ok', version, embedding, tier: 'words', dim: 0, cache: 0 },
    ]);
    expect(await ask('/health/live')).toEqual([200, { status: 'ok' }]);
    expect(await ask('/health/ready')).toEqual([
      200,
      { status: 'ok', checks: { database: 'up', index: 'up', schema: 'up', service: 'up' } },
    ]);
  });

  it('while stopping, lives and is not ready', async () => {
    app.get(Drain, { strict: false }).begin();
    const [status, problem] = await ask('/health/ready');
    expect([status, problem.code, problem.errors]).toEqual([
      503,
      'NOT_READY',
      [{ field: 'service', message: 'is down' }],
    ]);
    expect((await ask('/health/live'))[0]).toBe(200);
    expect((await ask('/health'))[0]).toBe(200);
  });

  it('without its database, lives and is not ready', async () => {
    await app.get(TenantDataSource).destroy();
    const [status, problem] = await ask('/health/ready');
    expect([status, problem.errors]).toEqual([503, [{ field: 'database', message: 'is down' }]]);
    expect((await ask('/health/live'))[0]).toBe(200);
    await app.get(TenantDataSource).initialize();
    expect((await ask('/health/ready'))[0]).toBe(200);
  });

  it('with a schema that is not this build’s, is not ready', async () => {
    await tamper(
      place,
      'DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)',
    );
    await tamper(place, 'DELETE FROM migrations WHERE id = (SELECT max(id) FROM migrations)');
    const [status, problem] = await ask('/health/ready');
    expect([status, problem.errors]).toEqual([503, [{ field: 'schema', message: 'is down' }]]);
  });
});
