import { type ClientRequest, type IncomingMessage, request as open } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqliteConnection } from '../src/database/sqlite/sqlite-connection.js';
import { type Answer, TestService } from './harness/app.js';
import { blockWrites } from './harness/blocked-writes.js';
import { DatabaseView } from './harness/database-view.js';
import { holdWrites } from './harness/held-writes.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { authorized } from './harness/tokens.js';

const MEBIBYTE = 1024 * 1024;
const CHUNK = 200;

interface Row {
  index: number;
  status: string;
  id?: string;
  error?: { code: string; message: string };
}

const rows = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ content: `Row ${i} of some.`, ...more }));

describe('a batch in trouble', () => {
  let service: TestService;
  let view: DatabaseView;
  beforeEach(async () => {
    service = await TestService.start(onPostgres ? { DATABASE_STATEMENT_TIMEOUT_MS: '1000' } : {});
    view = new DatabaseView(service.databasePath);
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    view.close();
    await service.stop();
  });

  const count = (vault: string) => view.counts(vault).memories;

  async function untilStored(vault: string, least: number): Promise<number> {
    while (count(vault) < least) await nextTurn();
    return count(vault);
  }

  /** What was told as stored, and nothing else, is there; the other rows were told as failed with `code`. */
  function expectCutOff(answer: Answer, vault: string, code: string): void {
    const { created, failed, results } = answer.body as { created: number; failed: number; results: Row[] };
    expect(answer.status).toBe(200);
    expect(created).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    expect(created % CHUNK).toBe(0);
    expect(results.map(({ index }) => index)).toEqual(results.map((_, i) => i));
    expect(results.map(({ status }) => status)).toEqual([
      ...new Array<string>(created).fill('created'),
      ...new Array<string>(failed).fill('failed'),
    ]);
    expect(new Set(results.slice(created).map(({ error }) => error?.code))).toEqual(new Set([code]));
    const ids = view.all<{ id: string }>(
      'SELECT id FROM memories WHERE vault_id = ? ORDER BY position',
      vault,
    );
    expect(ids.map(({ id }) => id)).toEqual(results.slice(0, created).map(({ id }) => id));
  }

  /** Goes on with the time, so that nobody has to wait for 5 s to be over. */
  function letTimePass(): void {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 5_001);
  }

  /** Keeps an eye on the connections to the file. @returns what lets it grow no more, which returns what lets it */
  function limitFile(): () => () => void {
    const connections = new Set<SqliteConnection>();
    const control = SqliteConnection.prototype.control;
    vi.spyOn(SqliteConnection.prototype, 'control').mockImplementation(function (
      this: SqliteConnection,
      sql: string,
    ) {
      connections.add(this);
      return control.call(this, sql);
    });
    return () => {
      const [{ database }] = [...connections].filter((connection) => !connection.database.readonly);
      database.pragma(`max_page_count = ${database.pragma('page_count', { simple: true }) as number}`);
      return () => void database.pragma('max_page_count = 1000000');
    };
  }

  it('tells what it has stored when another process keeps the database to itself', async () => {
    const client = service.as('busy', 'u');
    const answer = client.post('/v1/memories/batch', rows(3_000));
    await untilStored('busy', CHUNK);
    const release = await holdWrites(service.databasePath);
    // The next transaction meets the lock, and begins to wait.
    await sleep(100);
    letTimePass();
    expectCutOff(await answer, 'busy', 'UNAVAILABLE');
    await release();
    vi.useRealTimers();
    expect((await client.post('/v1/memories/batch', rows(3))).body.created).toBe(3);
  });

  it('is refused with 503 when nothing was stored yet', async () => {
    const client = service.as('locked', 'u');
    await client.post('/v1/memories', { content: 'first' });
    const release = await holdWrites(service.databasePath);
    const answer = client.post('/v1/memories/batch', [{}, ...rows(500)]);
    await sleep(100);
    letTimePass();
    const { status, headers, body } = await answer;
    expect([status, body.code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await release();
    expect(count('locked')).toBe(1);
  });

  it('tells what it has stored when the disk is full, and is refused with 507 from then on', async () => {
    const fill = onPostgres
      ? () => blockWrites(service.databasePath, { table: 'memories', on: 'INSERT', code: '53100' })
      : limitFile();
    const client = service.as('full', 'u');
    const answer = client.post('/v1/memories/batch', rows(3_000));
    await untilStored('full', CHUNK);
    const empty = await fill();
    expectCutOff(await answer, 'full', 'STORAGE_FULL');
    const refused = await client.post('/v1/memories/batch', rows(CHUNK));
    expect([refused.status, refused.body.code]).toEqual([507, 'STORAGE_FULL']);
    expect((await client.get('/v1/memories?limit=1')).status).toBe(200);
    await empty();
    expect((await client.post('/v1/memories/batch', rows(CHUNK))).body.created).toBe(CHUNK);
  });

  it('lets others read, write and search while it runs', async () => {
    const large = service.as('shared', 'ana').post('/v1/memories/batch', rows(3_000));
    let done = false;
    const finished = large.then(() => (done = true));
    await untilStored('shared', CHUNK);
    const ben = service.as('shared', 'ben');
    let meanwhile = 0;
    for (; !done; meanwhile += 1) {
      const stored = await ben.post('/v1/memories', { content: `A thought, number ${meanwhile}.` });
      expect(stored.status).toBe(201);
      const found = await ben.post('/v1/memories/search', { query: `number ${meanwhile}` });
      expect(found.body.results).not.toHaveLength(0);
      expect((await service.anonymous().get('/health/live')).status).toBe(200);
    }
    await finished;
    expect((await large).body.created).toBe(3_000);
    expect(meanwhile).toBeGreaterThan(2);
    expect(count('shared')).toBe(3_000 + meanwhile);
  });

  it('keeps apart what many write at once, each in its order', async () => {
    const vaults = ['one', 'two'];
    const users = ['ana', 'ben', undefined];
    const answers = vaults.flatMap((vault) =>
      users.flatMap((user) => [
        service.as(vault, user).post('/v1/memories/batch', rows(700, { tags: ['first'] })),
        service.as(vault, user).post('/v1/memories/batch', rows(500, { tags: ['second'] })),
        ...Array.from({ length: 20 }, (_, i) =>
          service.as(vault, user).post('/v1/memories', { content: `Row ${i} of some.`, tags: ['single'] }),
        ),
      ]),
    );
    for (const { status } of await Promise.all(answers)) expect(status).toBeLessThan(202);
    for (const vault of vaults) {
      for (const user of users) {
        const stored = view.all<{ content: string; tags: string; position: number }>(
          'SELECT content, tags, position FROM memories WHERE vault_id = ? AND user_id = ? ORDER BY position',
          vault,
          user ?? '',
        );
        expect(stored.map(({ position }) => position)).toEqual(stored.map((_, i) => i));
        for (const [tag, length] of [
          ['first', 700],
          ['second', 500],
        ] as const) {
          const own = stored.filter(({ tags }) => tags === JSON.stringify([tag]));
          expect(own.map(({ content }) => content)).toEqual(rows(length).map(({ content }) => content));
        }
        expect(stored).toHaveLength(1_220);
      }
    }
  });

  it('gives one of many the ids that all ask for at once', async () => {
    const named = Array.from({ length: 450 }, (_, i) => ({ id: `m${i}`, content: `${i}` }));
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => service.as('race', `u${i % 3}`).post('/v1/memories/batch', named)),
    );
    const created = answers.flatMap(({ body }) =>
      (body.results as Row[]).filter(({ status }) => status === 'created').map(({ id }) => id),
    );
    expect(created.sort()).toEqual(named.map(({ id }) => id).sort());
    expect(count('race')).toBe(450);
  });

  function begin(vault: string, headers: Record<string, string>): ClientRequest {
    const { port } = service.app.getHttpServer().address() as AddressInfo;
    const request = open({ port, method: 'POST', path: '/v1/memories/batch' });
    const own = { ...authorized({ vault, user: 'u' }), 'content-type': 'application/x-ndjson', ...headers };
    for (const [name, value] of Object.entries(own)) request.setHeader(name, value);
    request.on('error', () => {});
    return request;
  }

  it('stores nothing of a body that does not arrive, and all of one that does', async () => {
    const lines = rows(1_000).map((row) => `${JSON.stringify(row)}\n`);
    const length = String(lines.join('').length);
    for (const [name, value] of [
      ['transfer-encoding', 'chunked'],
      ['content-length', length],
    ]) {
      const cut = begin('cut', { [name]: value });
      cut.write(lines.slice(0, 700).join(''));
      await sleep(100);
      cut.destroy();
    }
    await sleep(100);
    expect(count('cut')).toBe(0);

    const gone = begin('gone', {});
    gone.end(lines.join(''));
    await untilStored('gone', CHUNK);
    gone.destroy();
    expect(await untilStored('gone', 1_000)).toBe(1_000);
    expect((await service.as('gone', 'u').post('/v1/memories/batch', rows(1))).body.created).toBe(1);
  });

  it('is told to come again while others’ bodies fill the memory', async () => {
    const outcomes: string[] = [];
    const uploads = Array.from({ length: 5 }, () => {
      const upload = begin('filling', {});
      upload.on('response', (response: IncomingMessage) => {
        outcomes.push(`${response.statusCode} ${response.headers['retry-after']}`);
        response.resume();
      });
      for (let i = 0; i < 31; i += 1) upload.write(Buffer.alloc(MEBIBYTE, 0x20));
      return upload;
    });
    while (outcomes.length === 0) await sleep(10);
    expect(outcomes[0]).toBe('503 1');
    // A small one is let in even so, or told the same.
    const small = await service.as('filling', 'u').post('/v1/memories', { content: 'small' });
    expect(small.status).toBe(201);
    const closed = uploads.map((upload) => new Promise((resolve) => upload.on('close', resolve)));
    for (const upload of uploads) upload.destroy();
    await Promise.all(closed);
    // The server hears of each of them in its own time.
    let answer: Answer;
    do answer = await service.as('filling', 'u').post('/v1/memories/batch', rows(10));
    while (answer.status === 503);
    expect(answer.body.created).toBe(10);
    const full = `[${' '.repeat(31 * MEBIBYTE)}]`;
    let several: Answer[];
    do {
      several = await Promise.all(
        [1, 2, 3].map(() => service.as('filling', 'u').post('/v1/memories/batch', full)),
      );
    } while (several.some(({ status }) => status === 503));
    expect(several.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});
