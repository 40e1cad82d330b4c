import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.setup.js';
import { PERMISSIONS } from '../src/auth/permissions.js';
import { RouteAccess } from '../src/auth/route-access.js';
import { loadConfig } from '../src/config/config.js';
import { isOpenMemoryTarget } from '../src/http/openmemory-errors.js';
import { createLog } from '../src/http/logger.js';
import { prepareDatabase } from '../src/upgrade/prepare-database.js';
import { TEST_SECRET, authorized } from './harness/tokens.js';
import { DOCUMENTATION_PATHS, ROUTE_PERMISSIONS, type RoutePermission } from './route-permissions.js';

/** Every route of the HTTP server, whoever added it: `GET /v1/whoami`. */
const served: string[] = [];
// The server says so itself when it is made, before it has any route.
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) served.push(`${name} ${url}`);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'cairn-routes-'));
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const config = loadConfig({
    JWT_SECRET: TEST_SECRET,
    DATABASE_URL: `sqlite:${join(folder, 'db.sqlite')}`,
    LOG_LEVEL: 'silent',
  });
  await prepareDatabase(config);
  app = await createApp(config, createLog(config.log.level));
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const named = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;

interface RpcError {
  readonly message: string;
}

/** Errors of JSON-RPC have numbers, which say less. */
const CODES: Readonly<Record<string, string>> = {
  'This route needs a Bearer token in the Authorization header, or an API key.': 'MISSING_TOKEN',
  'The token was not accepted.': 'INVALID_TOKEN',
};

/** Calls a route without a body, its parameters filled in. */
async function call({ method, path }: RoutePermission, headers: Record<string, string> = {}) {
  const response = await fetch(url + path.replace(/:\w+/g, 'some-id'), { method, headers });
  type Body = Partial<Record<'code' | 'err', string>> & { error?: string | RpcError };
  const { code, err, error } = (await response.json().catch(() => ({}))) as Body;
  const worded = typeof error === 'string' ? error : error && CODES[error.message];
  return { status: response.status, code: code ?? worded ?? err };
}

/** How a caller without a credential, with a bad one, and without the permission is turned away. */
const PROBLEMS = {
  missing: { status: 401, code: 'MISSING_TOKEN' },
  invalid: { status: 401, code: 'INVALID_TOKEN' },
  forbidden: { status: 403, code: 'FORBIDDEN' },
};
const OF_OPENMEMORY: typeof PROBLEMS = {
  missing: { status: 401, code: 'authentication_required' },
  invalid: { status: 403, code: 'invalid_api_key' },
  forbidden: { status: 403, code: 'forbidden' },
};

describe('the table of routes', () => {
  it('has every controller’s routes, with what opens them, and no others', () => {
    const found = app.get(RouteAccess, { strict: false }).routes();
    const row = (route: { method: string; path: string; access?: string }) =>
      `${named(route)} ${route.access}`;
    expect(found.map(row).sort()).toEqual(ROUTE_PERMISSIONS.map(row).sort());
  });

  it('has every route of the HTTP server', () => {
    const listed = new Set(ROUTE_PERMISSIONS.map(named));
    const unlisted = served.filter((route) => {
      const [method, path] = route.split(' ');
      if (DOCUMENTATION_PATHS.some((docs) => path === docs || path.startsWith(`${docs}/`))) return false;
      // HEAD comes with each GET and runs the same guard and handler; `*` is where answers to nothing are made.
      return path !== '*' && !listed.has(method === 'HEAD' ? `GET ${path}` : route);
    });
    expect(unlisted).toEqual([]);
    expect(served).toEqual(expect.arrayContaining(ROUTE_PERMISSIONS.map(named)));
  });
});

describe.each(ROUTE_PERMISSIONS)('$method $path ($access)', (route) => {
  const { access } = route;
  const refusals = isOpenMemoryTarget(route.path) ? OF_OPENMEMORY : PROBLEMS;
  // Where a path names a user, it is the caller's own.
  const holding = (permissions: readonly string[]) =>
    call(route, authorized({ vault: 'acme', user: 'some-id', permissions }));

  if (access === 'public') {
    it('is open', async () => {
      expect([401, 403]).not.toContain((await call(route)).status);
    });
    return;
  }

  it('is closed to those who show nothing, or nothing valid', async () => {
    expect(await call(route)).toEqual(refusals.missing);
    expect(await call(route, { Authorization: 'Bearer a.b.c' })).toEqual(refusals.invalid);
    expect(await call(route, { 'X-Vault-Id': 'acme' })).toEqual(refusals.missing);
  });

  if (access === 'authenticated') {
    it('is open to any valid credential', async () => {
      // What is sent is no message of MCP, which is said only to those who may come in.
      const expected = route.later ? 501 : route.path === '/mcp' ? 406 : 200;
      expect((await holding([])).status).toBe(expected);
    });
    return;
  }

  it(`is closed to those who hold every permission but "${access}"`, async () => {
    const others = PERMISSIONS.filter((permission) => permission !== access);
    expect(await holding(others)).toEqual(refusals.forbidden);
    expect(await holding([])).toEqual(refusals.forbidden);
  });

  it(`is open to those who hold "${access}" alone`, async () => {
    expect([401, 403]).not.toContain((await holding([access])).status);
  });
});
