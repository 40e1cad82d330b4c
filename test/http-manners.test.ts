import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gates, type Probe, raw, startProbe } from './http-probe.js';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe({ CORS_ORIGINS: 'https://app.example,http://localhost:5173' });
});
afterAll(() => probe.app.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(probe.url + path, { headers });

describe('headers of every answer', () => {
  it('are those of an API that is no page', async () => {
    for (const path of ['/v1/notes/plain', '/v1/nowhere', '/openapi.json']) {
      const { headers } = await get(path);
      expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('x-request-id')).toBeTruthy();
    }
  });
});

describe('documentation', () => {
  it('is a page that may load its own parts, and nothing else', async () => {
    const page = await get('/docs');
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("script-src 'self' 'unsafe");
    const html = await page.text();
    // No script is written into the page, so the policy does not break it.
    expect(
      [...html.matchAll(/<script\b([^>]*)>/g)].every(([, attributes]) => attributes.includes('src=')),
    ).toBe(true);
    const parts = [...html.matchAll(/(?:src|href)="\.?\/?([^"]+)"/g)].map(([, part]) => part);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect([part, (await get(`/${part}`)).status]).toEqual([part, 200]);
    }
  });

  it('describes the routes, and problems as the answer to everything else', async () => {
    const document = JSON.parse(await (await get('/openapi.json')).text());
    expect(document.info).toMatchObject({ title: 'Cairn' });
    expect(Object.keys(document.components.securitySchemes)).toEqual(['api-key', 'bearer', 'dev-vault']);
    expect(document.paths['/v1/notes'].post.responses.default.content).toEqual({
      'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
    });
    expect(document.components.schemas.Problem.required).toContain('code');
  });
});

describe('CORS', () => {
  const preflight = (origin: string) =>
    fetch(`${probe.url}/v1/notes`, {
      method: 'OPTIONS',
      headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' },
    });

  it('lets pages of the listed origins in', async () => {
    for (const origin of ['https://app.example', 'http://localhost:5173']) {
      const answer = await preflight(origin);
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-headers')).toBe(
        'Authorization, X-Api-Key, Content-Type, If-Match, Idempotency-Key, X-Vault-Id, X-User-Id, ' +
          'Mcp-Protocol-Version, Mcp-Method, Mcp-Name',
      );
      expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, PUT, PATCH, DELETE');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      const actual = await get('/v1/nowhere', { Origin: origin });
      expect(actual.headers.get('access-control-allow-origin')).toBe(origin);
      expect(actual.headers.get('access-control-expose-headers')).toBe(
        'ETag, X-Request-Id, Retry-After, WWW-Authenticate',
      );
      expect(actual.headers.get('vary')).toContain('Origin');
    }
  });

  it('lets no others in, however alike', async () => {
    for (const origin of [
      'https://app.example.evil.net',
      'http://app.example',
      'https://APP.example',
      'null',
      '*',
    ]) {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      expect(
        (await get('/v1/notes/plain', { Origin: origin })).headers.get('access-control-allow-origin'),
      ).toBeNull();
    }
  });

  it('lets nobody in by default', async () => {
    const closed = await startProbe();
    const answer = await fetch(`${closed.url}/v1/notes`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.status).toBe(405);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    await closed.app.close();
  });
});

describe('the tenant context', () => {
  /** A request on the one connection of `agent`. */
  const ask = (agent: Agent, path: string, headers: Record<string, string>) =>
    new Promise<{ before: string | null; after: string | null; request: string }>((resolve, reject) => {
      request(`${probe.url}${path}`, { agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(JSON.parse(text)));
      })
        .on('error', reject)
        .end();
    });

  it('does not pass from one request to the next on a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask(agent, '/v1/notes/whose', { 'X-Vault-Id': 'alpha', 'X-Request-Id': 'r1' });
    const second = await ask(agent, '/v1/notes/whose', { 'X-Request-Id': 'r2' });
    await ask(agent, '/v1/notes/by-id/%ff', { 'X-Vault-Id': 'alpha' });
    await ask(agent, '/v1/nowhere', { 'X-Vault-Id': 'alpha' });
    const third = await ask(agent, '/v1/notes/whose', { 'X-Request-Id': 'r3' });
    expect(first).toEqual({ before: 'alpha', after: 'alpha', request: 'r1' });
    expect(second).toEqual({ before: null, after: null, request: 'r2' });
    expect(third).toEqual({ before: null, after: null, request: 'r3' });
    agent.destroy();
  });

  it('stays with its request through 300 interleaved ones, pipelined ones too', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const answers = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const vault = n % 3 === 0 ? null : `vault-${n % 7}`;
        const answer = await ask(agent, '/v1/notes/whose', {
          'X-Request-Id': `r${n}`,
          ...(vault ? { 'X-Vault-Id': vault } : {}),
        });
        return { answer, expected: { before: vault, after: vault, request: `r${n}` } };
      }),
    );
    for (const { answer, expected } of answers) expect(answer).toEqual(expected);
    agent.destroy();

    const pipelined = Array.from({ length: 20 }, (_, n) => {
      const vault = n % 2 === 0 ? `X-Vault-Id: v${n}\r\n` : '';
      const last = n === 19 ? 'Connection: close\r\n' : '';
      return `GET /v1/notes/whose HTTP/1.1\r\nHost: x\r\n${vault}X-Request-Id: p${n}\r\n${last}\r\n`;
    });
    const text = await raw(probe.port, pipelined.join(''));
    const bodies = [...text.matchAll(/\{"before".*?\}/g)].map(([body]) => JSON.parse(body));
    expect(bodies).toEqual(
      pipelined.map((_, n) => {
        const vault = n % 2 === 0 ? `v${n}` : null;
        return { before: vault, after: vault, request: `p${n}` };
      }),
    );
  });
});

describe('the log', () => {
  it('has one line a request, with the route and not the path', async () => {
    probe.lines.length = 0;
    await get('/v1/notes/by-id/some-id', { 'X-Vault-Id': 'alpha', 'X-Request-Id': 'a' });
    await get('/v1/notes?limit=3', { 'X-Vault-Id': 'alpha', 'X-Request-Id': 'b' });
    await get('/v1/notes/plain', { 'X-Vault-Id': 'beta', 'X-Request-Id': 'c' });
    await get('/v1/nowhere', { 'X-Request-Id': 'd' });
    await get('/v1/notes/by-id/%ff', { 'X-Request-Id': 'e' });
    await expect.poll(() => probe.lines.length).toBe(5);
    const lines = probe.lines.map((line) => JSON.parse(line));
    lines.sort((a, b) => (a.request_id < b.request_id ? -1 : 1));
    expect(
      lines.map(({ level, request_id, method, route, status }) => [level, request_id, method, route, status]),
    ).toEqual([
      ['info', 'a', 'GET', '/v1/notes/by-id/:id', 200],
      ['info', 'b', 'GET', '/v1/notes', 200],
      ['info', 'c', 'GET', '/v1/notes/plain', 200],
      ['info', 'd', 'GET', 'none', 404],
      ['info', 'e', 'GET', 'none', 400],
    ]);
    const [a, b, c, d] = lines;
    expect(a.vault).toMatch(/^[0-9a-f]{12}$/);
    expect(b.vault).toBe(a.vault);
    expect(c.vault).not.toBe(a.vault);
    expect(d.vault).toBeUndefined();
    expect(Date.parse(a.time)).toBeGreaterThan(0);
    expect(typeof a.duration_ms).toBe('number');
  });

  it('calls a vault differently after a restart', async () => {
    const other = await startProbe();
    for (const { url } of [probe, other]) {
      await fetch(`${url}/v1/notes/plain`, { headers: { 'X-Vault-Id': 'alpha', 'X-Request-Id': 'restart' } });
    }
    const nameIn = async ({ lines }: Probe) => {
      const find = () =>
        lines.map((line) => JSON.parse(line)).find(({ request_id }) => request_id === 'restart');
      await expect.poll(find).toBeDefined();
      return find().vault;
    };
    expect(await nameIn(probe)).not.toBe(await nameIn(other));
    await other.app.close();
  });

  it('says when the caller went away before the answer', async () => {
    probe.lines.length = 0;
    let open = () => {};
    const arrived = new Promise<void>((resolve) => {
      gates.set('leave', { arrived: resolve, open: new Promise((done) => (open = done)) });
    });
    const leaving = new AbortController();
    const answer = fetch(`${probe.url}/v1/notes/gate/leave`, { signal: leaving.signal }).catch(() => 'left');
    await arrived;
    leaving.abort();
    expect(await answer).toBe('left');
    await expect
      .poll(() => probe.lines.map((line) => JSON.parse(line)))
      .toMatchObject([{ route: '/v1/notes/gate/:name', aborted: true }]);
    open();
  });

  it('holds nothing of what people send', async () => {
    probe.lines.length = 0;
    const canary = 'canary9f3e';
    const headers = {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${canary}.a.b`,
      'X-Vault-Id': `vault-${canary}`,
      'X-User-Id': `user-${canary}`,
      'X-Api-Key': canary,
      Cookie: `session=${canary}`,
      'User-Agent': canary,
      Referer: `http://${canary}/`,
      'Idempotency-Key': canary,
      'X-Request-Id': `${canary} is not an acceptable id`,
    };
    const bodies = [
      { content: canary, metadata: { [canary]: canary }, tags: [canary] },
      { content: canary, [canary]: 1 },
      { content: { [canary]: 1 } },
    ].map((body) => JSON.stringify(body));
    for (const body of [...bodies, `{"${canary}`, `["${canary}"]`, `{"${canary}":1e999}`, canary]) {
      await fetch(`${probe.url}/v1/notes`, { method: 'POST', headers, body });
    }
    await fetch(`${probe.url}/v1/notes`, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': `text/${canary}` },
      body: canary,
    });
    for (const kind of [
      'api',
      'busy',
      'full',
      'context',
      'nest',
      'type',
      'driver',
      'status',
      'text',
      'nothing',
    ]) {
      await fetch(`${probe.url}/v1/notes/fail/${kind}?${canary}`, { method: 'POST', headers });
      await fetch(`${probe.url}/v1/notes/fail/${kind}`, {
        method: 'POST',
        headers: { ...headers, 'X-Vault-Id': 'v' },
      });
    }
    for (const path of [
      `/v1/notes/by-id/${canary}`,
      `/v1/notes?name=${canary}`,
      `/v1/notes?${canary}=${canary}`,
      `/${canary}`,
      `/v1/notes/by-id/${canary}%ff`,
      `/v1/notes/by-id/${canary}%00`,
      `/v1/notes/by-id/${canary.repeat(500)}`,
    ]) {
      await get(path, headers);
    }
    await raw(probe.port, `${canary} ${canary}\r\n\r\n`);
    await raw(probe.port, `GET / HTTP/1.1\r\nHost: x\r\n${canary}: ${canary.repeat(2000)}\r\n\r\n`);
    await raw(probe.port, `GET / HTTP/1.1\r\nHost: x\r\nExpect: ${canary}\r\nConnection: close\r\n\r\n`);
    await expect.poll(() => probe.lines.length).toBeGreaterThan(35);
    expect(probe.lines.filter((line) => line.includes(canary))).toEqual([]);
    expect(probe.lines.filter((line) => line.includes('canary'))).toEqual([]);
  });
});
