import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Flags } from '../../src/rollout/flags.service.js';
import { endBuiltServers, startBuiltServer } from '../built-server.js';
import { TestService } from '../harness/app.js';
import { providerModule } from '../harness/flags.js';
import { tempFolder } from '../harness/temp-folder.js';

afterAll(endBuiltServers);

/** What a service is asked in all these states. */
async function use(service: TestService): Promise<void> {
  for (const vault of ['acme', 'zebra']) {
    const client = service.as(vault, 'u1');
    const added = await client.post('/v1/memories', { content: `something of ${vault}` });
    expect(added.status).toBe(201);
    const found = await client.post('/v1/memories/search', { query: 'something' });
    expect(found.status).toBe(200);
    // Whatever became of the flags, each vault sees its own.
    expect(found.body.results).toHaveLength(1);
    expect(found.body.results[0].content).toBe(`something of ${vault}`);
  }
  expect((await service.anonymous().get('/v1/memories')).status).toBe(401);
  expect((await service.anonymous().get('/health/ready')).status).toBe(200);
}

describe('a service', () => {
  it.each<[string, string, { initialize?: string }]>([
    ['hangs', `return new Promise(() => {});`, {}],
    ['throws', `throw new Error('down');`, {}],
    ['gives nonsense', `return { value: { a: 1 } };`, {}],
    ['cannot be initialised', `return { value: all };`, { initialize: `throw new Error('no');` }],
    ['hangs from the beginning', `return { value: all };`, { initialize: `await new Promise(() => {});` }],
  ])('answers with a provider of flags that %s', async (_, resolve, options) => {
    const service = await TestService.start({ FLAGS_PROVIDER: providerModule(resolve, options).path });
    try {
      // Asked for as the entrances do it.
      await service.app.get(Flags, { strict: false }).load('acme');
      await use(service);
    } finally {
      await service.stop();
    }
  });

  it('answers with a broken file of flags, and without the module of its provider', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'flags.yaml'), 'flags: [');
    const settings = [
      { FLAGS_FILE: join(folder, 'flags.yaml') },
      { FLAGS_PROVIDER: join(folder, 'none.mjs') },
    ];
    for (const env of settings) {
      const service = await TestService.start(env);
      await use(service);
      await service.stop();
    }
  });

  it('starts, says what is wrong, and ends at once, though a provider hangs', async () => {
    const { path } = providerModule(`return new Promise(() => {});`, {
      initialize: `setInterval(() => {}, 1000); throw new Error('no connection');`,
    });
    const server = await startBuiltServer({ FLAGS_PROVIDER: path });
    expect(server.output()).toContain('the provider of FLAGS_PROVIDER cannot be used (Error: no connection)');
    expect((await fetch(`${server.url}/v1/memories`)).status).toBe(200);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
  });
});
