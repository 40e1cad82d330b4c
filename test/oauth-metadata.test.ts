import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataUrl } from '../src/auth/resource-metadata.js';
import { TestService } from './harness/app.js';
import { get } from './harness/auth-app.js';
import { authorized } from './harness/tokens.js';

const PUBLIC_URL = 'https://memory.example.com/cairn';
const ISSUER = 'https://login.example.com/tenant/';
const PATH = '/.well-known/oauth-protected-resource';

describe('OAuth protected-resource metadata', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ PUBLIC_URL: `${PUBLIC_URL}/`, JWT_ISSUER: ISSUER });
  });
  afterAll(() => service.stop());

  it.each(['', '/mcp'])('names the resource and the issuer, to anyone: %s', async (resource) => {
    const { status, headers, body } = await get(`${service.baseUrl}${PATH}${resource}`, []);
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(body).toEqual({
      resource: PUBLIC_URL + resource,
      resource_name: 'Cairn',
      authorization_servers: [ISSUER],
      bearer_methods_supported: ['header'],
      resource_documentation: `${PUBLIC_URL}/docs`,
    });
  });

  it('takes nothing from the request', async () => {
    const url = service.baseUrl + PATH;
    const plain = await get(url, ['X-Request-Id', 'fixed']);
    const forged = [
      'Host',
      'evil.example',
      'X-Forwarded-Host',
      'evil.example',
      'Forwarded',
      'host=evil.example',
    ];
    expect((await get(url, ['X-Request-Id', 'fixed', ...forged])).text).toBe(plain.text);
    const refused = await get(`${service.baseUrl}/v1/whoami`, forged);
    expect(JSON.stringify(refused.headers)).not.toContain('evil');
  });

  it.each([
    ['/v1/whoami', `${PUBLIC_URL}${PATH}`],
    ['/v1/memories?x=/mcp', `${PUBLIC_URL}${PATH}`],
  ])('is named in the refusal of %s', async (path, metadata) => {
    for (const [headers, code] of [
      [[], 'MISSING_TOKEN'],
      [['Authorization', 'Bearer abc'], 'INVALID_TOKEN'],
      [['x-api-key', 'abc'], 'INVALID_TOKEN'],
    ] as const) {
      const { status, headers: answered, body } = await get(service.baseUrl + path, headers);
      expect([status, body.code]).toEqual([401, code]);
      expect(answered['www-authenticate']).toBe(`Bearer resource_metadata="${metadata}"`);
    }
  });

  it('is named in the refusal of MCP, with the description of that', async () => {
    for (const authorization of ['', 'Bearer abc']) {
      const headers: Record<string, string> = authorization === '' ? {} : { authorization };
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
      const answer = await service.anonymous(headers).post('/mcp', call);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
        401,
        `Bearer resource_metadata="${PUBLIC_URL}${PATH}/mcp"`,
      ]);
    }
  });

  it.each([
    ['/mcp', '/mcp'],
    ['/mcp?session=1', '/mcp'],
    ['/mcp/', '/mcp'],
    ['/mcpx', ''],
    ['/v1/mcp', ''],
    [undefined, ''],
  ])('of MCP is another than that of the rest: %s', (target, resource) => {
    const url = metadataUrl({ publicUrl: PUBLIC_URL, issuer: ISSUER }, target);
    expect(url).toBe(`${PUBLIC_URL}${PATH}${resource}`);
  });

  it('is named in no other refusal', async () => {
    const permissions = ['read'];
    const { authorization } = authorized({ vault: 'acme', user: 'u1', permissions });
    const { status, headers } = await get(`${service.baseUrl}/v1/vaults`, ['Authorization', authorization]);
    // The issuer is not this one's.
    expect([status, 'www-authenticate' in headers]).toEqual([401, true]);
    const nowhere = await get(`${service.baseUrl}${PATH}/other`, []);
    expect([nowhere.status, 'www-authenticate' in nowhere.headers]).toEqual([404, false]);
  });
});

describe('without the settings for it', () => {
  it.each<NodeJS.ProcessEnv>([
    {},
    { JWT_ISSUER: ISSUER },
    { PUBLIC_URL },
    { PUBLIC_URL, JWT_ISSUER: 'a name alone' },
    { PUBLIC_URL, JWT_ISSUER: 'http://login.example.com' },
  ])('there is no metadata: %j', async (env) => {
    const service = await TestService.start(env);
    for (const path of [PATH, `${PATH}/mcp`]) {
      const { status, body } = await get(service.baseUrl + path, []);
      expect([status, body.code]).toEqual([404, 'NOT_FOUND']);
    }
    const refused = await get(`${service.baseUrl}/v1/whoami`, []);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    await service.stop();
  });
});
