import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Turn } from './locomo.js';
import { RecallClient } from './recall-client.js';

// What measures must notice what it is there to notice: a service that loses, cuts or merges what it was given.

let server: Server;
let client: RecallClient;

afterEach(async () => {
  client.close();
  await new Promise((done) => server.close(done));
});

/** A service that stores `kept(n, content)` of the n-th add, and answers all adds alike. */
async function serve(kept: (n: number, content: string) => { id: string; content?: string }): Promise<void> {
  const stored = new Map<string, string>();
  let adds = 0;
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const answer = (status: number, body: object) => {
        const text = JSON.stringify(body);
        response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
      };
      if (request.method === 'POST') {
        const { content } = JSON.parse(Buffer.concat(parts).toString()) as { content: string };
        const { id, content: remains } = kept(adds++, content);
        if (remains !== undefined) stored.set(id, remains);
        return answer(201, { id });
      }
      const content = stored.get(request.url!.split('/').at(-1)!);
      return content === undefined ? answer(404, { code: 'NOT_FOUND' }) : answer(200, { content });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  client = new RecallClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

const TURNS: Turn[] = ['one', 'two', 'three'].map((text, n) => ({
  id: `D1:${n + 1}`,
  session: 1,
  speaker: 'Ana',
  text,
  caption: n === 0 ? 'a kite' : undefined,
  sessionDate: undefined,
}));

describe('reading back what was added', () => {
  it('finds all where all is kept', async () => {
    const contents: string[] = [];
    await serve((n, content) => (contents.push(content), { id: `m${n}`, content }));
    const { added, notStored, turns } = await client.store('u1', TURNS);
    expect({ added, notStored }).toEqual({ added: 3, notStored: 0 });
    expect([...turns.values()]).toEqual(TURNS);
    expect(contents).toEqual(['Ana: one [image: a kite]', 'Ana: two', 'Ana: three']);
  });

  it('counts what is lost', async () => {
    await serve((n, content) => ({ id: `m${n}`, content: n === 1 ? undefined : content }));
    expect(await client.store('u1', TURNS)).toMatchObject({ added: 3, notStored: 1 });
  });

  it('counts what is cut', async () => {
    await serve((n, content) => ({ id: `m${n}`, content: content.slice(0, 9) }));
    expect(await client.store('u1', TURNS)).toMatchObject({ added: 3, notStored: 2 });
  });

  it('counts what was made one with another', async () => {
    await serve((_, content) => ({ id: 'm0', content }));
    expect(await client.store('u1', TURNS)).toMatchObject({ added: 3, notStored: 2 });
  });
});
