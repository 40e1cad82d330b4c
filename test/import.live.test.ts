import { type IncomingMessage, type Server, createServer } from 'node:http';
import { readFileSync, existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type FetchOptions, fetchExport } from '../src/upgrade/import/live/fetch-export.js';
import { MigrationRefusedError } from '../src/upgrade/migration-refused.error.js';
import { DatabaseView } from './harness/database-view.js';
import { importHere } from './harness/import/import-here.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { migratedDatabase } from './harness/migrated-database.js';

/** What a server answers: a body, or a status with headers, or nothing but the end of the connection. */
type Reply = string | { status: number; headers?: Record<string, string>; body?: string } | 'hang up';
type Answering = (url: URL, request: IncomingMessage, body: string) => Reply;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(answering: Answering): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const url = new URL(request.url!, 'http://localhost');
      asked.push(`${request.method} ${url.pathname}${url.search}`);
      const reply = answering(url, request, body);
      if (reply === 'hang up') return void request.socket.destroy();
      const {
        status = 200,
        headers = {},
        body: said = '',
      } = typeof reply === 'string' ? { body: reply } : reply;
      response.writeHead(status, headers).end(said);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const page = <T>(items: readonly T[], url: URL, size: number): T[] => {
  const number = Number(url.searchParams.get('page'));
  return items.slice((number - 1) * size, number * size);
};

async function importFrom(from: string, address: string, options: Partial<FetchOptions> = {}) {
  const place = await migratedDatabase();
  const { path, remove } = await fetchExport(from, address, {
    ...{ apiKey: 'key-1', requestsPerSecond: 1_000 },
    ...options,
  });
  await importHere(place, from, path);
  const again = await importHere(place, from, path);
  expect(again.vaults.map(({ fresh, problems }) => [fresh, problems])).toEqual([[0, []]]);
  const file = readFileSync(path, 'utf8');
  remove();
  expect(existsSync(path)).toBe(false);
  expect(auditIndex(place)).toMatchObject(SOUND);
  const view = new DatabaseView(place);
  const memories = view.all('SELECT id, user_id, session_id, content, created_at FROM memories ORDER BY id');
  view.close();
  return { memories, file };
}

const refusal = (from: string, address: string, options: Partial<FetchOptions> = {}) =>
  fetchExport(from, address, { apiKey: undefined, requestsPerSecond: 1_000, ...options }).then(
    () => 'it was fetched',
    (error: unknown) => {
      expect(error).toBeInstanceOf(MigrationRefusedError);
      return (error as Error).message;
    },
  );

describe('servers are asked for all they have', () => {
  it('mem0: user by user, in whatever pages it gives, as slowly as it likes', async () => {
    const users = Array.from({ length: 5 }, (_, i) => ({ user_id: `user ${i}/ü`, total_memories: i }));
    const memories = (user: string) =>
      Array.from({ length: Number(user[5]) * 7 }, (_, i) => ({
        ...{ id: `${user[5]}-${i}`, memory: `Memory ${i} of ${user}`, created_at: '2025-03-01T10:00:00Z' },
      }));
    let busy = 0;
    const waits: number[] = [];
    const { address, asked } = await serve((url, { headers }) => {
      if (headers.authorization !== 'Token key-1') return { status: 401 };
      busy += 1;
      if (busy === 3) return { status: 429, headers: { 'retry-after': '1' } };
      if (busy === 6) return 'hang up';
      if (url.pathname === '/v1/entities/users') return JSON.stringify({ results: page(users, url, 3) });
      const user = url.searchParams.get('user_id')!;
      return `{\n  "results": ${JSON.stringify(page(memories(user), url, 10), null, 2)},\n "count": 1}`;
    });
    const { memories: found } = await importFrom('mem0', address, {
      onWait: (seconds) => waits.push(seconds),
    });
    expect(found).toHaveLength(70);
    expect(found[0]).toMatchObject({
      ...{ id: '1-0', user_id: 'user 1/ü', content: 'Memory 0 of user 1/ü', created_at: 1740823200000 },
    });
    expect(waits).toEqual([1, 1]);
    expect(asked).toContain('GET /v1/memories?user_id=user+4%2F%C3%BC&page=3&limit=100');
  });

  it('zep: the messages of each session, which say whose they are', async () => {
    const sessions = ['s/1', 's2'].map((session_id, i) => ({ session_id, user_id: `u${i}` }));
    const { address, asked } = await serve((url, { headers }) => {
      expect(headers.authorization).toBe('Bearer key-1');
      if (url.pathname === '/api/v2/sessions') return JSON.stringify({ sessions, total: 2 });
      const id = decodeURIComponent(url.pathname.split('/')[4]);
      const content = `said in ${id}`;
      return `{"messages":[{"uuid":"m-${id}","content":${JSON.stringify(content)},"role":"user","tokens":12345678901234567890}]}`;
    });
    const { memories, file } = await importFrom('zep', address);
    expect(memories).toMatchObject([
      { id: 'm-s/1', user_id: 'u0', session_id: 's/1', content: 'said in s/1' },
      { id: 'm-s2', user_id: 'u1', session_id: 's2', content: 'said in s2' },
    ]);
    expect(file).toContain('12345678901234567890');
    // A list that gives the same page again knows no pages.
    expect(asked.filter((one) => one.includes('sessions?'))).toHaveLength(2);
  });

  it('supermemory: by POST', async () => {
    const documents = Array.from({ length: 130 }, (_, i) => ({
      id: `d${i}`,
      content: `Text ${i}`,
      user_id: 'u',
    }));
    const { address } = await serve((_, { method }, body) => {
      expect(method).toBe('POST');
      const { page: number, limit, includeContent } = JSON.parse(body) as Record<string, number>;
      expect(includeContent).toBe(true);
      const memories = documents.slice((number - 1) * limit, number * limit);
      return JSON.stringify({ memories, pagination: { totalPages: 2, currentPage: number } });
    });
    expect((await importFrom('supermemory', address)).memories).toHaveLength(130);
  });

  it('openmemory: below a path of its own', async () => {
    const items = Array.from({ length: 201 }, (_, i) => ({
      id: `o${i}`,
      content: `Text ${i}`,
      user_id: 'ana',
    }));
    const { address, asked } = await serve((url) => {
      const [limit, offset] = ['l', 'u'].map((name) => Number(url.searchParams.get(name)));
      return JSON.stringify({ items: items.slice(offset, offset + limit) });
    });
    expect((await importFrom('openmemory', `${address}/om/`, { apiKey: undefined })).memories).toHaveLength(
      201,
    );
    expect(asked[0]).toBe('GET /om/memory/all?l=100&u=0');
  });
});

describe('what cannot be fetched is not imported', () => {
  it.each<[string, Reply, RegExp]>([
    ['a wrong key', { status: 401 }, /401: is IMPORT_API_KEY right/],
    ['another address', { status: 404, body: '<html>' }, /the server answers 404/],
    ['no JSON', '<html></html>', /what is not JSON/],
    ['nothing', '{"items":[]}', /has nothing to import/],
    [
      'a way elsewhere',
      { status: 302, headers: { location: 'https://example.org/' } },
      /302, which leads elsewhere/,
    ],
  ])('from a server with %s', async (_, reply, expected) => {
    const { address, asked } = await serve(() => reply);
    expect(await refusal('openmemory', address)).toMatch(expected);
    expect(asked).toHaveLength(1);
  });

  it('from an address that would give the key away, or is none', async () => {
    const apiKey = 'secret-1';
    for (const [address, expected] of [
      ['http://example.org', /use https/],
      ['https://me:secret@example.org', /no credentials/],
      ['https://example.org/?key=1', /nothing behind/],
      ['https://', /must be as/],
    ] as const) {
      const said = await refusal('mem0', address, { apiKey });
      expect(said).toMatch(expected);
      expect(said).not.toContain('secret');
    }
    expect(await refusal('jsonl', 'http://localhost:1')).toMatch(/reads a file/);
    expect(await refusal('metamorph', 'http://localhost:1')).toMatch(/reads a file/);
  });
});
