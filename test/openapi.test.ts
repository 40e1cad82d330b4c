import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';

afterAll(endBuiltServers);

describe('the description of the API', () => {
  it('as committed is the one the built server serves (npm run openapi writes it)', async () => {
    const { url } = await startBuiltServer();
    const served = await (await fetch(`${url}/openapi.json`)).text();
    const committed = readFileSync('src/client/openapi.json', 'utf8');
    expect(JSON.parse(served)).toEqual(JSON.parse(committed));
    // The order of the parts too, so that a change shows as what it is.
    expect(`${JSON.stringify(JSON.parse(served), null, 2)}\n`).toBe(committed);
  });

  it('has a problem for every failure, and every operation an answer with a shape', async () => {
    const document = JSON.parse(readFileSync('src/client/openapi.json', 'utf8')) as {
      paths: Record<string, Record<string, { responses: Record<string, { content?: object }> }>>;
    };
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        const where = `${method} ${path}`;
        expect([where, Object.keys(responses.default?.content ?? {})]).toEqual([
          where,
          ['application/problem+json'],
        ]);
        const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
        expect([where, good.length]).not.toEqual([where, 0]);
        for (const [status, { content }] of good) {
          if (status !== '204')
            expect([where, Object.keys(content ?? {})]).toEqual([where, ['application/json']]);
        }
      }
    }
  });
});
