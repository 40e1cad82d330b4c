import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type BuiltServer, endBuiltServers, startBuiltServer } from '../built-server.js';
import { Client } from '../harness/app.js';
import { SOUND, auditIndex } from '../harness/index-audit.js';
import { environmentOf, migratedDatabase } from '../harness/migrated-database.js';
import { Random } from '../harness/random.js';
import { randomSeed } from '../harness/seed.js';
import { TEST_SECRET, authorized } from '../harness/tokens.js';

/** The folder of the release before this one, built. */
const PREVIOUS = process.env.PREVIOUS_RELEASE && resolve(process.env.PREVIOUS_RELEASE);
const isThere = PREVIOUS !== undefined && existsSync(`${PREVIOUS}/dist/src/main.js`);
if (!isThere) {
  console.log(
    'The previous release beside this one: not measured. Set PREVIOUS_RELEASE to its built folder.',
  );
}

const USERS = ['ana', 'ben', 'chen'];
const WORDS = 'violin harbour bakery garden letter train concert dentist'.split(' ');

describe.skipIf(!isThere)('while replicas roll', () => {
  afterEach(endBuiltServers);

  it('the previous release and this one are both right on the schema of this one', async () => {
    const random = new Random(randomSeed('previous-release'));
    const place = await migratedDatabase();
    const env = { ...environmentOf(place), JWT_SECRET: TEST_SECRET };
    const servers = [await startBuiltServer(env, PREVIOUS), await startBuiltServer(env)];
    const contents = new Map<string, Map<string, string>>(USERS.map((user) => [user, new Map()]));

    for (let step = 0; step < 200; step += 1) {
      const server = random.pick(servers);
      const user = random.pick(USERS);
      const known = contents.get(user)!;
      const content = `${random.pick(WORDS)} ${random.pick(WORDS)} n${step}`;
      const id = known.size > 0 && random.chance(0.4) ? random.pick([...known.keys()]) : undefined;
      if (id === undefined) {
        const { status, body } = await ask(server, 'POST', '/v1/memories', user, { content });
        expect(status).toBe(201);
        known.set(body.id, content);
      } else if (random.chance(0.5)) {
        expect((await ask(server, 'PATCH', `/v1/memories/${id}`, user, { content })).status).toBe(200);
        known.set(id, content);
      } else {
        expect((await ask(server, 'DELETE', `/v1/memories/${id}`, user)).status).toBeLessThan(300);
        known.delete(id);
      }
    }
    for (const server of servers) {
      for (const [user, known] of contents) {
        for (const [id, content] of known) {
          expect((await ask(server, 'GET', `/v1/memories/${id}`, user)).body.content).toBe(content);
          const query = { query: content.split(' ').at(-1), limit: 1 };
          const { body } = await ask(server, 'POST', '/v1/memories/search', user, query);
          expect(body.results.map((found: { id: string }) => found.id)).toEqual([id]);
        }
      }
    }
    expect(auditIndex(place)).toMatchObject(SOUND);
  });
});

function ask({ url }: BuiltServer, method: string, path: string, user: string, body?: unknown) {
  return new Client(url, authorized({ vault: 'acme', user })).send(method, path, body);
}
