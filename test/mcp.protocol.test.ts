import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McpTools } from '../src/mcp/mcp-tools.js';
import { type Answer, TestService } from './harness/app.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start({ CORS_ORIGINS: 'https://app.example' });
});

afterAll(() => service.stop());

const ACCEPT = 'application/json, text/event-stream';

type Headers = Record<string, string>;

const post = (body: unknown, headers: Headers = {}): Promise<Answer> =>
  service.as('acme').post('/mcp', body, { accept: ACCEPT, ...headers });

const request = (method: string, params?: object, id: unknown = 1) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});
const list = (id: unknown = 1) => request('tools/list', {}, id);

/** Status, code and whether the body is a whole error of JSON-RPC. */
function refusal({ status, body, headers }: Answer) {
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(body).toEqual({
    jsonrpc: '2.0',
    error: {
      code: expect.any(Number),
      message: expect.any(String),
      ...(body.error.data && { data: expect.any(Object) }),
    },
    id: body.id,
  });
  return [status, body.error.code, body.id];
}

describe('the handshake', () => {
  const initialize = (protocolVersion: string) =>
    request('initialize', { protocolVersion, capabilities: {}, clientInfo: { name: 't', version: '1' } });

  it('has the shape that OpenMemory’s has', async () => {
    const { status, body, headers } = await post(initialize('2025-06-18'));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('mcp-session-id')).toBeNull();
    expect(body).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {}, resources: { listChanged: true }, logging: {} },
        serverInfo: { name: 'cairn', version: expect.any(String) },
      },
    });
  });

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('echoes %s', async (version) => {
    expect((await post(initialize(version))).body.result.protocolVersion).toBe(version);
  });

  it('offers its newest to whoever asks for another', async () => {
    expect((await post(initialize('1999-01-01'))).body.result.protocolVersion).toBe('2025-11-25');
  });

  it('refuses parameters that are none, and says so', async () => {
    for (const params of [{}, { protocolVersion: 5 }, undefined]) {
      expect(refusal(await post(request('initialize', params)))).toEqual([200, -32602, 1]);
    }
  });
});

describe('the lists', () => {
  it('name OpenMemory’s tools first, word for word as recorded', async () => {
    const recorded = JSON.parse(readFileSync('test/fixtures/openmemory/mcp-tools.json', 'utf8')) as object[];
    expect(recorded).toHaveLength(7);
    const { body } = await post(list());
    expect(body.result.tools.slice(0, 7)).toEqual(recorded);
  });

  it('describe every other tool, and each of its arguments', async () => {
    const { body } = await post(list());
    for (const { name, description, inputSchema, annotations } of body.result.tools.slice(7)) {
      expect(name).toMatch(/^cairn_\w+$/);
      expect(description.length).toBeGreaterThan(20);
      expect(annotations).toMatchObject({ readOnlyHint: expect.any(Boolean), openWorldHint: false });
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      for (const argument of Object.values<{ description?: string }>(inputSchema.properties))
        expect(argument.description).toBeTruthy();
    }
  });
});

describe('a request', () => {
  it('has to accept both forms of an answer', async () => {
    const bad = ['application/json', 'text/event-stream', '*/*', 'text/html'];
    for (const accept of bad) expect(refusal(await post(list(), { accept }))).toEqual([406, -32000, null]);
    expect((await post(list(), { accept: `text/event-stream;q=0.5, application/json` })).status).toBe(200);
  });

  it('has to be JSON', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/x-ndjson']) {
      expect(refusal(await post('{}', { 'content-type': type }))).toEqual([415, -32000, null]);
    }
    for (const text of ['{', '', '{"a":1}}', `${'['.repeat(40)}${']'.repeat(40)}`]) {
      const answer = await post(text, { 'content-type': 'application/json' });
      expect([text, ...refusal(answer)]).toEqual([text, 400, -32700, null]);
    }
  });

  it('has to be a message of JSON-RPC', async () => {
    const bad = [
      5,
      'text',
      null,
      {},
      { jsonrpc: '1.0', id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', id: null, method: 'tools/list' },
      { jsonrpc: '2.0', id: 1 },
      { jsonrpc: '2.0', id: { a: 1 }, method: 'tools/list' },
      { jsonrpc: '2.0', id: 1, method: 5 },
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: [] },
      [],
      [5],
    ];
    for (const body of bad) {
      const answer = await post(JSON.stringify(body), { 'content-type': 'application/json' });
      expect([body, answer.status, answer.body.error?.code]).toEqual([body, 400, -32600]);
    }
  });

  it('has to name a method, and give it what it takes', async () => {
    for (const method of ['no/such', 'prompts/list', 'completion/complete', '__proto__', '']) {
      expect(refusal(await post(request(method, {})))).toEqual([200, -32601, 1]);
    }
    for (const [method, params] of [
      ['tools/call', {}],
      ['tools/call', { name: 5 }],
      ['tools/call', { name: 'openmemory_list', arguments: [] }],
      ['tools/call', { name: 'toString', arguments: {} }],
      ['resources/read', {}],
      ['resources/read', { uri: 5 }],
      ['resources/read', { uri: 'file:///etc/passwd' }],
      ['logging/setLevel', { level: 'loud' }],
    ] as const) {
      expect([method, params, ...refusal(await post(request(method, params)))]).toEqual([
        ...[method, params],
        ...[200, -32602, 1],
      ]);
    }
  });

  it('keeps its id, whatever it is', async () => {
    for (const id of [0, -1, 'a', '', '京都', 9_007_199_254_740_991]) {
      expect((await post(list(id))).body.id).toBe(id);
    }
  });

  it('may be a notification or an answer, to which nothing is said', async () => {
    for (const message of [
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', method: 'notifications/unheard-of' },
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
    ]) {
      const { status, text } = await post(message);
      expect([message, status, text]).toEqual([message, 202, '']);
    }
  });

  it('may name the revision that was agreed on, and no unknown one', async () => {
    expect((await post(list(), { 'mcp-protocol-version': '2025-06-18' })).status).toBe(200);
    const unknown = await post(list(), { 'mcp-protocol-version': '1999-01-01' });
    expect(unknown.status).toBe(400);
    expect(unknown.body.error.message).toContain('2025-06-18');
  });

  it('has no parameters in its address', async () => {
    const answer = await service.as('acme').post('/mcp?user_id=ana', list(), { accept: ACCEPT });
    expect(refusal(answer)).toEqual([400, -32600, null]);
  });

  it('is refused in the same words when it is too large', async () => {
    const body = JSON.stringify(request('tools/list', { a: 'x'.repeat(3_000_000) }));
    expect(refusal(await post(body))).toEqual([413, -32600, null]);
  });
});

describe('a batch', () => {
  const batch = [
    list(1),
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    request('no/such', {}, 'b'),
  ];

  it('is answered where the revision has batches', async () => {
    for (const headers of [{}, { 'mcp-protocol-version': '2025-03-26' }] as Headers[]) {
      const { status, body } = await post(batch, headers);
      expect([status, body.length]).toEqual([200, 2]);
      expect(body[0]).toMatchObject({ id: 1, result: { tools: expect.any(Array) } });
      expect(body[1]).toMatchObject({ id: 'b', error: { code: -32601 } });
    }
    expect((await post([list(7)])).body).toMatchObject([{ id: 7 }]);
    expect((await post([batch[1]])).status).toBe(202);
  });

  it('is refused where it has not', async () => {
    for (const version of ['2025-06-18', '2025-11-25']) {
      expect(refusal(await post(batch, { 'mcp-protocol-version': version }))).toEqual([400, -32600, null]);
    }
  });

  it('has ids of its own, a bound, and no handshake in it', async () => {
    const initialize = request('initialize', {
      protocolVersion: '2025-03-26',
      ...{ capabilities: {}, clientInfo: { name: 't', version: '1' } },
    });
    const many = Array.from({ length: 101 }, (_, id) => list(id));
    for (const messages of [[list(1), list(1)], [list(1), initialize], many]) {
      expect(refusal(await post(messages))).toEqual([400, -32600, null]);
    }
  });

  it('is answered also where it takes back what it asks for', async () => {
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    expect((await post([list(1), cancelled])).body).toMatchObject([{ id: 1, result: {} }]);
    expect((await post([cancelled, list(1)])).body).toMatchObject([{ id: 1, result: {} }]);
  });
});

describe('the revision of 2026', () => {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const modern = (method: string, params: object = {}) =>
    post(request(method, { ...params, _meta: meta }), {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...('name' in params && { 'mcp-name': String(params.name) }),
    });

  it('is answered without a handshake', async () => {
    expect((await modern('server/discover')).body.result.supportedVersions).toContain('2026-07-28');
    const { status, body } = await modern('tools/call', { name: 'openmemory_list', arguments: {} });
    expect([status, body.result.content[0].text]).toEqual([200, 'No memories stored yet.']);
  });

  it('refuses parameters that are none, and says so', async () => {
    for (const params of [{ uri: 5 }, {}]) {
      const { status, body } = await modern('resources/read', params);
      expect([status, body.error.code]).toEqual([200, -32602]);
    }
  });

  it('has no subscriptions: nothing is held open', async () => {
    expect(refusal(await modern('subscriptions/listen', { notifications: {} }))).toEqual([400, -32600, null]);
  });

  it('is refused where the headers and the message disagree, or something is missing', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call' };
    for (const [body, given] of [
      [request('tools/list', { _meta: meta }), headers],
      [list(), headers],
      [request('no/such', { _meta: meta }), { ...headers, 'mcp-method': 'no/such' }],
      [request('tools/call', { _meta: meta }), headers],
      [[request('tools/list', { _meta: meta })], headers],
    ] as const) {
      const { status, body: answer } = await post(body, given);
      expect(status).toBeLessThan(500);
      expect([-32600, -32601, -32602, -32020]).toContain(answer.error.code);
    }
  });
});

describe('other methods', () => {
  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('%s is not known', async (method) => {
    const answer = await service.as('acme').send(method, '/mcp', undefined, { accept: 'text/event-stream' });
    expect(refusal(answer)).toEqual([405, -32600, null]);
    expect(answer.headers.get('allow')).toBe('POST');
  });
});

describe('a credential', () => {
  it('is asked for, and checked', async () => {
    for (const headers of [{}, { authorization: 'Bearer a.b.c' }] as Headers[]) {
      const answer = await service.anonymous({ accept: ACCEPT, ...headers }).post('/mcp', list());
      expect(refusal(answer)).toEqual([401, -32000, null]);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('opens those tools alone whose permission it has', async () => {
    const calls: [permission: string, name: string, args: object][] = [
      ['read', 'openmemory_query', { query: 'x' }],
      ['read', 'openmemory_list', {}],
      ['read', 'openmemory_get', { id: 'x' }],
      ['read', 'cairn_context', { query: 'x' }],
      ['read', 'cairn_list_collections', {}],
      ['read', 'cairn_search_collection', { collection: 'x', query: 'x' }],
      ['read', 'cairn_list_waypoints', {}],
      ['read', 'cairn_waypoint_neighbours', { memory_id: 'x' }],
      ['read', 'cairn_waypoint_path', { from: 'x', to: 'y' }],
      ['write', 'openmemory_store', { content: 'x' }],
      ['write', 'openmemory_store_project', { content: 'x', project_id: 'p' }],
      ['write', 'openmemory_reinforce', { id: 'x' }],
      ['write', 'cairn_create_collection', { name: 'x' }],
      ['write', 'cairn_describe_collection', { name: 'x', description: 'x' }],
      ['write', 'cairn_create_waypoint', { src_id: 'x', dst_id: 'y' }],
      ['delete', 'openmemory_delete', { id: 'x' }],
      ['delete', 'cairn_delete_collection', { name: 'x' }],
      ['delete', 'cairn_delete_waypoint', { src_id: 'x', dst_id: 'y' }],
    ];
    expect(calls.map(([, name]) => name).sort()).toEqual([...service.app.get(McpTools).names].sort());
    const all = ['read', 'write', 'delete', 'admin'];
    for (const [permission, name, args] of calls) {
      const by = async (permissions: readonly string[]) => {
        const client = service.as('acme', 'ana', permissions);
        const { body } = await client.post('/mcp', request('tools/call', { name, arguments: args }), {
          accept: ACCEPT,
        });
        return (body.result.content[0] as { text: string }).text;
      };
      const refused = `Error: This route needs the permission "${permission}".`;
      expect([name, await by(all.filter((other) => other !== permission))]).toEqual([name, refused]);
      expect([name, await by([permission])]).not.toEqual([name, refused]);
    }
  });

  it('without reading does not open the resource', async () => {
    const read = request('resources/read', { uri: 'openmemory://config' });
    const answer = await service.as('acme', 'ana', ['write']).post('/mcp', read, { accept: ACCEPT });
    expect(refusal(answer)).toEqual([200, -32600, 1]);
  });
});

describe('a page in a browser', () => {
  it('may call where its origin is allowed, or this machine', async () => {
    for (const origin of ['https://app.example', 'http://localhost:6274', 'http://127.0.0.1']) {
      expect([origin, (await post(list(), { origin })).status]).toEqual([origin, 200]);
    }
    const bad = ['https://evil.example', 'null', 'http://localhost.evil.example', 'https://app.example.evil'];
    for (const origin of bad) {
      expect([origin, ...refusal(await post(list(), { origin }))]).toEqual([origin, 403, -32000, null]);
    }
  });
});

describe('in dev mode', () => {
  it('answers this machine alone', async () => {
    const dev = await TestService.start({ JWT_SECRET: undefined });
    try {
      const ask = (headers: Headers) => dev.anonymous({ accept: ACCEPT }).post('/mcp', list(), headers);
      expect((await ask({})).status).toBe(200);
      expect(refusal(await ask({ origin: 'https://evil.example' }))).toEqual([403, -32000, null]);
      expect(refusal(await ask({ 'x-forwarded-for': '10.0.0.1' }))).toEqual([403, -32000, null]);
    } finally {
      await dev.stop();
    }
  });
});
