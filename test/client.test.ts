import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cairn, CairnError } from '../src/client/cairn.js';
import { ROUTES } from '../src/client/operations.js';
import { clientTypes } from '../src/cli/client-types.js';
import { TestService, temporaryFolder } from './harness/app.js';
import { mintToken } from './harness/tokens.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
const EVERYTHING = ['read', 'write', 'delete', 'admin', 'vault', 'operator'];

function client(vault = `client-${(vaults += 1)}`): Cairn {
  return new Cairn({
    baseUrl: service.baseUrl,
    token: () => mintToken({ vault, permissions: EVERYTHING }),
  });
}

describe('the client’s types', () => {
  it('are those of the description (npm run openapi makes them)', () => {
    const document = JSON.parse(readFileSync('src/client/openapi.json', 'utf8'));
    expect(readFileSync('src/client/operations.ts', 'utf8')).toBe(clientTypes(document));
  });
});

describe('the TypeScript client', () => {
  it('stores, finds, changes and deletes', async () => {
    const cairn = client();
    const memory = await cairn.call('memories.create', {
      body: { content: 'Ana prefers window seats 🦉', user_id: 'a/n?a', tags: ['travel'] },
    });
    expect(memory).toMatchObject({ user_id: 'a/n?a', version: 1 });
    const { results } = await cairn.call('memories.search', { body: { query: 'window seat' } });
    expect(results[0].id).toBe(memory.id);
    const changed = await cairn.call(
      'memories.patch',
      { path: { id: memory.id }, body: { content: 'Ana prefers aisle seats' } },
      { ifMatch: '"1"' },
    );
    expect(changed.version).toBe(2);
    expect((await cairn.call('users.get', { path: { user_id: 'a/n?a' } })).user_id).toBe('a/n?a');
    expect(await cairn.call('memories.delete', { path: { id: memory.id } })).toBeUndefined();
    expect((await cairn.call('memories.list')).items).toEqual([]);
  });

  it('walks through pages', async () => {
    const cairn = client();
    await cairn.call('memories.batch', {
      body: Array.from({ length: 45 }, (_, i) => ({ content: `n${i}` })),
    });
    const contents: string[] = [];
    for await (const { content } of cairn.pages('memories.list', { query: { limit: 10, order: 'asc' } })) {
      contents.push(content);
    }
    expect(contents).toEqual(Array.from({ length: 45 }, (_, i) => `n${i}`));
  });

  it('throws what the service refuses', async () => {
    const cairn = client();
    const error = await cairn
      .call('memories.create', { body: { content: '' } })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CairnError);
    expect(error).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', errors: [{ field: 'content' }] });
    await expect(cairn.call('memories.get', { path: { id: '../x' } })).rejects.toMatchObject({ status: 404 });
  });

  it('tries again where that can do no harm', async () => {
    let requests = 0;
    const busy = createServer((request, response) => {
      requests += 1;
      if (requests === 1) {
        response.writeHead(503, { 'retry-after': '0' }).end();
      } else if (requests === 2) {
        request.socket.destroy();
      } else {
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"items":[],"next_cursor":null}');
      }
    });
    await new Promise<void>((done) => busy.listen(0, '127.0.0.1', done));
    const cairn = new Cairn({ baseUrl: `http://127.0.0.1:${(busy.address() as AddressInfo).port}` });
    expect(await cairn.call('memories.list')).toEqual({ items: [], next_cursor: null });
    expect(requests).toBe(3);
    requests = 1;
    await expect(cairn.call('memories.create', { body: { content: 'x' } })).rejects.toThrow();
    expect(requests).toBe(2);
    requests = 1;
    await cairn.call('memories.create', { body: { content: 'x' } }, { idempotencyKey: 'k' });
    expect(requests).toBe(3);
    busy.close();
  });

  it('in dev mode says whom it acts for', async () => {
    const dev = await TestService.start({ JWT_SECRET: undefined });
    const cairn = new Cairn({ baseUrl: dev.baseUrl, vault: 'acme', user: 'ana ü' });
    expect(await cairn.call('whoami.whoami')).toMatchObject({ vault_id: 'acme', user_id: 'ana ü' });
    await dev.stop();
  });
});

const HAS_PYTHON =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;

describe('the Python client', () => {
  it('knows every operation of the description', () => {
    const source = readFileSync('src/client/cairn.py', 'utf8');
    const known = [...source.matchAll(/^ {4}"([\w.]+)": \("([A-Z]+)", "([^"]+)"\),$/gm)].map(
      ([, id, method, path]) => `${id} ${method} ${path}`,
    );
    const snake = (id: string) => id.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const described = Object.entries(ROUTES).map(([id, [method, path]]) => `${snake(id)} ${method} ${path}`);
    expect(known.sort()).toEqual(described.sort());
  });

  it.skipIf(!HAS_PYTHON)('does what the service does', async () => {
    const folder = temporaryFolder();
    const script = join(folder, 'try.py');
    writeFileSync(
      script,
      `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(resolve('src/client'))})
from cairn import Cairn, CairnError

cairn = Cairn(${JSON.stringify(service.baseUrl)}, token=lambda: ${JSON.stringify(mintToken({ vault: 'python', permissions: EVERYTHING }))})
memory = cairn.memories.create(content="Ana prefers window seats 🦉", user_id="a/n?a", metadata={"n": 1})
again = [cairn.memories.create(content="once", idempotency_key="k")["id"] for _ in range(2)]
rows = cairn.memories.batch([{"content": f"n{i}", "user_id": "many"} for i in range(45)])
listed = [m["content"] for m in cairn.pages("memories.list", user_id="many", order="asc", limit=10)]
refused = []
for attempt in (
    lambda: cairn.memories.create(content=""),
    lambda: cairn.memories.patch(id=memory["id"], content="x", if_match='"7"'),
    lambda: cairn.users.get(user_id="absent"),
):
    try:
        attempt()
    except CairnError as error:
        refused.append([error.status, error.code])
print(json.dumps({
    "found": cairn.memories.search(query="window seats")["results"][0]["content"],
    "once": again[0] == again[1],
    "created": rows["created"],
    "listed": listed,
    "refused": refused,
    "counted": cairn.memories.list(user_id="many", count=True, metadata={})["count"],
    "user": cairn.users.get(user_id="a/n?a")["user_id"],
    "changed": cairn.vault.change(share_unowned=True)["share_unowned"],
    "reinforced": cairn.memories.reinforce(id=memory["id"])["salience"] > memory["salience"],
    "deleted": cairn.memories.delete(id=memory["id"]),
}))
`,
    );
    const { stdout } = await promisify(execFile)('python3', [script]);
    expect(JSON.parse(stdout)).toEqual({
      found: 'Ana prefers window seats 🦉',
      once: true,
      created: 45,
      listed: Array.from({ length: 45 }, (_, i) => `n${i}`),
      refused: [
        [400, 'VALIDATION_FAILED'],
        [412, 'VERSION_MISMATCH'],
        [404, 'NOT_FOUND'],
      ],
      counted: 45,
      user: 'a/n?a',
      changed: true,
      reinforced: true,
      deleted: null,
    });
  });
});
