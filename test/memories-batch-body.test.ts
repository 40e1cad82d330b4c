import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as open } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BATCH_BYTES, MAX_BATCH_ROWS } from '../src/memories/memory-batch.dto.js';
import { TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { Random } from './harness/random.js';
import { RawConnection } from './harness/raw-connection.js';
import { randomSeed } from './harness/seed.js';
import { authorized } from './harness/tokens.js';

const seed = randomSeed('memories-batch-body');
const LINES = 'application/x-ndjson';
const TEXTS = ['Zoë aß Brötchen in 京都. 🏳️‍🌈', 'שָׁלוֹם \\ "quoted" \n\t', '\u{10ffff}\u0001]}[{,', 'plain'];

interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into whatever came back
  body: any;
}

describe('the body of a batch', () => {
  let service: TestService;
  let view: DatabaseView;
  let port: number;
  beforeAll(async () => {
    service = await TestService.start();
    view = new DatabaseView(service.databasePath);
    port = (service.app.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(async () => {
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    view.close();
    await service.stop();
  });

  const contents = (vault: string) =>
    view
      .all<{ content: string }>('SELECT content FROM memories WHERE vault_id = ? ORDER BY position', vault)
      .map(({ content }) => content);

  function begin(vault: string, headers: Record<string, string | number>): ClientRequest {
    const request = open({ port, method: 'POST', path: '/v1/memories/batch' });
    const own = { ...authorized({ vault, user: 'u', permissions: ['write', 'read'] }), ...headers };
    for (const [name, value] of Object.entries(own)) request.setHeader(name, value);
    request.setNoDelay(true);
    request.on('error', () => {});
    return request;
  }

  async function answerTo(request: ClientRequest): Promise<Answer> {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part;
    return { status: response.statusCode!, body: JSON.parse(text) };
  }

  function post(vault: string, body: string | Buffer, type = 'application/json', more = {}): Promise<Answer> {
    const request = begin(vault, {
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...more,
    });
    request.end(body);
    return answerTo(request);
  }

  it.each([
    ['an array', 'application/json', (rows: string[]) => `[${rows.join(',')}]`],
    [
      'an array with white space',
      'application/json; charset=utf-8',
      (rows: string[]) => `\r\n [\t${rows.join(' ,\n')}\n]\n`,
    ],
    [
      'an array with a byte order mark',
      'application/merge-patch+json',
      (rows: string[]) => `\ufeff[${rows.join(',')}]`,
    ],
    ['lines', LINES, (rows: string[]) => rows.join('\n')],
    ['lines that all end', 'application/jsonl', (rows: string[]) => `${rows.join('\n')}\n`],
    ['lines of Windows', `${LINES}; charset=utf-8`, (rows: string[]) => `\ufeff${rows.join('\r\n')}\r\n`],
    [
      'lines with blank ones',
      'application/X-NDJSON',
      (rows: string[]) => `\n\n${rows.join('\n \r\n\n')}\n\n`,
    ],
  ])('is read as %s, wherever it is cut on the way', async (name, type, form) => {
    const random = new Random(seed);
    const vault = name.replaceAll(' ', '-');
    const rows = TEXTS.map((content) => JSON.stringify({ content, metadata: { content } }));
    const body = Buffer.from(form(rows));
    expect((await post(vault, body, type)).body).toMatchObject({ created: TEXTS.length, failed: 0 });
    for (const [most, cut] of [1, 2, 7, 60].entries()) {
      // Without Content-Length it goes in chunks, each as it was written.
      const request = begin(`${vault}-${most}`, { 'content-type': type });
      for (let at = 0; at < body.length;) {
        const length = 1 + random.below(cut);
        request.write(body.subarray(at, at + length));
        at += length;
        if (random.chance(0.2)) await nextTurn();
      }
      request.end();
      expect((await answerTo(request)).body).toMatchObject({ created: TEXTS.length, failed: 0 });
      expect(contents(`${vault}-${most}`)).toEqual(TEXTS);
    }
    expect(contents(vault)).toEqual(TEXTS);
  });

  it.each([
    ['cut off', '[{"content":"a"},{"content":"b"'],
    ['cut off between rows', '[{"content":"a"},'],
    ['without its end', '[{"content":"a"}'],
    ['with a word that is none', '[{"content":"a"},{"content":nul}]'],
    ['with a comma too many', '[{"content":"a"},]'],
    ['with something behind it', '[{"content":"a"}] x'],
    ['twice', '[{"content":"a"}][{"content":"a"}]'],
    ['with a line end in a string', '[{"content":"a"},{"content":"a\nb"}]'],
    ['with single quotes', "[{'content':'a'}]"],
    ['not UTF-8', Buffer.from('[{"content":"a"},{"content":"\xe9"}]', 'latin1')],
    ['in UTF-16', Buffer.from('[{"content":"a"}]', 'utf16le')],
    ['of one memory', '{"content":"a"}'],
    ['of lines', '{"content":"a"}\n{"content":"b"}'],
    ['a form', 'content=a'],
    ['nothing', ''],
    ['white space', '  \n '],
    ['null', 'null'],
    ['brackets without end', '['.repeat(5_000_000)],
  ])('as an array is refused as a whole when it is %s', async (_, body) => {
    const before = view.digest();
    const answer = await post('broken', body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toMatch(/^(INVALID_JSON|VALIDATION_FAILED)$/);
    expect(view.digest()).toBe(before);
  });

  it('as lines has only the broken ones refused', async () => {
    const lines = [
      Buffer.from('{"content":"first"}'),
      Buffer.from('{"content":"cut'),
      Buffer.from(''),
      Buffer.from('{"content":"\xe9"}', 'latin1'),
      Buffer.from('{"content":"a"}{"content":"b"}'),
      Buffer.from(`{"content":"deep","metadata":${'{"a":'.repeat(32)}1${'}'.repeat(32)}}`),
      Buffer.from('{"content":"large","metadata":{"n":9007199254740993}}'),
      Buffer.from('{"content":"proto","metadata":{"__proto__":{"polluted":1}}}'),
      Buffer.from('[{"content":"an array"}]'),
      Buffer.from('{"content":"last"}'),
    ];
    const { status, body } = await post(
      'some-broken',
      Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
      LINES,
    );
    expect([status, body.created, body.failed]).toEqual([200, 2, 7]);
    expect(body.results.map(({ error }: { error?: { code: string } }) => error?.code)).toEqual([
      undefined,
      'INVALID_JSON',
      'INVALID_JSON',
      'INVALID_JSON',
      'INVALID_JSON',
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
      'VALIDATION_FAILED',
      undefined,
    ]);
    expect(body.results.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(body.results[6].error.errors[0].field).toBe('metadata.__proto__');
    expect(contents('some-broken')).toEqual(['first', 'last']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('as lines may be none', async () => {
    for (const body of ['', '\n\n', ' ']) {
      expect(await post('none', body, LINES)).toEqual({
        status: 200,
        body: { created: 0, failed: 0, results: [] },
      });
    }
  });

  it('may be 32 MB, whatever holds for other routes, and no byte more', async () => {
    const small = await TestService.start({ BODY_LIMIT: '4kib' });
    const client = small.as('small', 'u');
    const row = { content: 'x'.repeat(3_000) };
    const filled = await client.post('/v1/memories/batch', [row, row, { content: 'x'.repeat(5_000) }]);
    expect(filled.body).toMatchObject({ created: 2, failed: 1 });
    expect(filled.body.results[2].error).toEqual({
      code: 'PAYLOAD_TOO_LARGE',
      message: 'The row is larger than this service accepts.',
    });
    expect((await client.post('/v1/memories', { content: 'x'.repeat(5_000) })).status).toBe(413);
    await small.stop();

    const before = view.digest();
    const full = (bytes: number) => `[${' '.repeat(bytes - 4)}7]`.padEnd(bytes);
    const exact = await post('full', full(MAX_BATCH_BYTES));
    expect([exact.status, exact.body.failed]).toEqual([200, 1]);
    const over = await post('full', `${full(MAX_BATCH_BYTES)} `);
    expect([over.status, over.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(view.digest()).toBe(before);
  });

  it('is refused by its length before it comes, and without one where it goes beyond', async () => {
    const before = view.digest();
    const head = (more: string) =>
      [
        'POST /v1/memories/batch HTTP/1.1',
        'Host: localhost',
        ...Object.entries(authorized({ vault: 'long', user: 'u' })).map(
          ([name, value]) => `${name}: ${value}`,
        ),
        'Content-Type: application/json',
        more,
        '',
        '',
      ].join('\r\n');
    const connection = new RawConnection(port, 60_000);
    const told = await connection.send({
      bytes: Buffer.from(head(`Content-Length: ${MAX_BATCH_BYTES + 1}`)),
      isHead: false,
      alone: true,
      ends: false,
    });
    expect(told).toMatchObject({ status: 413 });

    const request = begin('long', { 'content-type': LINES });
    const part = Buffer.from(`${JSON.stringify({ content: 'x'.repeat(1_000_000) })}\n`);
    for (let sent = 0; sent <= MAX_BATCH_BYTES; sent += part.length) request.write(part);
    request.end();
    expect(await answerTo(request)).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(view.digest()).toBe(before);
  });

  it('is not read at all for who may not write', async () => {
    const connection = new RawConnection(port, 60_000);
    for (const credential of ['X: y', 'Authorization: Bearer a.b.c']) {
      const head = [
        'POST /v1/memories/batch HTTP/1.1',
        'Host: localhost',
        credential,
        'Content-Type: application/json',
        `Content-Length: ${MAX_BATCH_BYTES}`,
      ];
      const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n[`);
      // Answered while the body has hardly begun.
      const outcome = await connection.send({ bytes, isHead: false, alone: true, ends: false });
      expect(outcome).toMatchObject({ status: 401 });
    }
  });

  it('leaves the connection in order when it is refused', async () => {
    const agentless = { connection: 'keep-alive' };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => (text += part));
    const headers = { ...authorized({ vault: 'kept', user: 'u' }), ...agentless, host: 'localhost' };
    const send = (type: string, body: string) => {
      const lines = Object.entries({ ...headers, 'content-type': type, 'content-length': body.length });
      socket.write(
        `POST /v1/memories/batch HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`,
      );
    };
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    const sent: [type: string, body: string, status: number][] = [
      ['text/plain', '[{"content":"a"}]'.padEnd(200_000), 415],
      ['application/json', '[{"content":"a"}'.padEnd(200_000), 400],
      [LINES, '{"content":"a"}\n', 200],
    ];
    for (const [i, [type, body]] of sent.entries()) {
      send(type, body);
      while (statuses().length <= i) await nextTurn();
    }
    expect(statuses()).toEqual(sent.map(([, , status]) => status));
    socket.destroy();
  });

  it.each([
    ['plain text', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['something like it', { 'content-type': 'application/x-ndjsonx' }],
    ['no type', { 'content-type': '' }],
    ['compressed', { 'content-encoding': 'gzip' }],
  ])('is refused with 415 as %s', async (_, headers) => {
    const before = view.digest();
    const body = gzipSync('[{"content":"a"}]');
    const answer = await post('types', body, 'application/json', headers);
    expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(view.digest()).toBe(before);
  });

  it('as lines is for batches alone', async () => {
    const client = service.as('alone', 'u');
    for (const path of ['/v1/memories', '/v1/memories/search']) {
      const answer = await client.post(path, '{"content":"a"}', { 'content-type': LINES });
      expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
    expect(contents('alone')).toEqual([]);
  });

  it('holds up to 100,000 rows', async () => {
    const before = view.digest();
    for (const form of [
      (rows: string[]) => ['application/json', `[${rows.join()}]`] as const,
      (rows: string[]) => [LINES, rows.join('\n')] as const,
    ]) {
      const [type, most] = form(new Array<string>(MAX_BATCH_ROWS).fill('0'));
      const answer = await post('rows', most, type);
      expect([answer.status, answer.body.failed]).toEqual([200, MAX_BATCH_ROWS]);
      const over = await post('rows', form(new Array<string>(MAX_BATCH_ROWS + 1).fill('0'))[1], type);
      expect([over.status, over.body.code]).toEqual([413, 'TOO_MANY_ROWS']);
    }
    expect(view.digest()).toBe(before);
  });

  it('takes rows of any size that one memory may have, among others', async () => {
    const wide = { content: '🜁'.repeat(200_000), metadata: { a: 'y'.repeat(60_000) } };
    const rows = Array.from({ length: 26 }, (_, i) =>
      i % 2 ? { ...wide, tags: [`${i}`] } : { content: `${i}` },
    );
    const { body } = await post('wide', JSON.stringify(rows));
    expect(body).toMatchObject({ created: 26, failed: 0 });
    expect(contents('wide')).toEqual(rows.map(({ content }) => content));
  });
});
