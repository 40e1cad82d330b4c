import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Probe, SECRET, raw, startProbe } from './http-probe.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const BODY_LIMIT = 4096;

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe({ BODY_LIMIT: String(BODY_LIMIT) });
});
afterAll(() => probe.app.close());

interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
  errors?: { field: string; message: string }[];
}

/** The problem in an answer, after checking what holds for every problem. */
async function problemOf(response: Response): Promise<ProblemBody> {
  const text = await response.text();
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const problem = JSON.parse(text) as ProblemBody;
  expect(problem.status).toBe(response.status);
  expect(problem.instance).toBe(`urn:request:${response.headers.get('x-request-id')}`);
  expect(Object.keys(problem).filter((key) => key !== 'errors')).toEqual([
    'type',
    'title',
    'status',
    'detail',
    'instance',
    'code',
  ]);
  expect(text).not.toContain(SECRET);
  return problem;
}

const send = (method: string, path: string, init: RequestInit = {}) =>
  fetch(probe.url + path, { method, ...init });
const json = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => ({
  body,
  headers: { 'Content-Type': 'application/json', ...headers },
});

describe('what a handler throws', () => {
  const failures: [kind: string, status: number, code: string][] = [
    ['api', 409, 'ID_EXISTS'],
    ['busy', 503, 'UNAVAILABLE'],
    ['full', 507, 'STORAGE_FULL'],
    ['context', 500, 'INTERNAL_ERROR'],
    ['nest', 404, 'NOT_FOUND'],
    ['type', 500, 'INTERNAL_ERROR'],
    ['driver', 500, 'INTERNAL_ERROR'],
    ['status', 500, 'INTERNAL_ERROR'],
    ['text', 500, 'INTERNAL_ERROR'],
    ['nothing', 500, 'INTERNAL_ERROR'],
  ];
  it.each(failures)('%s becomes %i %s', async (kind, status, code) => {
    const response = await send('POST', `/v1/notes/fail/${kind}`);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code, type: 'about:blank' });
    expect(response.headers.get('x-request-id')).toMatch(UUID);
    expect(response.headers.get('retry-after')).toBe(kind === 'busy' ? '3' : null);
    expect(response.headers.get('x-seen')).toBe(kind === 'api' ? 'yes' : null);
  });

  it('an overload refusal differs from request to request by its id alone', async () => {
    const answers = await Promise.all(
      ['a', 'b'].map((vault) => send('POST', '/v1/notes/fail/busy', { headers: { 'X-Vault-Id': vault } })),
    );
    const [a, b] = await Promise.all(answers.map(problemOf));
    expect({ ...a, instance: '' }).toEqual({ ...b, instance: '' });
  });

  it('faults are logged with where they came from, and without what they say', async () => {
    probe.lines.length = 0;
    await send('POST', '/v1/notes/fail/type');
    await send('POST', '/v1/notes/fail/driver');
    await send('POST', '/v1/notes/fail/context');
    const logged = probe.lines.map((line) => JSON.parse(line)).filter(({ error }) => error);
    expect(logged.map(({ level, error }) => [level, error.type, error.cause?.code])).toEqual([
      ['error', 'TypeError', undefined],
      ['error', 'QueryFailedError', 'SQLITE_CONSTRAINT'],
      ['fatal', 'NoTenantContextError', undefined],
    ]);
    for (const { error } of logged) expect(error.frames.join('\n')).toMatch(/NotesController|http-probe/);
    expect(probe.lines.join('')).not.toContain(SECRET);
  });

  it('a guard that refuses is 403', async () => {
    const problem = await problemOf(
      await send('GET', '/v1/notes/plain', { headers: { 'X-Vault-Id': 'refused' } }),
    );
    expect(problem).toMatchObject({ status: 403, code: 'FORBIDDEN', title: 'Forbidden' });
  });
});

describe('what the framework refuses', () => {
  it('a path that is not there is 404, for every method', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const response = await send(method, '/v1/nowhere');
      expect([method, (await problemOf(response)).code]).toEqual([method, 'NOT_FOUND']);
    }
  });

  it('a path that lacks the method is 405 and says which it has', async () => {
    const response = await send('PATCH', '/v1/notes/by-id/7');
    expect(await problemOf(response)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD');
    expect((await send('DELETE', '/v1/notes')).headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it('HEAD of a GET route and of nothing have no body', async () => {
    const there = await send('HEAD', '/v1/notes/plain');
    expect([there.status, await there.text()]).toEqual([200, '']);
    const not = await send('HEAD', '/v1/nowhere');
    expect([not.status, await not.text()]).toEqual([404, '']);
  });

  it('bodies that are not JSON are 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'nonsense',
    ]) {
      const response = await send('POST', '/v1/notes', { body: '{}', headers: { 'Content-Type': type } });
      expect(await problemOf(response)).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' });
    }
    const untyped = await raw(
      probe.port,
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
    );
    expect(untyped).toMatch(/^HTTP\/1\.1 415 [\s\S]*UNSUPPORTED_MEDIA_TYPE/);
  });

  it('compressed bodies are 415, uncompressed ones that say so are read', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, identity']) {
      const response = await send('POST', '/v1/notes', json('{}', { 'Content-Encoding': encoding }));
      expect(await problemOf(response)).toMatchObject({ status: 415 });
      expect(response.headers.get('accept-encoding')).toBe('identity');
    }
    const plain = await send(
      'POST',
      '/v1/notes',
      json('{"content":"a"}', { 'Content-Encoding': 'identity' }),
    );
    expect(plain.status).toBe(201);
  });

  it('a body over the limit is 413, by its announced and by its real length', async () => {
    const big = JSON.stringify({ content: 'x'.repeat(BODY_LIMIT) });
    expect(await problemOf(await send('POST', '/v1/notes', json(big)))).toMatchObject({
      status: 413,
      code: 'PAYLOAD_TOO_LARGE',
    });
    const chunk = Buffer.alloc(BODY_LIMIT, 'x');
    const head =
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const size = `${chunk.length.toString(16)}\r\n`;
    const answer = await raw(probe.port, head, size, chunk, '\r\n', size, chunk, '\r\n0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*PAYLOAD_TOO_LARGE/);
    const atLimit = `{"content":"${'x'.repeat(BODY_LIMIT - 14)}"}`;
    expect(atLimit.length).toBe(BODY_LIMIT);
    expect((await send('POST', '/v1/notes', json(atLimit))).status).toBe(201);
  });

  it('after a body that is far too large the answer still arrives, and the connection still works', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024, 'x');
    const answers = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(probe.port, '127.0.0.1', () => {
        socket.write(
          `POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
        );
        socket.write(body);
        socket.write('GET /v1/notes/plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      });
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it.each([
    ['a lone percent sign', '/v1/notes/by-id/%', 400, 'INVALID_URL'],
    ['a broken escape', '/v1/notes/by-id/%zz', 400, 'INVALID_URL'],
    ['bytes that are not UTF-8', '/v1/notes/by-id/%ff', 400, 'INVALID_URL'],
    ['U+0000', '/v1/notes/by-id/a%00b', 400, 'VALIDATION_FAILED'],
    ['a name longer than any', `/v1/notes/by-id/${'x'.repeat(13_000)}`, 414, 'URI_TOO_LONG'],
  ])('%s in a path is a problem', async (_what, path, status, code) => {
    const answer = await raw(probe.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/application\/problem\+json/);
    expect(answer).toContain(`"code":"${code}"`);
    expect(answer).toMatch(/x-request-id: /i);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a header that is too large', `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two lengths',
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
    ],
    ['a length that is none', 'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', 400],
    [
      'a length beside chunks',
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET /v1/notes HTTP/1.1\r\n\r\n', 400],
    [
      'a folded header',
      'GET /v1/notes HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['an expectation', 'GET /v1/notes HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n', 417],
    ['a repeated host', 'GET /v1/notes HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n', 400],
    [
      'a repeated content type',
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\ncontent-type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
      400,
    ],
    [
      'a repeated idempotency key',
      'GET /v1/notes HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\r\nIdempotency-Key: a\r\nConnection: close\r\n\r\n',
      400,
    ],
    ['another protocol', 'GET /v1/notes HTTP/9.9\r\nHost: x\r\n\r\n', 400],
    ['a target without a slash', 'GET *v1/notes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ])('%s is answered', async (_what, request, status) => {
    const answer = await raw(probe.port, request);
    expect(answer.split('\r\n')[0]).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    if (answer.includes('problem+json')) expect(answer).toMatch(/x-request-id: [\w-]+/i);
    expect(answer).not.toContain(' at ');
  });

  it('a body cut off, and then nothing, ends with the connection', async () => {
    const socket = connect(probe.port, '127.0.0.1');
    socket.write(
      'POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"con',
    );
    socket.end();
    const text = await new Promise<string>((resolve) => {
      let all = '';
      socket.on('data', (chunk) => (all += chunk.toString()));
      socket.on('close', () => resolve(all));
    });
    expect(text === '' || /^HTTP\/1\.1 400 /.test(text)).toBe(true);
  });
});

describe('names in paths', () => {
  it.each([
    ['plain', 'abc'],
    ['255 characters of four bytes', '𝄞'.repeat(127) + 'x'],
    ['reserved characters', 'a/b?c#d%e&f+g:h;i=j@k l'],
    ['dots', 'a..b'],
  ])('%s come back as they are', async (_what, id) => {
    const response = await send('GET', `/v1/notes/by-id/${encodeURIComponent(id)}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id });
  });
});

describe('request ids', () => {
  it.each([
    ['a good one is kept', 'trace-1.A_b', true],
    ['64 characters are kept', 'a'.repeat(64), true],
    ['65 characters are not', 'a'.repeat(65), false],
    ['other characters are not', 'a b', false],
    ['nothing is not', '', false],
  ])('%s', async (_what, id, kept) => {
    for (const path of ['/v1/notes/plain', '/v1/nowhere', '/v1/notes/by-id/%ff']) {
      const response = await send('GET', path, { headers: { 'X-Request-Id': id } });
      const given = response.headers.get('x-request-id');
      if (kept) expect(given).toBe(id);
      else expect(given).toMatch(UUID);
    }
  });

  it('two of them are none', async () => {
    const answer = await raw(
      probe.port,
      'GET /v1/notes/plain HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\nX-Request-Id: b\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/x-request-id: [0-9a-f]{8}-/i);
  });
});
